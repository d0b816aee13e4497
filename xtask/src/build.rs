//! `cargo xtask build`, and the builds that the other commands share.

use anyhow::Result;

use crate::base;
use crate::cuda;
use crate::place::Place;
use crate::process::{self, cargo, npm};
use crate::setup::{self, Need};

/// Builds the command line and the window for use, and says where they are.
pub(crate) fn run_release(place: &Place) -> Result<()> {
    page(place)?;
    engine(place)?;
    window(place)
}

/// The command: set-up, release builds, paths.
pub(crate) fn run(place: &Place) -> Result<bool> {
    setup::machine(place, Need::Window)?;
    base::bring(place)?;
    run_release(place)?;
    say!(
        "command line: {}",
        place.program("release", "duologue").display()
    );
    say!(
        "window:       {}",
        place.program("release", "duologue-desktop").display()
    );
    Ok(true)
}

/// The command with `--cuda`: builds a command line that uses NVIDIA cards, and starts it once as on a machine without
/// such a card.
pub(crate) fn run_cuda(place: &Place) -> Result<bool> {
    setup::machine(place, Need::Engine)?;
    let program = cuda::build(place)?;
    cuda::smoke(place, &program)?;
    say!("command line with CUDA: {}", program.display());
    Ok(true)
}

/// Builds the page, which the window embeds.
pub(crate) fn page(place: &Place) -> Result<()> {
    setup::page(place)?;
    process::run(npm(place, &["run", "--silent", "build"]))
}

/// Builds the command line, which is also the worker.
pub(crate) fn engine(place: &Place) -> Result<()> {
    process::run(cargo(
        place,
        &["build", "--release", "--package", "duologue"],
    ))
}

/// Builds the window.
fn window(place: &Place) -> Result<()> {
    process::run(cargo(
        place,
        &["build", "--release", "--package", "duologue-desktop"],
    ))
}
