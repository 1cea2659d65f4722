//! Big-endian numbers and sized buffers (Part 1, "Data Structures").

/// The TPM's answer, or what a caller gave for a part of a command, is not of the form that it must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is not of the form that TPM 2.0 gives it")]
pub struct Broken;

/// Puts a command's parts one behind the other.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// One byte.
    #[must_use]
    pub fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    /// Two bytes.
    #[must_use]
    pub fn u16(self, value: u16) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Four bytes.
    #[must_use]
    pub fn u32(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Bytes as they are.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes behind their length in two bytes: a `TPM2B`.
    ///
    /// # Errors
    /// [`Broken`] for more than 65535 bytes.
    pub fn sized(self, bytes: &[u8]) -> Result<Self, Broken> {
        let length = u16::try_from(bytes.len()).map_err(|_| Broken)?;
        Ok(self.u16(length).raw(bytes))
    }

    /// An empty `TPM2B`.
    #[must_use]
    pub fn empty(self) -> Self {
        self.u16(0)
    }

    /// What was put together.
    #[must_use]
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Takes an answer's parts one after the other.
#[derive(Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// At the start of these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// So many bytes.
    ///
    /// # Errors
    /// [`Broken`] if fewer are left. So with the others below.
    pub fn raw(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    /// An array.
    ///
    /// # Errors
    /// See [`Reader::raw`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        self.raw(N)?.try_into().map_err(|_| Broken)
    }

    /// One byte.
    ///
    /// # Errors
    /// See [`Reader::raw`].
    pub fn u8(&mut self) -> Result<u8, Broken> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes.
    ///
    /// # Errors
    /// See [`Reader::raw`].
    pub fn u16(&mut self) -> Result<u16, Broken> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes.
    ///
    /// # Errors
    /// See [`Reader::raw`].
    pub fn u32(&mut self) -> Result<u32, Broken> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes.
    ///
    /// # Errors
    /// See [`Reader::raw`].
    pub fn u64(&mut self) -> Result<u64, Broken> {
        self.array().map(u64::from_be_bytes)
    }

    /// Bytes behind their length in two bytes: a `TPM2B`.
    ///
    /// # Errors
    /// See [`Reader::raw`].
    pub fn sized(&mut self) -> Result<&'a [u8], Broken> {
        let length = self.u16()?;
        self.raw(length.into())
    }

    /// All that is left.
    #[must_use]
    pub const fn rest(self) -> &'a [u8] {
        self.0
    }
}
