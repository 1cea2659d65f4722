//! BER-TLV as EMV restricts it (EMV 4.4 Book 3 Annex B).
//!
//! Reading never recurses: whoever opens a template does so by name, so the depth is what the code
//! says and a card cannot deepen it.

use thiserror::Error;

use crate::tag::Tag;

/// Bytes of the longest tag that is read.
const MAX_TAG_BYTES: usize = 3;
/// Tag bits that say that further tag bytes follow (Annex B1).
const TAG_CONTINUES: u8 = 0x1F;
/// Bit that says, in a tag's later bytes, that another follows, and in a length, its long form.
const MORE: u8 = 0x80;

/// One object. It may hold card data, so it has no `Debug`.
#[derive(Clone, Copy)]
pub struct Tlv<'a> {
    /// Its tag.
    pub tag: Tag,
    /// Its value.
    pub value: &'a [u8],
}

/// Why bytes are not TLV objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum TlvError {
    /// A tag of more than three bytes, or one that is cut off.
    #[error("a tag is cut off or longer than three bytes; read the data again")]
    Tag,
    /// A length in a form that EMV does not use.
    #[error("a length is cut off or has more than two bytes; read the data again")]
    Length,
    /// A value that ends after the data.
    #[error("a value is cut off; read the data again")]
    Value,
}

/// The objects of one level, in their order. Ends after the first error.
pub struct Objects<'a> {
    rest: &'a [u8],
}

/// Reads the objects of one level.
#[must_use]
pub fn objects(data: &[u8]) -> Objects<'_> {
    Objects { rest: data }
}

/// The value of the first object of this level with that tag.
///
/// # Errors
/// [`TlvError`] if the data before it is malformed.
pub fn find(data: &[u8], tag: Tag) -> Result<Option<&[u8]>, TlvError> {
    for object in objects(data) {
        let object = object?;
        if object.tag == tag {
            return Ok(Some(object.value));
        }
    }
    Ok(None)
}

/// The value of the object with that tag, if `data` is this one object and nothing else.
#[must_use]
pub fn only(data: &[u8], tag: Tag) -> Option<&[u8]> {
    let mut all = objects(data);
    match (all.next(), all.next()) {
        (Some(Ok(object)), None) if object.tag == tag => Some(object.value),
        _ => None,
    }
}

/// Whether `data` is objects from its start to its end. What a template holds is believed only then.
#[must_use]
pub fn is_whole(data: &[u8]) -> bool {
    objects(data).all(|object| object.is_ok())
}

/// A tag at the start of `data`, and what stands behind it.
#[must_use]
pub fn split_tag(data: &[u8]) -> Option<(Tag, &[u8])> {
    let mut objects = objects(data);
    let tag = objects.tag()?;
    Some((tag, objects.rest))
}

/// The bytes of a tag, most significant first.
pub fn tag_bytes(tag: Tag) -> impl Iterator<Item = u8> {
    tag.0
        .to_be_bytes()
        .into_iter()
        .skip_while(|byte| *byte == 0)
}

/// Appends an object. Values of up to 65,535 bytes have a length in this form; longer ones are cut.
pub fn push(into: &mut Vec<u8>, tag: Tag, value: &[u8]) {
    into.extend(tag_bytes(tag));
    into.extend(length_bytes(value.len()));
    into.extend(value.iter().take(usize::from(u16::MAX)));
}

/// The bytes of a length in its shortest form (Annex B2).
pub fn length_bytes(length: usize) -> impl Iterator<Item = u8> {
    let length = u16::try_from(length).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    let (form, count) = match length {
        0..=0x7F => ([low, 0, 0], 1),
        0x80..=0xFF => ([0x81, low, 0], 2),
        _ => ([0x82, high, low], 3),
    };
    form.into_iter().take(count)
}

impl<'a> Objects<'a> {
    /// What stands behind the objects read so far.
    pub(crate) fn unread(&self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn tag(&mut self) -> Option<Tag> {
        let first = self.byte()?;
        let mut tag = u32::from(first);
        if first & TAG_CONTINUES == TAG_CONTINUES {
            for _ in 1..MAX_TAG_BYTES {
                let next = self.byte()?;
                tag = tag << 8 | u32::from(next);
                if next & MORE == 0 {
                    return Some(Tag(tag));
                }
            }
            return None;
        }
        Some(Tag(tag))
    }

    fn length(&mut self) -> Option<usize> {
        match self.byte()? {
            short @ 0..=0x7F => Some(usize::from(short)),
            0x81 => self.byte().map(usize::from),
            0x82 => {
                let high = self.byte()?;
                let low = self.byte()?;
                Some(usize::from(u16::from_be_bytes([high, low])))
            }
            _ => None,
        }
    }

    fn object(&mut self) -> Result<Tlv<'a>, TlvError> {
        let tag = self.tag().ok_or(TlvError::Tag)?;
        let length = self.length().ok_or(TlvError::Length)?;
        let value = self.take(length).ok_or(TlvError::Value)?;
        Ok(Tlv { tag, value })
    }
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Tlv<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Zeros may stand before, between and after objects (Annex B1).
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        let object = self.object();
        if object.is_err() {
            self.rest = &[];
        }
        Some(object)
    }
}
