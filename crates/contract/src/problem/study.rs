//! What can go wrong with a rating study: what is closed while people rate, what is frozen, and answers that do not
//! belong to it.

use std::fmt;

use super::problems;
use crate::{ErrorPlace, PackFormat, StudyName, StudyState, excerpt};

problems! {
    /// A problem with a rating study.
    StudyProblem {
        /// It would reveal who wrote texts that are still being rated.
        Blinded {
            /// The studies that are running.
            studies: Vec<StudyName>,
        },
        /// A plan that is frozen.
        Frozen {
            /// The study.
            study: StudyName,
        },
        /// A study that is not being rated now.
        NotRunning {
            /// The study.
            study: StudyName,
            /// Where it stands.
            state: StudyState,
        },
        /// Too few dialogues to show anything.
        NotEnoughDialogues {
            /// How many there are.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            have: usize,
            /// How many are needed.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            need: usize,
        },
        /// Somebody who is not on the roster.
        UnknownRater {
            /// Who was named.
            rater: String,
            /// The roster.
            known: Vec<String>,
        },
        /// A rater's set is final.
        SetLocked {
            /// The rater.
            rater: String,
        },
        /// A plan that cannot be carried out.
        StudyPlan {
            /// The field concerned.
            field: String,
            /// What is wrong with it.
            reason: String,
        },
        /// An answer about something that the rater was not shown, or that is finished.
        UnknownItem {
            /// Place in the rater's order.
            step: u32,
            /// What is wrong with it.
            reason: String,
        },
        /// Not the file that was asked for: a rater pack, or answers to one.
        NotAPack {
            /// The file.
            file: String,
            /// What was asked for.
            expected: PackFormat,
        },
        /// A rater pack of a newer Duologue.
        NewerFormat {
            /// The file.
            file: String,
            /// Its version.
            version: u32,
        },
        /// Answers to another study.
        OtherStudy {
            /// The file.
            file: String,
        },
        /// Answers to a pack that this study did not write.
        UnknownPack {
            /// The file.
            file: String,
        },
        /// The secret is wrong, or the file was changed on its way.
        WrongSecretOrChanged {
            /// The file.
            file: String,
        },
        /// Answers from a rater other than the one the pack was written for.
        RaterMismatch {
            /// The rater in the file.
            found: String,
            /// The rater of the pack.
            expected: String,
        },
        /// Answers whose seal is not the study's.
        SealMismatch {
            /// The file.
            file: String,
        },
        /// Answers to criteria that the study does not have.
        ProtocolChanged {
            /// The criterion.
            criterion: String,
        },
        /// Answers that are older than those that were merged.
        OlderRevision {
            /// The revision in the file.
            found: u32,
            /// The revision that was merged.
            have: u32,
        },
        /// Answers of a pack that contradict others of the same rater.
        PackConflict {
            /// The rater.
            rater: String,
            /// Scores that both have.
            both: u32,
            /// Scores that only the earlier answers have.
            only_first: u32,
            /// Scores that only the later answers have.
            only_second: u32,
            /// Scores that differ.
            different: u32,
        },
    }
}

impl StudyProblem {
    /// The file or field concerned.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::StudyPlan { field, .. } => ErrorPlace::field(field.clone()),
            Self::NotAPack { file, .. }
            | Self::NewerFormat { file, .. }
            | Self::OtherStudy { file }
            | Self::UnknownPack { file }
            | Self::WrongSecretOrChanged { file }
            | Self::SealMismatch { file } => ErrorPlace::file(file.clone()),
            _ => ErrorPlace::default(),
        }
    }
}

impl fmt::Display for StudyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blinded { studies } => write!(
                f,
                "closed while a study is running: people still rate in {}",
                studies.join(", ")
            ),
            Self::Frozen { study } => write!(f, "the plan of study “{study}” is frozen"),
            Self::NotRunning { study, state } => write!(
                f,
                "study “{study}” is {}",
                match state {
                    StudyState::Draft => "a draft: nobody can rate it yet",
                    StudyState::Running => "running",
                    StudyState::Closed => "closed: nothing in it can change",
                }
            ),
            Self::NotEnoughDialogues { have, need } => write!(
                f,
                "a study needs at least {need} dialogues that every system has a text for; there are {have}"
            ),
            Self::UnknownRater { rater, known } => write!(
                f,
                "`{}` is not on the roster, which names {}",
                excerpt(rater),
                known.join(", ")
            ),
            Self::SetLocked { rater } => write!(f, "the set of {rater} is locked"),
            Self::StudyPlan { field, reason } => write!(f, "the plan's `{field}` {reason}"),
            Self::UnknownItem { step, reason } => write!(f, "step {step}: {reason}"),
            Self::NotAPack { file, expected } => match expected {
                PackFormat::Pack => write!(f, "{file} is not a rater pack"),
                PackFormat::Answers => write!(f, "{file} has no answers to a rater pack"),
            },
            Self::NewerFormat { file, version } => write!(
                f,
                "{file} is of version {version} of the format, which a newer Duologue writes"
            ),
            Self::OtherStudy { file } => write!(f, "{file} belongs to another study"),
            Self::UnknownPack { file } => {
                write!(f, "{file} answers a pack that this study did not write")
            }
            Self::WrongSecretOrChanged { file } => write!(
                f,
                "{file} cannot be opened: the secret is wrong, or the file was changed on its way"
            ),
            Self::RaterMismatch { found, expected } => write!(
                f,
                "the answers name rater {}, but the pack was written for {expected}",
                excerpt(found)
            ),
            Self::SealMismatch { file } => {
                write!(f, "{file} has another seal than the study")
            }
            Self::ProtocolChanged { criterion } => write!(
                f,
                "the answers have the criterion `{}`, which the study does not have",
                excerpt(criterion)
            ),
            Self::OlderRevision { found, have } => write!(
                f,
                "the answers are the rater's saving number {found}, but number {have} is here already"
            ),
            Self::PackConflict {
                rater,
                both,
                only_first,
                only_second,
                different,
            } => write!(
                f,
                "{rater} has other answers here already: {both} scores are in both, {different} of them different; \
                 {only_first} are only here, {only_second} only in the file"
            ),
        }
    }
}
