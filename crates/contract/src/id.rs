//! Ids, each a type of its own: the compiler refuses a data set where a run is asked for.
//!
//! On the wire, in the workspace's columns and on the command line an id is what it always was, a text or a number. To
//! read one as text needs nothing (`Deref`); to make one from text is said where the text comes in.

/// Declares an id that is a text.
macro_rules! text_id {
    ($($(#[$meta:meta])* $name:ident,)+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(text.into())
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.0 == text
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.0 == *text
            }
        }
    )+ };
}

text_id! {
    /// The id of a run, unique in a workspace and chosen when the run is created: `samsum-1` is the first run on the data
    /// set `samsum`. A person types it as it is.
    RunId,
    /// The name of a data set, unique in a workspace: a person gives it at the import and types it from then on.
    DatasetName,
    /// SHA-256 over the files of a model, by which it is known again wherever they are.
    ModelId,
    /// What a model is called in lists; in an experiment what its file calls it, which may be an id or a folder. Two models
    /// may have the same name: [`ModelId`] tells them apart.
    ModelName,
    /// The name of an experiment, unique in a workspace.
    ExperimentName,
    /// The name of a rating study, unique in a workspace. Where a person types one, its number may stand instead.
    StudyName,
}
