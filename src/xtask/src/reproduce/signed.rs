//! A program for the firmware without its signature: what the signature is made over (Microsoft's
//! "Windows Authenticode Portable Executable Signature Format").

/// Where the offset of the PE head stands.
const POINTER: usize = 0x3c;
const COFF_HEAD: usize = 20;
/// In the optional head of PE32+: the checksum, and the entry of the table of certificates.
const CHECKSUM: usize = 64;
const CERTIFICATES: usize = 112 + 4 * 8;
const PE32_PLUS: usize = 0x20b;
/// In the COFF head: how many sections, and how long the optional head is before their table.
const SECTIONS: usize = 2;
const OPTIONAL_SIZE: usize = 16;
const SECTION_HEAD: usize = 40;
/// More than a kernel image has.
const MAX_SECTIONS: usize = 64;
/// A unified kernel image has signatures inside: the kernel's own, and the one that says which
/// measurements may open a till's state. The second is over a measurement of the first.
const KERNEL: &[u8] = b".linux\0\0";
const POLICY: &[u8] = b".pcrsig\0";

/// Takes off the certificates, and zeroes the two fields that change with them.
///
/// # Errors
/// If it is no such program.
pub fn without_signature(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let broken = || "it is no program of the firmware".to_owned();
    let head = number(bytes, POINTER).ok_or_else(broken)?;
    if bytes.get(..2) != Some(b"MZ") || bytes.get(head..head + 4) != Some(b"PE\0\0") {
        return Err(broken());
    }
    let optional = head + 4 + COFF_HEAD;
    let magic = number(bytes, optional).ok_or_else(broken)? & 0xffff;
    if magic != PE32_PLUS {
        return Err(broken());
    }
    let entry = optional + CERTIFICATES;
    let at = number(bytes, entry).ok_or_else(broken)?;
    let size = number(bytes, entry + 4).ok_or_else(broken)?;
    let mut plain = bytes.to_vec();
    if size > 0 {
        let end = at.checked_add(size).ok_or_else(broken)?;
        // The certificates are the end of the file: something behind them would not be signed.
        if at < entry || end != bytes.len() {
            return Err("something lies behind its signature".to_owned());
        }
        plain.truncate(at);
        // Padding up to the certificates' place belongs to them.
    }
    for (field, length) in [(optional + CHECKSUM, 4), (entry, 8)] {
        plain
            .get_mut(field..field + length)
            .ok_or_else(broken)?
            .fill(0);
    }
    blank_inside(&mut plain, head).ok_or_else(broken)?;
    Ok(plain)
}

/// Zeroes the signatures in the sections of a unified kernel image; other programs have none.
fn blank_inside(bytes: &mut [u8], head: usize) -> Option<()> {
    let coff = head + 4;
    let count = number(bytes, coff + SECTIONS)? & 0xffff;
    let table = coff + COFF_HEAD + (number(bytes, coff + OPTIONAL_SIZE)? & 0xffff);
    for index in 0..count.min(MAX_SECTIONS) {
        let at = table + index * SECTION_HEAD;
        let name = bytes.get(at..at + 8)?.to_vec();
        let (size, start) = (number(bytes, at + 16)?, number(bytes, at + 20)?);
        let section = bytes.get_mut(start..start.checked_add(size)?)?;
        if name == POLICY {
            section.fill(0);
        } else if name == KERNEL {
            // One that is not signed has nothing to blank.
            let _not_signed = blank_kernel(section);
        }
    }
    Some(())
}

/// Zeroes the certificates of a kernel, and the fields that change with them; leaves what is none.
fn blank_kernel(kernel: &mut [u8]) -> Option<()> {
    let head = number(kernel, POINTER)?;
    if kernel.get(..2)? != b"MZ" || kernel.get(head..head.checked_add(4)?)? != b"PE\0\0" {
        return None;
    }
    let optional = head + 4 + COFF_HEAD;
    let entry = optional + CERTIFICATES;
    let (at, size) = (number(kernel, entry)?, number(kernel, entry + 4)?);
    kernel.get_mut(at..at.checked_add(size)?)?.fill(0);
    kernel
        .get_mut(optional + CHECKSUM..optional + CHECKSUM + 4)?
        .fill(0);
    kernel.get_mut(entry..entry + 8)?.fill(0);
    Some(())
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let found: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(found)).ok()
}

#[cfg(test)]
pub mod tests {
    use super::without_signature;

    /// A program of the firmware with that code and that signature.
    pub fn program(code: u8, signature: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0_u8; 64 + 24 + 240];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 64;
        bytes[64..68].copy_from_slice(b"PE\0\0");
        bytes[88..90].copy_from_slice(&[0x0b, 0x02]);
        bytes.push(code);
        if !signature.is_empty() {
            let at = u32::try_from(bytes.len()).expect("small");
            let size = u32::try_from(signature.len()).expect("small");
            bytes[88 + 144..88 + 148].copy_from_slice(&at.to_le_bytes());
            bytes[88 + 148..88 + 152].copy_from_slice(&size.to_le_bytes());
            bytes[88 + 64] = signature[0];
            bytes.extend(signature);
        }
        bytes
    }

    #[test]
    fn another_signature_is_the_same_program_and_another_code_is_not() {
        let plain = |bytes: &[u8]| without_signature(bytes).expect("a program");
        assert_eq!(plain(&program(1, b"abc")), plain(&program(1, b"xyzxyz")));
        assert_eq!(plain(&program(1, b"abc")), plain(&program(1, b"")));
        assert_ne!(plain(&program(1, b"abc")), plain(&program(2, b"abc")));
    }

    /// A unified kernel image around a kernel, with a policy's signature.
    fn unified(kernel: &[u8], policy: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0_u8; 64 + 24 + 240 + 2 * 40];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 64;
        bytes[64..68].copy_from_slice(b"PE\0\0");
        bytes[70] = 2;
        bytes[84] = 240;
        bytes[88..90].copy_from_slice(&[0x0b, 0x02]);
        for (index, (name, content)) in [(super::KERNEL, kernel), (super::POLICY, policy)]
            .into_iter()
            .enumerate()
        {
            let at = 64 + 24 + 240 + index * 40;
            let start = u32::try_from(bytes.len()).expect("small");
            let size = u32::try_from(content.len()).expect("small");
            bytes[at..at + 8].copy_from_slice(name);
            bytes[at + 16..at + 20].copy_from_slice(&size.to_le_bytes());
            bytes[at + 20..at + 24].copy_from_slice(&start.to_le_bytes());
            bytes.extend(content);
        }
        bytes
    }

    #[test]
    fn signatures_inside_of_a_unified_kernel_image_are_signatures_too() {
        let plain = |bytes: &[u8]| without_signature(bytes).expect("a program");
        let image =
            |code, kernel: &[u8], policy: &[u8]| plain(&unified(&program(code, kernel), policy));
        assert_eq!(image(1, b"abc", b"one"), image(1, b"xyz", b"two"));
        assert_ne!(image(1, b"abc", b"one"), image(2, b"abc", b"one"));
        // What is no signature of either counts, wherever it lies.
        let mut other = unified(&program(1, b"abc"), b"one");
        other[64 + 24 + 240] = b'x';
        assert_ne!(plain(&other), image(1, b"abc", b"one"));
    }

    #[test]
    fn what_lies_behind_the_signature_or_is_no_program_is_refused() {
        let mut bytes = program(1, b"abc");
        bytes.push(0);
        assert!(without_signature(&bytes).is_err());
        assert!(without_signature(b"text").is_err());
        let whole = program(1, b"abc");
        for cut in 0..whole.len() {
            assert!(without_signature(&whole[..cut]).is_err(), "{cut}");
        }
    }
}
