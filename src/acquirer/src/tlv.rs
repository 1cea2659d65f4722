//! BER-TLV objects one after the other, as DE 55 and a sealed card's plaintext hold them
//! (EMV 4.4 Book 3 Annex B).

/// Tag bytes at most: EMV has tags of one and two, some schemes of three.
const MAX_TAG: usize = 3;

/// One data object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// Its tag, as one number: `9F26` is 0x9F26.
    pub tag: u32,
    /// Its value.
    pub value: &'a [u8],
    /// Tag, length and value together.
    pub whole: &'a [u8],
}

/// The bytes are not data objects. Says nothing of their content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The EMV data is not a row of BER-TLV objects. Ask the side that wrote it.")]
pub struct NotTlv;

/// The objects in `bytes`, in their order; does not look inside templates.
///
/// Ends after the first error. Each object takes at least two bytes, so `bytes` bounds the count.
pub fn objects(bytes: &[u8]) -> impl Iterator<Item = Result<Object<'_>, NotTlv>> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let next = first(rest).ok_or(NotTlv);
        rest = next.map_or(&[], |(_, rest)| rest);
        Some(next.map(|(object, _)| object))
    })
}

/// The value of the only object with this tag; `None` if there is none.
///
/// # Errors
/// [`NotTlv`] if the bytes are no objects or the tag comes twice: which one counts would be a guess.
pub fn only(bytes: &[u8], tag: u32) -> Result<Option<&[u8]>, NotTlv> {
    let mut found = None;
    for object in objects(bytes) {
        let object = object?;
        if object.tag == tag && found.replace(object.value).is_some() {
            return Err(NotTlv);
        }
    }
    Ok(found)
}

fn first(bytes: &[u8]) -> Option<(Object<'_>, &[u8])> {
    let (tag, after_tag) = tag(bytes)?;
    let (len, after_len) = length(after_tag)?;
    let (value, rest) = after_len.split_at_checked(len)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some((Object { tag, value, whole }, rest))
}

fn tag(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (&head, mut rest) = bytes.split_first()?;
    if head == 0 {
        return None;
    }
    let mut tag = u32::from(head);
    if head & 0x1F == 0x1F {
        for more in 1.. {
            let (&byte, after) = rest.split_first()?;
            (tag, rest) = (tag << 8 | u32::from(byte), after);
            if byte & 0x80 == 0 {
                break;
            }
            if more + 1 >= MAX_TAG {
                return None;
            }
        }
    }
    Some((tag, rest))
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match *bytes {
        [len @ 0..=0x7F, ref rest @ ..] => Some((usize::from(len), rest)),
        [0x81, len, ref rest @ ..] => Some((usize::from(len), rest)),
        [0x82, high, low, ref rest @ ..] => {
            Some((usize::from(u16::from_be_bytes([high, low])), rest))
        }
        _ => None,
    }
}
