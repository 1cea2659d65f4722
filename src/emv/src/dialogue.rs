//! What the phases share while they talk with one card.

use sealpoint_secret::{Pan, TruncatedPan};

use crate::{
    charge::{Charge, bcd},
    cvm::CvmResult,
    fault::Fault,
    generate_ac::Cryptogram,
    lookup::Known,
    oda::Oda,
    outcome::{HostVerdict, Interface},
    pin::{OnlinePin, PinPad},
    script::ScriptResult,
    selection::Selected,
    store::{self, Store},
    tag,
    terminal::{Application, TerminalData},
    verification::{Aip, Tsi, Tvr},
};

/// POS entry mode (ISO 8583 DE 22, first two digits; tag 9F39): chip with contacts.
const ENTRY_MODE_CONTACT: u8 = 0x05;
/// The same: chip without contacts.
const ENTRY_MODE_CONTACTLESS: u8 = 0x07;

/// The state of one charge.
pub(crate) struct Dialogue {
    pub(crate) terminal: TerminalData,
    pub(crate) charge: Charge,
    pub(crate) interface: Interface,
    /// What the reader's PIN pad can do.
    pub(crate) pad: PinPad,
    /// What this terminal remembers of the card.
    pub(crate) known: Known,
    /// Offline data authentication: what it has gathered and found.
    pub(crate) oda: Oda,
    /// The PIN block for the host, until the host is asked.
    pub(crate) online_pin: Option<OnlinePin>,
    /// Whether an advice is owed.
    pub(crate) advice: bool,
    pub(crate) store: Store,
    pub(crate) selected: Option<Selected>,
    /// What may be shown of the PAN, once all records are read.
    pub(crate) truncated_pan: Option<TruncatedPan>,
    pub(crate) aip: Aip,
    pub(crate) tvr: Tvr,
    pub(crate) tsi: Tsi,
    pub(crate) cvm: CvmResult,
    pub(crate) cryptogram: Option<Cryptogram>,
    pub(crate) host: HostVerdict,
    pub(crate) scripts: Vec<ScriptResult>,
}

impl Dialogue {
    pub(crate) fn new(terminal: TerminalData, charge: Charge) -> Self {
        let mut store = Store::default();
        charge.fill(&mut store);
        store.set(tag::TERMINAL_TYPE, &[terminal.kind.bcd()]);
        store.set(tag::CAPABILITIES, &terminal.capabilities);
        store.set(tag::CAPABILITIES_MORE, &terminal.more_capabilities);
        store.set(tag::COUNTRY, &bcd::<2>(u64::from(terminal.country)));
        store.set(tag::SERIAL, &terminal.serial);
        store.set(
            tag::MERCHANT_CATEGORY,
            &bcd::<2>(u64::from(terminal.merchant_category)),
        );
        store.set(tag::MERCHANT_ID, &terminal.merchant_id);
        store.set(tag::MERCHANT_NAME, terminal.merchant_name.as_bytes());
        store.set(tag::ACQUIRER, &bcd::<6>(terminal.acquirer));
        Self {
            terminal,
            charge,
            interface: Interface::Contact,
            pad: PinPad::NONE,
            known: Known::default(),
            oda: Oda::default(),
            online_pin: None,
            advice: false,
            store,
            selected: None,
            truncated_pan: None,
            aip: Aip::empty(),
            tvr: Tvr::empty(),
            tsi: Tsi::empty(),
            cvm: CvmResult::NOT_PERFORMED,
            cryptogram: None,
            host: HostVerdict::NotAsked,
            scripts: Vec::new(),
        }
    }

    /// Notes how the card is spoken to.
    pub(crate) fn begin(&mut self, interface: Interface, pad: PinPad) {
        let entry_mode = match interface {
            Interface::Contact => ENTRY_MODE_CONTACT,
            Interface::Contactless => ENTRY_MODE_CONTACTLESS,
        };
        self.store.set(tag::ENTRY_MODE, &[entry_mode]);
        self.interface = interface;
        self.pad = pad;
    }

    /// Whether the card's PAN stands in `data`, as far as can be said.
    pub(crate) fn names_account(&self, data: &[u8]) -> bool {
        self.store.names_account(data).unwrap_or(false)
            || self
                .truncated_pan
                .as_ref()
                .is_some_and(|pan| store::shows(pan, data))
    }

    /// The account is read and checked: from now on what may be shown of it is known. Application name
    /// and label leave this process, so it must not stand in them.
    pub(crate) fn know_account(&mut self, pan: &Pan) -> Result<(), Fault> {
        if let Some(selected) = &self.selected
            && (self.store.names_account(selected.df_name.as_slice())?
                || self.store.names_account(selected.label.as_bytes())?)
        {
            return Err(Fault::AccountShown);
        }
        self.truncated_pan = Some(pan.truncated());
        Ok(())
    }

    /// Wipes what the card gave.
    pub(crate) fn forget_card(&mut self) {
        self.store.forget_card();
        self.oda = Oda::default();
        self.online_pin = None;
    }

    /// Takes up an application. Nothing has set a TVR or TSI bit before (Book 3 §10.1).
    pub(crate) fn take_up(&mut self, selected: Selected) {
        let application = &selected.application;
        let df_name = selected.df_name.as_slice();
        self.store.set(tag::AID_TERMINAL, df_name);
        self.store.set(tag::DF_NAME, df_name);
        self.store.set(tag::VERSION_TERMINAL, &application.version);
        let floor_limit = self.floor_limit(application);
        self.store.set(tag::FLOOR_LIMIT, &floor_limit.to_be_bytes());
        self.selected = Some(selected);
        self.write_results();
    }

    /// The amount from which on this charge goes online (tag 9F1B): the application's floor limit, or
    /// less where the charge may be less without the host. A terminal that asks for everything keeps the
    /// one that was agreed.
    pub(crate) fn floor_limit(&self, application: &Application) -> u32 {
        let agreed = application.floor_limit_minor;
        if self.terminal.kind.online_only() {
            return agreed;
        }
        let own = match self.charge.offline_up_to_minor {
            ..=0 => 0,
            up_to => u32::try_from(up_to).map_or(u32::MAX, |up_to| up_to.saturating_add(1)),
        };
        agreed.min(own)
    }

    /// Writes TVR, TSI and CVM results where DOLs and DE 55 read them.
    pub(crate) fn write_results(&mut self) {
        self.store.set(tag::TVR, &self.tvr.to_bytes());
        self.store.set(tag::TSI, &self.tsi.bits().to_be_bytes());
        self.store.set(tag::CVM_RESULTS, &self.cvm.bytes);
    }
}
