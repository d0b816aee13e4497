//! The compute device by name. CPU always works; CUDA and Metal only in builds that carry them.

use candle_core::Device;

use crate::error::{Error, Result};

/// The device that `spec` names: `cpu`, `cuda`, `cuda:1`, `metal`.
///
/// # Errors
/// [`Error::Device`] where the name is unknown, this build lacks the device or the machine has none.
pub fn select(spec: &str) -> Result<Device> {
    let unusable = |reason: String| Error::Device { spec: spec.to_string(), reason };
    let (kind, index) = spec.split_once(':').unwrap_or((spec, "0"));
    let ordinal: usize = index.parse().map_err(|_| unusable(format!("`{index}` is not a device number")))?;
    match kind {
        "cpu" => Ok(Device::Cpu),
        "cuda" => Device::new_cuda(ordinal).map_err(|e| unusable(e.to_string())),
        "metal" => Device::new_metal(ordinal).map_err(|e| unusable(e.to_string())),
        _ => Err(unusable("known devices are cpu, cuda, cuda:N and metal".to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_understood_or_refused() {
        assert!(select("cpu").unwrap().is_cpu());
        assert!(matches!(select("tpu"), Err(Error::Device { .. })));
        assert!(matches!(select("cuda:x"), Err(Error::Device { .. })));
    }
}
