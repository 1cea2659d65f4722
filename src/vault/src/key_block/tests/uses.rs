//! What a key that came out of its block may be used as.

use sealpoint_secret::SecretBytes;
use sealpoint_wire::seal::DukptScheme;

use super::{initial_key_header, other, protection, secret, through};
use crate::{
    Registers,
    key_block::{
        Algorithm, Bindings, Exportability, Header, HmacHash, KeyVersion, ModeOfUse, OpenedKey,
        OptionalBlock, Unfit, Usage, Version,
    },
};

const AES_256: &str = "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4";
const TDES_2: &str = "6AC292FAA1315B4D858AB3A3D7D5933A";

fn opened(name: &str) -> OpenedKey {
    let (block, kbpk) = (other(name).block(), secret(&other(name).kbpk));
    let protection = protection(block.header().version, &kbpk);
    block
        .open(&protection, Bindings::Derivation)
        .expect("the sample opens")
}

fn initial_key(header: Header, len: usize) -> Result<DukptScheme, Unfit> {
    let key = secret(AES_256);
    let key = SecretBytes::from_slice(&key.expose()[..len]);
    through(header, &key, &secret(AES_256))
        .into_initial_key()
        .map(|initial| initial.scheme)
}

/// As the header of an initial AES key, with one thing changed.
fn with(change: impl FnOnce(&mut Header)) -> Header {
    let mut header = initial_key_header();
    change(&mut header);
    header
}

fn tdes_header(ksn: &str) -> Header {
    let mut header = Header::new(
        Version::D,
        Usage::INITIAL_DUKPT_KEY,
        Algorithm::Tdes,
        ModeOfUse::DERIVE,
    );
    header.optional = vec![OptionalBlock::new("KS", ksn).expect("it is printable")];
    header
}

fn initial_tdes_key(header: Header, key: &str) -> Result<DukptScheme, Unfit> {
    let opened = through(header, &secret(key), &secret(AES_256));
    opened.into_initial_key().map(|initial| initial.scheme)
}

#[test]
fn initial_keys_of_others_start_dukpt() {
    for (name, scheme, id) in [
        (
            "psec_d_aes_128_under_aes_128",
            DukptScheme::Aes128,
            "0102030405060708",
        ),
        (
            "psec_d_aes_192_under_aes_192",
            DukptScheme::Aes192,
            "1234567890123456",
        ),
        (
            "psec_b_initial_key",
            DukptScheme::Tdes2,
            "FFFF9876543210E00000",
        ),
    ] {
        let initial = opened(name).into_initial_key().expect("it is fit");
        assert_eq!(initial.scheme, scheme);
        assert_eq!(initial.id, secret(id).expose());
        let registers = Registers::from_initial_key(initial.scheme, &initial.key, &initial.id);
        assert!(registers.is_ok(), "{name}");
    }
}

#[test]
fn an_initial_aes_key_is_of_the_scheme_of_its_length() {
    assert_eq!(
        initial_key(initial_key_header(), 16),
        Ok(DukptScheme::Aes128)
    );
    assert_eq!(
        initial_key(initial_key_header(), 24),
        Ok(DukptScheme::Aes192)
    );
    assert_eq!(
        initial_key(initial_key_header(), 32),
        Ok(DukptScheme::Aes256)
    );
}

#[test]
fn an_initial_key_is_for_nothing_else() {
    for usage in [
        Usage::KEY_BLOCK_PROTECTION,
        Usage::HMAC,
        Usage::of(*b"B0"),
        Usage::of(*b"Z9"),
    ] {
        let header = with(|header| header.usage = usage);
        assert_eq!(
            initial_key(header, 16),
            Err(Unfit::Usage {
                found: usage,
                wanted: Usage::INITIAL_DUKPT_KEY,
            })
        );
    }
    for mode in [
        ModeOfUse::ENCRYPT,
        ModeOfUse::BOTH_WAYS,
        ModeOfUse::of(b'1'),
    ] {
        let header = with(|header| header.mode_of_use = mode);
        assert_eq!(initial_key(header, 16), Err(Unfit::ModeOfUse(mode)));
    }
    let header = with(|header| header.mode_of_use = ModeOfUse::ANY);
    assert!(initial_key(header, 16).is_ok());
    for exportability in [
        Exportability::NONE,
        Exportability::TRUSTED,
        Exportability::SENSITIVE,
    ] {
        let header = with(|header| header.exportability = exportability);
        assert!(initial_key(header, 16).is_ok());
    }
    let unknown = Exportability::of(b'7');
    let header = with(|header| header.exportability = unknown);
    assert_eq!(initial_key(header, 16), Err(Unfit::Exportability(unknown)));
    let header = with(|header| header.key_version = KeyVersion::Component('2'));
    assert_eq!(initial_key(header, 16), Err(Unfit::Component('2')));
    let header = with(|header| header.key_version = KeyVersion::Number(['1', '2']));
    assert!(initial_key(header, 16).is_ok());
    let header = with(|header| header.algorithm = Algorithm::Hmac);
    assert_eq!(
        initial_key(header, 16),
        Err(Unfit::Algorithm(Algorithm::Hmac))
    );
}

#[test]
fn an_initial_key_must_be_named() {
    let unnamed = Err(Unfit::Unnamed("IK"));
    let named = |id: &str, data: &str| {
        let block = OptionalBlock::new(id, data).expect("it is printable");
        initial_key(with(|header| header.optional = vec![block]), 16)
    };
    assert_eq!(
        initial_key(with(|header| header.optional.clear()), 16),
        unnamed
    );
    assert_eq!(named("KS", "FFFF9876543210E00000"), unnamed);
    for id in [
        "",
        "12345678901234",
        "123456789012345678",
        "123456789012345G",
        "abcdef1234567890",
    ] {
        assert_eq!(named("IK", id), unnamed, "{id}");
    }
    assert!(named("IK", "ABCDEF1234567890").is_ok());
}

#[test]
fn an_initial_tdes_key_has_two_parts_and_a_serial_number_at_zero() {
    let ksn = "FFFF9876543210E00000";
    assert_eq!(
        initial_tdes_key(tdes_header(ksn), TDES_2),
        Ok(DukptScheme::Tdes2)
    );
    let three = "8AA83BF8CBDA10620BC1BF19FBB6CD58BC313D4A371CA8B5";
    assert_eq!(
        initial_tdes_key(tdes_header(ksn), three),
        Err(Unfit::KeyLength(24))
    );
    for bad in [
        "",
        "FFFF9876543210E0",
        "FFFF9876543210E00000FF",
        "ffff9876543210e00000",
    ] {
        assert_eq!(
            initial_tdes_key(tdes_header(bad), TDES_2),
            Err(Unfit::Unnamed("KS")),
            "{bad}"
        );
    }
    for counted in [
        "FFFF9876543210E00001",
        "FFFF9876543210F00000",
        "FFFF98765432101FFFFF",
    ] {
        let refused = initial_tdes_key(tdes_header(counted), TDES_2);
        assert_eq!(refused, Err(Unfit::Counted), "{counted}");
    }
}

#[test]
fn a_key_under_a_weaker_protection_key_is_refused() {
    let tdes = secret("8AA83BF8CBDA10620BC1BF19FBB6CD58BC313D4A371CA8B5");
    let aes_128 = SecretBytes::from_slice(&secret(AES_256).expose()[..16]);
    for (version, kbpk) in [(Version::B, &tdes), (Version::D, &aes_128)] {
        let refused = super::OpenedKey::new(
            with(|header| header.version = version),
            secret(AES_256),
            protection(version, kbpk).strength_bits(),
        );
        assert_eq!(
            refused.into_initial_key().err(),
            Some(Unfit::WeakerProtection)
        );
    }
}

#[test]
fn a_protection_key_of_others_is_taken() {
    let name = "psec_b_three_keys_under_three_keys";
    let (algorithm, key) = opened(name).into_protection_key().expect("it is fit");
    assert_eq!(algorithm, Algorithm::Tdes);
    assert_eq!(key.expose(), secret(&other(name).key).expose());
    for usage in [Usage::KEY_BLOCK_PROTECTION, Usage::KEY_ENCRYPTION] {
        for mode in [ModeOfUse::BOTH_WAYS, ModeOfUse::DECRYPT, ModeOfUse::ANY] {
            let header = Header::new(Version::D, usage, Algorithm::Aes, mode);
            let opened = through(header, &secret(AES_256), &secret(AES_256));
            let (algorithm, key) = opened.into_protection_key().expect("it is fit");
            assert_eq!(algorithm, Algorithm::Aes);
            assert_eq!(key.expose(), secret(AES_256).expose());
        }
    }
    let usage = Usage::KEY_BLOCK_PROTECTION;
    for mode in [ModeOfUse::ENCRYPT, ModeOfUse::DERIVE] {
        let header = Header::new(Version::D, usage, Algorithm::Aes, mode);
        let opened = through(header, &secret(AES_256), &secret(AES_256));
        assert_eq!(
            opened.into_protection_key().err(),
            Some(Unfit::ModeOfUse(mode))
        );
    }
    let header = Header::new(Version::D, usage, Algorithm::Hmac, ModeOfUse::BOTH_WAYS);
    let opened = through(header, &secret(AES_256), &secret(AES_256));
    assert_eq!(
        opened.into_protection_key().err(),
        Some(Unfit::Algorithm(Algorithm::Hmac))
    );
    let opened = through(initial_key_header(), &secret(AES_256), &secret(AES_256));
    assert_eq!(
        opened.into_protection_key().err(),
        Some(Unfit::Usage {
            found: Usage::INITIAL_DUKPT_KEY,
            wanted: Usage::KEY_BLOCK_PROTECTION,
        })
    );
}

#[test]
fn a_token_key_is_for_hmac_with_sha_256_and_32_bytes() {
    let key = opened("psec_d_hmac").into_token_key().expect("it is fit");
    assert_eq!(key.expose(), secret(&other("psec_d_hmac").key).expose());
    let token = |change: &dyn Fn(&mut Header), key: &str| {
        let mut header = Header::new(
            Version::D,
            Usage::HMAC,
            Algorithm::Hmac,
            ModeOfUse::GENERATE_AND_VERIFY,
        );
        header.optional = vec![OptionalBlock::hash(HmacHash::SHA_256)];
        change(&mut header);
        through(header, &secret(key), &secret(AES_256))
            .into_token_key()
            .err()
    };
    assert_eq!(token(&|_| {}, AES_256), None);
    assert_eq!(token(&|_| {}, TDES_2), Some(Unfit::KeyLength(16)));
    assert_eq!(
        token(&|header| header.optional.clear(), AES_256),
        Some(Unfit::Hash)
    );
    let sha_1 = |header: &mut Header| {
        header.optional = vec![OptionalBlock::new("HM", "10").expect("it is printable")];
    };
    assert_eq!(token(&sha_1, AES_256), Some(Unfit::Hash));
    let verify = |header: &mut Header| header.mode_of_use = ModeOfUse::of(b'V');
    assert_eq!(
        token(&verify, AES_256),
        Some(Unfit::ModeOfUse(ModeOfUse::of(b'V')))
    );
    let aes = |header: &mut Header| header.algorithm = Algorithm::Aes;
    assert_eq!(token(&aes, AES_256), Some(Unfit::Algorithm(Algorithm::Aes)));
    let other = |header: &mut Header| header.usage = Usage::of(*b"M6");
    assert!(matches!(token(&other, AES_256), Some(Unfit::Usage { .. })));
}
