//! The unified kernel image: sections of a PE file (Microsoft's PE format; UAPI.5).

/// The most sections that are read.
const MAX_SECTIONS: usize = 64;
/// Where the offset of the PE head stands.
const POINTER: usize = 0x3c;
const COFF_HEAD: usize = 20;
const SECTION_HEAD: usize = 40;
/// The certificate table is the fifth directory of a PE32+ file.
const CERTIFICATES: usize = 112 + 4 * 8;

/// A PE file taken apart.
pub struct Pe {
    sections: Vec<(String, Vec<u8>)>,
    /// Whether it carries an Authenticode signature (whose, a boot shows).
    pub signed: bool,
}

impl Pe {
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.get(..2) != Some(b"MZ") {
            return Err("not a PE file".to_owned());
        }
        let head = number(bytes, POINTER, 4)?;
        if bytes.get(head..head + 4) != Some(b"PE\0\0") {
            return Err("not a PE file".to_owned());
        }
        let coff = head + 4;
        let count = number(bytes, coff + 2, 2)?;
        let optional = coff + COFF_HEAD;
        let optional_size = number(bytes, coff + 16, 2)?;
        if number(bytes, optional, 2)? != 0x20b || count > MAX_SECTIONS {
            return Err("not a PE32+ file of a few sections".to_owned());
        }
        let signed = number(bytes, optional + CERTIFICATES + 4, 4)? > 0;
        let mut sections = vec![];
        for index in 0..count {
            let at = optional + optional_size + index * SECTION_HEAD;
            let name = bytes.get(at..at + 8).ok_or("cut off")?;
            let name = String::from_utf8_lossy(name);
            let used = number(bytes, at + 8, 4)?;
            let (size, start) = (number(bytes, at + 16, 4)?, number(bytes, at + 20, 4)?);
            let content = start
                .checked_add(used.min(size))
                .and_then(|end| bytes.get(start..end))
                .ok_or("a section is cut off")?;
            sections.push((name.trim_end_matches('\0').to_owned(), content.to_vec()));
        }
        Ok(Self { sections, signed })
    }

    /// The names of all sections, in order, the same name as often as it is there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|(name, _)| name.as_str())
    }

    /// A section that is there exactly once.
    pub fn section(&self, name: &str) -> Result<&[u8], String> {
        let mut found = self.sections.iter().filter(|(of, _)| of == name);
        match (found.next(), found.next()) {
            (Some((_, bytes)), None) => Ok(bytes),
            (None, _) => Err(format!("the kernel image has no section {name}")),
            (Some(_), Some(_)) => Err(format!("the kernel image has {name} more than once")),
        }
    }
}

fn number(bytes: &[u8], at: usize, size: usize) -> Result<usize, String> {
    let found = bytes
        .get(at..at + size)
        .ok_or("the kernel image is cut off")?;
    Ok(found
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}
