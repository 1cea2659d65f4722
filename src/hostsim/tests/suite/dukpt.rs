//! Cards that are sealed with DUKPT: opened under the key set that they name, each key once.

use sealpoint_hostsim::base_key::{self, BaseKeys};
use sealpoint_hostsim::dukpt;
use sealpoint_wire::seal::DukptScheme;
use sealpoint_wire::{AuthoriseRequest, DukptSealed, KeyId, SealedCard};

use crate::rig::{Charge, Folder, Line8583, VISA, attempt, bytes, context};

const SCHEMES: [DukptScheme; 4] = [
    DukptScheme::Aes128,
    DukptScheme::Aes192,
    DukptScheme::Aes256,
    DukptScheme::Tdes2,
];

/// A folder with one key set, and a terminal that counts.
struct Terminal {
    folder: Folder,
    key_id: KeyId,
    /// Key serial number with the counter at zero.
    name: Vec<u8>,
}

impl Terminal {
    fn new(scheme: DukptScheme) -> Self {
        let folder = Folder::new();
        let key_id: KeyId = "dukpt-1".parse().expect("a key id");
        base_key::add(folder.path(), &key_id, scheme, None).expect("a new key set");
        let keys = BaseKeys::load(folder.path()).expect("base keys");
        let set = keys.set(&key_id).expect("the set");
        let mut name = set.new_initial_key_id().expect("an id");
        name.resize(scheme.ksn_len(), 0);
        Self {
            folder,
            key_id,
            name,
        }
    }

    fn ksn(&self, counter: u8) -> Vec<u8> {
        let mut ksn = self.name.clone();
        if let Some(last) = ksn.last_mut() {
            *last = counter;
        }
        ksn
    }

    /// Seals a plaintext as `sealpoint_wire::seal` lays it out, with a changed plaintext or not.
    fn seal(&self, charge: &Charge, counter: u8, plaintext: &[u8]) -> DukptSealed {
        let keys = BaseKeys::load(self.folder.path()).expect("base keys");
        let set = keys.set(&self.key_id).expect("the set");
        let scheme = set.scheme();
        let ksn = self.ksn(counter);
        let working = dukpt::working_keys(scheme, set.key(), &ksn).expect("derived");
        let mut text = plaintext.to_vec();
        working
            .data
            .encrypt_cbc(&vec![0; scheme.block_len()], &mut text)
            .expect("whole blocks");
        let context = context(charge, self.key_id.clone());
        let mac = working
            .mac
            .cmac(&DukptSealed::authenticated(&context, &ksn, &text));
        DukptSealed {
            scheme,
            key_id: self.key_id.clone(),
            ksn: bytes(&ksn),
            ciphertext: bytes(&text),
            mac: bytes(&mac),
        }
    }

    /// An honest request under the key of this counter.
    fn request(&self, charge: &Charge, counter: u8) -> AuthoriseRequest {
        let plaintext = padded(&card(charge), 16);
        let sealed = self.seal(charge, counter, &plaintext);
        self.folder.request_with(charge, SealedCard::Dukpt(sealed))
    }

    /// What a fresh host on a fresh ledger answers.
    fn answer(&self, request: &AuthoriseRequest) -> String {
        std::fs::remove_file(self.folder.ledger_file()).ok();
        let host = self.folder.start();
        Line8583::to(host.addr()).authorise(request).response_code
    }
}

/// 5A, 5F24 and 5F34 of a card.
fn card(charge: &Charge) -> Vec<u8> {
    let pan = data_encoding::HEXLOWER
        .decode(charge.pan.as_bytes())
        .expect("an even number of digits");
    let mut card = vec![0x5A, 8];
    card.extend_from_slice(&pan);
    card.extend_from_slice(&[0x5F, 0x24, 3]);
    card.extend_from_slice(&charge.expiry);
    card.extend_from_slice(&[0x5F, 0x34, 1, 1]);
    card
}

fn padded(text: &[u8], block_len: usize) -> Vec<u8> {
    let mut padded = [text, &[0x80]].concat();
    padded.resize(padded.len().next_multiple_of(block_len), 0);
    padded
}

fn dukpt_of(request: &mut AuthoriseRequest) -> &mut DukptSealed {
    match &mut request.sealed {
        SealedCard::Dukpt(sealed) => sealed,
        SealedCard::Hpke(_) => panic!("the request was sealed with DUKPT"),
    }
}

#[test]
fn a_card_sealed_under_each_scheme_is_opened_and_charged() {
    for scheme in SCHEMES {
        let terminal = Terminal::new(scheme);
        let host = terminal.folder.start();
        let mut line = Line8583::to(host.addr());
        for number in 1..=3 {
            let charge = Charge::numbered(number);
            let answer = line.authorise(&terminal.request(&charge, number));
            assert_eq!(answer.response_code, "00", "{scheme:?}");
            assert_eq!(terminal.folder.card_takes(&charge, &answer), Some(true));
        }
        assert_eq!(host.captured(), 3);
    }
}

#[test]
fn a_key_that_was_used_before_is_declined_with_an_alarm_and_after_a_restart_too() {
    let terminal = Terminal::new(DukptScheme::Aes128);
    let host = terminal.folder.start();
    let mut line = Line8583::to(host.addr());
    let first = terminal.request(&Charge::numbered(1), 7);
    assert_eq!(line.authorise(&first).response_code, "00");
    // The same request again is no second use.
    assert_eq!(line.authorise(&first).response_code, "00");
    let again = terminal.request(&Charge::numbered(2), 7);
    assert_eq!(line.authorise(&again).response_code, "59");
    drop((line, host));

    let host = terminal.folder.start();
    let mut line = Line8583::to(host.addr());
    let later = terminal.request(&Charge::numbered(3), 7);
    assert_eq!(line.authorise(&later).response_code, "59");
    assert_eq!(host.captured(), 1);
    let next = terminal.request(&Charge::numbered(4), 8);
    assert_eq!(line.authorise(&next).response_code, "00");

    let lines = terminal.folder.ledger();
    let serials: Vec<_> = lines
        .iter()
        .filter_map(|line| line.serial.as_ref())
        .collect();
    assert_eq!(serials.len(), 4, "approved, refused twice, approved");
    assert_eq!(
        serials[0].ksn,
        data_encoding::HEXUPPER.encode(&terminal.ksn(7))
    );
}

#[test]
fn what_somebody_else_makes_up_uses_no_key_of_the_till_up() {
    let terminal = Terminal::new(DukptScheme::Aes256);
    let host = terminal.folder.start();
    let mut line = Line8583::to(host.addr());
    let mut forged = terminal.request(&Charge::numbered(1), 5);
    dukpt_of(&mut forged).mac = bytes(&[0; 16]);
    assert_eq!(line.authorise(&forged).response_code, "96");
    let honest = terminal.request(&Charge::numbered(2), 5);
    assert_eq!(line.authorise(&honest).response_code, "00");
}

#[test]
fn a_sealed_card_opens_for_its_own_attempt_amount_and_terminal_only() {
    let terminal = Terminal::new(DukptScheme::Aes128);
    let own = terminal.request(&Charge::numbered(1), 1);
    let with = |change: fn(&mut AuthoriseRequest)| {
        let mut moved = own.clone();
        change(&mut moved);
        terminal.answer(&moved)
    };
    assert_eq!(with(|_| ()), "00");
    assert_eq!(with(|r| r.attempt = attempt(9)), "96");
    assert_eq!(with(|r| r.amount_minor = 1235), "96");
    assert_eq!(with(|r| r.currency = sealpoint_wire::Currency::Gbp), "96");
    assert_eq!(
        with(|r| r.terminal = "T0000002".parse().expect("a terminal id")),
        "96"
    );
}

#[test]
fn damage_anywhere_and_other_keys_stay_closed() {
    let terminal = Terminal::new(DukptScheme::Aes128);
    let own = terminal.request(&Charge::numbered(1), 3);
    let with = |change: fn(&mut DukptSealed)| {
        let mut changed = own.clone();
        change(dukpt_of(&mut changed));
        terminal.answer(&changed)
    };
    assert_eq!(with(|s| s.ciphertext = flipped(&s.ciphertext, 0)), "96");
    assert_eq!(with(|s| s.ciphertext = flipped(&s.ciphertext, 31)), "96");
    assert_eq!(with(|s| s.mac = flipped(&s.mac, 15)), "96");
    assert_eq!(with(|s| s.mac = bytes(&s.mac.as_slice()[..8])), "96");
    assert_eq!(with(|s| s.mac = bytes(&[])), "96");
    assert_eq!(
        with(|s| s.ksn = flipped(&s.ksn, 0)),
        "96",
        "another base key"
    );
    assert_eq!(
        with(|s| s.ksn = flipped(&s.ksn, 7)),
        "96",
        "another terminal"
    );
    assert_eq!(
        with(|s| s.ksn = flipped(&s.ksn, 11)),
        "96",
        "another counter"
    );
    assert_eq!(with(|s| s.ksn = bytes(&s.ksn.as_slice()[..10])), "96");
    assert_eq!(with(|s| s.scheme = DukptScheme::Aes192), "96");
    assert_eq!(with(|s| s.scheme = DukptScheme::Tdes2), "96");
    assert_eq!(
        with(|s| s.key_id = "dukpt-2".parse().expect("a key id")),
        "96"
    );
}

#[test]
fn a_seal_that_holds_over_no_card_is_refused() {
    let terminal = Terminal::new(DukptScheme::Aes128);
    let charge = Charge::numbered(1);
    let whole = card(&charge);
    let mut dirty = padded(&whole, 16);
    if let Some(last) = dirty.last_mut() {
        *last = 1;
    }
    for wrong in [
        vec![],
        vec![0; 32],
        dirty,
        padded(&whole[..9], 16),
        padded(b"no TLV at all", 16),
    ] {
        let sealed = SealedCard::Dukpt(terminal.seal(&charge, 1, &wrong));
        let request = terminal.folder.request_with(&charge, sealed);
        assert_eq!(terminal.answer(&request), "96", "{wrong:?}");
    }
}

#[test]
fn the_ledger_keeps_of_a_sealed_card_the_serial_number_of_its_key_and_no_more() {
    let terminal = Terminal::new(DukptScheme::Aes128);
    let mut request = terminal.request(&Charge::numbered(1), 1);
    assert_eq!(terminal.answer(&request), "00");
    let ledger = std::fs::read_to_string(terminal.folder.ledger_file()).expect("a ledger");
    let emv = request.de55.as_slice().to_vec();
    let sealed = dukpt_of(&mut request);
    for kept_nowhere in [sealed.ciphertext.as_slice(), sealed.mac.as_slice(), &emv] {
        for text in [
            data_encoding::BASE64.encode(kept_nowhere),
            data_encoding::HEXUPPER.encode(kept_nowhere),
            data_encoding::HEXLOWER.encode(kept_nowhere),
        ] {
            assert!(!ledger.contains(&text), "{ledger}");
        }
    }
    assert!(!ledger.contains(VISA) && !ledger.contains(&VISA[6..12]));
}

fn flipped(of: &sealpoint_wire::Bytes, at: usize) -> sealpoint_wire::Bytes {
    let mut changed = of.as_slice().to_vec();
    changed[at] ^= 1;
    bytes(&changed)
}
