//! Where things are: the repository, cargo's target folder and what is built into it.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// The folders that every command works with, all absolute.
pub(crate) struct Place {
    /// The repository's root.
    pub(crate) root: PathBuf,
    /// Cargo's target folder (`CARGO_TARGET_DIR`, else `target` in the repository).
    pub(crate) target: PathBuf,
}

impl Place {
    /// Finds the folders from what cargo says while it runs this program.
    pub(crate) fn find() -> Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package
            .parent()
            .context("xtask is not inside a repository; run it as `cargo xtask`")?
            .to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(folder)?,
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// Path of a built program, `profile` being the folder name (`debug`, `release`).
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target
            .join(profile)
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The folder of the toy model, with its invented pairs.
    pub(crate) fn duo_mini(&self) -> PathBuf {
        self.models().join("duo-mini")
    }

    /// The folder of the base model that the set-up fetches.
    pub(crate) fn base(&self) -> PathBuf {
        self.models().join("SmolLM2-135M-Instruct")
    }

    /// The folder of the models that come with Duologue.
    pub(crate) fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// The folder of test tools that are installed by cargo.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }
}
