//! What a share must be.

use rustls::crypto::{ActiveKeyExchange, SharedSecret};
use rustls::{Error, PeerMisbehaved};

use crate::X25519MLKEM768 as GROUP;

const CLIENT_LEN: usize = 1184 + 32;
const SERVER_LEN: usize = 1088 + 32;

/// Points whose order divides 8, and their other spellings (RFC 7748 section 6.1 with section 5).
const LOW_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn client() -> Box<dyn ActiveKeyExchange> {
    GROUP.start().expect("random bytes")
}

fn is_refused<T>(outcome: Result<T, Error>) -> bool {
    matches!(
        outcome,
        Err(Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare))
    )
}

fn answer(share: &[u8]) -> Result<(Vec<u8>, SharedSecret), Error> {
    GROUP
        .start_and_complete(share)
        .map(|done| (done.pub_key, done.secret))
}

#[test]
fn both_ends_agree_and_each_time_on_something_else() {
    let mut seen = Vec::new();
    for _ in 0..4 {
        let client = client();
        assert_eq!(client.pub_key().len(), CLIENT_LEN);
        let (share, secret) = answer(client.pub_key()).expect("a good share");
        assert_eq!(share.len(), SERVER_LEN);
        let agreed = client.complete(&share).expect("a good answer");
        assert_eq!(agreed.secret_bytes(), secret.secret_bytes());
        assert_eq!(agreed.secret_bytes().len(), 64);
        assert!(!seen.contains(&agreed.secret_bytes().to_vec()));
        seen.push(agreed.secret_bytes().to_vec());
    }
}

#[test]
fn a_share_of_another_length_is_refused() {
    let good = client().pub_key().to_vec();
    for len in [
        0,
        1,
        31,
        32,
        1184,
        CLIENT_LEN - 1,
        CLIENT_LEN + 1,
        2 * CLIENT_LEN,
    ] {
        let share: Vec<u8> = good.iter().copied().cycle().take(len).collect();
        assert!(is_refused(answer(&share)), "{len} bytes from a client");
    }
    for len in [0, 1, 32, 1088, SERVER_LEN - 1, SERVER_LEN + 1] {
        let client = client();
        let (good, _) = answer(client.pub_key()).expect("a good share");
        let share: Vec<u8> = good.iter().copied().cycle().take(len).collect();
        assert!(
            is_refused(client.complete(&share)),
            "{len} bytes from a server"
        );
    }
}

#[test]
fn an_encapsulation_key_out_of_range_is_refused() {
    let mut share = client().pub_key().to_vec();
    // Two coefficients of twelve bits, each 4095: more than q - 1 = 3328 (FIPS 203 section 7.2).
    share[..3].fill(0xFF);
    assert!(is_refused(answer(&share)));
}

#[test]
fn a_point_of_low_order_is_refused_at_both_ends() {
    for point in LOW_ORDER {
        let point = data_encoding::HEXLOWER
            .decode(point.as_bytes())
            .expect("hex");
        let mut share = client().pub_key().to_vec();
        share[CLIENT_LEN - 32..].copy_from_slice(&point);
        assert!(is_refused(answer(&share)), "from a client: {point:02x?}");

        let client = client();
        let (mut share, _) = answer(client.pub_key()).expect("a good share");
        share[SERVER_LEN - 32..].copy_from_slice(&point);
        assert!(
            is_refused(client.complete(&share)),
            "from a server: {point:02x?}"
        );
    }
}

#[test]
fn each_half_counts() {
    for place in [0, 500, 1087, 1088, SERVER_LEN - 2] {
        let client = client();
        let (mut share, secret) = answer(client.pub_key()).expect("a good share");
        share[place] ^= 1;
        // A changed ciphertext gives another secret (implicit rejection), a changed point too.
        let agreed = client.complete(&share).expect("it looks like a share");
        assert_ne!(agreed.secret_bytes(), secret.secret_bytes(), "byte {place}");
        let half = usize::from(place >= 1088) * 32;
        let other = 32 - half;
        assert_eq!(
            agreed.secret_bytes()[other..other + 32],
            secret.secret_bytes()[other..other + 32],
            "the other half does not change with byte {place}"
        );
    }
}
