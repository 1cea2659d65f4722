//! One application on the card: what personalisation wrote, its keys and its counters.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::memory::ApplicationMemory;
use super::personalise::Personalisation;
use crate::cryptogram::{CardKeys, ChargeKeys};
use crate::issuer::{IssuerError, IssuerKeys};
use crate::profile::{self, Holder, Profile};

pub(super) struct Application {
    pub(super) data: Personalisation,
    keys: Arc<CardKeys>,
    pub(super) atc: u16,
    pub(super) last_online_atc: u16,
    pub(super) blocked: bool,
    /// What PUT DATA has written.
    pub(super) written: BTreeMap<u16, Vec<u8>>,
}

impl Application {
    pub(super) fn new(
        profile: &Profile,
        application: &profile::Application,
        holder: &Holder,
        issuer: &IssuerKeys,
    ) -> Result<Self, IssuerError> {
        let misbehaves = profile.behaviour.misbehaves;
        let data = Personalisation::new(application, holder, profile.interface, misbehaves);
        let keys = issuer.card_keys(data.version, data.key_index, &holder.pan, holder.psn)?;
        Ok(Self {
            data,
            keys: Arc::new(keys),
            atc: profile.counters.atc,
            last_online_atc: profile.counters.last_online_atc,
            blocked: profile.behaviour.application_blocked,
            written: BTreeMap::new(),
        })
    }

    /// The keys of the present use.
    pub(super) fn charge_keys(&self) -> ChargeKeys {
        ChargeKeys::new(self.keys.clone(), self.atc.to_be_bytes())
    }

    pub(super) fn memory(&self) -> ApplicationMemory {
        ApplicationMemory {
            atc: self.atc,
            last_online_atc: self.last_online_atc,
            blocked: self.blocked,
        }
    }

    /// Counters never run backwards, whatever the memory says.
    pub(super) fn recall(&mut self, memory: &ApplicationMemory) {
        self.atc = self.atc.max(memory.atc);
        self.last_online_atc = self
            .last_online_atc
            .max(memory.last_online_atc.min(self.atc));
        self.blocked = memory.blocked;
    }
}
