//! Commands on the TPM's own memory (Part 3, 31).

use super::buffer::{Broken, Reader, Writer};
use super::{Auth, Tpm, TpmError, algorithm};

/// Bytes that every TPM for a PC gives at once (`TPM_PT_NV_BUFFER_MAX` is 512 or more).
const PIECE: u16 = 512;

/// What an index is (`TPMS_NV_PUBLIC`, Part 2, 13.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NvPublic {
    /// Its handle.
    pub index: u32,
    /// `TPMA_NV`, Part 2, 13.4.
    pub attributes: u32,
    /// Its policy: empty, or a hash.
    pub policy: Vec<u8>,
    /// Its bytes.
    pub size: u16,
}

impl NvPublic {
    fn write(&self) -> Result<Vec<u8>, Broken> {
        let written = Writer::default()
            .u32(self.index)
            .u16(algorithm::SHA256)
            .u32(self.attributes)
            .sized(&self.policy)?
            .u16(self.size);
        Ok(written.done())
    }

    fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let mut reader = Reader::new(bytes);
        let index = reader.u32()?;
        let _name_algorithm = reader.u16()?;
        Ok(Self {
            index,
            attributes: reader.u32()?,
            policy: reader.sized()?.to_vec(),
            size: reader.u16()?,
        })
    }
}

impl Tpm {
    /// `TPM2_NV_ReadPublic` (31.6); `None` if there is no such index.
    ///
    /// # Errors
    /// [`TpmError`]. So with all below.
    pub fn nv_public(&mut self, index: u32) -> Result<Option<NvPublic>, TpmError> {
        let name = ("TPM2_NV_ReadPublic", 0x169);
        match self.run(name, &[index], &[], &[]) {
            Ok(response) => response
                .read(|reader| NvPublic::read(reader.sized()?))
                .map(Some),
            Err(error) if error.is_no_handle() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `TPM2_NV_Read` (31.13) by the index's own, empty, password: so many bytes from its start.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn nv_read(&mut self, index: u32, size: u16) -> Result<Vec<u8>, TpmError> {
        let mut read = Vec::with_capacity(size.into());
        let mut offset = 0;
        while offset < size {
            let piece = PIECE.min(size - offset);
            let parameters = Writer::default().u16(piece).u16(offset).done();
            let name = ("TPM2_NV_Read", 0x14E);
            let bytes = self
                .run(name, &[index, index], &[Auth::Empty], &parameters)?
                .read(|reader| {
                    let bytes = reader.sized()?;
                    if bytes.len() == usize::from(piece) {
                        Ok(bytes.to_vec())
                    } else {
                        Err(Broken)
                    }
                })?;
            read.extend(bytes);
            offset += piece;
        }
        Ok(read)
    }

    /// `TPM2_NV_DefineSpace` (31.3) under `hierarchy`, with an empty password.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn nv_define(&mut self, hierarchy: u32, public: &NvPublic) -> Result<(), TpmError> {
        let parameters = Writer::default().empty().sized(&public.write()?)?.done();
        let name = ("TPM2_NV_DefineSpace", 0x12A);
        self.run(name, &[hierarchy], &[Auth::Empty], &parameters)
            .map(drop)
    }

    /// `TPM2_NV_UndefineSpace` (31.4).
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn nv_undefine(&mut self, hierarchy: u32, index: u32) -> Result<(), TpmError> {
        let name = ("TPM2_NV_UndefineSpace", 0x122);
        self.run(name, &[hierarchy, index], &[Auth::Empty], &[])
            .map(drop)
    }

    /// `TPM2_NV_Increment` (31.8): a counter goes up by one.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn nv_increment(&mut self, hierarchy: u32, index: u32) -> Result<(), TpmError> {
        let name = ("TPM2_NV_Increment", 0x134);
        self.run(name, &[hierarchy, index], &[Auth::Empty], &[])
            .map(drop)
    }
}
