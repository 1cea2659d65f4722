//! Whether a file is a program: an ELF file that can be started, whatever its mode says, since the
//! loader starts a file that is no more than readable.

/// Program header type of the name of the loader (System V ABI, "Program Header").
const PT_INTERP: u32 = 3;
const ET_EXEC: u16 = 2;
/// Headers looked at.
const MAX_HEADERS: usize = 256;

/// Whether the file is an ELF program of 64 bits, or one of another kind, which nothing here needs.
pub fn is_program(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"\x7fELF") {
        return false;
    }
    if bytes.get(4) != Some(&2) || bytes.get(5) != Some(&1) {
        return true;
    }
    let two = |at: usize| {
        let found = bytes.get(at..at + 2)?;
        Some(u16::from_le_bytes([found[0], found[1]]))
    };
    let kind = two(16);
    let at = bytes
        .get(32..40)
        .and_then(|found| found.try_into().ok())
        .map(u64::from_le_bytes)
        .and_then(|at| usize::try_from(at).ok());
    let (Some(kind), Some(at), Some(size), Some(count)) = (kind, at, two(54), two(56)) else {
        return true;
    };
    let loader = (0..usize::from(count).min(MAX_HEADERS)).any(|index| {
        at.checked_add(index * usize::from(size))
            .and_then(|at| bytes.get(at..at.checked_add(4)?))
            .is_some_and(|kind| kind == PT_INTERP.to_le_bytes())
    });
    kind == ET_EXEC || loader
}
