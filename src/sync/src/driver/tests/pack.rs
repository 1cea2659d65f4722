use std::io::Read;

use flate2::read::GzDecoder;
use hyper::HeaderMap;

use super::{WORTH_IT, pack, takes_gzip};

#[test]
fn what_is_packed_unpacks_to_the_same_bytes_and_is_smaller() {
    let body = br#"{"id":"01","sum":100}"#.repeat(100);
    let packed = pack(&body).expect("worth it");
    assert!(packed.len() < body.len() / 4, "{}", packed.len());
    let mut unpacked = vec![];
    GzDecoder::new(&packed[..])
        .read_to_end(&mut unpacked)
        .expect("gzip");
    assert_eq!(unpacked, body);
}

#[test]
fn what_is_small_or_has_no_repetition_travels_as_it_is() {
    assert_eq!(pack(&vec![b'a'; WORTH_IT - 1]), None);
    // A linear congruence: nothing that repeats within the window.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(4096)
    .collect();
    assert_eq!(pack(&noise), None);
}

#[test]
fn a_collector_says_itself_whether_it_takes_gzip() {
    let said = |text: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("accept-encoding", text.parse().expect("a value"));
        takes_gzip(&headers)
    };
    assert_eq!(said("gzip"), Some(true));
    assert_eq!(said("br, GZIP;q=0.5"), Some(true));
    assert_eq!(said("gzip;q=0"), Some(false));
    assert_eq!(said("identity"), Some(false));
    assert_eq!(said(""), Some(false));
    assert_eq!(takes_gzip(&HeaderMap::new()), None);
}
