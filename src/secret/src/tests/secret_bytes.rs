use crate::SecretBytes;

#[test]
fn the_bound_holds_and_a_refused_write_changes_nothing() {
    let mut bytes = SecretBytes::with_bound(3);
    assert!(bytes.append(&[1, 2]).is_ok());
    let full = bytes.append(&[3, 4]).expect_err("it is full");
    assert_eq!((full.wanted, full.bound), (4, 3));
    assert_eq!(bytes.expose(), [1, 2]);
    assert!(bytes.append(&[3]).is_ok());
    assert_eq!(bytes.len(), 3);
}

#[test]
fn fill_replaces_and_never_counts_more_than_the_bound() {
    let mut bytes = SecretBytes::from_slice(&[9; 4]);
    let filled = bytes.fill(|room| {
        assert_eq!(room, [0; 4], "the old content is wiped first");
        room[0] = 1;
        Ok::<_, ()>(1)
    });
    assert_eq!((filled, bytes.expose()), (Ok(1), &[1][..]));
    assert_eq!(bytes.fill(|_| Ok::<_, ()>(99)), Ok(4));
}

#[test]
fn a_failed_fill_leaves_nothing() {
    let mut bytes = SecretBytes::with_bound(4);
    let failed = bytes.fill(|room| {
        room.fill(5);
        Err::<usize, _>("the reader went away")
    });
    assert_eq!(failed, Err("the reader went away"));
    assert!(bytes.is_empty());
    let regained = bytes.fill(|room| Ok::<_, ()>(room.len()));
    assert_eq!((regained, bytes.expose()), (Ok(4), &[0; 4][..]));
}

#[test]
fn it_is_filled_from_a_source_that_gives_little_at_a_time() {
    /// Gives one byte a read, and is interrupted before each.
    struct Trickle(u8, bool);
    impl std::io::Read for Trickle {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(std::io::ErrorKind::Interrupted.into());
            }
            if self.0 == 0 {
                return Ok(0);
            }
            room[0] = self.0;
            self.0 -= 1;
            Ok(1)
        }
    }
    let mut bytes = SecretBytes::with_bound(4);
    assert_eq!(bytes.fill_from(Trickle(3, false)).expect("it reads"), 3);
    assert_eq!(bytes.expose(), [3, 2, 1]);
    assert_eq!(bytes.fill_from(Trickle(9, false)).expect("it reads"), 4);
    assert_eq!(bytes.expose(), [9, 8, 7, 6], "no more than the bound");
}
