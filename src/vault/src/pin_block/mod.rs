//! Clear PIN blocks (ISO 9564-1), to be enciphered under a transaction key.
//!
//! A till's own programs never see a PIN: a PIN pad makes its block and enciphers it. These are for
//! a pad that gives its block to the lane in clear, over a line that nobody else has, and for the
//! tests of the keys. Format 4 goes with AES, formats 0 and 3 with TDES.

mod fields;
mod pin;

use sealpoint_secret::{Pan, PinBlock};
use zeroize::Zeroizing;

use crate::{NoRandomBytes, SecureRandom};
use fields::{Nibbles, account_digits};

pub(crate) use fields::format_4_pan_field;
pub use pin::{BadPin, MAX_PIN_DIGITS, MIN_PIN_DIGITS, Pin};

/// Bytes of a block of format 0 or 3.
const DES_LEN: usize = 8;
/// Bytes of a block of format 4.
const AES_LEN: usize = 16;
/// Fills up behind the PIN in format 0.
const FILL_0: u8 = 0xF;
/// Fills up behind the PIN in format 4.
const FILL_4: u8 = 0xA;
/// The lowest of the random digits that fill up format 3; the highest is F.
const LOWEST_FILL_3: u8 = 0xA;
/// How many digits fill up format 3 at random.
const FILLS_3: u8 = 0x10 - LOWEST_FILL_3;
/// Random bytes for the at most ten fill digits of format 3. One in 64 is left out, so that this is
/// too few for ten about once in 10^30 blocks.
const RANDOM_3: usize = 32;

/// Format 0 (section 9.3.2): PIN filled up with F, added to the account number.
#[must_use]
pub fn format_0(pin: Pin, pan: &Pan) -> PinBlock {
    let mut block = Zeroizing::new([0; DES_LEN]);
    let mut nibbles = Nibbles::of(block.as_mut());
    pin.write(0, &mut nibbles);
    nibbles.fill_with(FILL_0);
    add_account(block.as_mut(), pan);
    finished(block.as_ref())
}

/// Format 3 (section 9.3.5): as format 0, filled up with random digits from A to F.
///
/// # Errors
/// [`NoRandomBytes`] if there are none to be had.
pub fn format_3(pin: Pin, pan: &Pan, random: &dyn SecureRandom) -> Result<PinBlock, NoRandomBytes> {
    let mut drawn = Zeroizing::new([0; RANDOM_3]);
    random.fill(drawn.as_mut()).map_err(|_| NoRandomBytes)?;
    // The largest bytes would make the first digits likelier than the others.
    let even = u8::MAX - u8::MAX % FILLS_3;
    let mut fills = drawn.iter().filter(|byte| **byte < even);

    let mut block = Zeroizing::new([0; DES_LEN]);
    let mut nibbles = Nibbles::of(block.as_mut());
    pin.write(3, &mut nibbles);
    while nibbles.room() {
        let byte = fills.next().ok_or(NoRandomBytes)?;
        nibbles.push(LOWEST_FILL_3 + byte % FILLS_3);
    }
    add_account(block.as_mut(), pan);
    Ok(finished(block.as_ref()))
}

/// Format 4, the PIN field (section 9.4.2.2): PIN filled up with A, then eight random bytes. The
/// card number comes in when it is enciphered.
///
/// # Errors
/// [`NoRandomBytes`] if there are none to be had.
pub fn format_4(pin: Pin, random: &dyn SecureRandom) -> Result<PinBlock, NoRandomBytes> {
    let mut block = Zeroizing::new([0; AES_LEN]);
    let (digits, tail) = block.split_at_mut(AES_LEN / 2);
    let mut nibbles = Nibbles::of(digits);
    pin.write(4, &mut nibbles);
    nibbles.fill_with(FILL_4);
    random.fill(tail).map_err(|_| NoRandomBytes)?;
    Ok(finished(block.as_ref()))
}

/// Adds the account number part of formats 0 and 3: four zeros, then the last twelve digits of the
/// card number without its check digit.
fn add_account(block: &mut [u8], pan: &Pan) {
    let mut account = Zeroizing::new([0; DES_LEN]);
    let mut nibbles = Nibbles::of(account.as_mut());
    for _ in 0..4 {
        nibbles.push(0);
    }
    for digit in account_digits(pan) {
        nibbles.push(digit);
    }
    for (byte, account) in block.iter_mut().zip(account.iter()) {
        *byte ^= account;
    }
}

fn finished(block: &[u8]) -> PinBlock {
    PinBlock::from_slice(block).expect("blocks of 8 and 16 bytes are PIN blocks")
}
