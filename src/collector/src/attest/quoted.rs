//! What a TPM signed: `TPMS_ATTEST` with a quote in it (Part 2, 10.12.8), and `TPMT_SIGNATURE`
//! (Part 2, 11.3.4).

use super::DIGEST;
use super::bytes::{Malformed, Reader};
use super::public::NAME;

/// `TPM_GENERATED_VALUE`: a restricted key signs nothing from outside that begins with it.
pub const GENERATED: u32 = 0xFF54_4347;
/// `TPM_ST_ATTEST_QUOTE` (Part 2, 6.9).
pub const QUOTE: u16 = 0x8018;
const ALG_SHA256: u16 = 0x000B;
const ALG_ECDSA: u16 = 0x0018;
/// Bytes of `extraData` at most: those of `TPM2B_DATA`, a hash with its algorithm.
const MAX_EXTRA: usize = 66;
/// Banks that a selection names at most: more than there are algorithms.
const MAX_BANKS: u32 = 16;
/// Bytes of a bank's bits at most.
const MAX_BITS: u8 = 4;

/// The TPM's clock and counts (`TPMS_CLOCK_INFO`, Part 2, 10.11.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    /// Milliseconds that the TPM was powered for, ever.
    pub clock_ms: u64,
    /// How often it was switched on. Clearing the TPM sets it to nothing.
    pub resets: u32,
    /// How often it went on from a sleep since.
    pub restarts: u32,
}

/// The registers of one bank.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bank {
    /// The hash's number.
    pub algorithm: u16,
    /// Bit n for register n.
    pub bits: u32,
}

impl Bank {
    /// These registers in the bank of SHA-256.
    #[must_use]
    pub fn sha256(pcrs: &[u8]) -> Self {
        let bits = pcrs.iter().fold(0, |bits, pcr| bits | 1 << (pcr % 32));
        Self {
            algorithm: ALG_SHA256,
            bits,
        }
    }
}

/// The head of anything that a TPM attests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head<'a> {
    /// [`GENERATED`], or no TPM made it.
    pub magic: u32,
    /// [`QUOTE`], or it is something else.
    pub kind: u16,
    /// The signer's qualified name.
    pub signer: &'a [u8],
    /// The verifier's nonce.
    pub extra: &'a [u8],
    /// Clock and counts.
    pub clock: Clock,
}

/// A quote's own part (`TPMS_QUOTE_INFO`, Part 2, 10.12.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quoted {
    /// The banks whose registers it covers.
    pub banks: Vec<Bank>,
    /// The hash of their values.
    pub digest: [u8; DIGEST],
}

/// Reads what was signed, to its end; the quote's own part only if it says that it is one.
///
/// # Errors
/// [`Malformed`].
pub fn read(attest: &[u8]) -> Result<(Head<'_>, Option<Quoted>), Malformed> {
    let mut reader = Reader::new(attest);
    let (magic, kind) = (reader.u32()?, reader.u16()?);
    let (signer, extra) = (reader.sized(NAME)?, reader.sized(MAX_EXTRA)?);
    let clock = Clock {
        clock_ms: reader.u64()?,
        resets: reader.u32()?,
        restarts: reader.u32()?,
    };
    let _safe = reader.u8()?;
    let _firmware = reader.u64()?;
    let head = Head {
        magic,
        kind,
        signer,
        extra,
        clock,
    };
    if kind != QUOTE {
        return Ok((head, None));
    }
    let count = reader.u32()?;
    if count > MAX_BANKS {
        return Err(Malformed);
    }
    let banks = (0..count)
        .map(|_| bank(&mut reader))
        .collect::<Result<_, _>>()?;
    let digest = reader.sized(DIGEST)?;
    let digest = digest.try_into().map_err(|_| Malformed)?;
    reader.end()?;
    Ok((head, Some(Quoted { banks, digest })))
}

fn bank(reader: &mut Reader<'_>) -> Result<Bank, Malformed> {
    let algorithm = reader.u16()?;
    let length = reader.u8()?;
    if length > MAX_BITS {
        return Err(Malformed);
    }
    let mut bits = [0; MAX_BITS as usize];
    let given = reader.raw(length.into())?;
    bits[..given.len()].copy_from_slice(given);
    Ok(Bank {
        algorithm,
        bits: u32::from_le_bytes(bits),
    })
}

/// The two halves of a signature by ECDSA on P-256 with SHA-256, as ring takes them.
///
/// # Errors
/// [`Malformed`] for any other.
pub fn signature(signature: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(signature);
    if (reader.u16()?, reader.u16()?) != (ALG_ECDSA, ALG_SHA256) {
        return Err(Malformed);
    }
    let halves: [[u8; 32]; 2] = [reader.padded()?, reader.padded()?];
    reader.end()?;
    Ok(halves.concat())
}
