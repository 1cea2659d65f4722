//! The hot list: cards that are not to be taken, as tokens, signed by the retailer.
//!
//! ```text
//! hot list
//! version 7
//! issued 2026-11-23
//! key token-2026
//! cards 2
//! 0A58DE0C10F5BC1EC0A9F2A2C4E4D6B1
//! 7F3C0D9E4B1A286F5D7C9E0B3A4F6D81
//! -- hot list signed by root-2026
//! <signature>
//! ```
//! `key` names the token key that made the tokens; `cards` is how many follow, one a line, in
//! ascending order and none twice. The version grows with each list; who keeps a list remembers the
//! highest that it took ([`HotList::version`]), so that an old list does not set a thief's card free.

use sealpoint_wire::{CardToken, KeyId};

use crate::Day;
use crate::signed::{self, BadSignature, Purpose, RootPublicKey};

/// Name of the hot list in the lane's folder.
pub const HOT_LIST_FILE: &str = "hotlist.txt";
/// Cards on a hot list, at most.
pub const MAX_HOT_CARDS: usize = 100_000;
/// From so many days on a list is old: cards that were reported since are not on it.
pub const HOT_LIST_OLD_DAYS: i64 = 7;

/// First line of every list.
const TITLE: &str = "hot list";
/// Lines before the first token.
const HEAD_LINES: usize = 5;

/// A hot list whose signature and content were checked.
pub struct HotList {
    version: u64,
    issued: Day,
    key_id: KeyId,
    /// Ascending.
    tokens: Vec<CardToken>,
}

/// Why a text is no hot list.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadHotList {
    /// The retailer did not sign it.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// A line of its head is not what it must be.
    #[error("line {line} is not `{wanted}`; ask the retailer for the hot list again")]
    Head {
        /// From 1.
        line: usize,
        /// How the line begins, or all of it.
        wanted: &'static str,
    },
    /// More than [`MAX_HOT_CARDS`].
    #[error("it names more than {MAX_HOT_CARDS} cards; ask the retailer for a shorter hot list")]
    TooMany,
    /// A line is no card token.
    #[error("line {0} is no card token; ask the retailer for the hot list again")]
    NoToken(usize),
    /// Out of order, or there twice.
    #[error("line {0} is not above the line before; ask the retailer for a sorted hot list")]
    OutOfOrder(usize),
    /// Another number of tokens than `cards` says.
    #[error("it names {found} cards and says {said}; ask the retailer for the hot list again")]
    Count {
        /// What it says.
        said: usize,
        /// What there is.
        found: usize,
    },
}

impl HotList {
    /// Reads a signed list and checks all of it.
    ///
    /// # Errors
    /// [`BadHotList`]; nothing of the list counts then.
    pub fn verify(text: &str, root: &RootPublicKey) -> Result<Self, BadHotList> {
        let body = signed::verify(text, Purpose::HotList, root)?;
        let mut lines = (1..).zip(body.split_terminator('\n'));
        let (line, title) = lines.next().unwrap_or((1, ""));
        if title != TITLE {
            let wanted = TITLE;
            return Err(BadHotList::Head { line, wanted });
        }
        let mut head = |wanted: &'static str, line: usize| {
            let value = lines.next().and_then(|(_, text)| text.strip_prefix(wanted));
            value.ok_or(BadHotList::Head { line, wanted })
        };
        let version = number(head("version ", 2)?).filter(|version| *version > 0);
        let issued = head("issued ", 3)?.parse().ok();
        let key_id = head("key ", 4)?.parse().ok();
        let said = number(head("cards ", 5)?);
        let bad = |line, wanted| BadHotList::Head { line, wanted };
        let said = said.ok_or_else(|| bad(HEAD_LINES, "cards "))?;
        let said = usize::try_from(said)
            .ok()
            .filter(|said| *said <= MAX_HOT_CARDS)
            .ok_or(BadHotList::TooMany)?;

        let mut tokens: Vec<CardToken> = Vec::with_capacity(said);
        for (line, text) in lines {
            if tokens.len() == said {
                let found = body.split_terminator('\n').count() - HEAD_LINES;
                return Err(BadHotList::Count { said, found });
            }
            let token = text.parse().map_err(|_| BadHotList::NoToken(line))?;
            if tokens.last().is_some_and(|last| *last >= token) {
                return Err(BadHotList::OutOfOrder(line));
            }
            tokens.push(token);
        }
        if tokens.len() != said {
            let found = tokens.len();
            return Err(BadHotList::Count { said, found });
        }
        Ok(Self {
            version: version.ok_or_else(|| bad(2, "version "))?,
            issued: issued.ok_or_else(|| bad(3, "issued "))?,
            key_id: key_id.ok_or_else(|| bad(4, "key "))?,
            tokens,
        })
    }

    /// Grows with each list, from 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The day on which the retailer wrote it.
    #[must_use]
    pub const fn issued(&self) -> Day {
        self.issued
    }

    /// The token key that made its tokens: those of another key are never found.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// How many cards are on it.
    #[must_use]
    pub const fn cards(&self) -> usize {
        self.tokens.len()
    }

    /// Whether the card is on it.
    #[must_use]
    pub fn names(&self, card: &CardToken) -> bool {
        self.tokens.binary_search(card).is_ok()
    }

    /// What to say of its age, if it is [`HOT_LIST_OLD_DAYS`] or more: what is so and what to do, a
    /// sentence each.
    #[must_use]
    pub fn age_warning(&self, today: Day) -> Option<String> {
        let days = self.issued.days_until(today);
        (days >= HOT_LIST_OLD_DAYS).then(|| {
            format!(
                "The hot list is {days} days old and does not know the cards that were reported \
                 since. Load a new one."
            )
        })
    }
}

/// A number in digits alone.
fn number(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}
