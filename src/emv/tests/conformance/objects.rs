//! Data objects (BER-TLV, EMV 4.4 Book 3 Annex B), read and written without the kernel's code: a suite
//! that shared its parser would agree with its mistakes.

/// Templates whose content is edited too.
const TEMPLATES: [&[u8]; 8] = [
    &[0x6F],
    &[0xA5],
    &[0xBF, 0x0C],
    &[0x61],
    &[0x70],
    &[0x77],
    &[0x73],
    &[0x72],
];

/// One object with that tag.
pub fn encode(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let length: &[u8] = match value.len() {
        0..=0x7F => &length[7..],
        0x80..=0xFF => &[0x81, length[7]],
        _ => &[0x82, length[6], length[7]],
    };
    [tag, length, value].concat()
}

/// Tags and values, one after the other; nothing if they cannot be read.
pub fn decode(mut bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut all = Vec::new();
    while let Some(first) = bytes.first() {
        let tag = match first & 0x1F {
            0x1F => 1 + bytes.iter().skip(1).position(|byte| byte & 0x80 == 0)? + 1,
            _ => 1,
        };
        let (tag, rest) = bytes.split_at_checked(tag)?;
        let (length, rest) = match rest.split_first()? {
            (short @ 0..=0x7F, rest) => (usize::from(*short), rest),
            (0x81, rest) => {
                let (length, rest) = rest.split_first()?;
                (usize::from(*length), rest)
            }
            (0x82, [high, low, rest @ ..]) => {
                (usize::from(u16::from_be_bytes([*high, *low])), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        all.push((tag.to_vec(), value.to_vec()));
        bytes = rest;
    }
    Some(all)
}

/// What is to become of an object.
#[derive(Clone)]
pub enum Edit {
    /// Another value.
    Value(Vec<u8>),
    /// It is left out.
    Gone,
    /// It comes twice.
    Twice,
    /// These bits of the byte at that place are turned over.
    Flipped(usize, u8),
}

/// Edits every object with that tag, in templates too. Nothing if there is none.
pub fn edit(bytes: &[u8], tag: &[u8], what: &Edit) -> Option<Vec<u8>> {
    let mut found = false;
    let mut edited = Vec::new();
    for (name, value) in decode(bytes)? {
        if name == tag {
            found = true;
            match what {
                Edit::Value(other) => edited.extend(encode(&name, other)),
                Edit::Gone => {}
                Edit::Twice => {
                    edited.extend(encode(&name, &value));
                    edited.extend(encode(&name, &value));
                }
                Edit::Flipped(place, bits) => {
                    let mut other = value.clone();
                    *other.get_mut(*place)? ^= bits;
                    edited.extend(encode(&name, &other));
                }
            }
            continue;
        }
        let inner = TEMPLATES
            .contains(&name.as_slice())
            .then(|| edit(&value, tag, what))
            .flatten();
        found |= inner.is_some();
        edited.extend(encode(&name, &inner.unwrap_or(value)));
    }
    found.then_some(edited)
}

/// Puts an object at the end of a template.
pub fn add(bytes: &[u8], tag: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let all = decode(bytes)?;
    let [(template, content)] = all.as_slice() else {
        return None;
    };
    let content = [&content[..], &encode(tag, value)].concat();
    Some(encode(template, &content))
}

#[test]
fn objects_are_edited_in_their_templates() {
    let bytes = [0x70, 0x06, 0x5A, 0x01, 0x47, 0x9F, 0x01, 0x00];
    let gone = edit(&bytes, &[0x5A], &Edit::Gone);
    assert_eq!(gone, Some(vec![0x70, 0x03, 0x9F, 0x01, 0x00]));
    assert_eq!(edit(&bytes, &[0x57], &Edit::Gone), None);
    assert_eq!(decode(&bytes[..5]), None);
}
