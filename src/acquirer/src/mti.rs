//! Message types (ISO 8583:1987 section 4.1, ISO 8583:1993 section 4.1).

use crate::table::Edition;

/// The message types that are used here, without the version digit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mti {
    /// x100: asks for an authorisation.
    Authorisation,
    /// x110: answers it.
    AuthorisationAnswer,
    /// x120: tells of a charge that was taken without the issuer.
    Advice,
    /// x121: the same advice again, with the same trace number.
    AdviceRepeat,
    /// x130: answers an advice or its repeat.
    AdviceAnswer,
    /// x220: the same as x120, for hosts that capture by it.
    FinancialAdvice,
    /// x221: its repeat.
    FinancialAdviceRepeat,
    /// x230: answers either.
    FinancialAdviceAnswer,
    /// x400: undoes an authorisation.
    Reversal,
    /// x401: the same reversal again, with the same trace number.
    ReversalRepeat,
    /// x410: answers a reversal or its repeat.
    ReversalAnswer,
    /// x420: the same as x400, as an advice.
    ReversalAdvice,
    /// x421: its repeat.
    ReversalAdviceRepeat,
    /// x430: answers either.
    ReversalAdviceAnswer,
    /// x600: asks what became of an authorisation.
    Inquiry,
    /// x610: says it.
    InquiryAnswer,
    /// 0800, or 1804: sign-on, sign-off or echo.
    Network,
    /// 0810, or 1814: answers it.
    NetworkAnswer,
}

/// Which kind of request a message belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum AnswerTo {
    /// x100 and x110.
    Authorisation,
    /// x120, x220 and their answers.
    Advice,
    /// x400, x420 and their answers.
    Reversal,
    /// x600 and x610.
    Inquiry,
    /// x800 and x810, x804 and x814.
    Network,
}

impl Mti {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Authorisation,
        Self::AuthorisationAnswer,
        Self::Advice,
        Self::AdviceRepeat,
        Self::AdviceAnswer,
        Self::FinancialAdvice,
        Self::FinancialAdviceRepeat,
        Self::FinancialAdviceAnswer,
        Self::Reversal,
        Self::ReversalRepeat,
        Self::ReversalAnswer,
        Self::ReversalAdvice,
        Self::ReversalAdviceRepeat,
        Self::ReversalAdviceAnswer,
        Self::Inquiry,
        Self::InquiryAnswer,
        Self::Network,
        Self::NetworkAnswer,
    ];

    /// The three digits after the version. In the edition of 1993 the last one says who began: 4 is
    /// neither acquirer nor issuer, for what concerns the line alone.
    #[must_use]
    pub const fn digits(self, edition: Edition) -> [u8; 3] {
        *match self {
            Self::Authorisation => b"100",
            Self::AuthorisationAnswer => b"110",
            Self::Advice => b"120",
            Self::AdviceRepeat => b"121",
            Self::AdviceAnswer => b"130",
            Self::FinancialAdvice => b"220",
            Self::FinancialAdviceRepeat => b"221",
            Self::FinancialAdviceAnswer => b"230",
            Self::Reversal => b"400",
            Self::ReversalRepeat => b"401",
            Self::ReversalAnswer => b"410",
            Self::ReversalAdvice => b"420",
            Self::ReversalAdviceRepeat => b"421",
            Self::ReversalAdviceAnswer => b"430",
            Self::Inquiry => b"600",
            Self::InquiryAnswer => b"610",
            Self::Network => match edition {
                Edition::Y1987 => b"800",
                Edition::Y1993 => b"804",
            },
            Self::NetworkAnswer => match edition {
                Edition::Y1987 => b"810",
                Edition::Y1993 => b"814",
            },
        }
    }

    /// The type with these digits.
    #[must_use]
    pub fn from_digits(edition: Edition, digits: [u8; 3]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mti| mti.digits(edition) == digits)
    }

    /// The kind of request that it is or answers.
    #[must_use]
    pub const fn to(self) -> AnswerTo {
        match self {
            Self::Authorisation | Self::AuthorisationAnswer => AnswerTo::Authorisation,
            Self::Advice
            | Self::AdviceRepeat
            | Self::AdviceAnswer
            | Self::FinancialAdvice
            | Self::FinancialAdviceRepeat
            | Self::FinancialAdviceAnswer => AnswerTo::Advice,
            Self::Reversal
            | Self::ReversalRepeat
            | Self::ReversalAnswer
            | Self::ReversalAdvice
            | Self::ReversalAdviceRepeat
            | Self::ReversalAdviceAnswer => AnswerTo::Reversal,
            Self::Inquiry | Self::InquiryAnswer => AnswerTo::Inquiry,
            Self::Network | Self::NetworkAnswer => AnswerTo::Network,
        }
    }

    /// The type that answers this request; `None` for an answer.
    #[must_use]
    pub const fn answer(self) -> Option<Self> {
        match self {
            Self::Authorisation => Some(Self::AuthorisationAnswer),
            Self::Advice | Self::AdviceRepeat => Some(Self::AdviceAnswer),
            Self::FinancialAdvice | Self::FinancialAdviceRepeat => {
                Some(Self::FinancialAdviceAnswer)
            }
            Self::Reversal | Self::ReversalRepeat => Some(Self::ReversalAnswer),
            Self::ReversalAdvice | Self::ReversalAdviceRepeat => Some(Self::ReversalAdviceAnswer),
            Self::Inquiry => Some(Self::InquiryAnswer),
            Self::Network => Some(Self::NetworkAnswer),
            Self::AuthorisationAnswer
            | Self::AdviceAnswer
            | Self::FinancialAdviceAnswer
            | Self::ReversalAnswer
            | Self::ReversalAdviceAnswer
            | Self::InquiryAnswer
            | Self::NetworkAnswer => None,
        }
    }
}
