//! Commands (Part 3): keys, quotes, registers, authorisations.

use super::buffer::{Broken, Reader, Writer};
use super::error::RC_RETRY;
use super::{Link, TpmError, algorithm, handle};

/// `TPM_ST_NO_SESSIONS` and `TPM_ST_SESSIONS` (Part 2, 6.9): without and with authorisations.
const PLAIN: u16 = 0x8001;
const AUTHORISED: u16 = 0x8002;
/// Bytes before a response's handles and parameters.
const HEAD: usize = 10;
/// `TPM_SE_POLICY`.
const POLICY: u8 = 0x01;
/// Registers that fit one answer of `TPM2_PCR_Read` (a list of digests has 8 places).
const READ_AT_ONCE: usize = 8;
/// How often a command is given that the TPM asks to have again (`TPM_RC_RETRY`), as it may once after
/// it was switched on.
const TRIES: u32 = 3;
/// Nonce of a policy's start, which no check of ours relies on.
const NONCE: [u8; 16] = [0; 16];

/// A command's name and code (Part 2, 6.5.2).
pub(super) type Name = (&'static str, u32);

/// How a handle's use is authorised.
#[derive(Clone, Copy)]
pub enum Auth {
    /// By an empty password.
    Empty,
    /// By a policy that was satisfied; it ends with the command.
    Policy(u32),
}

/// A key that the TPM holds until it is flushed.
pub struct Made {
    /// Its handle.
    pub handle: u32,
    /// Its public part, `TPMT_PUBLIC`.
    pub public: Vec<u8>,
    /// Its name: the hash's algorithm and the hash of the public part (Part 1, 16).
    pub name: Vec<u8>,
}

/// A TPM.
pub struct Tpm(Box<dyn Link>);

/// A response without its head.
pub(super) struct Response {
    command: &'static str,
    body: Vec<u8>,
    authorised: bool,
}

impl Response {
    /// Reads the parameters; what stands behind them is left.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Broken>,
    ) -> Result<T, TpmError> {
        self.parse(|mut reader| {
            let parameters = self.parameters(&mut reader)?;
            read(&mut Reader::new(parameters))
        })
    }

    /// The handle, and the parameters behind it.
    pub(super) fn read_handle<T>(
        &self,
        read: impl FnOnce(u32, &mut Reader<'_>) -> Result<T, Broken>,
    ) -> Result<T, TpmError> {
        self.parse(|mut reader| {
            let handle = reader.u32()?;
            let parameters = self.parameters(&mut reader)?;
            read(handle, &mut Reader::new(parameters))
        })
    }

    fn parameters<'a>(&self, reader: &mut Reader<'a>) -> Result<&'a [u8], Broken> {
        if self.authorised {
            let length = reader.u32()?;
            reader.raw(usize::try_from(length).map_err(|_| Broken)?)
        } else {
            Ok(reader.rest())
        }
    }

    fn parse<'a, T>(
        &'a self,
        parse: impl FnOnce(Reader<'a>) -> Result<T, Broken>,
    ) -> Result<T, TpmError> {
        parse(Reader::new(&self.body)).map_err(|broken| TpmError::Answer {
            command: self.command,
            broken,
        })
    }
}

impl Tpm {
    /// A TPM behind this link.
    pub fn new(link: impl Link + 'static) -> Self {
        Self(Box::new(link))
    }

    /// One command: handles, their authorisations, parameters.
    pub(super) fn run(
        &mut self,
        (command, code): Name,
        handles: &[u32],
        auths: &[Auth],
        parameters: &[u8],
    ) -> Result<Response, TpmError> {
        let mut area = Writer::default();
        for auth in auths {
            // A policy's end with the command: `continueSession` (bit 0) is clear.
            let (by, attributes) = match auth {
                Auth::Empty => (handle::PASSWORD, 1),
                Auth::Policy(policy) => (*policy, 0),
            };
            area = area.u32(by).empty().u8(attributes).empty();
        }
        let area = area.done();
        let mut body = Writer::default();
        for handle in handles {
            body = body.u32(*handle);
        }
        if !auths.is_empty() {
            body = body.u32(length(&area)?).raw(&area);
        }
        let body = body.raw(parameters).done();
        let tag = if auths.is_empty() { PLAIN } else { AUTHORISED };
        let whole = u32::try_from(HEAD + body.len()).map_err(|_| Broken)?;
        let sent = Writer::default().u16(tag).u32(whole).u32(code).raw(&body);
        let sent = sent.done();
        let mut tries = 1;
        loop {
            match self.exchange(command, &sent) {
                Err(TpmError::Refused { code: RC_RETRY, .. }) if tries < TRIES => tries += 1,
                other => return other,
            }
        }
    }

    fn exchange(&mut self, command: &'static str, sent: &[u8]) -> Result<Response, TpmError> {
        let received = self.0.transact(sent)?;
        let broken = |broken| TpmError::Answer { command, broken };
        let mut reader = Reader::new(&received);
        let tag = reader.u16().map_err(broken)?;
        let said = reader.u32().map_err(broken)?;
        let code = reader.u32().map_err(broken)?;
        if usize::try_from(said) != Ok(received.len()) {
            return Err(broken(Broken));
        }
        if code != 0 {
            return Err(TpmError::Refused { command, code });
        }
        Ok(Response {
            command,
            body: reader.rest().to_vec(),
            authorised: tag == AUTHORISED,
        })
    }

    /// `TPM2_CreatePrimary` (24.1): the key that a hierarchy's seed and this template always give.
    ///
    /// # Errors
    /// [`TpmError`]. So with all below.
    pub fn create_primary(&mut self, hierarchy: u32, template: &[u8]) -> Result<Made, TpmError> {
        let sensitive = Writer::default().empty().empty().done();
        let parameters = Writer::default()
            .sized(&sensitive)?
            .sized(template)?
            .empty()
            .u32(0)
            .done();
        let name = ("TPM2_CreatePrimary", 0x131);
        self.run(name, &[hierarchy], &[Auth::Empty], &parameters)?
            .read_handle(|handle, reader| {
                let public = reader.sized()?.to_vec();
                let _creation_data = reader.sized()?;
                let _creation_hash = reader.sized()?;
                let _ticket = (reader.u16()?, reader.u32()?, reader.sized()?);
                let name = reader.sized()?.to_vec();
                Ok(Made {
                    handle,
                    public,
                    name,
                })
            })
    }

    /// `TPM2_FlushContext` (28.4): the handle's room is free again.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn flush(&mut self, handle: u32) -> Result<(), TpmError> {
        let parameters = Writer::default().u32(handle).done();
        self.run(("TPM2_FlushContext", 0x165), &[], &[], &parameters)
            .map(drop)
    }

    /// `TPM2_Quote` (18.4): what was signed (`TPMS_ATTEST`) and the signature (`TPMT_SIGNATURE`).
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn quote(
        &mut self,
        key: u32,
        nonce: &[u8],
        pcrs: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), TpmError> {
        let parameters = Writer::default()
            .sized(nonce)?
            .u16(algorithm::NULL)
            .raw(&selection(pcrs)?)
            .done();
        self.run(("TPM2_Quote", 0x158), &[key], &[Auth::Empty], &parameters)?
            .read(|reader| Ok((reader.sized()?.to_vec(), reader.rest().to_vec())))
    }

    /// `TPM2_PCR_Read` (22.4): the registers' values in the bank of SHA-256, in their order.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn pcr_read(&mut self, pcrs: &[u8]) -> Result<Vec<[u8; 32]>, TpmError> {
        let mut values = Vec::with_capacity(pcrs.len());
        for some in pcrs.chunks(READ_AT_ONCE) {
            let read = self
                .run(("TPM2_PCR_Read", 0x17E), &[], &[], &selection(some)?)?
                .read(|reader| {
                    let _counter = reader.u32()?;
                    if reader.raw(SELECTION)? != selection(some)? {
                        return Err(Broken);
                    }
                    let count = reader.u32()?;
                    if usize::try_from(count) != Ok(some.len()) {
                        return Err(Broken);
                    }
                    (0..count)
                        .map(|_| reader.sized()?.try_into().map_err(|_| Broken))
                        .collect::<Result<Vec<[u8; 32]>, Broken>>()
                })?;
            values.extend(read);
        }
        Ok(values)
    }

    /// `TPM2_StartAuthSession` (11.1) for a policy, and `TPM2_PolicySecret` (23.4) with an empty
    /// password for `entity`: what an endorsement key asks for.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn policy_secret(&mut self, entity: u32) -> Result<u32, TpmError> {
        let parameters = Writer::default()
            .sized(&NONCE)?
            .empty()
            .u8(POLICY)
            .u16(algorithm::NULL)
            .u16(algorithm::SHA256)
            .done();
        let start = ("TPM2_StartAuthSession", 0x176);
        let policy = self
            .run(start, &[handle::NULL, handle::NULL], &[], &parameters)?
            .read_handle(|handle, _| Ok(handle))?;
        let parameters = Writer::default().empty().empty().empty().u32(0).done();
        let secret = ("TPM2_PolicySecret", 0x151);
        match self.run(secret, &[entity, policy], &[Auth::Empty], &parameters) {
            Ok(_) => Ok(policy),
            Err(error) => {
                // Its room; what went wrong is said already.
                let _ = self.flush(policy);
                Err(error)
            }
        }
    }

    /// `TPM2_ActivateCredential` (12.5): what a credential holds, if it was made for the endorsement
    /// key `with` and the key `of`.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn activate_credential(
        &mut self,
        of: u32,
        with: (u32, Auth),
        blob: &[u8],
        secret: &[u8],
    ) -> Result<Vec<u8>, TpmError> {
        let parameters = Writer::default().sized(blob)?.sized(secret)?.done();
        let name = ("TPM2_ActivateCredential", 0x147);
        self.run(name, &[of, with.0], &[Auth::Empty, with.1], &parameters)?
            .read(|reader| Ok(reader.sized()?.to_vec()))
    }
}

#[cfg(feature = "simulator")]
impl Tpm {
    /// `TPM2_PCR_Extend` (22.2) in the bank of SHA-256. No program of a till extends a register; the
    /// tests change what a till has measured.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn pcr_extend(&mut self, pcr: u8, digest: &[u8; 32]) -> Result<(), TpmError> {
        let parameters = Writer::default()
            .u32(1)
            .u16(algorithm::SHA256)
            .raw(digest)
            .done();
        let name = ("TPM2_PCR_Extend", 0x182);
        self.run(name, &[pcr.into()], &[Auth::Empty], &parameters)
            .map(drop)
    }

    /// `TPM2_Clear` (24.6), as a machine's firmware does it for whoever asks it to.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn clear(&mut self) -> Result<(), TpmError> {
        let name = ("TPM2_Clear", 0x126);
        self.run(name, &[handle::PLATFORM], &[Auth::Empty], &[])
            .map(drop)
    }
}

/// Bytes of a selection.
const SELECTION: usize = 10;

/// `TPML_PCR_SELECTION` (Part 2, 10.9.7) of one bank, SHA-256.
fn selection(pcrs: &[u8]) -> Result<[u8; SELECTION], Broken> {
    let mut bits = 0_u32;
    for pcr in pcrs {
        if *pcr > 23 {
            return Err(Broken);
        }
        bits |= 1 << pcr;
    }
    let [low, middle, high, _] = bits.to_le_bytes();
    let [bank, bank_low] = algorithm::SHA256.to_be_bytes();
    Ok([0, 0, 0, 1, bank, bank_low, 3, low, middle, high])
}

pub(super) fn length(bytes: &[u8]) -> Result<u32, Broken> {
    u32::try_from(bytes.len()).map_err(|_| Broken)
}
