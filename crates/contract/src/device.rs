//! Where a model computes, as `--device` and a run's row name it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A device that a person chose. Whether this machine and this build have it is for `lm` to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceChoice {
    /// The processor: `cpu`.
    #[default]
    Cpu,
    /// An NVIDIA card by its number: `cuda:0`; `cuda` alone is the first one.
    Cuda(usize),
    /// Apple's graphics processor: `metal`.
    Metal,
}

/// What `doctor` finds that can compute besides the processor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Devices {
    /// The cards.
    pub cards: Vec<Card>,
    /// Why there is none, in a sentence of the program.
    pub no_card: Option<String>,
}

/// A card that can compute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Card {
    /// What `--device` calls it: `cuda:0`.
    pub device: String,
    /// Its name, to show to people.
    pub name: String,
    /// Its compute capability, such as `9.0`.
    pub compute_capability: String,
    /// Memory in all.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub memory_bytes: u64,
    /// What of it is free now.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub memory_free_bytes: u64,
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.pad("cpu"),
            Self::Cuda(ordinal) => f.pad(&format!("cuda:{ordinal}")),
            Self::Metal => f.pad("metal"),
        }
    }
}

/// A text that names no device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadDevice {
    /// The text that was given.
    pub word: String,
}

impl fmt::Display for BadDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not one of cpu, cuda, cuda:N, metal", self.word)
    }
}

impl std::error::Error for BadDevice {}

impl FromStr for DeviceChoice {
    type Err = BadDevice;

    fn from_str(text: &str) -> Result<Self, BadDevice> {
        let cuda = || text.strip_prefix("cuda:")?.parse().ok().map(Self::Cuda);
        match text {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "metal" => Ok(Self::Metal),
            _ => cuda().ok_or_else(|| BadDevice {
                word: text.to_owned(),
            }),
        }
    }
}

impl Serialize for DeviceChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeviceChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
