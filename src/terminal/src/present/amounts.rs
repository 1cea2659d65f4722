//! Amounts and ages as the cashier reads them.

use sealpoint_sale::{Currency, Money};

/// How amounts are written on this page.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    /// What they are in.
    pub currency: Currency,
    /// Between whole and hundredths, in the reader's language.
    pub decimal_point: &'a str,
}

impl Style<'_> {
    /// `12,49 €`, kept together by a no-break space.
    pub fn money(&self, amount_minor: i64) -> String {
        let digits = self.decimals(&Money::new(amount_minor, self.currency).to_string());
        format!("{digits}\u{A0}{}", symbol(self.currency))
    }

    /// A number from the till with the reader's decimal point.
    pub fn decimals(&self, digits: &str) -> String {
        digits.replace('.', self.decimal_point)
    }

    /// An argument of a sentence: if it is a number with decimals, it gets the decimal point.
    pub fn argument(&self, text: &str) -> String {
        let mut halves = text.splitn(2, '.');
        let number = |half: Option<&str>| {
            half.is_some_and(|h| !h.is_empty() && h.bytes().all(|b| b.is_ascii_digit()))
        };
        let (whole, decimals) = (halves.next(), halves.next());
        let unsigned = whole.map(|w| w.strip_prefix('-').unwrap_or(w));
        if number(unsigned) && number(decimals) {
            self.decimals(text)
        } else {
            text.to_owned()
        }
    }
}

fn symbol(currency: Currency) -> &'static str {
    match currency {
        Currency::Eur => "€",
        Currency::Gbp => "£",
        Currency::Usd => "$",
        Currency::Jpy => "¥",
        Currency::Chf => "CHF",
    }
}

/// How long something has waited: `40 s`, `14 min`, `3 h`, `2 d`. These signs are the same in
/// every language that the till speaks.
pub fn age(age_ms: i64) -> String {
    const STEPS: [(i64, &str); 4] = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
    ];
    let (unit_ms, sign) = STEPS
        .iter()
        .find(|(unit_ms, _)| age_ms >= *unit_ms)
        .unwrap_or(&(1_000, "s"));
    format!("{}\u{A0}{sign}", age_ms / unit_ms)
}

/// `2010-11-22` as `22.11.2010`.
pub fn day(date: &str) -> String {
    let mut parts: Vec<&str> = date.split('-').collect();
    parts.reverse();
    parts.join(".")
}

/// The time of day in `2026-11-22T14:32:05+01:00`.
pub fn time_of_day(local: &str) -> &str {
    local.get(11..16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: Style<'_> = Style {
        currency: Currency::Eur,
        decimal_point: ",",
    };

    #[test]
    fn amounts_read_as_in_the_readers_language() {
        assert_eq!(GERMAN.money(1249), "12,49\u{A0}€");
        assert_eq!(GERMAN.money(-5), "-0,05\u{A0}€");
        let yen = Style {
            currency: Currency::Jpy,
            decimal_point: ".",
        };
        assert_eq!(yen.money(980), "980\u{A0}¥");
    }

    #[test]
    fn only_numbers_in_a_sentence_get_the_decimal_point() {
        assert_eq!(GERMAN.argument("20.00"), "20,00");
        assert_eq!(GERMAN.argument("-0.05"), "-0,05");
        for same in [
            "Juice 0.7 l",
            "1.2.3",
            "receipt.pdf",
            "4006381333931",
            "",
            ".",
        ] {
            assert_eq!(GERMAN.argument(same), same);
        }
    }

    #[test]
    fn an_age_is_one_number() {
        assert_eq!(age(0), "0\u{A0}s");
        assert_eq!(age(59_999), "59\u{A0}s");
        assert_eq!(age(14 * 60_000), "14\u{A0}min");
        assert_eq!(age(3 * 3_600_000 + 5), "3\u{A0}h");
        assert_eq!(age(49 * 3_600_000), "2\u{A0}d");
        assert_eq!(day("2010-11-22"), "22.11.2010");
        assert_eq!(time_of_day("2026-11-22T14:32:05+01:00"), "14:32");
        assert_eq!(time_of_day("?"), "");
    }
}
