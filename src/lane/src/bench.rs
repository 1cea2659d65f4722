//! One charge without a till: for whoever tests a reader, a card or a profile on a bench.

use std::{collections::VecDeque, time::Duration, time::Instant};

use sealpoint_emv::{Charge, HostAnswer, Known, LookUp, OnlineRequest, Outcome, TerminalData};
use sealpoint_vault::SystemRandom;
use sealpoint_wire::{Bytes, CardOutcome, CardSummary, ReaderState, SealedCard, lane::CardPrompt};

use crate::{
    answers,
    charge::{Charging, Ended, Plan},
    counterpart::{Counterpart, Fault, Word},
    measure::{Counts, Times},
    reader::Reader,
    transcript::Transcript,
    watch::Watch,
};

/// Who stands at the bench.
pub trait Attendant {
    /// The cardholder should do or wait for something.
    fn prompt(&mut self, prompt: CardPrompt);

    /// Which of these applications to use, counted from 0; none gives up.
    fn choose(&mut self, _labels: &[String]) -> Option<usize> {
        Some(0)
    }

    /// What the host says. The request holds the card's account data; it is wiped with it.
    fn host(&mut self, request: OnlineRequest) -> HostSaid;

    /// Whether to give up, as soon as that is safe. Asked often.
    fn gives_up(&mut self) -> bool {
        false
    }
}

/// What came of asking the host.
pub enum HostSaid {
    /// It answered.
    Answered(HostAnswer),
    /// It could not be asked or did not answer.
    Unreachable,
}

/// How a charge on a bench ended.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct BenchOutcome {
    /// The outcome in a till's words. An approval without the host is an approval here.
    pub card: CardOutcome,
    /// The kernel's own words, if it came to that.
    pub kernel: Option<Box<Outcome>>,
    /// Name of the reader's slot whose card was charged.
    pub reader: Option<String>,
    /// What was exchanged.
    pub counts: Counts,
    /// How long it took.
    pub times: Times,
}

/// Charges one card as `terminal` says and asks the attendant instead of a till. Waits at most `wait`
/// for the card, each time that it is to be presented. The random parts of `charge` are drawn afresh.
/// The card in the reader at the start is taken.
///
/// It never seals and never speaks to a host: what the attendant does with an [`OnlineRequest`] is
/// the attendant's duty.
pub fn charge(
    reader: &mut dyn Reader,
    terminal: &TerminalData,
    charge: Charge,
    wait: Duration,
    attendant: &mut dyn Attendant,
    transcript: Option<&mut Transcript>,
) -> BenchOutcome {
    let start = Instant::now();
    let random = SystemRandom::new();
    let mut counterpart = AtBench {
        attendant,
        words: VecDeque::new(),
    };
    let mut watch = Watch::default();
    let mut charging = Charging {
        reader,
        watch: &mut watch,
        counterpart: &mut counterpart,
        random: &random,
        transcript,
        counts: Counts::default(),
        times: Times::default(),
        charged: None,
    };
    let ended = charging.run(&Plan {
        terminal,
        charge,
        wait,
    });
    let (counts, mut times) = (charging.counts, charging.times);
    let reader = charging.charged.take();
    charging.reader.power_off();
    times.total = start.elapsed();
    let ended = ended.unwrap_or_else(Ended::without_card);
    BenchOutcome {
        kernel: ended.outcome.clone(),
        card: answers::summarised(ended),
        reader,
        counts,
        times,
    }
}

/// What a host is asked with: what may be shown of the card, and the rest sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// What may be shown and stored of the card.
    pub card: CardSummary,
    /// The card data, for the acquirer alone.
    pub sealed: SealedCard,
    /// EMV data for the issuer (DE 55), without account data.
    pub de55: Bytes,
}

/// A host's answer in the kernel's words.
///
/// # Errors
/// What happened and what to do, if no card can be given it.
pub fn host_answer(answer: &sealpoint_wire::HostAnswer) -> Result<HostAnswer, String> {
    answers::host_answer(answer)
}

/// The attendant as a charge sees them. They answer at once, so their words wait here.
struct AtBench<'a> {
    attendant: &'a mut dyn Attendant,
    words: VecDeque<Word>,
}

impl Counterpart for AtBench<'_> {
    /// The outcome names the reader that was used.
    fn reader(&mut self, _state: ReaderState) {}

    fn prompt(&mut self, prompt: CardPrompt) {
        self.attendant.prompt(prompt);
    }

    fn choose(&mut self, labels: Vec<String>) {
        let word = match self.attendant.choose(&labels) {
            Some(index) if index < labels.len() => Word::Chosen(index),
            _ => Word::Cancel,
        };
        self.words.push_back(word);
    }

    fn known(&mut self, _card: &LookUp) -> Known {
        Known::default()
    }

    fn ask_host(&mut self, request: OnlineRequest) -> Result<(), Fault> {
        self.words.push_back(match self.attendant.host(request) {
            HostSaid::Answered(answer) => Word::Host(answer),
            HostSaid::Unreachable => Word::UnableToGoOnline,
        });
        Ok(())
    }

    /// Nobody is told from a bench.
    fn owe_advice(&mut self, _request: OnlineRequest) -> Result<(), Fault> {
        Ok(())
    }

    fn hear(&mut self, at_most: Duration) -> Word {
        if let Some(word) = self.words.pop_front() {
            return word;
        }
        if self.attendant.gives_up() {
            return Word::Cancel;
        }
        std::thread::sleep(at_most);
        Word::Silence
    }
}
