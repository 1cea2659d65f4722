use crate::{Deframer, MAX_MESSAGE, frame};

#[test]
fn messages_come_out_however_the_bytes_arrive() {
    let stream = [b"one".as_slice(), b"", b"three"]
        .map(|m| frame(m).expect("short"))
        .concat();
    for step in 1..=stream.len() {
        let (mut deframer, mut seen) = (Deframer::default(), Vec::new());
        for part in stream.chunks(step) {
            deframer.push(part);
            while let Some(message) = deframer.message().expect("short lengths") {
                seen.push(message);
            }
        }
        assert_eq!(
            seen,
            [b"one".to_vec(), b"".to_vec(), b"three".to_vec()],
            "{step} at a time"
        );
        assert!(!deframer.is_inside());
    }
}

#[test]
fn a_cut_message_waits_for_the_rest() {
    let mut deframer = Deframer::default();
    deframer.push(&[0, 5, b'a']);
    assert_eq!(deframer.message(), Ok(None));
    assert!(deframer.is_inside());
}

#[test]
fn a_length_over_the_bound_ends_the_stream() {
    let mut deframer = Deframer::default();
    deframer.push(&[0xFF, 0xFF]);
    assert!(deframer.message().is_err());
    assert!(frame(&vec![0; MAX_MESSAGE + 1]).is_err());
    assert!(frame(&vec![0; MAX_MESSAGE]).is_ok());
}
