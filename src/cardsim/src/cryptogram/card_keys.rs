//! A card's three master keys, and what one use of the card makes of them.

use std::sync::Arc;

use super::{CryptogramVersion, IccMasterKey, SessionKey};

/// A card's master keys: for cryptograms, for the MAC of scripts and for secrets in them
/// (EMV 4.4 Book 2 sections 8 and 9). Wiped on drop.
pub struct CardKeys {
    /// MK-AC.
    pub ac: IccMasterKey,
    /// MK-SMI.
    pub mac: IccMasterKey,
    /// MK-SMC.
    pub enc: IccMasterKey,
}

/// The keys of one use of a card: its master keys and the ATC of that use.
#[derive(Clone)]
pub struct ChargeKeys {
    card: Arc<CardKeys>,
    atc: [u8; 2],
}

impl ChargeKeys {
    /// The keys of the use with this ATC.
    #[must_use]
    pub fn new(card: Arc<CardKeys>, atc: [u8; 2]) -> Self {
        Self { card, atc }
    }

    /// The key that makes the cryptogram; M/Chip 4 takes the unpredictable number in as well.
    #[must_use]
    pub fn cryptogram(&self, version: CryptogramVersion, unpredictable: [u8; 4]) -> SessionKey {
        let ac = &self.card.ac;
        match version {
            CryptogramVersion::Visa10 => ac.undiversified(),
            CryptogramVersion::MChip16 | CryptogramVersion::MChip17 => {
                let ([a, b], [c, d, e, f]) = (self.atc, unpredictable);
                ac.session_key_for([a, b, 0, 0, c, d, e, f])
            }
            CryptogramVersion::Visa18 | CryptogramVersion::MChip20 | CryptogramVersion::MChip21 => {
                ac.session_key(self.atc)
            }
        }
    }

    /// The key that makes the ARPC.
    #[must_use]
    pub fn arpc(&self, version: CryptogramVersion) -> SessionKey {
        match version {
            CryptogramVersion::Visa10 | CryptogramVersion::MChip16 | CryptogramVersion::MChip17 => {
                self.card.ac.undiversified()
            }
            CryptogramVersion::Visa18 | CryptogramVersion::MChip20 | CryptogramVersion::MChip21 => {
                self.card.ac.session_key(self.atc)
            }
        }
    }

    /// Keys for MAC and encipherment of a script command. `challenge` is the ARQC, for M/Chip
    /// plus the number of commands before.
    pub(super) fn messaging(
        &self,
        version: CryptogramVersion,
        challenge: [u8; 8],
    ) -> (SessionKey, SessionKey) {
        let both = [&self.card.mac, &self.card.enc];
        let [mac, enc] = if version.is_visa() {
            both.map(|key| key.visa_messaging_key(self.atc))
        } else {
            both.map(|key| key.session_key_for(challenge))
        };
        (mac, enc)
    }

    /// What Visa folds into the block of a new PIN.
    pub(super) fn pin_block_mask(&self) -> [u8; 4] {
        self.card.ac.pin_block_mask()
    }

    pub(super) fn atc(&self) -> [u8; 2] {
        self.atc
    }
}
