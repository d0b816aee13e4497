//! A time that work may take, as people write it: `45m`, `8h`, `1h30m`.

use std::fmt;
use std::str::FromStr;

use contract::excerpt;
use contract::problem::{ExperimentFault, RunProblem};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The longest time that can be asked for: a year.
const MOST: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A time that work may take, at least a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Within(SignedDuration);

impl Within {
    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0.as_secs_f64()
    }
}

impl FromStr for Within {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = text.trim().parse::<SignedDuration>().ok();
        let is_usable =
            |time: &SignedDuration| (SignedDuration::from_secs(1)..=MOST).contains(time);
        read.filter(is_usable).map(Self).ok_or_else(|| {
            RunProblem::Experiment(ExperimentFault::Time {
                text: excerpt(text),
            })
            .into()
        })
    }
}

impl TryFrom<String> for Within {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Within> for String {
    fn from(within: Within) -> Self {
        within.to_string()
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Friendly, without the blanks that a shell would have to quote.
        f.write_str(&format!("{:#}", self.0).replace(' ', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let seconds = |text: &str| text.parse::<Within>().map(Within::seconds).ok();
        assert_eq!(seconds("45m"), Some(2700.0));
        assert_eq!(seconds("8h"), Some(28_800.0));
        assert_eq!(seconds(" 1h30m "), Some(5400.0));
        assert_eq!(seconds("90s"), Some(90.0));
        for wrong in ["", "45", "-1h", "0s", "1y", "soon", "90000h"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
        let error = "x".repeat(1000).parse::<Within>().unwrap_err().to_string();
        assert!(error.len() < 300 && error.contains("45m"), "{error}");
        let time: Within = "1h30m".parse().unwrap();
        assert_eq!(time.to_string().parse::<Within>().unwrap(), time);
    }
}
