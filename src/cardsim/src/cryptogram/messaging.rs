//! Secure messaging of issuer scripts (EMV 4.4 Book 2 section 9, format 2).
//!
//! Both schemes put ATC and ARQC between the header of a command and its data when they make the
//! MAC. Visa's keys follow from the ATC; M/Chip's from the ARQC, which is counted up by one with
//! each command of a use.

use zeroize::Zeroizing;

use super::mac::BLOCK;
use super::version::same;
use super::{ChargeKeys, CryptogramVersion};

/// Bytes of the MAC at the end of a command; Book 2 9.2.1 allows 4 to 8.
pub const MAC_BYTES: usize = 8;

/// Secure messaging between issuer and card in one use.
pub struct Messaging<'a> {
    keys: &'a ChargeKeys,
    version: CryptogramVersion,
    arqc: [u8; 8],
}

impl<'a> Messaging<'a> {
    /// For the use that gave this ARQC.
    #[must_use]
    pub fn new(keys: &'a ChargeKeys, version: CryptogramVersion, arqc: [u8; 8]) -> Self {
        Self {
            keys,
            version,
            arqc,
        }
    }

    /// The MAC of a command. `number` counts the commands of this use from 0, `header` is CLA,
    /// INS, P1, P2 and an Lc that counts the MAC too.
    #[must_use]
    pub fn mac(&self, number: u8, header: [u8; 5], data: &[u8]) -> [u8; MAC_BYTES] {
        let challenge = self.challenge(number);
        let (key, _) = self.keys.messaging(self.version, challenge);
        key.command_mac(&[&header[..], &self.keys.atc(), &challenge, data].concat())
    }

    /// Whether a command's last bytes are its MAC; gives the data before.
    #[must_use]
    pub fn check<'d>(&self, number: u8, header: [u8; 4], data: &'d [u8]) -> Option<&'d [u8]> {
        let (content, mac) = data.split_at_checked(data.len().checked_sub(MAC_BYTES)?)?;
        let [cla, ins, p1, p2] = header;
        let header = [cla, ins, p1, p2, u8::try_from(data.len()).ok()?];
        same(&self.mac(number, header, content), mac).then_some(content)
    }

    /// The enciphered block of a new PIN (4 to 12 digits).
    #[must_use]
    pub fn encipher_pin(&self, number: u8, pin: &str) -> Vec<u8> {
        let (_, key) = self.keys.messaging(self.version, self.challenge(number));
        let control = if self.version.is_visa() { 0x00 } else { 0x20 };
        let mut block = Zeroizing::new([0xFF; BLOCK]);
        block[0] = control | u8::try_from(pin.len()).unwrap_or(0x0F) & 0x0F;
        for (slot, pair) in block[1..].iter_mut().zip(pin.as_bytes().chunks(2)) {
            let digit = |place: usize| pair.get(place).map_or(0x0F, |digit| digit & 0x0F);
            *slot = digit(0) << 4 | digit(1);
        }
        if !self.version.is_visa() {
            return key.encipher(&block[..]);
        }
        self.fold_mask(&mut block);
        let length = [8];
        let padding = [0x80, 0, 0, 0, 0, 0, 0];
        let text = Zeroizing::new([&length[..], &block[..], &padding].concat());
        key.encipher(&text)
    }

    /// The new PIN of an enciphered block, if it is one.
    #[must_use]
    pub fn decipher_pin(&self, number: u8, enciphered: &[u8]) -> Option<Zeroizing<String>> {
        let (_, key) = self.keys.messaging(self.version, self.challenge(number));
        let plain = key.decipher(enciphered);
        let mut block = Zeroizing::new([0; BLOCK]);
        let control = if self.version.is_visa() {
            match plain[..] {
                [8, ref rest @ ..] if rest.len() == 15 && rest[8] == 0x80 => {
                    block.copy_from_slice(&rest[..BLOCK]);
                }
                _ => return None,
            }
            self.fold_mask(&mut block);
            0x00
        } else {
            block.copy_from_slice(plain.get(..BLOCK).filter(|_| plain.len() == BLOCK)?);
            0x20
        };
        let length = usize::from(block[0] & 0x0F);
        let digits = block[1..].iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        let digits = digits
            .take(length)
            .map(|digit| char::from_digit(digit.into(), 10));
        let pin = Zeroizing::new(digits.collect::<Option<String>>()?);
        (block[0] & 0xF0 == control && (4..=12).contains(&length)).then_some(pin)
    }

    fn fold_mask(&self, block: &mut [u8; BLOCK]) {
        for (slot, byte) in block[4..].iter_mut().zip(self.keys.pin_block_mask()) {
            *slot ^= byte;
        }
    }

    fn challenge(&self, number: u8) -> [u8; 8] {
        if self.version.is_visa() {
            return self.arqc;
        }
        let counted = u64::from_be_bytes(self.arqc).wrapping_add(number.into());
        counted.to_be_bytes()
    }
}
