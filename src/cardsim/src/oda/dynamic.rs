//! Signed Dynamic Application Data (9F4B): DDA, CDA and the contactless fDDA
//! (EMV 4.4 Book 2 tables 15 and 18; book C-3).

use super::{RsaKey, SHA_1, sign};

/// Signed data format of everything dynamic (Book 2 table 15).
const DYNAMIC: u8 = 0x05;
const FILLER: u8 = 0xBB;

/// ICC Dynamic Data: what the card puts under its signature.
pub(crate) enum Dynamic<'a> {
    /// DDA and fDDA: a number of its own (Book 2 section 6.5.1).
    Number(&'a [u8]),
    /// CDA: number, cryptogram information, cryptogram and hash of all that was said
    /// (Book 2 table 19).
    Cryptogram {
        number: &'a [u8],
        information: u8,
        cryptogram: [u8; 8],
        said: [u8; 20],
    },
}

/// ICC Dynamic Data with the length of the number before it.
fn icc_dynamic_data(data: &Dynamic<'_>) -> Vec<u8> {
    let counted = |number: &[u8]| {
        let length = u8::try_from(number.len()).unwrap_or(u8::MAX);
        [&[length][..], number].concat()
    };
    match data {
        Dynamic::Number(number) => counted(number),
        Dynamic::Cryptogram {
            number,
            information,
            cryptogram,
            said,
        } => [&counted(number)[..], &[*information], cryptogram, said].concat(),
    }
}

/// The signature over ICC Dynamic Data and the terminal's: what the DDOL asked for, the
/// unpredictable number alone for CDA, or [`fdda_input`].
pub(crate) fn dda(key: &RsaKey, data: &Dynamic<'_>, terminal: &[u8]) -> Option<Vec<u8>> {
    let data = icc_dynamic_data(data);
    let length = u8::try_from(data.len()).ok()?;
    let middle = [&[DYNAMIC, SHA_1, length][..], &data].concat();
    sign(key, &middle, FILLER, terminal)
}

/// Terminal Dynamic Data of fDDA version 01: unpredictable number, amount, currency and Card
/// Authentication Related Data (9F69) (book C-3).
pub(crate) fn fdda_input(
    unpredictable: &[u8],
    amount: &[u8],
    currency: &[u8],
    related: &[u8],
) -> Vec<u8> {
    [unpredictable, amount, currency, related].concat()
}
