//! `keys.json`: the root key of a workspace, wrapped once for each way to open it.
//!
//! The file is not encrypted. Whoever has it can try passphrases, which is why each try costs 256 MiB of memory; a
//! recovery key and a keychain's key are too long to be tried. A keychain that answers differently after an update of
//! the system must not be the end of a workspace, so a passphrase or a recovery key always stays beside it.

use super::recovery::RecoveryKey;
use super::{RootKey, Secret, WorkspaceId, decrypt, derive, encrypt, random, random_16};
use crate::{Error, Result};
use argon2::{Algorithm, Argon2, Params, Version};
use contract::SlotKind;
use contract::problem::WorkspaceProblem;
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// File name of the slots inside a workspace.
pub(crate) const KEYS: &str = "keys.json";
const SCHEMA: u32 = 1;
/// The shortest passphrase that is taken, in characters.
pub const SHORTEST_PASSPHRASE: usize = 8;
/// Memory that a slot of somebody else's making may ask for, in KiB.
const MOST_KIB: u32 = 4 * 1024 * 1024;

/// What one try of a passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub m_kib: u32,
    /// Passes over it.
    pub t: u32,
}

impl Cost {
    /// 256 MiB, three passes: about 1.4 seconds of a processor of 2024.
    pub const USUAL: Self = Self {
        m_kib: 256 * 1024,
        t: 3,
    };
    /// The least that is ever used: the second choice of RFC 9106.
    pub const LEAST: Self = Self {
        m_kib: 64 * 1024,
        t: 3,
    };
}

/// Bytes as base 64.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bytes<const N: usize>([u8; N]);

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("{N} bytes in base 64 are expected")))
    }
}

/// How a passphrase becomes a key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kdf {
    Argon2id,
}

/// The root key under the key of a slot.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Wrapped {
    nonce: Bytes<12>,
    wrapped: Bytes<48>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Slot {
    Passphrase {
        created_at_ms: i64,
        kdf: Kdf,
        m_kib: u32,
        t: u32,
        p: u32,
        salt: Bytes<16>,
        #[serde(flatten)]
        wrapped: Wrapped,
    },
    Recovery {
        created_at_ms: i64,
        #[serde(flatten)]
        wrapped: Wrapped,
    },
    Keychain {
        created_at_ms: i64,
        account: String,
        #[serde(flatten)]
        wrapped: Wrapped,
    },
}

impl Slot {
    fn kind(&self) -> SlotKind {
        match self {
            Self::Passphrase { .. } => SlotKind::Passphrase,
            Self::Recovery { .. } => SlotKind::Recovery,
            Self::Keychain { .. } => SlotKind::Keychain,
        }
    }
}

/// A slot, as far as anybody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotRow {
    /// What opens it.
    pub kind: SlotKind,
    /// When it was made.
    pub created_at_ms: i64,
    /// What a try costs; `None` for keys that nobody can guess.
    pub cost: Option<Cost>,
}

/// The slots of a workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyFile {
    schema: u32,
    workspace_id: WorkspaceId,
    created_at_ms: i64,
    slots: Vec<Slot>,
}

impl KeyFile {
    /// A file without slots, for a workspace that is about to be protected.
    ///
    /// # Errors
    /// Where the system has no source of random numbers.
    pub fn new(created_at_ms: i64) -> Result<Self> {
        Ok(Self {
            schema: SCHEMA,
            workspace_id: WorkspaceId::random()?,
            created_at_ms,
            slots: Vec::new(),
        })
    }

    /// The slots of a workspace; `None` if it is not protected.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a file that cannot be understood.
    pub fn read(workspace: &Path) -> Result<Option<Self>> {
        let path = path(workspace);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| Error::io(&path, error))?,
        };
        let file: Self = serde_json::from_slice(&bytes).map_err(|error| Error::Corrupt {
            path: path.clone(),
            detail: error.to_string(),
        })?;
        if file.schema != SCHEMA {
            return Err(Error::Corrupt {
                path,
                detail: format!("its schema is {} and not {SCHEMA}", file.schema),
            });
        }
        Ok(Some(file))
    }

    /// Writes the slots of a workspace that is protected already.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, workspace: &Path) -> Result<()> {
        self.write_to(&path(workspace))
    }

    pub(crate) fn write_to(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|error| {
            Error::io(
                path,
                std::io::Error::new(std::io::ErrorKind::InvalidData, error),
            )
        })?;
        host::file::write(path, (text + "\n").as_bytes()).map_err(|error| Error::io(path, error))
    }

    /// The workspace whose keys these are.
    pub fn workspace_id(&self) -> WorkspaceId {
        self.workspace_id
    }

    /// Its name in a keychain.
    pub fn account(&self) -> String {
        format!("workspace:{}", self.workspace_id)
    }

    /// The slots, in the order in which they were made.
    pub fn slots(&self) -> Vec<SlotRow> {
        let row = |slot: &Slot| match *slot {
            Slot::Passphrase {
                created_at_ms,
                m_kib,
                t,
                ..
            } => (created_at_ms, Some(Cost { m_kib, t })),
            Slot::Recovery { created_at_ms, .. } | Slot::Keychain { created_at_ms, .. } => {
                (created_at_ms, None)
            }
        };
        let row = |slot: &Slot| {
            let (created_at_ms, cost) = row(slot);
            SlotRow {
                kind: slot.kind(),
                created_at_ms,
                cost,
            }
        };
        self.slots.iter().map(row).collect()
    }

    /// Whether there is a slot of this kind.
    pub fn has(&self, kind: SlotKind) -> bool {
        self.slots.iter().any(|slot| slot.kind() == kind)
    }

    /// Sets the passphrase, replacing the previous one.
    ///
    /// # Errors
    /// [`WorkspaceProblem::ShortPassphrase`].
    pub fn set_passphrase(
        &mut self,
        root: &RootKey,
        passphrase: &str,
        cost: Cost,
        created_at_ms: i64,
    ) -> Result<()> {
        if passphrase.chars().count() < SHORTEST_PASSPHRASE {
            return Err(Error::Protection(WorkspaceProblem::ShortPassphrase {
                least: SHORTEST_PASSPHRASE,
            }));
        }
        let cost = Cost {
            m_kib: cost.m_kib.max(Cost::LEAST.m_kib),
            t: cost.t.max(Cost::LEAST.t),
        };
        let salt = Bytes(random_16()?);
        let key = slow(passphrase, &salt.0, cost, 1)?;
        let slot = Slot::Passphrase {
            created_at_ms,
            kdf: Kdf::Argon2id,
            m_kib: cost.m_kib,
            t: cost.t,
            p: 1,
            salt,
            wrapped: self.wrap(&key, SlotKind::Passphrase, root)?,
        };
        self.put(slot);
        Ok(())
    }

    /// Sets the recovery key, replacing the previous one.
    ///
    /// # Errors
    /// Where the system has no source of random numbers.
    pub fn set_recovery(
        &mut self,
        root: &RootKey,
        recovery: &RecoveryKey,
        created_at_ms: i64,
    ) -> Result<()> {
        let key = self.recovery_key(recovery)?;
        let slot = Slot::Recovery {
            created_at_ms,
            wrapped: self.wrap(&key, SlotKind::Recovery, root)?,
        };
        self.put(slot);
        Ok(())
    }

    /// Makes a slot for a keychain and returns what the keychain has to keep under [`KeyFile::account`].
    ///
    /// # Errors
    /// Where the system has no source of random numbers.
    pub fn set_keychain(
        &mut self,
        root: &RootKey,
        created_at_ms: i64,
    ) -> Result<Zeroizing<String>> {
        let key = random()?;
        let slot = Slot::Keychain {
            created_at_ms,
            account: self.account(),
            wrapped: self.wrap(&key, SlotKind::Keychain, root)?,
        };
        self.put(slot);
        Ok(RootKey(key).to_hex())
    }

    /// Removes a slot.
    ///
    /// # Errors
    /// [`WorkspaceProblem::LastSlot`] where neither a passphrase nor a recovery key would be left.
    pub fn remove(&mut self, kind: SlotKind) -> Result<()> {
        let stays = |slot: &&Slot| slot.kind() != kind;
        let is_open_to_a_person = |slot: &Slot| slot.kind() != SlotKind::Keychain;
        if !self.slots.iter().filter(stays).any(is_open_to_a_person) {
            return Err(Error::Protection(WorkspaceProblem::LastSlot { slot: kind }));
        }
        self.slots.retain(|slot| slot.kind() != kind);
        Ok(())
    }

    /// The root key, if this is the passphrase.
    ///
    /// # Errors
    /// [`WorkspaceProblem::WrongKey`].
    pub fn open_with_passphrase(&self, workspace: &Path, passphrase: &str) -> Result<RootKey> {
        for slot in &self.slots {
            let Slot::Passphrase {
                m_kib,
                t,
                p,
                salt,
                wrapped,
                ..
            } = slot
            else {
                continue;
            };
            let (m_kib, t) = (*m_kib, *t);
            if m_kib > MOST_KIB {
                return Err(Error::Corrupt {
                    path: path(workspace),
                    detail: format!("a passphrase asks for {m_kib} KiB of memory"),
                });
            }
            let key = slow(passphrase, &salt.0, Cost { m_kib, t }, *p)?;
            if let Some(root) = self.open_slot(&key, SlotKind::Passphrase, wrapped)? {
                return Ok(root);
            }
        }
        Err(wrong(workspace))
    }

    /// The root key, if this is the recovery key.
    ///
    /// # Errors
    /// [`WorkspaceProblem::WrongKey`].
    pub fn open_with_recovery(&self, workspace: &Path, recovery: &RecoveryKey) -> Result<RootKey> {
        let key = self.recovery_key(recovery)?;
        for slot in &self.slots {
            if let Slot::Recovery { wrapped, .. } = slot
                && let Some(root) = self.open_slot(&key, SlotKind::Recovery, wrapped)?
            {
                return Ok(root);
            }
        }
        Err(wrong(workspace))
    }

    /// The root key, if this is what the keychain had to keep.
    ///
    /// # Errors
    /// [`WorkspaceProblem::WrongKey`].
    pub fn open_with_keychain(&self, workspace: &Path, kept: &str) -> Result<RootKey> {
        let key = RootKey::from_hex(kept).ok_or_else(|| wrong(workspace))?;
        for slot in &self.slots {
            if let Slot::Keychain { wrapped, .. } = slot
                && let Some(root) = self.open_slot(&key.0, SlotKind::Keychain, wrapped)?
            {
                return Ok(root);
            }
        }
        Err(wrong(workspace))
    }

    fn put(&mut self, slot: Slot) {
        self.slots.retain(|known| known.kind() != slot.kind());
        self.slots.push(slot);
    }

    fn recovery_key(&self, recovery: &RecoveryKey) -> Result<Secret> {
        derive(
            recovery.bytes(),
            &self.workspace_id.0,
            "duologue/recovery/1",
        )
    }

    fn wrap(&self, key: &Secret, kind: SlotKind, root: &RootKey) -> Result<Wrapped> {
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&random_16()?[..12]);
        let wrapped = encrypt(key, nonce, &self.aad(kind), root.bytes())?;
        let wrapped = wrapped.try_into().map_err(|_| Error::Corrupt {
            path: PathBuf::from(KEYS),
            detail: "a wrapped key has another length".to_owned(),
        })?;
        Ok(Wrapped {
            nonce: Bytes(nonce),
            wrapped: Bytes(wrapped),
        })
    }

    fn open_slot(
        &self,
        key: &Secret,
        kind: SlotKind,
        wrapped: &Wrapped,
    ) -> Result<Option<RootKey>> {
        let opened = decrypt(key, wrapped.nonce.0, &self.aad(kind), &wrapped.wrapped.0)?;
        let opened = opened.map(Zeroizing::new);
        let root = opened.and_then(|root| <[u8; 32]>::try_from(root.as_slice()).ok());
        Ok(root.map(|root| RootKey(Zeroizing::new(root))))
    }

    /// A slot cannot be carried to another workspace, nor be taken for one of another kind.
    fn aad(&self, kind: SlotKind) -> Vec<u8> {
        let mut aad = self.schema.to_be_bytes().to_vec();
        aad.extend(self.workspace_id.0);
        aad.extend(kind.as_str().bytes());
        aad
    }
}

pub(crate) fn path(workspace: &Path) -> PathBuf {
    workspace.join(KEYS)
}

fn wrong(workspace: &Path) -> Error {
    Error::Protection(WorkspaceProblem::WrongKey {
        file: workspace.display().to_string(),
    })
}

/// Argon2id, version 0x13.
fn slow(passphrase: &str, salt: &[u8; 16], cost: Cost, lanes: u32) -> Result<Secret> {
    let failed = |error: argon2::Error| Error::Corrupt {
        path: PathBuf::from(KEYS),
        detail: error.to_string(),
    };
    let params = Params::new(cost.m_kib, cost.t, lanes, Some(32)).map_err(failed)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut key[..])
        .map_err(failed)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::super::tests::root;
    use super::*;

    fn file() -> KeyFile {
        let mut file = KeyFile::new(1).unwrap();
        file.workspace_id = WorkspaceId([9; 16]);
        file
    }

    fn is_wrong(result: Result<RootKey>) -> bool {
        matches!(
            result,
            Err(Error::Protection(WorkspaceProblem::WrongKey { .. }))
        )
    }

    #[test]
    fn every_slot_opens_with_its_own_key_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path();
        let (key, recovery) = (root(7), RecoveryKey::random().unwrap());
        let mut file = file();
        file.set_passphrase(&key, "drei blaue Hüte", Cost::LEAST, 2)
            .unwrap();
        file.set_recovery(&key, &recovery, 3).unwrap();
        let kept = file.set_keychain(&key, 4).unwrap();
        file.write(place).unwrap();
        let file = KeyFile::read(place).unwrap().unwrap();
        let opened = [
            file.open_with_passphrase(place, "drei blaue Hüte"),
            file.open_with_recovery(place, &recovery),
            file.open_with_keychain(place, &kept),
        ];
        for opened in opened {
            assert_eq!(opened.unwrap().bytes(), key.bytes());
        }
        assert!(is_wrong(
            file.open_with_passphrase(place, "drei blaue Hute")
        ));
        let other = RecoveryKey::random().unwrap();
        assert!(is_wrong(file.open_with_recovery(place, &other)));
        let other = RootKey::random().unwrap().to_hex();
        assert!(is_wrong(file.open_with_keychain(place, &other)));
        assert!(is_wrong(file.open_with_keychain(place, "no key")));
        let kinds: Vec<_> = file.slots().iter().map(|slot| slot.kind).collect();
        assert_eq!(kinds, SlotKind::ALL);
        assert_eq!(file.slots()[0].cost, Some(Cost::LEAST));
    }

    #[test]
    fn a_slot_of_another_workspace_or_kind_does_not_open() {
        let dir = tempfile::tempdir().unwrap();
        let (key, recovery) = (root(7), RecoveryKey::random().unwrap());
        let mut file = file();
        file.set_recovery(&key, &recovery, 3).unwrap();
        let mut moved = file.clone();
        moved.workspace_id = WorkspaceId([8; 16]);
        assert!(is_wrong(moved.open_with_recovery(dir.path(), &recovery)));
        let wrapping = RootKey(file.recovery_key(&recovery).unwrap()).to_hex();
        let Slot::Recovery { wrapped, .. } = file.slots[0].clone() else {
            panic!("the only slot is a recovery key");
        };
        file.slots = vec![Slot::Keychain {
            created_at_ms: 3,
            account: file.account(),
            wrapped,
        }];
        assert!(is_wrong(file.open_with_keychain(dir.path(), &wrapping)));
    }

    /// Wrapped by Python's `cryptography` 48.
    #[test]
    fn a_slot_of_another_implementation_opens() {
        let dir = tempfile::tempdir().unwrap();
        let json = r#"{"schema":1,"workspace_id":"09090909090909090909090909090909","created_at_ms":1,
            "slots":[{"kind":"recovery","created_at_ms":2,"nonce":"BAQEBAQEBAQEBAQE","wrapped":"7ITirEx+QiaxW0jGdhl6wRgoE5yl2Pn7irlcNizzKuTrxcBfwxAXCsYCRdEE7tT8"}]}"#;
        std::fs::write(path(dir.path()), json).unwrap();
        let file = KeyFile::read(dir.path()).unwrap().unwrap();
        let recovery = RecoveryKey::parse("000G4-0R40M-30E20-9185G-R38E1-W6").unwrap();
        let opened = file.open_with_recovery(dir.path(), &recovery).unwrap();
        assert_eq!(opened.bytes(), &[7; 32]);
    }

    #[test]
    fn the_last_way_for_a_person_stays() {
        let key = root(7);
        let mut file = file();
        file.set_recovery(&key, &RecoveryKey::random().unwrap(), 1)
            .unwrap();
        file.set_keychain(&key, 2).unwrap();
        assert!(matches!(
            file.remove(SlotKind::Recovery),
            Err(Error::Protection(WorkspaceProblem::LastSlot { .. }))
        ));
        file.remove(SlotKind::Keychain).unwrap();
        assert!(!file.has(SlotKind::Keychain) && file.has(SlotKind::Recovery));
    }

    #[test]
    fn a_short_passphrase_and_a_damaged_file_are_refused() {
        let mut keys = file();
        let short = keys.set_passphrase(&root(7), "seven 7", Cost::LEAST, 1);
        assert!(matches!(
            short,
            Err(Error::Protection(WorkspaceProblem::ShortPassphrase {
                least: 8
            }))
        ));
        let dir = tempfile::tempdir().unwrap();
        assert!(KeyFile::read(dir.path()).unwrap().is_none());
        keys.set_recovery(&root(7), &RecoveryKey::random().unwrap(), 1)
            .unwrap();
        let text = serde_json::to_string(&keys).unwrap();
        let damaged = [
            String::new(),
            text[..text.len() / 2].to_owned(),
            text.replace("\"schema\":1", "\"schema\":2"),
            text.replace("recovery", "retina"),
            text.replace("\"nonce\":\"", "\"nonce\":\"AA"),
        ];
        for text in damaged {
            std::fs::write(path(dir.path()), &text).unwrap();
            let read = KeyFile::read(dir.path());
            assert!(matches!(read, Err(Error::Corrupt { .. })), "{text}");
        }
    }
}
