//! The data elements that every application cryptogram covers.

/// The minimum set of EMV 4.4 Book 2 8.1.1, table 26, in its order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AcElements {
    /// 9F02 Amount, Authorised (numeric, 12 digits).
    pub amount: [u8; 6],
    /// 9F03 Amount, Other (numeric, 12 digits).
    pub amount_other: [u8; 6],
    /// 9F1A Terminal Country Code.
    pub country: [u8; 2],
    /// 95 Terminal Verification Results.
    pub tvr: [u8; 5],
    /// 5F2A Transaction Currency Code.
    pub currency: [u8; 2],
    /// 9A Transaction Date (YYMMDD).
    pub date: [u8; 3],
    /// 9C Transaction Type.
    pub kind: [u8; 1],
    /// 9F37 Unpredictable Number.
    pub unpredictable_number: [u8; 4],
    /// 82 Application Interchange Profile.
    pub aip: [u8; 2],
    /// 9F36 Application Transaction Counter.
    pub atc: [u8; 2],
}

/// A cryptogram cannot be made or checked without this element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "data element {0:X} is missing or has the wrong length; \
     the cryptogram needs the ten elements of EMV Book 2 section 8.1.1"
)]
pub struct MissingElement(pub u16);

impl AcElements {
    /// Collects the elements through `find`, which looks a tag up in whatever
    /// holds them: the card's store, or the host's field 55.
    ///
    /// # Errors
    /// [`MissingElement`] names the first tag that is absent or mis-sized.
    pub fn collect<'a>(find: impl Fn(u16) -> Option<&'a [u8]>) -> Result<Self, MissingElement> {
        Ok(Self {
            amount: fixed(&find, 0x9F02)?,
            amount_other: fixed(&find, 0x9F03)?,
            country: fixed(&find, 0x9F1A)?,
            tvr: fixed(&find, 0x95)?,
            currency: fixed(&find, 0x5F2A)?,
            date: fixed(&find, 0x9A)?,
            kind: fixed(&find, 0x9C)?,
            unpredictable_number: fixed(&find, 0x9F37)?,
            aip: fixed(&find, 0x82)?,
            atc: fixed(&find, 0x9F36)?,
        })
    }

    /// The elements one after the other, in the order of the structure.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            &self.amount[..],
            &self.amount_other,
            &self.country,
            &self.tvr,
            &self.currency,
            &self.date,
            &self.kind,
            &self.unpredictable_number,
            &self.aip,
            &self.atc,
        ]
        .concat()
    }
}

fn fixed<'a, const N: usize>(
    find: &impl Fn(u16) -> Option<&'a [u8]>,
    tag: u16,
) -> Result<[u8; N], MissingElement> {
    find(tag)
        .and_then(|value| value.try_into().ok())
        .ok_or(MissingElement(tag))
}
