//! A look at the journal's pages as they lie on the disk, a few at a time, while the till runs.
//!
//! SQLite reads a page again only when it has forgotten it, so damage to an old page would come to
//! light when it is needed. Here each page is read past SQLite, and its code checked as SQLCipher 4
//! makes it: HMAC-SHA-512 over content, initialisation vector and number. The medium is asked where the
//! system has forgotten the page too; what it still remembers is looked at in its memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::error::JournalError;
use crate::key::{DbKey, KEY_LEN};
use crate::open::Journal;

/// Pages that are looked at in one call, at most: about a tenth of a second.
pub const MAX_SLICE: u32 = 1024;

/// Bytes of a page, of its initialisation vector, and of its code at its end.
const PAGE: usize = 4096;
const CODE: usize = 64;
/// In place of the first bytes of the first page stands the salt.
const SALT: usize = 16;
/// What SQLCipher changes in the salt where it derives the key of the codes.
const SALT_MASK: u8 = 0x3A;

/// The pages on the disk, and how far they were looked at.
pub(crate) struct Pages {
    /// Opened behind the lock and closed behind the connection: closing it drops the lock.
    file: File,
    key: Box<Zeroizing<[u8; KEY_LEN]>>,
    /// The page that is next, from 0.
    next: u64,
}

impl Journal {
    /// Looks at the next `pages` pages on the disk, at most [`MAX_SLICE`]; whether they were the last
    /// ones, so that the next call begins at the first again. For a till with nothing else to do.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] if a page is not as it was written, and [`JournalError::DiskFailed`] if
    /// it cannot be read. Nothing more is written then.
    pub fn check_some(&mut self, pages: u32) -> Result<bool, JournalError> {
        let looked = self.pages.look(pages.min(MAX_SLICE));
        let what = match looked {
            Ok(Look::More) => return Ok(false),
            Ok(Look::Round) => return Ok(true),
            Ok(Look::Damaged(page)) => format!("page {page} is not as it was written"),
            Err(error) => {
                self.stop();
                let (path, what) = (self.path.clone(), error.to_string());
                return Err(JournalError::DiskFailed { path, what });
            }
        };
        self.stop();
        tracing::error!(%what, "the journal is damaged");
        let path = self.path.clone();
        Err(JournalError::Damaged { path, what })
    }
}

/// What a look found.
enum Look {
    /// There are more pages.
    More,
    /// It was the last page.
    Round,
    /// This page, from 1, is damaged.
    Damaged(u64),
}

impl Pages {
    /// Of the journal at `path`, whose lock this process holds and which has its first page.
    pub(crate) fn open(path: &Path, key: &DbKey) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut salt = [0; SALT];
        file.read_exact_at(&mut salt, 0)?;
        Ok(Self {
            file,
            key: code_key(key, salt),
            next: 0,
        })
    }

    fn look(&mut self, pages: u32) -> io::Result<Look> {
        let mut page = [0; PAGE];
        for _ in 0..pages {
            match self.file.read_exact_at(&mut page, self.next * PAGE as u64) {
                Ok(()) => {}
                Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => {
                    self.next = 0;
                    return Ok(Look::Round);
                }
                Err(why) => return Err(why),
            }
            self.next += 1;
            if !self.is_whole(&page) {
                return Ok(Look::Damaged(self.next));
            }
        }
        Ok(Look::More)
    }

    /// Whether the page that was read last has its code. One that was never written is all zeros.
    fn is_whole(&self, page: &[u8; PAGE]) -> bool {
        let from = if self.next == 1 { SALT } else { 0 };
        let (content, code) = page.split_at(PAGE - CODE);
        let mut mac = keyed(self.key.as_slice());
        mac.update(&content[from..]);
        // A journal has fewer pages than this counts.
        mac.update(&u32::try_from(self.next).unwrap_or(u32::MAX).to_le_bytes());
        mac.verify_slice(code).is_ok() || page.iter().all(|byte| *byte == 0)
    }
}

/// The key of the codes: PBKDF2 with HMAC-SHA-512 (RFC 8018 section 5.2), two rounds, one block, of which
/// as much is used as a key is long.
fn code_key(key: &DbKey, salt: [u8; SALT]) -> Box<Zeroizing<[u8; KEY_LEN]>> {
    let mut first = keyed(key.bytes());
    first.update(&salt.map(|byte| byte ^ SALT_MASK));
    first.update(&1_u32.to_be_bytes());
    let first = first.finalize().into_bytes();
    let mut second = keyed(key.bytes());
    second.update(&first);
    let second = second.finalize().into_bytes();
    let mut derived = Box::new(Zeroizing::new([0; KEY_LEN]));
    for (byte, (a, b)) in derived.iter_mut().zip(first.iter().zip(&second)) {
        *byte = a ^ b;
    }
    derived
}

fn keyed(key: &[u8]) -> Hmac<Sha512> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}
