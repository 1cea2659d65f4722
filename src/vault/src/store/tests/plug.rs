//! The plug is pulled between any two steps of a change, on a disk that keeps only what it was told
//! to keep.

use std::io;

use super::super::{
    disk::{Disk, Refused, replace},
    identity::{IDENTITY_LEN, Identity},
};

/// A disk that forgets what was not synced, and that stops after some steps.
#[derive(Clone, Default)]
struct Weak {
    /// The store, as programs see it and as a power loss leaves it.
    store: Option<File>,
    durable_store: Option<File>,
    next: Option<File>,
    old: Option<File>,
    steps: Vec<&'static str>,
    stops_after: usize,
}

#[derive(Clone, Default, PartialEq, Eq, Debug)]
struct File {
    bytes: Vec<u8>,
    durable: Vec<u8>,
}

impl Weak {
    fn step(&mut self, name: &'static str) -> io::Result<()> {
        if self.steps.len() == self.stops_after {
            return Err(io::Error::other("the plug"));
        }
        self.steps.push(name);
        Ok(())
    }

    /// What is found after the power came back: the names that were durable, the bytes that were.
    fn after_power_loss(&self) -> Option<Vec<u8>> {
        let store = self.durable_store.as_ref()?;
        let old = self
            .old
            .as_ref()
            .filter(|old| old.bytes.len() == store.bytes.len());
        // The old file, if it still has the name, is as it was last overwritten.
        match old {
            Some(old) if self.durable_store != self.store => Some(old.durable.clone()),
            _ => Some(store.durable.clone()),
        }
    }
}

impl Disk for Weak {
    fn create(&mut self) -> io::Result<Option<Identity>> {
        self.step("create")?;
        self.next = Some(File::default());
        Ok(Some(Identity::from_bytes([1; IDENTITY_LEN])))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.step("write")?;
        self.next.as_mut().expect("created").bytes = bytes.to_vec();
        Ok(())
    }

    fn sync_file(&mut self) -> io::Result<()> {
        self.step("sync file")?;
        let next = self.next.as_mut().expect("created");
        next.durable = next.bytes.clone();
        Ok(())
    }

    fn rename(&mut self) -> io::Result<()> {
        self.step("rename")?;
        self.old = self.store.take();
        self.store = self.next.take();
        Ok(())
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.step("sync folder")?;
        self.durable_store = self.store.clone();
        Ok(())
    }

    fn erase_old(&mut self) -> io::Result<()> {
        self.step("erase")?;
        if let Some(old) = &mut self.old {
            old.bytes.fill(0);
            old.durable.fill(0);
        }
        Ok(())
    }
}

const OLD: &[u8] = b"counts to 7";
const NEW: &[u8] = b"counts to 8";

/// A disk with a store, that stops after so many steps.
fn disk(stops_after: usize) -> Weak {
    let store = File {
        bytes: OLD.to_vec(),
        durable: OLD.to_vec(),
    };
    Weak {
        store: Some(store.clone()),
        durable_store: Some(store),
        stops_after,
        ..Weak::default()
    }
}

#[test]
fn success_is_told_only_when_the_new_store_survives_a_power_loss() {
    let mut steps = 0;
    loop {
        let mut disk = disk(steps);
        let done = replace(&mut disk, |_| Ok(NEW.to_vec()));
        let found = disk.after_power_loss().expect("there is a store");
        assert!(
            found == OLD || found == NEW,
            "after {:?}: {found:?}",
            disk.steps
        );
        if done.is_ok() {
            assert_eq!(found, NEW, "told after {:?}", disk.steps);
            assert_eq!(disk.old.expect("the old file").durable, vec![0; OLD.len()]);
            break;
        }
        steps += 1;
        assert!(steps < 100, "it never succeeds");
    }
    assert_eq!(steps, 6);
}

#[test]
fn nothing_is_written_without_a_birth_time_or_random_bytes() {
    for why in [|| Refused::NoBirthTime, || Refused::NoRandomBytes] {
        let mut disk = disk(100);
        assert!(replace(&mut disk, |_| Err(why())).is_err());
        assert_eq!(disk.steps, ["create"]);
        assert_eq!(disk.store.expect("the old store").bytes, OLD);
    }
}
