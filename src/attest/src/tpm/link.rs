//! The way to a TPM: a device of the kernel, or, for tests, a TPM in software behind a Unix socket.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::{Tpm, TpmError};

/// The kernel's resource manager, which gives each process handles of its own and cleans up behind it.
pub const DEVICE: &str = "/dev/tpmrm0";
/// Bytes of a response at most (`TPM_PT_MAX_RESPONSE_SIZE` is 4096 on every TPM for a PC).
const MAX_RESPONSE: usize = 4096;

/// Takes a command there and its response back.
pub trait Link: Send {
    /// One command, one response.
    ///
    /// # Errors
    /// The way there or back broke.
    fn transact(&mut self, command: &[u8]) -> io::Result<Vec<u8>>;
}

/// The kernel takes a command with one write and gives its response with one read (tpm(4)).
impl Link for File {
    fn transact(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let written = self.write(command)?;
        if written != command.len() {
            return Err(io::Error::from(io::ErrorKind::WriteZero));
        }
        let mut response = vec![0; MAX_RESPONSE];
        let length = self.read(&mut response)?;
        response.truncate(length);
        Ok(response)
    }
}

/// Opens the TPM at this path.
///
/// # Errors
/// [`TpmError::Absent`] where there is none, [`TpmError::Closed`] where it may not be opened.
pub fn open(path: &Path) -> Result<Tpm, TpmError> {
    #[cfg(feature = "simulator")]
    if let Some(tpm) = simulator::open(path) {
        return tpm;
    }
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(device) => Ok(Tpm::new(device)),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound)
                || error.raw_os_error() == Some(NO_DEVICE) =>
        {
            Err(TpmError::Absent(path.to_owned()))
        }
        Err(error) => Err(TpmError::Closed {
            path: path.to_owned(),
            error,
        }),
    }
}

/// `ENODEV`, errno(3): a node without a device behind it.
const NO_DEVICE: i32 = 19;

#[cfg(feature = "simulator")]
mod simulator {
    use std::io::{self, Read, Write};
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::time::Duration;

    use super::{Link, MAX_RESPONSE};
    use crate::tpm::{Tpm, TpmError};

    /// A TPM in software under load answers within this.
    const PATIENCE: Duration = Duration::from_secs(60);
    /// Tag, length and code (Part 1, 18.2).
    const HEAD: usize = 10;

    impl Link for UnixStream {
        fn transact(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
            self.write_all(command)?;
            let mut response = vec![0; HEAD];
            self.read_exact(&mut response)?;
            let [_, _, length @ .., _, _, _, _] = <[u8; HEAD]>::try_from(response.as_slice())
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            let length = usize::try_from(u32::from_be_bytes(length))
                .ok()
                .filter(|length| (HEAD..=MAX_RESPONSE).contains(length))
                .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
            response.resize(length, 0);
            self.read_exact(&mut response[HEAD..])?;
            Ok(response)
        }
    }

    /// `None` if the path is no socket.
    pub(super) fn open(path: &Path) -> Option<Result<Tpm, TpmError>> {
        let is_socket = path
            .metadata()
            .is_ok_and(|file| file.file_type().is_socket());
        is_socket.then(|| {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(Tpm::new(stream))
        })
    }
}
