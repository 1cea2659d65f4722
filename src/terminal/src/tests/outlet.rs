use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::{MAX_UNREAD, Outlet};

/// More than a socket buffers.
fn long(n: usize) -> String {
    format!("{n} {}", "x".repeat(1024 * 1024))
}

fn numbers(reader: UnixStream) -> Vec<usize> {
    BufReader::new(reader)
        .lines()
        .map_while(Result::ok)
        .map(|line| {
            line.split(' ')
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a number")
        })
        .collect()
}

#[test]
fn nobody_waits_for_one_who_does_not_read_and_the_latest_views_are_kept() {
    let (out, reader) = UnixStream::pair().expect("a socket pair");
    let outlet = Outlet::new(Box::new(out));
    let last = 3 * MAX_UNREAD;
    for n in 0..=last {
        outlet.tell(long(n));
    }
    let hearing = std::thread::spawn(move || numbers(reader));
    drop(outlet);
    let heard = hearing.join().expect("the reader ends");
    assert!(
        heard.len() <= MAX_UNREAD + 1,
        "{} lines were kept",
        heard.len()
    );
    assert_eq!(heard.last(), Some(&last), "the latest view comes");
    assert!(heard.is_sorted(), "in order");
}

#[test]
fn an_answer_is_never_dropped_and_done_means_written() {
    let (out, reader) = UnixStream::pair().expect("a socket pair");
    let outlet = Outlet::new(Box::new(out));
    outlet.tell(long(0));
    let (done, written) = channel();
    outlet.answer(long(1), done);
    for n in 2..3 * MAX_UNREAD {
        outlet.tell(long(n));
    }
    assert!(written.try_recv().is_err(), "it was not read yet");
    let hearing = std::thread::spawn(move || numbers(reader));
    written
        .recv_timeout(Duration::from_secs(60))
        .expect("it is written once it is read");
    drop(outlet);
    assert!(hearing.join().expect("the reader ends").contains(&1));
}

#[test]
fn one_who_went_away_holds_up_nothing() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let outlet = Outlet::new(Box::new(Gone));
    for _ in 0..3 {
        let (done, written) = channel();
        outlet.answer("{}".to_owned(), done);
        written
            .recv_timeout(Duration::from_secs(60))
            .expect("the next line may be read");
    }
}
