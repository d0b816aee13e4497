//! Archives (ZIP): members by name, unpacked in memory under a bound, never written to disk.
//!
//! Names of members are only compared, never used as paths. What a member claims about its size is not believed: it is
//! unpacked until the bound is reached.

use std::collections::HashMap;
use std::io::{Cursor, Read, copy, sink};

use contract::IntakeLimit;
use contract::problem::{ArchiveFault, ImportProblem};
use zip::ZipArchive;
use zip::result::ZipError;

use super::limits::{self, ARCHIVE_BYTES, MEMBER_BYTES};

/// An open archive.
pub(super) struct Archive<'a> {
    file: &'a str,
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Names of the members that are files, in the order of the archive.
    members: Vec<String>,
    places: HashMap<String, usize>,
    /// Bytes unpacked so far.
    unpacked: u64,
}

impl<'a> Archive<'a> {
    /// Reads the list of members.
    pub(super) fn open(file: &'a str, bytes: &'a [u8]) -> Result<Self, ImportProblem> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(file, &error))?;
        limits::check(file, IntakeLimit::Members, zip.len() as u64)?;
        let names: Vec<String> = zip
            .file_names_raw()
            .map(|name| String::from_utf8_lossy(name).replace('\\', "/"))
            .collect();
        let mut members = Vec::with_capacity(names.len());
        let mut places = HashMap::with_capacity(names.len());
        for (place, name) in names.into_iter().enumerate() {
            let entry = zip
                .by_index_data(place)
                .map_err(|error| broken(file, &error))?;
            if entry.is_file() && places.insert(name.clone(), place).is_none() {
                members.push(name);
            }
        }
        Ok(Self {
            file,
            zip,
            members,
            places,
            unpacked: 0,
        })
    }

    /// The members that are files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(String::as_str)
    }

    /// Whether there is such a member.
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Unpacks a member; the bounds hold for it and for all members so far.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, ImportProblem> {
        let mut bytes = Vec::new();
        self.unpack(name, |member| member.read_to_end(&mut bytes))?;
        Ok(bytes)
    }

    /// Unpacks all members without keeping them, for a reader that opens the archive by itself and knows no bounds.
    /// Returns how many bytes they have.
    pub(super) fn check_sizes(mut self) -> Result<usize, ImportProblem> {
        for name in std::mem::take(&mut self.members) {
            self.unpack(&name, |member| {
                copy(member, &mut sink()).map(|count| count as usize)
            })?;
        }
        Ok(self.unpacked as usize)
    }

    fn unpack(
        &mut self,
        name: &str,
        take: impl FnOnce(&mut dyn Read) -> std::io::Result<usize>,
    ) -> Result<(), ImportProblem> {
        let Some(place) = self.places.get(name) else {
            return Err(self.fault(ArchiveFault::NoConversation {}));
        };
        let left = ARCHIVE_BYTES.saturating_sub(self.unpacked);
        let bound = MEMBER_BYTES.min(left);
        let file = self.file;
        let member = self
            .zip
            .by_index(*place)
            .map_err(|error| broken(file, &error))?;
        // One byte more than the bound distinguishes a member that ends there from one that goes on.
        let mut bounded = member.take(bound + 1);
        let count = take(&mut bounded).map_err(|error| broken(file, &ZipError::Io(error)))? as u64;
        limits::check(file, IntakeLimit::MemberBytes, count)?;
        self.unpacked += count;
        limits::check(file, IntakeLimit::ArchiveBytes, self.unpacked)
    }

    /// A fault of this archive.
    pub(super) fn fault(&self, fault: ArchiveFault) -> ImportProblem {
        ImportProblem::Archive {
            file: self.file.to_owned(),
            fault,
        }
    }
}

fn broken(file: &str, error: &ZipError) -> ImportProblem {
    let needs_password = matches!(error, ZipError::InvalidPassword)
        || matches!(error, ZipError::UnsupportedArchive(reason)
            if *reason == ZipError::PASSWORD_REQUIRED);
    let fault = match needs_password {
        true => ArchiveFault::Encrypted {},
        false => ArchiveFault::Broken {
            reason: error.to_string(),
        },
    };
    ImportProblem::Archive {
        file: file.to_owned(),
        fault,
    }
}
