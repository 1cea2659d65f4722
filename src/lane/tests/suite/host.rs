//! Acquirer and issuer: opens what the lane sealed, checks the card's cryptogram, and answers.

use std::{fs, path::Path};

use data_encoding::BASE64;
use hpke::{
    Deserializable, Kem, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
    single_shot_open,
};
use sealpoint_cardsim::{
    IssuerKeys,
    cryptogram::{AcElements, ChargeKeys, CryptogramVersion},
};
use sealpoint_emv::tlv;
use sealpoint_wire::{
    Bytes, Currency, HostAnswer, HostDecision, SealContext, SealedCard,
    seal::{SEAL_INFO, SealKind},
};

use crate::bench::{Online, TERMINAL};

/// Name of the key file that the lane looks for.
pub const KEY_FILE: &str = "acquirer.pub.toml";

pub struct Host {
    pub issuer: IssuerKeys,
    private: <XWing as Kem>::PrivateKey,
}

/// Card data as the acquirer reads it.
pub struct Opened {
    pub pan: String,
    pub track2: Option<Vec<u8>>,
    pub sequence: u8,
}

impl Host {
    /// Makes the issuer's and the acquirer's test keys, and puts the public one into `folder`.
    pub fn create(folder: &Path) -> Self {
        let issuer = IssuerKeys::create(&folder.join("issuer.toml")).expect("issuer keys");
        let (private, public) = XWing::derive_keypair(&[0x5A; 32]);
        let text = format!(
            "key_id = \"demo-1\"\nkem = \"x-wing\"\npublic = \"{}\"\n",
            BASE64.encode(&public.to_bytes())
        );
        fs::write(folder.join(KEY_FILE), text).expect("the key file is written");
        Self { issuer, private }
    }

    /// What was sealed for that attempt, for the amount that every order of the bench has.
    pub fn open(&self, online: &Online) -> Opened {
        let SealedCard::Hpke(sealed) = &online.sealed else {
            panic!("sealed to the public key that the bench set up");
        };
        let context = SealContext {
            terminal: TERMINAL.parse().expect("a terminal id"),
            attempt: online.attempt,
            key_id: sealed.key_id.clone(),
            amount_minor: 1_299,
            currency: Currency::Eur,
            kind: SealKind::Authorisation,
        };
        let enc = <XWing as Kem>::EncappedKey::from_bytes(sealed.enc.as_slice()).expect("enc");
        let plain = single_shot_open::<AesGcm256, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.private,
            &enc,
            SEAL_INFO,
            sealed.ciphertext.as_slice(),
            &context.aad(),
        )
        .expect("the acquirer can open what was sealed to it");
        let digits = hex(&find(&plain, 0x5A).expect("a PAN"));
        Opened {
            pan: digits.trim_end_matches('F').to_owned(),
            track2: find(&plain, 0x57),
            sequence: find(&plain, 0x5F34)
                .and_then(|value| value.first().copied())
                .unwrap_or(0),
        }
    }

    /// Checks the ARQC and answers as the issuer's decline list says.
    pub fn answer(&self, online: &Online) -> HostAnswer {
        let opened = self.open(online);
        let declined = self.issuer.declines(&opened.pan);
        let code = declined.unwrap_or(*b"00");
        self.answer_with(online, code, declined.is_none())
    }

    /// Checks the card's cryptogram, of whatever kind, over what DE 55 says.
    pub fn proven(&self, online: &Online) -> (CryptogramVersion, ChargeKeys, [u8; 8]) {
        let opened = self.open(online);
        let de55 = online.de55.as_slice();
        let found: Vec<(u32, Vec<u8>)> = objects(de55);
        let value = |tag: u32| {
            found
                .iter()
                .find(|(of, _)| *of == tag)
                .map(|(_, v)| v.as_slice())
        };
        let elements = AcElements::collect(|tag| value(tag.into())).expect("DE 55 is whole");
        let cryptogram: [u8; 8] = value(0x9F26)
            .and_then(|v| v.try_into().ok())
            .expect("a cryptogram");
        let iad = value(0x9F10).expect("issuer application data");
        let (version, key) = self
            .issuer
            .session_key(&opened.pan, opened.sequence, elements.atc, iad)
            .expect("the issuer knows the card");
        assert!(
            version.verify(&key, &elements, iad, &cryptogram),
            "the card's cryptogram"
        );
        (version, key, cryptogram)
    }

    fn answer_with(&self, online: &Online, code: [u8; 2], approved: bool) -> HostAnswer {
        let (version, key, arqc) = self.proven(online);
        let authentication = version.issuer_authentication_data(&key, arqc, code, approved);
        HostAnswer {
            decision: if approved {
                HostDecision::Approved
            } else {
                HostDecision::Declined
            },
            response_code: String::from_utf8(code.to_vec()).expect("ASCII"),
            approval_code: approved.then(|| "A12345".to_owned()),
            issuer_authentication: Bytes::try_from(authentication).expect("short"),
            scripts: Bytes::default(),
            approved_minor: None,
        }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXUPPER.encode(bytes)
}

/// The value of a tag among BER-TLV objects.
pub fn find(data: &[u8], tag: u32) -> Option<Vec<u8>> {
    objects(data)
        .into_iter()
        .find(|(of, _)| *of == tag)
        .map(|(_, value)| value)
}

fn objects(data: &[u8]) -> Vec<(u32, Vec<u8>)> {
    tlv::objects(data)
        .map(|object| {
            let object = object.expect("well-formed TLV");
            (object.tag.0, object.value.to_vec())
        })
        .collect()
}
