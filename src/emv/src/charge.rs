//! What is to be charged.

use thiserror::Error;

use crate::{store::Store, tag};

/// Largest amount, minor units: twelve digits (tag 9F02).
const MAX_AMOUNT_MINOR: i64 = 999_999_999_999;
/// Largest sequence counter: eight digits (tag 9F41).
const MAX_COUNTER: u32 = 99_999_999;

/// One charge of a card. Time and randomness come in here: the kernel has none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Charge {
    /// Minor units, positive (tag 9F02).
    pub amount_minor: i64,
    /// ISO 4217 numeric currency (tag 5F2A).
    pub currency: u16,
    /// Decimal places of the currency (tag 5F36).
    pub exponent: u8,
    /// How much of it is handed out as cash, minor units (tag 9F03); more than zero only where
    /// [`ChargeKind::PurchaseWithCashback`] says so, and then less than the amount.
    pub cashback_minor: i64,
    /// What it is for (tag 9C).
    pub kind: ChargeKind,
    /// Local date, BCD YYMMDD (tag 9A).
    pub date: [u8; 3],
    /// Local time, BCD HHMMSS (tag 9F21).
    pub time: [u8; 3],
    /// Fresh random bytes (tag 9F37).
    pub unpredictable_number: [u8; 4],
    /// Drawn evenly from 1 to 99 for this charge alone: random selection compares it with a share of
    /// charges (Book 3 §10.6.2).
    pub random_draw: u8,
    /// Whether the merchant wants this charge online whatever the card says (Book 3 §10.6, TVR
    /// byte 4 bit 4).
    pub forced_online: bool,
    /// Above this amount nothing but the host approves, whatever the profile's limits and codes say;
    /// minor units. 0 for always, [`i64::MAX`] where the profile alone decides.
    pub offline_up_to_minor: i64,
    /// Counts charges, up to eight digits (tag 9F41).
    pub counter: u32,
    /// Terminal identification, eight printable characters (tag 9F1C).
    pub terminal_id: [u8; 8],
}

/// What a charge is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ChargeKind {
    /// 00: goods or services; no cash back.
    Purchase,
    /// 09: goods, and some of the amount handed out as cash.
    PurchaseWithCashback,
    /// 01: cash handed out.
    Cash,
    /// 20: money back to the cardholder. Runs like a purchase, without usage control (Book 3
    /// §10.4.2 names none for it), but always online: a card's TC alone grants no credit.
    Refund,
}

/// Why something cannot be charged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ChargeError {
    /// Not between one minor unit and twelve digits of them.
    #[error("the amount is not between 1 and 999999999999 minor units; charge another amount")]
    Amount,
    /// Cash back without a purchase with cash back, none with one, or not less than the amount.
    #[error("cash back is not a part of the amount; charge another amount")]
    Cashback,
    /// Not from 1 to 99.
    #[error("the random draw is not from 1 to 99; draw again")]
    RandomDraw,
    /// Not an ISO 4217 number, or an exponent of more than one digit.
    #[error("the currency is not an ISO 4217 number with 0 to 9 decimals; correct the currency")]
    Currency,
    /// Not a BCD date.
    #[error("the date is not BCD YYMMDD; set the clock")]
    Date,
    /// Not a BCD time.
    #[error("the time is not BCD HHMMSS; set the clock")]
    Time,
    /// More than eight digits.
    #[error("the counter has more than eight digits; start it again at 1")]
    Counter,
    /// Not printable ASCII.
    #[error("the terminal identification is not eight printable characters; correct it")]
    TerminalId,
}

impl Charge {
    /// # Errors
    /// [`ChargeError`] for the first field that has no place in its data element.
    pub(crate) fn check(&self) -> Result<(), ChargeError> {
        if !(1..=MAX_AMOUNT_MINOR).contains(&self.amount_minor) {
            return Err(ChargeError::Amount);
        }
        let cashback = match self.kind {
            ChargeKind::PurchaseWithCashback => {
                (1..self.amount_minor).contains(&self.cashback_minor)
            }
            ChargeKind::Purchase | ChargeKind::Cash | ChargeKind::Refund => {
                self.cashback_minor == 0
            }
        };
        if !cashback {
            return Err(ChargeError::Cashback);
        }
        if !(1..=99).contains(&self.random_draw) {
            return Err(ChargeError::RandomDraw);
        }
        if self.currency > 999 || self.exponent > 9 {
            return Err(ChargeError::Currency);
        }
        if !is_date(self.date) {
            return Err(ChargeError::Date);
        }
        let [hour, minute, second] = self.time;
        if !(is_bcd_in(hour, 0, 23) && is_bcd_in(minute, 0, 59) && is_bcd_in(second, 0, 59)) {
            return Err(ChargeError::Time);
        }
        if self.counter > MAX_COUNTER {
            return Err(ChargeError::Counter);
        }
        let printable = |byte: &u8| *byte == b' ' || byte.is_ascii_graphic();
        if !self.terminal_id.iter().all(printable) {
            return Err(ChargeError::TerminalId);
        }
        Ok(())
    }

    /// Gives the elements that the charge is the source of their values.
    pub(crate) fn fill(&self, store: &mut Store) {
        let amount = self.amount_minor.unsigned_abs();
        store.set(tag::AMOUNT, &bcd::<6>(amount));
        let cashback = self.cashback_minor.unsigned_abs();
        store.set(tag::AMOUNT_OTHER, &bcd::<6>(cashback));
        if let Ok(amount) = u32::try_from(amount) {
            store.set(tag::AMOUNT_BINARY, &amount.to_be_bytes());
        }
        if let Ok(cashback) = u32::try_from(cashback) {
            store.set(tag::AMOUNT_OTHER_BINARY, &cashback.to_be_bytes());
        }
        store.set(tag::CURRENCY, &bcd::<2>(u64::from(self.currency)));
        store.set(tag::CURRENCY_EXPONENT, &[self.exponent]);
        store.set(tag::KIND, &[self.kind.code()]);
        store.set(tag::DATE, &self.date);
        store.set(tag::TIME, &self.time);
        store.set(tag::UNPREDICTABLE, &self.unpredictable_number);
        store.set(tag::COUNTER, &bcd::<4>(u64::from(self.counter)));
        store.set(tag::TERMINAL_ID, &self.terminal_id);
    }
}

impl ChargeKind {
    /// First two digits of the ISO 8583 processing code (tag 9C).
    fn code(self) -> u8 {
        match self {
            Self::Purchase => 0x00,
            Self::Cash => 0x01,
            Self::PurchaseWithCashback => 0x09,
            Self::Refund => 0x20,
        }
    }
}

/// A number as BCD of `N` bytes; higher digits are cut.
pub(crate) fn bcd<const N: usize>(number: u64) -> [u8; N] {
    let mut rest = number;
    let mut bytes = [0; N];
    for byte in bytes.iter_mut().rev() {
        let pair = u8::try_from(rest % 100).expect("a remainder of 100 fits into a byte");
        *byte = ((pair / 10) << 4) | (pair % 10);
        rest /= 100;
    }
    bytes
}

/// Whether BCD YYMMDD can be a date; it does not count the days of each month.
pub(crate) fn is_date([year, month, day]: [u8; 3]) -> bool {
    is_bcd_in(year, 0, 99) && is_bcd_in(month, 1, 12) && is_bcd_in(day, 1, 31)
}

fn is_bcd_in(byte: u8, low: u8, high: u8) -> bool {
    let (tens, ones) = (byte >> 4, byte & 0x0F);
    tens <= 9 && ones <= 9 && (low..=high).contains(&(tens * 10 + ones))
}
