//! Bytes from a TPM, read from left to right (TPM 2.0 Part 1, "Data Structures": big-endian, sizes
//! before what they measure).

/// It is not of the form that Part 2 gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is not of the form that TPM 2.0 gives it")]
pub struct Malformed;

/// What is left to read.
#[derive(Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn raw(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.raw(N)?.try_into().map_err(|_| Malformed)
    }

    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    /// A `TPM2B` of at most so many bytes.
    pub fn sized(&mut self, most: usize) -> Result<&'a [u8], Malformed> {
        let length = usize::from(self.u16()?);
        if length > most {
            return Err(Malformed);
        }
        self.raw(length)
    }

    /// An unsigned number in a `TPM2B`, in as many bytes as its field has: some TPMs leave zeros at its
    /// start away.
    pub fn padded<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let given = self.sized(N)?;
        let mut padded = [0; N];
        let from = N.checked_sub(given.len()).ok_or(Malformed)?;
        padded[from..].copy_from_slice(given);
        Ok(padded)
    }

    /// Nothing is left.
    pub const fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}
