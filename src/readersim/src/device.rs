//! The name of the device in `reader.conf.d`: a Unix socket, how many slots, and which.

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
    /// The number of the first of them at the socket. One device can so be two readers with a
    /// name each, as devices with and without contacts often are.
    pub first: u8,
}

impl Device {
    /// Takes `SOCKET`, `SOCKET:SLOTS` or `SOCKET:SLOTS@FIRST` apart. The path is absolute, since
    /// `pcscd` runs in a folder of its own.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (socket, numbers) = name.rsplit_once(':').unwrap_or((name, "1"));
        let (slots, first) = numbers.split_once('@').unwrap_or((numbers, "0"));
        let (slots, first): (u8, u8) = (slots.parse().ok()?, first.parse().ok()?);
        let fits = slots > 0 && slots.checked_add(first)? <= MAX_SLOTS && socket.starts_with('/');
        fits.then(|| Self {
            socket: socket.into(),
            slots,
            first,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Device;

    #[test]
    fn a_socket_has_one_slot_unless_it_says_how_many() {
        for (name, socket, slots, first) in [
            ("/run/ifd", "/run/ifd", 1, 0),
            ("/run/ifd:2", "/run/ifd", 2, 0),
            ("/run/a:b:16", "/run/a:b", 16, 0),
            ("/run/ifd:1@15", "/run/ifd", 1, 15),
        ] {
            let socket = socket.into();
            let expected = Device {
                socket,
                slots,
                first,
            };
            assert_eq!(Device::parse(name), Some(expected), "{name}");
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
            "/run/ifd:1@",
            "/run/ifd:1@16",
            "/run/ifd:255@255",
        ] {
            assert_eq!(Device::parse(name), None, "{name:?}");
        }
    }
}
