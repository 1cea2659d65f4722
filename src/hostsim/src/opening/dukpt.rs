//! DUKPT: the MAC first, then the cipher, then the padding, as [`sealpoint_wire::seal`] says.

use sealpoint_wire::{DukptSealed, SealContext};
use zeroize::Zeroizing;

use super::Closed;
use crate::base_key::BaseKeys;
use crate::dukpt;

/// First byte of the padding; zeros follow (ISO/IEC 9797-1 padding method 2).
const PADDING: u8 = 0x80;
/// The initial vector of a key that enciphers one message: zeros, as many as a block has.
const NO_IV: [u8; 16] = [0; 16];

pub(super) fn open(
    sealed: &DukptSealed,
    context: &SealContext,
    base_keys: &BaseKeys,
) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let set = base_keys.set(&sealed.key_id).ok_or(Closed::OtherKeySet)?;
    if sealed.scheme != set.scheme() {
        return Err(Closed::OtherSuite);
    }
    let ksn = sealed.ksn.as_slice();
    if !ksn.starts_with(set.prefix()) {
        return Err(Closed::OtherKeySet);
    }
    let keys = dukpt::working_keys(set.scheme(), set.key(), ksn).ok_or(Closed::BadSerial)?;
    let ciphertext = sealed.ciphertext.as_slice();
    let authenticated = DukptSealed::authenticated(context, ksn, ciphertext);
    if !keys.mac.cmac_is(&authenticated, sealed.mac.as_slice()) {
        return Err(Closed::Broken);
    }
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    let iv = &NO_IV[..set.scheme().block_len()];
    keys.data
        .decrypt_cbc(iv, &mut plaintext)
        .ok_or(Closed::NoCard)?;
    let end = unpadded_len(&plaintext).ok_or(Closed::NoCard)?;
    plaintext.truncate(end);
    Ok(plaintext)
}

fn unpadded_len(padded: &[u8]) -> Option<usize> {
    let last = padded.iter().rposition(|byte| *byte != 0)?;
    (padded.get(last) == Some(&PADDING)).then_some(last)
}
