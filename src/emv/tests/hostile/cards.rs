//! The cards, as their issuer made them: every simulated card that there is.

use std::io::Write;

use sealpoint_cardsim::{Card, IssuerKeys, Profile, profile};

use crate::numbers::Numbers;

/// The issuer's test keys: fixed, so that a seed is the same charge everywhere.
const KEYS: &str = r#"
[[key]]
prefix = "4"
index = 1
ac = "0123456789abcdeffedcba9876543210"
mac = "112233445566778899aabbccddeeff00"
enc = "00ffeeddccbbaa998877665544332211"

[[key]]
prefix = "5"
index = 1
ac = "23456789abcdeffedcba987654321001"
mac = "2233445566778899aabbccddeeff0011"
enc = "11ffeeddccbbaa998877665544332200"

[[key]]
prefix = "3"
index = 1
ac = "3456789abcdeffedcba9876543210012"
mac = "3344556677889900aabbccddeeff1122"
enc = "33ffeeddccbbaa998877665544110022"

[[key]]
prefix = "6"
index = 1
ac = "456789abcdeffedcba98765432100123"
mac = "33445566778899aabbccddeeff001122"
enc = "22ffeeddccbbaa998877665544331100"
"#;

/// Cards that go all the way, which half of the charges are played with: as they are, and willing to
/// approve without the host.
const WHOLE: [&str; 16] = [
    "approves-offline",
    "cda",
    "cda-pin",
    "dda",
    "demands-issuer-authentication",
    "mchip-17",
    "online-pin",
    "pin-plaintext",
    "qvsdc",
    "qvsdc-cvm",
    "qvsdc-offline",
    "scripts",
    "sda",
    "t0",
    "two-applications",
    "visa-approved",
];

pub struct Cards {
    pub issuer: IssuerKeys,
    all: Vec<Profile>,
    whole: Vec<Profile>,
}

impl Cards {
    pub fn new() -> Self {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(KEYS.as_bytes())
            .expect("the file takes the keys");
        let of = |name: &str| profile::all().into_iter().find(|card| card.name == name);
        let whole = WHOLE.map(|name| of(name).expect("a card that is shipped"));
        let alone = whole.clone().map(|mut card| {
            card.behaviour.approves_offline = true;
            card
        });
        Self {
            issuer: IssuerKeys::load(file.path()).expect("the keys can be read"),
            all: profile::all(),
            whole: whole.into_iter().chain(alone).collect(),
        }
    }

    /// One of them.
    pub fn pick(&self, numbers: &mut Numbers) -> &Profile {
        let half = numbers.chance(500);
        numbers.pick(if half { &self.whole } else { &self.all })
    }

    /// A new card of that profile.
    pub fn personalise(&self, profile: &Profile) -> Card {
        Card::new(profile, &self.issuer).expect("the issuer has keys for every profile")
    }
}
