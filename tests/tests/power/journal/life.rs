//! The lives of the recorded till: how many sales each has and how it ends.

/// From a start of the writer to its end.
pub struct Life {
    pub number: u64,
    pub sales: u64,
    pub end: End,
    /// At least this many bytes of lines in each sale's body.
    pub bytes: usize,
}

/// Where a life ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The journal is closed in order.
    Closed,
    /// The process ends between two sales.
    Stopped,
    /// The process ends with an attempt in this state.
    Intent,
    Sent,
    Approved,
}

const ENDS: [(End, &str); 5] = [
    (End::Closed, "closed"),
    (End::Stopped, "stopped"),
    (End::Intent, "intent"),
    (End::Sent, "sent"),
    (End::Approved, "approved"),
];

/// The day that is recorded. The third life is long enough for the log to be brought into the
/// journal while the till sells (SQLite does so after 1000 pages).
pub const DAY: [(u64, End, usize); 6] = [
    (6, End::Sent, 0),
    (9, End::Intent, 0),
    (60, End::Stopped, 24_000),
    (8, End::Approved, 0),
    (8, End::Closed, 0),
    (6, End::Stopped, 0),
];

impl Life {
    pub fn of_day() -> impl Iterator<Item = Self> {
        (1..).zip(DAY).map(|(number, (sales, end, bytes))| Self {
            number,
            sales,
            end,
            bytes,
        })
    }

    /// The charge for sale `n` is the one at which this life ends; sales are counted over all lives.
    pub fn ends_at(&self, n: u64) -> bool {
        let lives = usize::try_from(self.number).expect("few lives");
        let until: u64 = DAY[..lives].iter().map(|(sales, ..)| sales).sum();
        n > until
    }

    /// For the writer's environment.
    pub fn words(&self) -> String {
        let end = ENDS.iter().find(|(end, _)| *end == self.end);
        let end = end.map_or("", |(_, word)| word);
        format!("{} {} {end} {}", self.number, self.sales, self.bytes)
    }

    pub fn from_words(words: &str) -> Option<Self> {
        let mut words = words.split(' ');
        Some(Self {
            number: words.next()?.parse().ok()?,
            sales: words.next()?.parse().ok()?,
            end: {
                let word = words.next()?;
                ENDS.iter().find(|(_, end)| *end == word)?.0
            },
            bytes: words.next()?.parse().ok()?,
        })
    }
}
