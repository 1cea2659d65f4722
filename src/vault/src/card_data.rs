//! What is sealed.

use sealpoint_secret::{Full, Pan, SecretBytes, Track2};

/// Bytes of the largest plaintext: PAN, track 2, expiry and sequence number, each behind its tag
/// and length.
const MAX_PLAINTEXT: usize = (2 + 10) + (2 + 19) + (3 + 3) + (3 + 1);

/// Card data on its way to the acquirer. Its secrets are wiped when it is dropped, and
/// [`crate::seal`] takes it by value, so that nothing of it is left after sealing.
pub struct CardData {
    /// Application PAN (EMV 4.4 Book 3 Annex A, tag 5A).
    pub pan: Pan,
    /// Track 2 equivalent data (tag 57), if the card gave it.
    pub track2: Option<Track2>,
    /// Application expiration date, YYMMDD in BCD (tag 5F24).
    pub expiry: [u8; 3],
    /// PAN sequence number in BCD (tag 5F34), if the card gave it.
    pub sequence: Option<u8>,
}

impl CardData {
    /// The plaintext as [`sealpoint_wire::seal`] lays it out: BER-TLV, one after the other.
    pub(crate) fn plaintext(&self) -> Result<SecretBytes, Full> {
        let mut out = SecretBytes::with_bound(MAX_PLAINTEXT);
        out.append(&[0x5A, len(self.pan.digits().div_ceil(2))])?;
        self.pan.write_bcd(&mut out)?;
        if let Some(track2) = &self.track2 {
            out.append(&[0x57, len(track2.packed_len())])?;
            track2.write_bcd(&mut out)?;
        }
        out.append(&[0x5F, 0x24, len(self.expiry.len())])?;
        out.append(&self.expiry)?;
        if let Some(sequence) = self.sequence {
            out.append(&[0x5F, 0x34, 1, sequence])?;
        }
        Ok(out)
    }
}

/// A length of one byte (EMV 4.4 Book 3 Annex B2). The secret types hold at most 19 bytes.
fn len(bytes: usize) -> u8 {
    u8::try_from(bytes).expect("PAN, track 2 and expiry are at most 19 bytes long")
}
