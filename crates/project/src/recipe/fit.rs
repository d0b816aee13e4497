//! Fits a recipe to a data set: `shots` and `validation` are upper bounds, unless somebody typed them.
//!
//! It is done once, when a run is planned or created, and the run stores the fitted numbers: what carries a run out
//! reads them literally.

use contract::{Change, Preset};
use serde::{Deserialize, Serialize};

use super::{Recipe, shape};
use crate::error::Result;

/// Which of the two numbers somebody typed: those are taken literally, or refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// `shots`.
    pub shots: bool,
    /// `validation`.
    pub validation: bool,
}

impl Typed {
    /// Both numbers.
    pub const BOTH: Self = Self {
        shots: true,
        validation: true,
    };

    /// What a preset fixes: the numbers of `paper` are the paper's, and would no longer be if they were fitted.
    pub fn of_preset(preset: Preset) -> Self {
        match preset {
            Preset::Paper | Preset::Paper300 => Self::BOTH,
            Preset::Default | Preset::Small | Preset::Sample | Preset::Quick => Self::default(),
        }
    }

    /// What a recipe's file sets.
    pub fn of_toml(text: &str) -> Self {
        let table: toml::Table = toml::from_str(text).unwrap_or_default();
        Self {
            shots: table.contains_key("shots"),
            validation: table.contains_key("validation"),
        }
    }

    /// With a field that was set.
    pub fn and_field(self, field: &str) -> Self {
        Self {
            shots: self.shots || field == "shots",
            validation: self.validation || field == "validation",
        }
    }
}

/// Pairs that a run can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available {
    /// Of the training split.
    pub train: usize,
    /// Of the validation split; without them pairs of the training split choose.
    pub validation: usize,
}

/// Of the pairs of a training split that has to choose too, the part that chooses: as of a small set that is divided
/// into all three (15 of 85; `import/split`).
const CHOOSING: (usize, usize) = (3, 17);

impl Recipe {
    /// Brings `shots` and `validation` down to the pairs that are available, as far as nobody typed them. Neither becomes less than 1:
    /// where there is nothing at all, the run is refused for what it lacks.
    pub fn fit(&mut self, typed: Typed, available: Available) {
        let Available { train, validation } = available;
        if validation > 0 {
            lower(&mut self.shots, typed.shots, train);
            lower(&mut self.validation, typed.validation, validation);
            return;
        }
        if self.shots + self.validation <= train {
            return;
        }
        // What learns and what chooses come from the same pairs.
        let part = (train * CHOOSING.0).div_ceil(CHOOSING.1);
        let choose = if typed.shots {
            train.saturating_sub(self.shots)
        } else {
            part.max(train.saturating_sub(self.shots))
        };
        lower(&mut self.validation, typed.validation, choose);
        lower(
            &mut self.shots,
            typed.shots,
            train.saturating_sub(self.validation),
        );
    }

    /// The fields that [`Recipe::fit`] would set if nobody had typed them, where typed numbers ask for
    /// more than there is; nothing where no number helps.
    pub fn adjustments(&self, available: Available) -> Vec<Change> {
        let mut fitted = self.clone();
        fitted.fit(Typed::default(), available);
        let pairs = [
            ("shots", self.shots, fitted.shots),
            ("validation", self.validation, fitted.validation),
        ];
        if available.train + available.validation < 2 || available.train == 0 {
            return Vec::new();
        }
        let changed = pairs.into_iter().filter(|(_, asked, fits)| asked != fits);
        changed
            .map(|(key, _, fits)| Change {
                key: key.to_owned(),
                value: fits.to_string(),
            })
            .collect()
    }

    /// Sets `shots` and `validation` where they are given, as typed.
    pub fn type_sizes(
        &mut self,
        typed: &mut Typed,
        shots: Option<usize>,
        validation: Option<usize>,
    ) -> Result<()> {
        for (field, given, value, is_typed) in [
            ("shots", shots, &mut self.shots, &mut typed.shots),
            (
                "validation",
                validation,
                &mut self.validation,
                &mut typed.validation,
            ),
        ] {
            let Some(given) = given else { continue };
            shape::check(
                field,
                &toml::Value::Integer(given.try_into().unwrap_or(i64::MAX)),
            )?;
            (*value, *is_typed) = (given, true);
        }
        Ok(())
    }
}

fn lower(value: &mut usize, is_typed: bool, most: usize) {
    if !is_typed {
        *value = (*value).min(most).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(
        (shots, validation): (usize, usize),
        typed: Typed,
        (train, set_aside): (usize, usize),
    ) -> (usize, usize) {
        let mut recipe = Recipe {
            shots,
            validation,
            ..Recipe::default()
        };
        let available = Available {
            train,
            validation: set_aside,
        };
        recipe.fit(typed, available);
        (recipe.shots, recipe.validation)
    }

    const FREE: Typed = Typed {
        shots: false,
        validation: false,
    };
    const SHOTS: Typed = Typed {
        shots: true,
        validation: false,
    };
    const CHECKED: Typed = Typed {
        shots: false,
        validation: true,
    };

    #[test]
    fn a_recipe_takes_at_most_what_there_is() {
        assert_eq!(fitted((100, 100), FREE, (70, 15)), (70, 15));
        assert_eq!(fitted((40, 12), FREE, (70, 15)), (40, 12), "it has enough");
        assert_eq!(fitted((100, 100), FREE, (300, 15)), (100, 15));
        assert_eq!(fitted((100, 100), FREE, (0, 15)), (1, 15), "and lacks them");
    }

    #[test]
    fn a_typed_number_stays() {
        assert_eq!(fitted((100, 100), SHOTS, (70, 15)), (100, 15));
        assert_eq!(fitted((100, 100), CHECKED, (70, 15)), (70, 100));
        assert_eq!(fitted((100, 100), Typed::BOTH, (70, 15)), (100, 100));
    }

    #[test]
    fn without_a_validation_split_the_training_pairs_are_divided() {
        assert_eq!(
            fitted((100, 25), FREE, (145, 0)),
            (100, 25),
            "room for both"
        );
        assert_eq!(fitted((100, 100), FREE, (85, 0)), (70, 15));
        assert_eq!(fitted((100, 100), FREE, (2, 0)), (1, 1));
        assert_eq!(
            fitted((100, 100), FREE, (170, 0)),
            (100, 70),
            "what is left chooses"
        );
        assert_eq!(fitted((60, 100), SHOTS, (85, 0)), (60, 25));
        assert_eq!(fitted((100, 20), CHECKED, (85, 0)), (65, 20));
        for train in 2..300 {
            let (shots, validation) = fitted((100, 100), FREE, (train, 0));
            assert!(
                shots + validation <= train && shots.min(validation) > 0,
                "{train}"
            );
        }
    }

    #[test]
    fn what_was_typed_is_known_and_can_be_adjusted() {
        assert_eq!(Typed::of_toml("shots = 8\nlora_rank = 4\n"), SHOTS);
        assert_eq!(FREE.and_field("validation"), CHECKED);
        assert_eq!(Typed::of_preset(Preset::Small), FREE);
        let asks = Recipe::default();
        let available = |train, validation| Available { train, validation };
        let adjusted = |available| -> Vec<String> {
            let changes = asks.adjustments(available);
            changes.iter().map(Change::to_string).collect()
        };
        assert_eq!(adjusted(available(70, 15)), ["shots=70", "validation=15"]);
        assert_eq!(adjusted(available(300, 15)), ["validation=15"]);
        assert!(adjusted(available(300, 100)).is_empty());
        assert!(adjusted(available(0, 15)).is_empty(), "no number helps");
    }
}
