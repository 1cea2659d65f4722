use crate::tlv::{NotTlv, objects, only};

#[test]
fn objects_come_in_order_with_their_whole_bytes() {
    let bytes = [
        &[0x9F, 0x26, 2, 1, 2][..],
        &[0x82, 0x81, 1, 9],
        &[0x71, 0x82, 0, 0],
    ]
    .concat();
    let seen: Vec<_> = objects(&bytes)
        .map(|object| object.map(|o| (o.tag, o.value.to_vec(), o.whole.len())))
        .collect::<Result<_, _>>()
        .expect("whole objects");
    assert_eq!(
        seen,
        [
            (0x9F26, vec![1, 2], 5),
            (0x82, vec![9], 4),
            (0x71, vec![], 4)
        ]
    );
}

#[test]
fn broken_objects_are_an_error_and_the_end() {
    let broken: [&[u8]; 7] = [
        &[0x9F],
        &[0x82],
        &[0x82, 2, 1],
        &[0x00, 0x00],
        &[0x82, 0x83, 0, 0, 1, 7],
        &[0x82, 0x80],
        &[0x9F, 0x81, 0x82, 0x03, 0],
    ];
    for bytes in broken {
        let seen: Vec<_> = objects(bytes).map(|object| object.map(|o| o.tag)).collect();
        assert_eq!(seen, [Err(NotTlv)], "{bytes:02X?}");
    }
}

#[test]
fn a_tag_that_comes_twice_is_not_guessed_at() {
    assert_eq!(only(&[0x82, 1, 1, 0x95, 1, 2], 0x95), Ok(Some(&[2][..])));
    assert_eq!(only(&[0x82, 1, 1], 0x95), Ok(None));
    assert_eq!(only(&[0x82, 1, 1, 0x82, 1, 1], 0x82), Err(NotTlv));
}
