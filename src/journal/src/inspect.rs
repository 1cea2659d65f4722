//! Every page and every value of a journal, deciphered, for a search that shows what is not in it.
//!
//! Pages are read past SQLite: so they can be read while a till has the journal, and pages that no
//! table uses any more, and frames of the log that were overtaken, are among them. Values are read
//! by SQLite, from a copy of the files that nobody writes: a value may lie on several pages.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aes::Aes256;
use cbc::Decryptor;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use crate::error::{Fault, JournalError};
use crate::key::DbKey;
use crate::open;

/// Bytes of a page, in the file and in the log.
const PAGE: usize = 4096;
/// Bytes at the end of a page: initialisation vector, then an HMAC-SHA-512 (SQLCipher 4).
const RESERVE: usize = 80;
const IV: usize = 16;
/// Bytes of a block of AES.
const BLOCK: usize = 16;
/// In place of the first bytes of page 1 stands the salt, in clear.
const SALT: usize = 16;
/// Page size, file format versions, and bytes of reserve of a deciphered page 1 (SQLite file
/// format, section 1.3): what only the right key shows.
const SIGNS: [u8; 5] = [0x10, 0x00, 2, 2, 80];
/// Bytes before the first frame of the log, and before the page of each (SQLite, section 4.1).
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// Name of the log beside the journal.
const LOG_SUFFIX: &str = "-wal";

/// A deciphered page.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    /// The file that it is in: the journal, or its log.
    pub file: &'a Path,
    /// Where it begins there, in bytes.
    pub at: u64,
    /// Its content.
    pub bytes: &'a [u8],
}

/// What was read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Inspected {
    /// Pages of the journal.
    pub pages: u64,
    /// Pages in its log.
    pub log_pages: u64,
}

/// Why a journal cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The system does not give the file.
    #[error("The journal {path} cannot be read ({why}). Run as root or as the till's user.")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The key does not open it.
    #[error("The journal {0} does not open with this key. Name its own key file.")]
    WrongKey(PathBuf),
}

/// Hands every page of the journal at `path` and of its log to `each`, deciphered. Takes no lock and
/// writes nothing. A page that a till writes at this moment may be handed over half written.
///
/// # Errors
/// [`InspectError`] if a file cannot be read or the key is another.
pub fn pages(
    path: &Path,
    key: &DbKey,
    each: &mut dyn FnMut(Page<'_>),
) -> Result<Inspected, InspectError> {
    let mut inspected = Inspected::default();
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |why| InspectError::Unreadable { path, why }
    };
    let mut bytes = Zeroizing::new(vec![0; PAGE]);
    let mut file = File::open(path).map_err(unreadable(path))?;
    while fill(&mut file, &mut bytes).map_err(unreadable(path))? {
        let first = inspected.pages == 0;
        decipher(key, &mut bytes, first);
        if first && bytes.get(SALT..SALT + SIGNS.len()) != Some(&SIGNS) {
            return Err(InspectError::WrongKey(path.to_owned()));
        }
        each(Page {
            file: path,
            at: inspected.pages * PAGE as u64,
            bytes: &bytes[..PAGE - RESERVE],
        });
        inspected.pages += 1;
    }
    let mut log = path.as_os_str().to_owned();
    log.push(LOG_SUFFIX);
    let log = PathBuf::from(log);
    let mut file = match File::open(&log) {
        Ok(file) => file,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(inspected),
        Err(why) => return Err(unreadable(&log)(why)),
    };
    if !fill(&mut file, &mut [0; LOG_HEADER]).map_err(unreadable(&log))? {
        return Ok(inspected);
    }
    let mut frame = Zeroizing::new(vec![0; FRAME_HEADER + PAGE]);
    while fill(&mut file, &mut frame).map_err(unreadable(&log))? {
        let first = frame.get(..4) == Some(&1_u32.to_be_bytes());
        let page = &mut frame[FRAME_HEADER..];
        decipher(key, page, first);
        let before = inspected.log_pages * (FRAME_HEADER + PAGE) as u64;
        each(Page {
            file: &log,
            at: (LOG_HEADER + FRAME_HEADER) as u64 + before,
            bytes: &page[..PAGE - RESERVE],
        });
        inspected.log_pages += 1;
    }
    Ok(inspected)
}

/// Hands every value of every table to `each`, with the table's name: texts and blobs as they are,
/// integers as eight bytes, big end first. For a copy of a journal and its log: SQLite brings the log
/// into it. Returns how many values there were.
///
/// # Errors
/// [`JournalError`] as [`crate::Journal::open`], for damage too.
pub fn values(
    copy: &Path,
    key: &DbKey,
    each: &mut dyn FnMut(&str, &[u8]),
) -> Result<u64, JournalError> {
    let mut read = || -> Result<u64, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(copy, flags)?;
        open::unlock(&db, key, copy)?;
        let mut count = 0;
        for table in tables(&db)? {
            let quoted = table.replace('"', "\"\"");
            let mut statement = db.prepare(&format!("SELECT * FROM \"{quoted}\""))?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for column in 0..columns {
                    match row.get_ref(column)? {
                        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => each(&table, bytes),
                        ValueRef::Integer(number) => each(&table, &number.to_be_bytes()),
                        ValueRef::Real(_) | ValueRef::Null => {}
                    }
                    count += 1;
                }
            }
        }
        Ok(count)
    };
    read().map_err(|fault| fault.at(copy, "read every value"))
}

fn tables(db: &Connection) -> Result<Vec<String>, Fault> {
    let mut statement = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Fills the room; `false` at the end of the file, where a rest that is no whole page is left.
fn fill(file: &mut File, room: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(room) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(why) => Err(why),
    }
}

/// Deciphers a page where it lies: AES-256-CBC, the vector behind the content.
fn decipher(key: &DbKey, page: &mut [u8], first: bool) {
    let from = if first { SALT } else { 0 };
    let (content, reserve) = page.split_at_mut(PAGE - RESERVE);
    let mut iv = [0; IV];
    iv.copy_from_slice(&reserve[..IV]);
    let mut cipher = Decryptor::<Aes256>::new(key.bytes().into(), &iv.into());
    // A whole number of blocks.
    for block in content[from..].as_chunks_mut::<BLOCK>().0 {
        cipher.decrypt_block(block.into());
    }
}
