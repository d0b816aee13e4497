//! The compute device, and the choices for it. The CPU always works; CUDA and Metal work only in builds that include
//! them.
//!
//! A build with CUDA loads the driver's libraries when they are first needed, so it also starts on machines without
//! them.

use std::cell::Cell;

#[cfg(feature = "cuda")]
use candle_core::cuda_backend::cudarc::driver::{CudaContext, DriverError, sys};
use candle_core::{DType, Device, Tensor};
use contract::DeviceChoice;

use crate::error::{Error, Result};

/// The oldest driver that can load PTX compiled with CUDA 13.0.
const OLDEST_DRIVER: &str = "580";

/// The device that was chosen.
///
/// # Errors
/// [`Error::Device`] where this build lacks the device or the machine has none.
pub fn select(choice: DeviceChoice) -> Result<Device> {
    let unusable = |reason: String| Error::Device {
        spec: choice.to_string(),
        reason,
    };
    match choice {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Cuda(ordinal) => match cards() {
            Ok(cards) if ordinal < cards.len() => {
                Device::new_cuda(ordinal).map_err(|e| unusable(e.to_string()))
            }
            Ok(cards) => Err(unusable(format!("this machine has {} cards", cards.len()))),
            Err(missing) => Err(unusable(missing)),
        },
        DeviceChoice::Metal if cfg!(feature = "metal") => {
            Device::new_metal(0).map_err(|e| unusable(e.to_string()))
        }
        DeviceChoice::Metal => Err(unusable("this program was built without Metal".to_string())),
    }
}

/// Where a model is held, and the number type of its dense weights and activations there.
#[derive(Debug, Clone)]
pub struct Place {
    /// The device that holds the tensors and computes.
    pub device: Device,
    /// The number type. Adapters, gradients' sums, the optimizer and reductions are f32 everywhere.
    pub dtype: DType,
}

impl Place {
    /// What a device computes in: f32 on the processor; on an NVIDIA card bf16, which it multiplies fastest and which
    /// has the range of f32. Metal is untested and stays with f32.
    pub fn on(device: &Device) -> Self {
        Self {
            device: device.clone(),
            dtype: if device.is_cuda() {
                DType::BF16
            } else {
                DType::F32
            },
        }
    }

    /// Whether the processor's own form computes here: fused loops over f32.
    pub fn is_host(&self) -> bool {
        self.device.is_cpu() && self.dtype == DType::F32
    }

    /// Copies a tensor to this place, in its number type.
    pub(crate) fn put(&self, tensor: &Tensor) -> Result<Tensor> {
        Ok(tensor
            .to_dtype(self.dtype)?
            .to_device(&self.device)?
            .contiguous()?)
    }
}

/// The values of a tensor on the host, as f32 in one row. On a card this waits for all work launched before: the only
/// point where a training step waits.
pub(crate) fn read_back(tensor: &Tensor) -> Result<Vec<f32>> {
    READ_BACKS.set(READ_BACKS.get() + 1);
    Ok(tensor.flatten_all()?.to_vec1()?)
}

thread_local! {
    static READ_BACKS: Cell<usize> = const { Cell::new(0) };
}

/// How often this thread has called [`read_back`].
#[cfg(test)]
pub(crate) fn read_backs() -> usize {
    READ_BACKS.get()
}

/// An NVIDIA card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What `--device` calls it: `cuda:0`.
    pub spec: String,
    /// Its name, to show to people.
    pub name: String,
    /// Its compute capability, major and minor.
    pub compute_capability: (i32, i32),
    /// Total memory, in bytes.
    pub memory_bytes: u64,
    /// Bytes of it that are free now; other programs may hold some.
    pub memory_free_bytes: u64,
}

/// Memory of the chosen card that no program holds, including this one; `None` if the chosen device is not a card.
pub fn memory_free_bytes(choice: DeviceChoice) -> Option<u64> {
    match choice {
        DeviceChoice::Cuda(ordinal) => free_bytes(ordinal),
        DeviceChoice::Cpu | DeviceChoice::Metal => None,
    }
}

#[cfg(feature = "cuda")]
fn free_bytes(ordinal: usize) -> Option<u64> {
    driver().ok()?;
    let (free, _) = CudaContext::new(ordinal).ok()?.mem_get_info().ok()?;
    Some(free as u64)
}

/// Without CUDA there is no card.
#[cfg(not(feature = "cuda"))]
fn free_bytes(_ordinal: usize) -> Option<u64> {
    None
}

/// Checks that the driver's library is present; otherwise says in a sentence that it is missing.
#[cfg(feature = "cuda")]
fn driver() -> std::result::Result<(), String> {
    #[expect(
        unsafe_code,
        reason = "a look for the library's file; without it every other call would panic"
    )]
    // SAFETY: loads the driver's library, if there is one, and does not keep it.
    let present = unsafe { sys::is_culib_present() };
    match present {
        true => Ok(()),
        false => Err(format!(
            "this machine has no NVIDIA driver; with a card in it, install driver {OLDEST_DRIVER} or newer"
        )),
    }
}

/// The NVIDIA cards of this machine, or a sentence saying what is missing to use one and what to do.
#[cfg(feature = "cuda")]
pub fn cards() -> std::result::Result<Vec<Card>, String> {
    driver()?;
    let card = |ordinal: usize| -> std::result::Result<Card, DriverError> {
        let context = CudaContext::new(ordinal)?;
        let (free, total) = context.mem_get_info()?;
        Ok(Card {
            spec: format!("cuda:{ordinal}"),
            name: context.name()?,
            compute_capability: context.compute_capability()?,
            memory_bytes: total as u64,
            memory_free_bytes: free as u64,
        })
    };
    let count = CudaContext::device_count()
        .map_err(|e| format!("the NVIDIA driver does not answer: {e}"))?;
    let cards = (0..usize::try_from(count).unwrap_or(0)).map(card);
    cards
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| format!("a card does not answer: {e}"))
}

/// Always the sentence that says that this build has no CUDA.
#[cfg(not(feature = "cuda"))]
pub fn cards() -> std::result::Result<Vec<Card>, String> {
    Err(format!(
        "this program was built without CUDA; `cargo xtask build --cuda` makes one that uses NVIDIA cards (driver \
         {OLDEST_DRIVER} or newer)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_is_not_there_is_refused_with_what_to_do() {
        let Err(Error::Device { reason, .. }) = select(DeviceChoice::Cuda(999)) else {
            panic!("no machine has that many")
        };
        assert_eq!(memory_free_bytes(DeviceChoice::Cuda(999)), None);
        assert!(
            reason.contains("xtask build --cuda")
                || reason.contains("driver")
                || reason.contains("cards")
        );
    }
}
