//! `cargo xtask build --cuda`: builds one `duologue` that uses an NVIDIA card if the machine has a driver, and also
//! starts if it has none.
//!
//! candle as published links the driver's libraries, so a program built with it does not start without them. It also
//! compiles quantised products, which takes hours, although Duologue does not use them. This step copies two of
//! candle's crates from cargo's cache into the target folder, makes three changes and says so, then builds with them:
//!
//! 1. `candle-core` loads the driver's libraries when they are first needed;
//! 2. `candle-kernels` compiles only the kernels that are PTX, which every card from compute capability 8.0 on can run;
//! 3. `candle-kernels` has no quantised products, and says so if one is called: Duologue dequantises a matrix first.
//!
//! None of candle's code is kept in the repository. The CUDA compiler is the machine's or, if it has none, PyPI's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::place::Place;
use crate::process::{self, cargo, command};

/// Compute capability of the oldest cards that the kernels run on, times ten: Ampere. Newer cards translate the PTX
/// when they load it.
const COMPUTE_CAPABILITY: &str = "80";

/// Packages on PyPI with the parts of the CUDA toolkit that compile kernels. Their PTX needs driver 580 or later.
const TOOLKIT: &[&str] = &[
    "nvidia-cuda-nvcc==13.0.*",
    "nvidia-nvvm==13.0.*",
    "nvidia-cuda-crt==13.0.*",
    "nvidia-cuda-runtime==13.0.*",
    "nvidia-cuda-cccl==13.0.*",
];

/// Builds the command line with CUDA and returns the path of the program.
pub(crate) fn build(place: &Place) -> Result<PathBuf> {
    let folder = place.target.join("cuda");
    let toolkit = toolkit(place, &folder)?;
    let patches = [core(place, &folder)?, kernels(place, &folder)?];
    let patches: Vec<String> = patches
        .iter()
        .map(|(name, copy)| format!("patch.crates-io.{name}.path='{}'", copy.display()))
        .collect();
    let mut words = vec![
        "build",
        "--release",
        "--package",
        "duologue",
        "--features",
        "cuda",
    ];
    patches
        .iter()
        .for_each(|patch| words.extend(["--config", patch]));
    let mut build = cargo(place, &words);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(toolkit.join("bin")).chain(std::env::split_paths(&path));
    build
        .env("CARGO_TARGET_DIR", &folder)
        .env("CUDA_HOME", &toolkit)
        .env("CUDA_COMPUTE_CAP", COMPUTE_CAPABILITY)
        .env("PATH", std::env::join_paths(folders)?);
    let lock = Lock::new(place)?;
    let built = process::run(build);
    lock.restore()?;
    built?;
    Ok(folder
        .join("release")
        .join(format!("duologue{}", std::env::consts::EXE_SUFFIX)))
}

/// How a command ended, and what it printed on both streams.
struct Answer {
    code: Option<i32>,
    printed: String,
}

/// Starts the program as if the machine had no card; if it has a driver, the driver is told to show no cards. The
/// program must start, say what is missing and that the processor is used instead, and refuse a request for a card.
pub(crate) fn smoke(place: &Place, program: &Path) -> Result<()> {
    let workspace = place
        .target
        .join("cuda")
        .join("smoke")
        .display()
        .to_string();
    let started = |device: &str| -> Result<Answer> {
        let words = [
            "--workspace",
            workspace.as_str(),
            "--device",
            device,
            "doctor",
        ];
        let mut command = command(place, &program.display().to_string(), &words);
        let output = command.env("CUDA_VISIBLE_DEVICES", "").output();
        let output = output.with_context(|| format!("{} does not start", program.display()))?;
        let printed = [output.stdout, output.stderr].concat();
        Ok(Answer {
            code: output.status.code(),
            printed: String::from_utf8_lossy(&printed).trim().to_owned(),
        })
    };
    check_doctor(&started("cpu")?)?;
    check_refusal(&started("cuda:0")?)?;
    say!(
        "   without a card it starts, says why the processor computes, and refuses `--device cuda:0`"
    );
    Ok(())
}

/// Checks what `doctor` says without a card: success, the processor as the only device, and that it computes.
fn check_doctor(answer: &Answer) -> Result<()> {
    let Answer { code, printed } = answer;
    let well = *code == Some(0)
        && printed.contains("Devices: cpu")
        && printed.contains("The processor computes.");
    ensure!(
        well,
        "without a card `doctor` ends with {code:?} and says: {printed}"
    );
    Ok(())
}

/// Checks how a missing card is refused: with exit code 2, and with `--device cpu` as the way out.
fn check_refusal(answer: &Answer) -> Result<()> {
    let Answer { code, printed } = answer;
    let well = *code == Some(2)
        && printed.contains("`cuda:0` cannot be used")
        && printed.contains("--device cpu");
    ensure!(
        well,
        "without a card `--device cuda:0` ends with {code:?} and says: {printed}"
    );
    Ok(())
}

/// `Cargo.lock` as it was before the build, because cargo records in this file that two crates come from a folder.
struct Lock {
    path: PathBuf,
    text: String,
}

impl Lock {
    fn new(place: &Place) -> Result<Self> {
        let path = place.root.join("Cargo.lock");
        let text = fs::read_to_string(&path).context("Cargo.lock cannot be read")?;
        Ok(Self { path, text })
    }

    fn restore(self) -> Result<()> {
        host::file::write(&self.path, self.text.as_bytes())
            .context("Cargo.lock cannot be written back")
    }
}

/// Returns a folder with `bin/nvcc`: the machine's toolkit, or else a toolkit that is fetched from PyPI once.
fn toolkit(place: &Place, folder: &Path) -> Result<PathBuf> {
    let nvcc = format!("nvcc{}", std::env::consts::EXE_SUFFIX);
    let named = ["CUDA_HOME", "CUDA_PATH"]
        .into_iter()
        .filter_map(std::env::var_os)
        .map(PathBuf::from);
    let usual = named.chain([PathBuf::from("/usr/local/cuda")]);
    if let Some(found) = usual
        .into_iter()
        .find(|folder| folder.join("bin").join(&nvcc).is_file())
    {
        say!("   CUDA compiler: {}", found.display());
        return Ok(found);
    }
    let fetched = folder.join("toolkit");
    let toolkit = fetched.join("nvidia").join("cu13");
    if !toolkit.join("bin").join(&nvcc).is_file() {
        say!(
            "   no CUDA compiler here: fetching one from PyPI into {}",
            fetched.display()
        );
        let target = fetched.display().to_string();
        let words = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--upgrade",
            "--target",
            &target,
        ];
        process::run(command(place, "python3", &[&words[..], TOOLKIT].concat())).context(
            "a CUDA compiler is needed: install the CUDA toolkit 13 and set CUDA_HOME, or Python with pip",
        )?;
    }
    ensure!(
        toolkit.join("bin").join(&nvcc).is_file(),
        "PyPI's packages hold no {nvcc}"
    );
    Ok(toolkit)
}

/// Copies candle-core and makes the copy load the driver's libraries instead of linking them; returns name and folder.
fn core(place: &Place, folder: &Path) -> Result<(&'static str, PathBuf)> {
    let name = "candle-core";
    let copy = copied(place, name, folder)?;
    edit(&copy.join("Cargo.toml"), |text| {
        swapped(text, "\"dynamic-linking\"", "\"dynamic-loading\"")
    })?;
    say!(
        "   {name}: the driver's libraries are loaded when needed (a copy in {})",
        copy.display()
    );
    Ok((name, copy))
}

/// Copies candle-kernels and removes the quantised products from the copy; returns name and folder.
fn kernels(place: &Place, folder: &Path) -> Result<(&'static str, PathBuf)> {
    let name = "candle-kernels";
    let copy = copied(place, name, folder)?;
    edit(&copy.join("build.rs"), |text| {
        let end = text
            .find("    let mut moe_sources")
            .context("its build script has changed")?;
        Ok(format!("{}    Ok(())\n}}\n", &text[..end]))
    })?;
    edit(&copy.join("src").join("ffi.rs"), without_products)?;
    say!(
        "   {name}: PTX only, without quantised products (a copy in {})",
        copy.display()
    );
    Ok((name, copy))
}

/// Turns declarations of C functions into Rust functions that panic and say what is missing.
fn without_products(text: &str) -> Result<String> {
    let (_, body) = text
        .split_once("extern \"C\" {")
        .context("its list of functions has changed")?;
    let body = body
        .trim_end()
        .strip_suffix('}')
        .context("its list of functions does not end")?;
    let missing = "{ unimplemented!(\"quantised products on CUDA are not part of this build\") }";
    let body = body
        .replace("pub fn ", "pub unsafe extern \"C\" fn ")
        .replace(") -> i32;", &format!(") -> i32 {missing}"))
        .replace(");", &format!(") {missing}"));
    Ok(format!(
        "#![allow(dead_code, unused_variables)]\nuse core::ffi::c_void;\n{body}"
    ))
}

/// Applies `change` to a file; fails if the file does not hold what is to be changed.
fn edit(file: &Path, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let changed = change(&text).with_context(|| {
        format!(
            "{} is another version's; see xtask/src/cuda.rs",
            file.display()
        )
    })?;
    fs::write(file, changed).with_context(|| format!("{} cannot be written", file.display()))
}

/// Returns `text` with `old`, which must occur exactly once, replaced by `new`.
fn swapped(text: &str, old: &str, new: &str) -> Result<String> {
    if text.matches(old).count() != 1 {
        bail!("{old} is not there once");
    }
    Ok(text.replace(old, new))
}

/// Copies a crate's published source below `folder`, in place of an older copy, and returns the copy's path.
fn copied(place: &Place, name: &str, folder: &Path) -> Result<PathBuf> {
    let source = source(place, name)?;
    let copy = folder.join("patched").join(name);
    if copy.exists() {
        fs::remove_dir_all(&copy)
            .with_context(|| format!("{} cannot be removed", copy.display()))?;
    }
    copy_folder(&source, &copy)?;
    Ok(copy)
}

/// Returns the folder in which cargo keeps the source of a dependency.
fn source(place: &Place, name: &str) -> Result<PathBuf> {
    let manifest = place
        .root
        .join("crates")
        .join("cli")
        .join("Cargo.toml")
        .display()
        .to_string();
    let words = [
        "metadata",
        "--format-version",
        "1",
        "--features",
        "cuda",
        "--manifest-path",
        &manifest,
    ];
    let output = cargo(place, &words)
        .output()
        .context("cargo metadata cannot be run")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let path = text
        .split("\"manifest_path\":\"")
        .skip(1)
        .filter_map(|field| field.split('"').next());
    let folder = |path: &str| {
        Path::new(&path.replace("\\\\", "\\"))
            .parent()
            .map(Path::to_owned)
    };
    let is_it = |folder: &PathBuf| {
        let last = folder
            .file_name()
            .map(|last| last.to_string_lossy().into_owned())
            .unwrap_or_default();
        last.strip_prefix(name)
            .is_some_and(|version| version.starts_with("-0") || version.starts_with("-1"))
    };
    path.filter_map(folder)
        .find(is_it)
        .with_context(|| format!("cargo does not know {name}"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("{} cannot be made", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("{} cannot be copied", entry.path().display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_become_functions_that_say_what_is_missing() {
        let text = "use core::ffi::c_void;\n#[allow(dead_code)]\nextern \"C\" {\n    pub fn a(x: i32) -> i32;\n    \
                    pub fn b(\n        x: i32, // one\n    );\n}\n";
        let changed = without_products(text).unwrap();
        assert!(
            changed.contains("pub unsafe extern \"C\" fn a(x: i32) -> i32 { unimplemented!"),
            "{changed}"
        );
        assert_eq!(changed.matches("unimplemented!").count(), 2);
        assert_eq!(changed.matches('{').count(), changed.matches('}').count());
        assert!(without_products("fn nothing() {}").is_err());
    }

    #[test]
    fn a_program_that_does_not_tell_what_is_missing_is_refused() {
        let answer = |code, printed: &str| Answer {
            code: Some(code),
            printed: printed.to_owned(),
        };
        let doctor =
            "Devices: cpu\n  No card: this machine has no NVIDIA driver. The processor computes.";
        assert!(check_doctor(&answer(0, doctor)).is_ok());
        assert!(
            check_doctor(&answer(101, doctor)).is_err()
                && check_doctor(&answer(0, "Devices: cpu")).is_err()
        );
        let refusal =
            "Error: compute device `cuda:0` cannot be used: no driver. Use `--device cpu`.";
        assert!(check_refusal(&answer(2, refusal)).is_ok());
        assert!(
            check_refusal(&answer(0, refusal)).is_err() && check_refusal(&answer(2, "no")).is_err()
        );
    }

    #[test]
    fn what_is_not_there_once_is_not_swapped() {
        assert_eq!(swapped("a \"x\" b", "\"x\"", "\"y\"").unwrap(), "a \"y\" b");
        assert!(swapped("no", "\"x\"", "\"y\"").is_err());
        assert!(swapped("\"x\" \"x\"", "\"x\"", "\"y\"").is_err());
    }
}
