//! What `duologue bench` measures: the engine at known shapes with random weights, and a complete run.
//!
//! Nothing here takes a shortcut. A step is one update of [`lm::train::train`], tokens come from [`lm::generate()`],
//! and a run is one that [`mrds::worker`] carries out. Each figure comes with the best that this machine could reach,
//! which is derived from matrix products timed in the same measurement.

mod decode;
mod growth;
mod pipeline;
mod score;
mod step;

use lm::device::Place;
use lm::model::matmul;
use lm::{DType, Device, Error, Result, Tensor};

pub use decode::{DecodeFigures, DecodeWork, decode};
pub use growth::{Candidates, Size, candidates, sizes};
pub use pipeline::{
    PipelineFigures, StageFigures, cpu_s, peak_rss_bytes, pipeline, pipeline_recipe, reset_peak,
    summarizer_examples,
};
pub use score::{ScoreFigures, ScoreWork, scoring};
pub use step::{ItemTokens, Material, StepFigures, StepWork, step, step_flops};

/// The two clocks of a measurement: wall-clock time and processor time of all threads. Only differences of their
/// readings are used, so each may start anywhere.
pub struct Clock<'a> {
    /// Wall-clock seconds.
    pub wall_s: &'a dyn Fn() -> f64,
    /// Processor seconds of this process.
    pub cpu_s: &'a dyn Fn() -> f64,
}

impl Clock<'_> {
    /// Returns the `(wall, cpu)` seconds that `work` takes.
    fn time<R>(&self, work: impl FnOnce() -> Result<R>) -> Result<(f64, f64)> {
        let (wall, cpu) = ((self.wall_s)(), (self.cpu_s)());
        work()?;
        Ok(((self.wall_s)() - wall, (self.cpu_s)() - cpu))
    }
}

/// Median of an unsorted list; 0 for an empty one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (middle, odd) = (values.len() / 2, values.len() % 2 == 1);
    match values.len() {
        0 => 0.0,
        _ if odd => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

/// How many times a timed product is repeated. The fastest counts, because interference can only slow a product down.
const GEMM_REPEATS: usize = 7;

/// Floating-point operations per processor-second of the f32 product `[rows, inner] x [inner, columns]` on one thread.
///
/// # Errors
/// [`Error::Device`] if no thread can be started.
pub fn gemm_flops_per_cpu_s(
    rows: usize,
    inner: usize,
    columns: usize,
    clock: &Clock<'_>,
) -> Result<f64> {
    let a = Tensor::ones((rows, inner), DType::F32, &Device::Cpu)?;
    let b = Tensor::ones((inner, columns), DType::F32, &Device::Cpu)?;
    let flops = 2.0 * (rows * inner * columns) as f64;
    // Processor time ticks coarsely on some systems, so enough products are timed that one tick does not matter.
    let products = (4e9 / flops).ceil().max(1.0) as usize;
    let mut best = 0.0f64;
    for _ in 0..GEMM_REPEATS {
        let (wall, cpu) =
            clock.time(|| alone(|| (0..products).try_for_each(|_| matmul(&a, &b).map(drop))))?;
        let seconds = if cpu > 0.0 { cpu } else { wall };
        best = best.max(flops * products as f64 / seconds.max(1e-9));
    }
    Ok(best)
}

/// Rows and columns of the square matrices whose product measures a device's speed.
const DEVICE_GEMM_SIDE: usize = 8192;
/// Products that are timed together.
const DEVICE_GEMMS: usize = 10;

/// Floating-point operations per second of large products on a device, in its number type.
///
/// # Errors
/// [`Error::Candle`] if the device cannot compute them.
pub fn device_gemm_flops_per_s(place: &Place, clock: &Clock<'_>) -> Result<f64> {
    // Smaller matrices are enough on the processor.
    let side = if place.device.is_cpu() {
        256
    } else {
        DEVICE_GEMM_SIDE
    };
    let a = Tensor::ones((side, side), place.dtype, &place.device)?;
    let products = || {
        (0..DEVICE_GEMMS).try_for_each(|_| matmul(&a, &a).map(drop))?;
        Ok(place.device.synchronize()?)
    };
    // The first products are not timed: they load the library.
    products()?;
    let mut best = 0.0f64;
    for _ in 0..GEMM_REPEATS {
        let (wall, _) = clock.time(products)?;
        best = best.max(2.0 * (side as f64).powi(3) * DEVICE_GEMMS as f64 / wall.max(1e-9));
    }
    Ok(best)
}

/// Runs `work` in a pool of a single thread.
fn alone<R: Send>(work: impl FnOnce() -> Result<R> + Send) -> Result<R> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .map_err(|e| Error::Device {
            spec: "cpu".to_owned(),
            reason: format!("no thread can be started: {e}"),
        })?;
    pool.install(work)
}

#[cfg(test)]
mod tests {
    use lm::model::shape::{Shape, random_decoder};
    use lm::{Decoder, Quantize};

    use super::*;

    /// A model so small that measuring it takes no time.
    pub(crate) fn tiny() -> Decoder {
        let config = Shape::M7.config().unwrap().with_blocks(1);
        random_decoder(config, Quantize::None).unwrap()
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
