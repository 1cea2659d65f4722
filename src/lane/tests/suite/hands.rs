//! A reader made of simulated slots in this process, for charges without a till.

use sealpoint_cardsim::{IssuerKeys, Profile, Slot as Bay, profile, profile::Interface as Side};
use sealpoint_emv::{Interface, PinPad, Sw};
use sealpoint_lane::reader::{CardError, Missing, PadAnswer, Powered, Reader, Slot};
use sealpoint_secret::SecretBytes;
use tempfile::TempDir;

/// Slots in the order in which they are listed.
pub struct Hands {
    pub bays: Vec<Bay>,
    /// What the cardholder does at the pad, in order; without a word there is no pad.
    pub entries: Vec<Entry>,
    /// Insertions so far, and the card that each bay held when it was looked at last.
    insertions: u32,
    seen: Vec<Option<(String, u32)>>,
    powered: Option<usize>,
}

pub enum Entry {
    Pin(&'static str),
    Said(PadAnswer),
}

impl Hands {
    /// A slot with contacts and one without, for these cards.
    pub fn with(names: &[&str]) -> Self {
        let cards: Vec<Profile> = names.iter().map(|name| card(name)).collect();
        let folder = TempDir::new().expect("a folder");
        let issuer = IssuerKeys::create(&folder.path().join("issuer.toml")).expect("keys");
        let contacts = Bay::new(&cards, &issuer).expect("cards");
        let air = contacts.beside(Side::Contactless);
        Self {
            bays: vec![contacts, air],
            entries: Vec::new(),
            insertions: 0,
            seen: vec![None, None],
            powered: None,
        }
    }

    pub fn insert(&self, name: &str) {
        self.bays[0].insert(name).expect("inserted");
    }

    pub fn hold(&self, name: &str) {
        self.bays[1].insert(name).expect("held");
    }

    fn look(&mut self) {
        for (bay, seen) in self.bays.iter().zip(&mut self.seen) {
            let card = bay.view().card;
            if card.as_ref() != seen.as_ref().map(|(name, _)| name) {
                self.insertions += 1;
                *seen = card.map(|name| (name, self.insertions));
            }
        }
    }
}

/// The card of that name.
pub fn card(name: &str) -> Profile {
    profile::all()
        .into_iter()
        .find(|card| card.name == name)
        .expect("there is such a card")
}

impl Reader for Hands {
    fn slots(&mut self) -> Result<Vec<Slot>, Missing> {
        self.look();
        let slot = |(at, seen): (usize, &Option<(String, u32)>)| Slot {
            name: format!("Slot {at}"),
            contactless: at == 1,
            card: seen.as_ref().map(|(_, insertion)| *insertion),
        };
        Ok(self.seen.iter().enumerate().map(slot).collect())
    }

    fn power_on(&mut self, slot: &Slot) -> Result<Powered, CardError> {
        let slots = self.slots().expect("it never goes");
        let at = slots.iter().position(|seen| seen == slot);
        let at = at.ok_or(CardError::Removed)?;
        self.bays[at].power_on();
        self.powered = Some(at);
        Ok(Powered {
            atr: self.bays[at].atr().ok_or(CardError::Removed)?,
            interface: [Interface::Contact, Interface::Contactless][at],
            pad: PinPad {
                plaintext: at == 0 && !self.entries.is_empty(),
                ..PinPad::NONE
            },
        })
    }

    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError> {
        answer.clear();
        let at = self.powered.expect("only a powered card is spoken to");
        let said = self.bays[at].transmit(command);
        if said.is_empty() {
            return Err(CardError::Removed);
        }
        answer.append(&said).map_err(|_| CardError::Mute)
    }

    fn verify_pin(&mut self) -> Result<PadAnswer, CardError> {
        let pin = match self.entries.remove(0) {
            Entry::Said(answer) => return Ok(answer),
            Entry::Pin(pin) => pin,
        };
        let digits = pin.bytes().map(|digit| digit - b'0').chain([0xF; 14]);
        let digits: Vec<u8> = digits.take(14).collect();
        let mut command = vec![0x00, 0x20, 0x00, 0x80, 8, 0x20 | pin.len() as u8];
        command.extend(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]));
        let mut answer = SecretBytes::with_bound(8);
        self.transmit(&command, &mut answer)?;
        let sw = answer.expose().try_into().expect("a status word alone");
        Ok(PadAnswer::Card(Sw(u16::from_be_bytes(sw))))
    }

    fn power_off(&mut self) {
        if let Some(at) = self.powered.take() {
            self.bays[at].power_off();
        }
    }
}
