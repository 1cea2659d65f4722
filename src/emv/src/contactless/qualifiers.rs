//! What reader and card say of themselves and of this charge: TTQ and CTQ (Book A table 5-4, Book
//! C-3 Annex A).

use bitflags::bitflags;

/// Bit of a qualifier of `bytes` bytes, as the books number them: byte 1 is first, bit 8 is highest.
const fn bit(bytes: u32, byte: u32, bit: u32) -> u32 {
    1 << ((bytes - byte) * 8 + bit - 1)
}

bitflags! {
    /// Terminal transaction qualifiers, tag 9F66.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(super) struct Ttq: u32 {
        /// EMV mode supported.
        const EMV_MODE = bit(4, 1, 6);
        /// EMV contact chip supported.
        const CONTACT_CHIP = bit(4, 1, 5);
        /// Online PIN supported.
        const ONLINE_PIN = bit(4, 1, 3);
        /// Signature supported.
        const SIGNATURE = bit(4, 1, 2);
        /// Offline data authentication for online authorisations supported.
        const ODA_ONLINE = bit(4, 1, 1);
        /// Online cryptogram required.
        const ONLINE_CRYPTOGRAM = bit(4, 2, 8);
        /// CVM required.
        const CVM_REQUIRED = bit(4, 2, 7);
        /// Offline PIN supported, by the contact chip.
        const OFFLINE_PIN = bit(4, 2, 6);
        /// Consumer device CVM supported.
        const DEVICE_CVM = bit(4, 3, 7);
        /// fDDA version 1.0 supported.
        const FDDA_1 = bit(4, 4, 8);
    }
}

bitflags! {
    /// Card transaction qualifiers, tag 9F6C.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(super) struct Ctq: u32 {
        /// Online PIN required.
        const ONLINE_PIN = bit(2, 1, 8);
        /// Signature required.
        const SIGNATURE = bit(2, 1, 7);
        /// Go online if offline data authentication fails and the reader can.
        const ONLINE_IF_ODA_FAILS = bit(2, 1, 6);
        /// Switch interface if offline data authentication fails and the reader can.
        const SWITCH_IF_ODA_FAILS = bit(2, 1, 5);
        /// Go online if the application has expired.
        const ONLINE_IF_EXPIRED = bit(2, 1, 4);
        /// Switch interface for cash.
        const SWITCH_FOR_CASH = bit(2, 1, 3);
        /// Switch interface for cash back.
        const SWITCH_FOR_CASHBACK = bit(2, 1, 2);
        /// Consumer device CVM performed.
        const DEVICE_CVM = bit(2, 2, 8);
    }
}

impl Ttq {
    /// What of a configured value this reader can do. Magnetic stripe mode, reading offline only, and
    /// issuer updates are not built.
    pub(super) fn configured(bytes: [u8; 4]) -> Self {
        Self::from_bits_truncate(u32::from_be_bytes(bytes))
    }

    /// The four bytes.
    pub(super) fn to_bytes(self) -> [u8; 4] {
        self.bits().to_be_bytes()
    }
}

impl Ctq {
    /// The two bytes as the bits that they are; what is reserved means nothing.
    pub(super) fn from_bytes(bytes: [u8; 2]) -> Self {
        Self::from_bits_truncate(u32::from(u16::from_be_bytes(bytes)))
    }
}
