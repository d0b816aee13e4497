//! Opening the workspace before there is a page. Whatever goes wrong there is kept for the page to tell: a window that
//! cannot open its workspace opens nevertheless, and helps.

use crate::dto::AppError;
use crate::error::Answer;
use crate::instance::Instance;
use crate::place::Place;

/// How the start went.
pub(crate) struct Start {
    /// Why the workspace is not open.
    pub(crate) problem: Option<AppError>,
}

/// Opens the workspace and claims it for this window. `None` where another window has it and has come forward.
pub(crate) fn begin(place: &Place) -> Option<(Start, Option<Instance>)> {
    match claim(place) {
        Ok(Claim::Taken) => None,
        Ok(Claim::Here(instance)) => Some((Start { problem: None }, instance)),
        Err(problem) => Some((
            Start {
                problem: Some(problem),
            },
            None,
        )),
    }
}

/// Whose a workspace is.
enum Claim {
    /// This window's; a window that only looks needs no claim.
    Here(Option<Instance>),
    /// Another window's.
    Taken,
}

fn claim(place: &Place) -> Answer<Claim> {
    // A folder that cannot be used is reported as that, and not as a lock that cannot be made in it. A protected
    // workspace is claimed before it is unlocked, so that one window asks for the passphrase.
    if place.locked().is_none() {
        drop(place.session()?);
    }
    if place.read_only {
        return Ok(Claim::Here(None));
    }
    Ok(match Instance::claim(&place.workspace)? {
        Some(instance) => Claim::Here(Some(instance)),
        None => Claim::Taken,
    })
}

#[cfg(test)]
mod tests {
    use contract::ErrorCode;

    use super::*;

    fn place(workspace: &std::path::Path, read_only: bool) -> Place {
        Place {
            workspace: workspace.to_owned(),
            cli: None,
            bundle: None,
            read_only,
            missing: None,
            key: crate::place::Unlocked::default(),
        }
    }

    fn code(place: &Place) -> Option<ErrorCode> {
        begin(place)
            .unwrap()
            .0
            .problem
            .map(|problem| problem.code())
    }

    #[test]
    fn a_file_that_is_no_database_is_a_problem_and_no_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(project::rows::DATABASE), "some text").unwrap();
        assert_eq!(
            code(&place(folder.path(), false)),
            Some(ErrorCode::NotAWorkspace)
        );
        assert_eq!(
            code(&place(folder.path(), true)),
            Some(ErrorCode::NotAWorkspace)
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_problem_and_no_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(code(&place(&file.join("in"), false)), Some(ErrorCode::Io));
        assert_eq!(
            code(&place(std::path::Path::new(""), false)),
            Some(ErrorCode::WindowWorkspace)
        );
    }

    #[test]
    fn a_sound_workspace_is_claimed_once_and_can_be_looked_at_beside() {
        let folder = tempfile::tempdir().unwrap();
        let (start, instance) = begin(&place(folder.path(), false)).unwrap();
        assert!(start.problem.is_none() && instance.is_some());
        let (start, looking) = begin(&place(folder.path(), true)).unwrap();
        assert!(start.problem.is_none() && looking.is_none());
    }
}
