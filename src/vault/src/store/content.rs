//! What is in the key store, and how it is laid out.
//!
//! ```text
//! 8  highest version of a manifest      8  highest version of a hot list
//! 1  how many keys, each:
//!    1+n  id            1+n  kind, by name     1+n  check value, hexadecimal
//!    8    loaded at, seconds since the Unix epoch
//!    8    last key drawn at, the same; 0 before the first
//!    2+n  secret
//! 1  how many initial keys were here before, each:
//!    1+n  kind, by name  1+n  initial key id    4  counter    8  last key drawn at
//!    1    whether it is spent
//! 32 public key of the retailer's root that was accepted; left out before the first
//! ```
//! Numbers are big endian, lengths stand before what they measure. Nothing may follow.

use sealpoint_secret::{Full, SecretBytes};
use sealpoint_wire::KeyId;

use super::StoreError;
use crate::{KeyKind, Registers};

/// At most this many keys in a store.
pub const MAX_STORED_KEYS: usize = 32;
/// Initial keys that are remembered after they left; the oldest goes first.
const MAX_PAST: usize = 64;
/// Bytes of the longest secret: the registers of AES-256 DUKPT have about 1,050.
pub(super) const MAX_SECRET: usize = 2_048;
/// Bytes of a key's id, kind and check value, each.
const MAX_TEXT: usize = 32;
/// Bytes of an initial key's id: the initial key serial number of TDES has the most.
const MAX_INITIAL_KEY_ID: usize = 10;
/// Bytes of a key's id, kind, check value and times at most.
const MAX_HEAD: usize = 3 * (1 + MAX_TEXT) + 2 * 8 + 2;
/// Bytes of what is remembered of an initial key at most.
const MAX_PAST_LEN: usize = 1 + MAX_TEXT + 1 + MAX_INITIAL_KEY_ID + 4 + 8 + 1;
/// Bytes of a root's public key (RFC 8032 section 5.1.5).
const ROOT_LEN: usize = 32;
/// Bytes of a content at most.
pub(super) const MAX_CONTENT: usize =
    2 * 8 + 2 + MAX_STORED_KEYS * (MAX_HEAD + MAX_SECRET) + MAX_PAST * MAX_PAST_LEN + ROOT_LEN;

/// A key to be stored; wiped on drop.
pub enum Secret {
    /// A till's place in a DUKPT key set.
    Dukpt(Registers),
    /// The key that makes card tokens.
    Token(SecretBytes),
    /// The key that other keys travel under (KBPK, ANSI X9.143).
    KeyBlockProtection(SecretBytes),
}

/// A key that is in the store, without the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// Its name.
    pub id: KeyId,
    /// What it is for.
    pub kind: KeyKind,
    /// Its check value, hexadecimal in upper case.
    pub check_value: String,
    /// When it was loaded, seconds since the Unix epoch.
    pub loaded_at_s: u64,
    /// How a DUKPT key stands; none for the others.
    pub dukpt: Option<LoadedDukpt>,
}

/// How a DUKPT key stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadedDukpt {
    /// The initial key id (AES) or initial key serial number (TDES); no secret.
    pub initial_key_id: Vec<u8>,
    /// The last number that was used or skipped.
    pub counter: u32,
    /// How many keys are left.
    pub remaining: u64,
    /// Whether so few are left that a new initial key should be loaded.
    pub is_low: bool,
}

#[derive(Default)]
pub(super) struct Content {
    pub(super) manifest_version: u64,
    pub(super) hot_list_version: u64,
    pub(super) keys: Vec<Stored>,
    past: Vec<Past>,
    /// Public key of the root whose manifests count here, once there was one.
    pub(super) root: Option<[u8; ROOT_LEN]>,
}

pub(super) struct Stored {
    pub(super) id: KeyId,
    pub(super) kind: KeyKind,
    check_value: String,
    loaded_at_s: u64,
    pub(super) drawn_at_s: u64,
    pub(super) secret: SecretBytes,
}

/// An initial key that was here before.
struct Past {
    kind: KeyKind,
    initial_key_id: Vec<u8>,
    counter: u32,
    drawn_at_s: u64,
    /// Nobody knows how far its counter got.
    is_spent: bool,
}

impl Content {
    pub(super) fn list(&self) -> Vec<Loaded> {
        self.keys.iter().map(Stored::loaded).collect()
    }

    pub(super) fn secret(&self, id: &KeyId, kind: KeyKind) -> Option<SecretBytes> {
        let stored = self.keys.iter().find(|stored| stored.id == *id)?;
        (stored.kind == kind).then(|| SecretBytes::from_slice(stored.secret.expose()))
    }

    pub(super) fn add(
        &mut self,
        id: &KeyId,
        secret: Secret,
        check_value: &str,
        now_s: u64,
    ) -> Result<(), StoreError> {
        if self.keys.iter().any(|stored| stored.id == *id) {
            return Err(StoreError::SameName(id.clone()));
        }
        if self.keys.len() >= MAX_STORED_KEYS {
            return Err(StoreError::Full);
        }
        let (kind, secret, drawn_at_s) = match secret {
            Secret::Dukpt(registers) => self.admit(registers)?,
            Secret::Token(key) => (KeyKind::Token, key, 0),
            Secret::KeyBlockProtection(key) => (KeyKind::KeyBlockProtection, key, 0),
        };
        if secret.len() > MAX_SECRET {
            return Err(StoreError::TooLong(secret.len()));
        }
        let digits = |digit: &char| digit.is_ascii_hexdigit();
        self.keys.push(Stored {
            id: id.clone(),
            kind,
            check_value: check_value.chars().filter(digits).take(MAX_TEXT).collect(),
            loaded_at_s: now_s,
            drawn_at_s,
            secret,
        });
        Ok(())
    }

    /// Takes registers in, from where their initial key got to if it was here before.
    fn admit(&self, mut registers: Registers) -> Result<(KeyKind, SecretBytes, u64), StoreError> {
        let kind = KeyKind::Dukpt(registers.scheme());
        let id = registers.initial_key_id().to_vec();
        let twin = self.keys.iter().find(|stored| {
            let its = stored.loaded().dukpt.map(|dukpt| dukpt.initial_key_id);
            stored.kind == kind && its.as_deref() == Some(&id)
        });
        if let Some(twin) = twin {
            return Err(StoreError::SameInitialKey(twin.id.clone()));
        }
        let past = self
            .past
            .iter()
            .find(|past| past.kind == kind && past.initial_key_id == id);
        if let Some(past) = past {
            if past.is_spent {
                return Err(StoreError::SpentKey);
            }
            registers
                .skip_to(past.counter.saturating_add(1))
                .map_err(|_| StoreError::SpentKey)?;
        }
        let drawn_at_s = past.map_or(0, |past| past.drawn_at_s);
        Ok((kind, registers.state(), drawn_at_s))
    }

    /// Takes a key out; whether it was there.
    pub(super) fn remove(&mut self, id: &KeyId) -> bool {
        let Some(at) = self.keys.iter().position(|stored| stored.id == *id) else {
            return false;
        };
        let stored = self.keys.remove(at);
        self.remember(&stored, false);
        true
    }

    /// Takes out every key that has a counter, after the counter cannot be trusted any more; their
    /// names.
    pub(super) fn drop_counters(&mut self) -> Vec<KeyId> {
        let (counting, rest) = core::mem::take(&mut self.keys)
            .into_iter()
            .partition(|stored| matches!(stored.kind, KeyKind::Dukpt(_)));
        self.keys = rest;
        let counting: Vec<Stored> = counting;
        for stored in &counting {
            // The clock keeps AES counters apart, so the same initial key may come again.
            let by_clock = super::floor::follows_the_clock(stored.kind);
            self.remember(stored, !by_clock);
        }
        // What was remembered may be as old as the store.
        for past in &mut self.past {
            past.is_spent |= !super::floor::follows_the_clock(past.kind);
        }
        counting.into_iter().map(|stored| stored.id).collect()
    }

    fn remember(&mut self, stored: &Stored, is_spent: bool) {
        let Some(dukpt) = stored.loaded().dukpt else {
            return;
        };
        self.past
            .retain(|past| past.kind != stored.kind || past.initial_key_id != dukpt.initial_key_id);
        if self.past.len() >= MAX_PAST {
            self.past.remove(0);
        }
        self.past.push(Past {
            kind: stored.kind,
            initial_key_id: dukpt.initial_key_id,
            counter: dukpt.counter,
            drawn_at_s: stored.drawn_at_s,
            is_spent,
        });
    }

    pub(super) fn encode(&self) -> SecretBytes {
        let mut out = SecretBytes::with_bound(MAX_CONTENT);
        self.write(&mut out)
            .expect("every part is bounded where it comes in, and the bound is their sum");
        out
    }

    fn write(&self, out: &mut SecretBytes) -> Result<(), Full> {
        out.append(&self.manifest_version.to_be_bytes())?;
        out.append(&self.hot_list_version.to_be_bytes())?;
        out.append(&[short(self.keys.len())])?;
        for stored in &self.keys {
            for text in [stored.id.as_str(), stored.kind.name(), &stored.check_value] {
                measured(out, text.as_bytes())?;
            }
            out.append(&stored.loaded_at_s.to_be_bytes())?;
            out.append(&stored.drawn_at_s.to_be_bytes())?;
            let len = u16::try_from(stored.secret.len()).unwrap_or(u16::MAX);
            out.append(&len.to_be_bytes())?;
            out.append(stored.secret.expose())?;
        }
        out.append(&[short(self.past.len())])?;
        for past in &self.past {
            measured(out, past.kind.name().as_bytes())?;
            measured(out, &past.initial_key_id)?;
            out.append(&past.counter.to_be_bytes())?;
            out.append(&past.drawn_at_s.to_be_bytes())?;
            out.append(&[past.is_spent.into()])?;
        }
        out.append(self.root.as_ref().map_or(&[], |root| root))
    }

    /// None for what [`Content::encode`] never gives.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let mut content = Self {
            manifest_version: from.long()?,
            hot_list_version: from.long()?,
            ..Self::default()
        };
        let [keys] = from.array()?;
        if usize::from(keys) > MAX_STORED_KEYS {
            return None;
        }
        for _ in 0..keys {
            content.keys.push(Stored {
                id: from.text()?.parse().ok()?,
                kind: from.text()?.parse().ok()?,
                check_value: from.text()?.to_owned(),
                loaded_at_s: from.long()?,
                drawn_at_s: from.long()?,
                secret: {
                    let len = usize::from(u16::from_be_bytes(from.array()?));
                    SecretBytes::from_slice(from.take(Some(len).filter(|len| *len <= MAX_SECRET)?)?)
                },
            });
        }
        let [past] = from.array()?;
        if usize::from(past) > MAX_PAST {
            return None;
        }
        for _ in 0..past {
            content.past.push(Past {
                kind: from.text()?.parse().ok()?,
                initial_key_id: from.measured(MAX_INITIAL_KEY_ID)?.to_vec(),
                counter: u32::from_be_bytes(from.array()?),
                drawn_at_s: from.long()?,
                is_spent: from.array::<1>()? != [0],
            });
        }
        if !from.0.is_empty() {
            content.root = Some(from.array()?);
        }
        from.0.is_empty().then_some(content)
    }
}

impl Stored {
    fn loaded(&self) -> Loaded {
        let registers = match self.kind {
            KeyKind::Dukpt(_) => Registers::from_state(self.secret.expose()).ok(),
            _ => None,
        };
        Loaded {
            id: self.id.clone(),
            kind: self.kind,
            check_value: self.check_value.clone(),
            loaded_at_s: self.loaded_at_s,
            dukpt: registers.map(|registers| LoadedDukpt {
                initial_key_id: registers.initial_key_id().to_vec(),
                counter: registers.counter(),
                remaining: registers.remaining(),
                is_low: super::floor::is_low(registers.scheme(), registers.remaining()),
            }),
        }
    }
}

fn measured(out: &mut SecretBytes, bytes: &[u8]) -> Result<(), Full> {
    out.append(&[short(bytes.len())])?;
    out.append(bytes)
}

/// A length or count of at most one byte: every one is bounded below that.
fn short(len: usize) -> u8 {
    u8::try_from(len).unwrap_or(u8::MAX)
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// At most `max` bytes behind their length: what was written never has more.
    fn measured(&mut self, max: usize) -> Option<&'a [u8]> {
        let [len] = self.array()?;
        let len = Some(usize::from(len)).filter(|len| *len <= max)?;
        self.take(len)
    }

    fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.measured(MAX_TEXT)?).ok()
    }
}
