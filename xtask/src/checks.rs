//! `cargo xtask test`: every check, cheapest first, each timed. Also `cargo xtask screens` and `cargo xtask sanitize`.
//!
//! All steps run even if one fails. The closing line `N passed, N failed, N skipped` counts every Rust test, every test
//! of the page, and each of the other steps as one.
//!
//! Every call of cargo selects the whole workspace: cargo unifies features over the packages of one call, so a
//! different selection would compile the dependencies again.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::base;
use crate::outcome::{self, Outcome, RustTests};
use crate::place::Place;
use crate::process::{self, cargo, command, npm, watch};
use crate::setup::{self, Need};

/// Time limit of all journeys through the window together, in seconds.
const DESKTOP_LIMIT_S: &str = "900";

struct Step {
    name: &'static str,
    check: fn(&Place) -> Result<Outcome>,
}

const STEPS: &[Step] = &[
    Step {
        name: "set-up",
        check: |place| {
            setup::machine(place, Need::Tests)?;
            // Tests of the real model skip where no registry answers.
            one(base::bring(place).map(|_| ()))
        },
    },
    Step {
        name: "format",
        check: |place| one(process::run(cargo(place, &["fmt", "--all", "--check"]))),
    },
    Step {
        name: "ui-install",
        check: |place| one(setup::page(place)),
    },
    Step {
        name: "ui-types",
        check: |place| script(place, "check"),
    },
    Step {
        name: "ui-lint",
        check: |place| script(place, "lint"),
    },
    Step {
        name: "ui-tests",
        check: ui_tests,
    },
    Step {
        name: "ui-build",
        check: |place| script(place, "build"),
    },
    Step {
        name: "clippy",
        check: clippy,
    },
    Step {
        name: "build",
        check: |place| one(build(place)),
    },
    Step {
        name: "tests",
        check: rust_tests,
    },
    Step {
        name: "avx2",
        check: narrow_tests,
    },
    Step {
        name: "desktop",
        check: |place| desktop(place, None),
    },
];

/// Runs the steps named by `only`, or all steps if it is empty; returns `false` if a step failed.
pub(crate) fn run(place: &Place, only: &[String]) -> Result<bool> {
    if only.iter().any(|word| word == "--list") {
        STEPS.iter().for_each(|step| say!("{}", step.name));
        return Ok(true);
    }
    if let Some(unknown) = only
        .iter()
        .find(|word| STEPS.iter().all(|step| step.name != **word))
    {
        bail!("there is no step `{unknown}`; `cargo xtask test --list` names them");
    }
    let chosen = STEPS
        .iter()
        .filter(|step| only.is_empty() || only.iter().any(|word| word == step.name));
    let outcomes: Vec<_> = chosen.map(|step| (step.name, timed(place, step))).collect();

    say!("\n── seconds per step");
    let mut sum = Outcome::default();
    let mut whole = Duration::ZERO;
    for (name, (counts, wall)) in outcomes {
        let word = if counts.failed == 0 { "ok" } else { "FAILED" };
        say!("{name:<14}{:>8.1}   {word} ({counts})", wall.as_secs_f64(),);
        sum += counts;
        whole += wall;
    }
    say!("{:<14}{:>8.1}\n", "all", whole.as_secs_f64());
    if sum.failed > 0 {
        // Repeated at the end, because the output of the failed step may be thousands of lines above.
        sum.panics.iter().for_each(|panic| say!("{panic}"));
    }
    say!("{sum}");
    Ok(sum.failed == 0)
}

/// Runs the engine's unit tests under AddressSanitizer, because its few unsafe lines pass slices to matrix products by
/// pointer. The stable compiler brings the sanitizer, but still calls the option for it unstable.
pub(crate) fn sanitize(place: &Place, filters: &[String]) -> Result<bool> {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("the sanitizer runs on Linux with x86-64 only");
    }
    let fixed = [
        "test",
        "--package",
        "duologue-lm",
        "--lib",
        "--target",
        TARGET,
        "--",
        "--show-output",
    ];
    let words: Vec<&str> = fixed
        .into_iter()
        .chain(filters.iter().map(String::as_str))
        .collect();
    let mut tests = cargo(place, &words);
    tests
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .env("CARGO_TARGET_DIR", place.target.join("sanitize"));
    let counts = rust_counted(tests)?;
    say!("{counts}");
    Ok(counts.failed == 0)
}

/// Takes the screenshots of the window and saves them in `folder`; returns `false` if a journey failed or none was
/// saved.
pub(crate) fn screens(place: &Place, folder: &Path) -> Result<bool> {
    if !cfg!(target_os = "linux") {
        bail!("screenshots are taken on Linux only, where a WebDriver for the window exists");
    }
    setup::machine(place, Need::Tests)?;
    crate::build::page(place)?;
    build(place)?;
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let counts = desktop(place, Some(folder))?;
    let pictures = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "png"))
        .count();
    say!("{pictures} pictures in {}", folder.display());
    Ok(counts.failed == 0 && pictures > 0)
}

fn timed(place: &Place, step: &Step) -> (Outcome, Duration) {
    say!("\n── {}", step.name);
    let start = Instant::now();
    let counts = (step.check)(place).unwrap_or_else(|error| {
        say!("   {error:#}");
        Outcome::FAILED
    });
    (counts, start.elapsed())
}

/// The outcome of a step that is one check.
fn one(outcome: Result<()>) -> Result<Outcome> {
    outcome.map(|()| Outcome::PASSED)
}

/// Runs a command and adds up the tests that `read` finds in its output. A command that fails without a failed test (it
/// did not compile) counts as one failure.
fn counted(command: Command, mut read: impl FnMut(&str) -> Option<Outcome>) -> Result<Outcome> {
    let mut sum = Outcome::default();
    let mut panicked = None;
    let succeeded = watch(command, |line| {
        sum += read(line).unwrap_or_default();
        if let Some(place) = panicked.take() {
            sum.panics.push(format!("{place}\n    {line}"));
        }
        panicked = line.contains(" panicked at ").then(|| line.to_owned());
    })?;
    if !succeeded && sum.failed == 0 {
        sum += Outcome::FAILED;
    }
    if sum.is_empty() {
        bail!("no test was run");
    }
    Ok(sum)
}

/// [`counted`] for Rust tests; the command has to show what passing tests print.
fn rust_counted(command: Command) -> Result<Outcome> {
    let mut tests = RustTests::default();
    counted(command, |line| tests.read(line))
}

fn script(place: &Place, name: &str) -> Result<Outcome> {
    one(process::run(npm(place, &["run", "--silent", name])))
}

fn ui_tests(place: &Place) -> Result<Outcome> {
    let mut tests = npm(place, &["run", "--silent", "test"]);
    tests.env("NO_COLOR", "1");
    counted(tests, outcome::vitest)
}

fn clippy(place: &Place) -> Result<Outcome> {
    let words = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ];
    one(process::run(cargo(place, &words)))
}

/// Builds the programs that the tests start, together with the tests.
fn build(place: &Place) -> Result<()> {
    process::run(cargo(
        place,
        &["build", "--workspace", "--lib", "--bins", "--tests"],
    ))
}

fn rust_tests(place: &Place) -> Result<Outcome> {
    // The output of passing tests shows which of them were skipped. The window's journeys are a separate step.
    let words = [
        "test",
        "--workspace",
        "--no-fail-fast",
        "--",
        "--show-output",
        "--skip",
        "desktop::",
    ];
    let mut tests = cargo(place, &words);
    tests
        .env("DUOLOGUE_BIN", place.program("debug", "duologue"))
        .env_remove("E2E_APP");
    rust_counted(tests)
}

/// Repeats the tests that compute, with AVX2, if the processor has AVX-512 and the tests above used that.
fn narrow_tests(place: &Place) -> Result<Outcome> {
    if host::machine::simd() != "avx512" {
        say!("   skipped: the processor has no AVX-512, so the tests took the same path");
        return Ok(Outcome::SKIPPED);
    }
    // The whole workspace's libraries, because a single one would be compiled again with fewer features.
    let fixed = ["test", "--workspace", "--lib", "--", "--show-output"];
    let computing = ["infer::", "lora::", "model::", "ops::", "train::"];
    let words: Vec<&str> = fixed.into_iter().chain(computing).collect();
    let mut tests = cargo(place, &words);
    tests.env(host::machine::SIMD_VARIABLE, host::machine::AVX2);
    rust_counted(tests)
}

/// Drives the real window on a virtual display; saves screenshots if `screens` names a folder.
fn desktop(place: &Place, screens: Option<&Path>) -> Result<Outcome> {
    if !cfg!(target_os = "linux") {
        say!("   skipped: the window is driven on Linux only, where a WebDriver for it exists");
        return Ok(Outcome::SKIPPED);
    }
    let runtime = place.tools().join("runtime");
    fs::create_dir_all(&runtime)
        .with_context(|| format!("{} cannot be made", runtime.display()))?;
    #[cfg(unix)]
    fs::set_permissions(
        &runtime,
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )?;
    let cargo_path = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let display = "-screen 0 1440x900x24 -nolisten tcp";
    // `timeout` ends the whole process group: a driver left behind would otherwise hold the display.
    let outer = [
        "--kill-after=20",
        DESKTOP_LIMIT_S,
        "dbus-run-session",
        "--",
        "xvfb-run",
        "-a",
        "-s",
        display,
    ];
    let inner = [
        "--test",
        "all",
        "--",
        "--show-output",
        "--test-threads=1",
        "desktop::",
    ];
    let words = [
        &outer[..],
        &[cargo_path.as_str(), "test", "--workspace"],
        &inner,
    ]
    .concat();
    let mut tests = command(place, "timeout", &words);
    tests
        .env("E2E_APP", place.program("debug", "duologue-desktop"))
        .env("DUOLOGUE_BIN", place.program("debug", "duologue"))
        .env(
            "TAURI_DRIVER",
            place.tools().join("bin").join("tauri-driver"),
        )
        .env("PATH", path_with(&place.tools().join("bin"))?)
        .env("XDG_RUNTIME_DIR", &runtime)
        .env("NO_AT_BRIDGE", "1")
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        // With LANG=C, WebKit reports a language that `Intl` refuses.
        .env("LANG", "en_US.UTF-8");
    if let Some(folder) = screens {
        tests.env("E2E_SCREENS", folder);
    }
    rust_counted(tests)
}

fn path_with(first: &Path) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(first.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).context("the PATH cannot be extended")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_names_are_distinct_and_known() {
        for (index, step) in STEPS.iter().enumerate() {
            assert!(
                STEPS[..index].iter().all(|other| other.name != step.name),
                "{} is there twice",
                step.name
            );
        }
        let place = Place::find().unwrap();
        assert!(
            run(&place, &["nothing".to_owned()])
                .unwrap_err()
                .to_string()
                .contains("`nothing`")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_run_that_fails_without_a_test_counts_as_failed() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert_eq!(rust_counted(shell("exit 101")).unwrap(), Outcome::FAILED);
        // In vitest's format, because this output is echoed: in Rust's format it would be counted with the tests of
        // this very run.
        let line = "echo 'Tests  2 failed | 3 passed (5)'; exit 1";
        assert_eq!(counted(shell(line), outcome::vitest).unwrap().failed, 2);
        let panic =
            "echo \"thread 'a' panicked at b.rs:1:2:\"; echo only a test of this list; exit 1";
        let found = rust_counted(shell(panic)).unwrap();
        assert_eq!(
            found.panics,
            ["thread 'a' panicked at b.rs:1:2:\n    only a test of this list"]
        );
        assert!(rust_counted(shell("exit 0")).is_err());
    }
}
