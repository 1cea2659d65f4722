//! A disk's partitions, read as UEFI 2.10, chapter 5, writes them down.

/// Bytes of a sector.
pub const SECTOR: u64 = 512;
/// How much of a disk's beginning has the table.
pub const TABLE_BYTES: usize = 34 * 512;
/// Bytes of an entry.
const ENTRY: usize = 128;

/// One partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partition {
    /// Its name, such as `sealpoint-site`.
    pub label: String,
    /// Its first byte on the disk.
    pub at: u64,
    /// How many bytes it has.
    pub bytes: u64,
}

/// The partitions that a disk's first sectors name.
pub fn partitions(disk: &[u8]) -> Vec<Partition> {
    assert_eq!(disk.get(512..520), Some(b"EFI PART".as_slice()), "no GPT");
    let entries = disk.get(1024..).unwrap_or_default();
    entries
        .chunks_exact(ENTRY)
        .filter(|entry| entry[..16].iter().any(|byte| *byte != 0))
        .map(|entry| {
            let (first, last) = (number(&entry[32..40]), number(&entry[40..48]));
            Partition {
                label: label(&entry[56..]),
                at: first * SECTOR,
                bytes: (last + 1 - first) * SECTOR,
            }
        })
        .collect()
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn label(utf16: &[u8]) -> String {
    let units = utf16
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0);
    char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
