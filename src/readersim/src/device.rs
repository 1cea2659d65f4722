//! The name of the device in `reader.conf.d`: a Unix socket and how many slots.

use std::path::PathBuf;

/// Slots of all readers together that `pcscd` can hold (`PCSCLITE_MAX_READERS_CONTEXTS`).
pub const MAX_SLOTS: u8 = 16;

/// Where the reader is, and how many slots it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// The socket of `cardsim ifd`.
    pub socket: PathBuf,
    /// From 1 to [`MAX_SLOTS`].
    pub slots: u8,
}

impl Device {
    /// Takes `SOCKET` or `SOCKET:SLOTS` apart. The path is absolute, since `pcscd` runs in a
    /// folder of its own.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (socket, slots) = match name.rsplit_once(':') {
            Some((socket, slots)) => (socket, slots.parse().ok()?),
            None => (name, 1),
        };
        let fits = (1..=MAX_SLOTS).contains(&slots) && socket.starts_with('/');
        fits.then(|| Self {
            socket: socket.into(),
            slots,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Device;

    #[test]
    fn a_socket_has_one_slot_unless_it_says_how_many() {
        for (name, socket, slots) in [
            ("/run/ifd", "/run/ifd", 1),
            ("/run/ifd:2", "/run/ifd", 2),
            ("/run/a:b:16", "/run/a:b", 16),
        ] {
            let device = Device::parse(name).expect(name);
            assert_eq!((device.socket, device.slots), (socket.into(), slots));
        }
    }

    #[test]
    fn a_name_that_is_no_absolute_socket_is_refused() {
        for name in [
            "",
            "ifd",
            ":",
            ":2",
            "/run/ifd:0",
            "/run/ifd:17",
            "/run/ifd:x",
            "/run/ifd:",
        ] {
            assert_eq!(Device::parse(name), None, "{name:?}");
        }
    }
}
