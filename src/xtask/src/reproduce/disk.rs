//! A disk image: its table of partitions (UEFI 2.10, 5.3) and the bytes of each.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::cannot;

const SECTOR: u64 = 512;
const MAGIC: &[u8] = b"EFI PART";
/// More than any of ours has, and what a table usually has room for.
const MAX_ENTRIES: usize = 128;
/// An entry's size and where the type, the first and last sector, and the name stand in it.
const ENTRY: usize = 128;
const FIRST: usize = 32;
const LAST: usize = 40;
const NAME: usize = 56;
/// Bytes that are compared at a time.
const CHUNK: usize = 1 << 20;

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its label.
    pub name: String,
    /// Where it begins, bytes.
    pub start: u64,
    /// How long it is, bytes.
    pub length: u64,
}

/// A disk image.
pub struct Disk {
    /// The file.
    pub path: PathBuf,
    /// The table itself, as it stands on the disk.
    pub table: Vec<u8>,
    /// The partitions, in the table's order.
    pub partitions: Vec<Partition>,
}

impl Disk {
    /// Reads the table.
    ///
    /// # Errors
    /// If there is none.
    pub fn open(path: &Path) -> Result<Self, String> {
        let mut file = File::open(path).map_err(|error| cannot(path, &error))?;
        let mut table = vec![0_u8; ENTRY * MAX_ENTRIES + 2 * SECTOR as usize];
        file.read_exact(&mut table)
            .map_err(|error| cannot(path, &error))?;
        let entries = parse(&table).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            table,
            partitions: entries,
        })
    }

    /// The bytes of a partition, from its beginning.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub fn bytes(&self, partition: &Partition) -> Result<impl Read, String> {
        let mut file = File::open(&self.path).map_err(|error| cannot(&self.path, &error))?;
        file.seek(SeekFrom::Start(partition.start))
            .map_err(|error| cannot(&self.path, &error))?;
        Ok(file.take(partition.length))
    }
}

fn parse(table: &[u8]) -> Result<Vec<Partition>, String> {
    let head = table
        .get(SECTOR as usize..)
        .filter(|head| head.starts_with(MAGIC))
        .ok_or("there is no table of partitions in it")?;
    let entries = head
        .get(SECTOR as usize..)
        .ok_or("its table of partitions is cut off")?;
    entries
        .chunks_exact(ENTRY)
        .take(MAX_ENTRIES)
        .filter(|entry| entry[..16].iter().any(|byte| *byte != 0))
        .map(|entry| {
            let (first, last) = (number(entry, FIRST), number(entry, LAST));
            let length = last
                .checked_sub(first)
                .and_then(|sectors| (sectors + 1).checked_mul(SECTOR))
                .ok_or("a partition ends before it begins")?;
            let letters: Vec<u16> = entry[NAME..]
                .chunks_exact(2)
                .map(|two| u16::from_le_bytes([two[0], two[1]]))
                .take_while(|letter| *letter != 0)
                .collect();
            Ok(Partition {
                name: String::from_utf16_lossy(&letters),
                start: first.checked_mul(SECTOR).ok_or("a partition is nowhere")?,
                length,
            })
        })
        .collect()
}

fn number(entry: &[u8], at: usize) -> u64 {
    entry[at..at + 8]
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Where two streams differ first and in how many bytes; nothing if they do not.
///
/// # Errors
/// If one cannot be read.
pub fn difference(
    mut one: impl Read,
    mut other: impl Read,
) -> Result<Option<(u64, u64)>, std::io::Error> {
    let (mut left, mut right) = (vec![0_u8; CHUNK], vec![0_u8; CHUNK]);
    let (mut at, mut first, mut count) = (0_u64, None, 0_u64);
    loop {
        let (had, has) = (fill(&mut one, &mut left)?, fill(&mut other, &mut right)?);
        let longer = had.max(has);
        if longer == 0 {
            return Ok(first.map(|first| (first, count)));
        }
        if left[..had] != right[..has] {
            for index in 0..longer {
                let a = left[..had].get(index);
                if a != right[..has].get(index) {
                    first.get_or_insert(at + index as u64);
                    count += 1;
                }
            }
        }
        at += longer as u64;
    }
}

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> Result<usize, std::io::Error> {
    let mut had = 0;
    while had < buffer.len() {
        match from.read(&mut buffer[had..])? {
            0 => break,
            more => had += more,
        }
    }
    Ok(had)
}

#[cfg(test)]
pub mod tests {
    use super::{ENTRY, FIRST, LAST, MAX_ENTRIES, NAME, difference, parse};

    /// A disk of partitions of one sector each.
    pub fn disk(parts: &[(&str, &[u8; 512])]) -> Vec<u8> {
        let mut bytes = vec![0_u8; 1024 + ENTRY * MAX_ENTRIES];
        bytes[512..520].copy_from_slice(b"EFI PART");
        for (index, (name, content)) in parts.iter().enumerate() {
            let sector = bytes.len() as u64 / 512;
            let at = 1024 + index * ENTRY;
            bytes[at] = 1;
            for place in [FIRST, LAST] {
                bytes[at + place..at + place + 8].copy_from_slice(&sector.to_le_bytes());
            }
            for (letter, byte) in name.bytes().enumerate() {
                bytes[at + NAME + 2 * letter] = byte;
            }
            bytes.extend(content.iter());
        }
        bytes
    }

    #[test]
    fn a_table_is_read_and_a_damaged_one_refused() {
        let bytes = disk(&[("root", &[1; 512]), ("var", &[2; 512])]);
        let found = parse(&bytes).expect("a table");
        assert_eq!(found[1].name, "var");
        assert_eq!(found[1].start, found[0].start + 512);
        assert_eq!(found[0].length, 512);
        assert!(parse(&bytes[1..]).is_err());
        assert!(parse(&[]).is_err());
        let mut backwards = bytes;
        backwards[1024 + LAST] = 0;
        assert!(parse(&backwards).is_err());
    }

    #[test]
    fn the_first_byte_that_differs_and_their_number_are_found() {
        let mut other = vec![7_u8; 3 << 20];
        let one = other.clone();
        assert_eq!(difference(&one[..], &other[..]).expect("memory"), None);
        other[2 << 20] = 8;
        other[(2 << 20) + 5] = 8;
        assert_eq!(
            difference(&one[..], &other[..]).expect("memory"),
            Some((2 << 20, 2))
        );
        assert_eq!(
            difference(&one[..9], &one[..7]).expect("memory"),
            Some((7, 2))
        );
    }
}
