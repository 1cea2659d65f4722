//! What the till says to the cashier: a code with its words, and the English sentence.
//!
//! The window shows the same sentences through its own translations; a test holds the two equal.

use serde::{Deserialize, Serialize};

/// How the bar looks. Each is also a word and a shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It went well.
    Success,
    /// Good to know; goes away with the next action.
    Info,
    /// Something needs care.
    Warning,
    /// It did not work; stays until it is read.
    Error,
}

/// Something said to the cashier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// Which sentence.
    pub code: NoticeCode,
    /// What fills its gaps, in order.
    pub args: Vec<String>,
    /// How the bar looks.
    pub level: Level,
    /// The sentence in English.
    pub text: String,
    /// How many times it was said in a row, for the scan that was tried again.
    pub times: u32,
}

macro_rules! notices {
    ($($(#[$doc:meta])* $code:ident $level:ident $text:literal)*) => {
        /// Every sentence that the till can say.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum NoticeCode { $($(#[$doc])* $code,)* }

        impl NoticeCode {
            /// Every code, for tests that walk them.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The English sentence with `{0}`, `{1}`, `{2}` for its arguments.
            #[must_use]
            pub const fn template(self) -> &'static str {
                match self { $(Self::$code => $text,)* }
            }

            /// How the bar looks.
            #[must_use]
            pub const fn level(self) -> Level {
                match self { $(Self::$code => Level::$level,)* }
            }
        }
    };
}

notices! {
    /// {0} code.
    UnknownBarcode Error "No item has the barcode {0}. Search by name with F2, or type its PLU."
    /// {0} PLU.
    UnknownPlu Error "No item has the PLU {0}. Check the digits, or search by name with F2."
    /// {0} SKU.
    UnknownSku Error "The catalogue has no item {0}. Search by name with F2."
    /// {0} category.
    UnknownCategory Error "There is no category {0}. Choose one of those shown."
    /// {0} code.
    BarcodeMisread Error "The barcode {0} was not read whole. Scan it again, or type its PLU."
    /// {0} what was typed.
    BadQuantity Error "\"{0}\" is not a quantity. Use 1 to 999 pieces, or kilograms such as 0.750."
    /// {0} item.
    WeightNeeded Error "{0} is sold by weight. Weigh it, type the kilograms, press ×, then choose it again."
    /// {0} item.
    PiecesNeeded Error "{0} is sold by the piece. Type a whole number, press ×, then choose it again."
    /// {0} how many lines.
    BasketFull Error "The basket is full at {0} lines. Take the money for it, then go on with a new one."
    /// No words.
    TooMany Error "That is more than one line can hold. Ring it up in several lines."
    /// No words.
    AmountTooLarge Error "The total would be larger than a sale can be. Split it into several sales."
    /// No words.
    NoSuchLine Error "There is no such line to void. Choose a line of the basket."
    /// {0} item.
    LineVoided Info "Voided: {0}."
    /// No words.
    BasketEmpty Warning "The basket is empty. Scan an item first."
    /// {0} item, {1} price, {2} how much of it: `1` or `1 kg`.
    Price Info "{0}: {1} for {2}."
    /// No words.
    SaleVoided Info "The sale was voided. The record says so."
    /// {0} cash.
    SaleVoidedCashBack Warning "The sale was voided. Hand back {0} in cash."
    /// {0} title.
    Parked Info "Put aside: {0}. Press F9 to take it back."
    /// No words.
    Recalled Info "The basket is back as it was."
    /// No words.
    NothingParked Info "No basket was put aside."
    /// No words.
    ParkFull Warning "No more baskets can be put aside. Take one back first."
    /// No words.
    FinishFirst Warning "Finish this sale or put it aside with F9 first."
    /// No words.
    NoSuchParked Error "That basket is no longer there. Press F9 to see those put aside."
    /// No words.
    TendersTaken Warning "Money was taken for this sale. Finish it, or void the sale."
    /// {0} what was typed.
    NoAmount Error "\"{0}\" is no amount of money. Type what the customer gave."
    /// {0} given, {1} due.
    ChangeTooLarge Error "{0} is far more than the {1} due. Check the amount and type it again."
    /// {0} asked, {1} due.
    CardOverDue Error "A card cannot pay {0}: only {1} is due. Type a smaller amount."
    /// No words.
    TooManyTenders Error "This sale has as many tenders as it can. Take the rest in one."
    /// No words.
    CardBusy Warning "The card comes first. Wait until it is done."
    /// {0} item or code.
    NotRungUp Error "{0} was not rung up. Finish what is on the screen, then scan it again."
    /// {0} item.
    NotOldEnough Info "Age-restricted items were taken off the sale."
    /// {0} items.
    AgeConfirmed Info "The age was confirmed: {0} or older."
    /// {0} label, {1} last four.
    CardApproved Success "Approved: {0} ending {1}."
    /// {0} response code.
    CardDeclinedByHost Error "The card was declined by its bank (code {0}). Nothing was charged. Take cash or another card."
    /// No words.
    CardDeclinedByCard Error "The card declined. Nothing was charged. Take cash or another card."
    /// No words.
    CardRemoved Error "The card was taken out too soon. Nothing was charged. Press Card to try again."
    /// {0} amount.
    CardRemovedReversing Error "The card was taken out too soon. The charge of {0} is undone automatically. Press Card to try again."
    /// {0} amount.
    CardReversing Error "The card did not finish. The charge of {0} is undone automatically. Take cash or another card."
    /// No words.
    NoCard Warning "No card was inserted. Press Card to try again, or take cash."
    /// No words.
    CardCancelled Info "The card was cancelled. Nothing was charged."
    /// {0} why.
    CardNotAccepted Error "This card cannot be used here. Nothing was charged. Take cash or another card."
    /// No words.
    CardFault Error "The card could not be read. Nothing was charged. Wipe its chip, then press Card to try again."
    /// No words.
    ReaderFault Error "The card reader failed. Nothing was charged. Check its cable, then press Card to try again."
    /// {0} why.
    CannotSeal Error "Cards cannot be taken now. {0} Cash goes on."
    /// No words.
    LinkNeeded Error "The bank cannot be reached, so no card was charged. Take cash, or try again later."
    /// {0} amount.
    OfflineSaleLimit Error "The bank cannot be reached. Until it is, a card can pay at most {0}. Take cash for the rest."
    /// No words.
    OfflineTillLimit Error "The bank cannot be reached, and this till has taken all that it may by card without it. Take cash."
    /// No words.
    OfflineCardLimit Error "The bank cannot be reached, and this card has had all that it may without it today. Take cash or another card."
    /// {0} hours.
    OfflineTooLong Error "The bank has not been reached for {0} hours, so cards must wait. Take cash, and call support."
    /// {0} label, {1} last four.
    CardTakenOffline Success "Taken without asking the bank: {0} ending {1}. The bank is told later."
    /// {0} amount.
    PartRefused Info "The {0} that the bank approved is undone automatically. Take cash or another card."
    /// {0} the link's sentences.
    Quarantined Error "Cards cannot be taken now. {0} Cash goes on."
    /// {0} the collector's sentences.
    TillRevoked Error "This till may not take cards. {0}"
    /// No words.
    TillLost Error "The retailer takes this till out of service: it uploads what it holds, then erases its keys. Use another till."
    /// {0} why.
    EraseRefused Warning "An order to erase this till was not obeyed. {0}"
    /// No words.
    OutOfService Error "This till is out of service and its keys are erased. Call the retailer to enrol it again."
    /// {0} tries.
    ReversalStuck Error "A charge could not be undone after {0} tries. The till goes on trying. Call support."
    /// {0} how many.
    ReversalsStuck Warning "{0} charges could not be undone yet. The till goes on trying. Call support."
    /// {0} minutes.
    ClockOff Warning "This till's clock is off by {0} minutes. Set it; sales go on in their order."
    /// {0} how many.
    WorkItems Warning "{0} card charges need a person: the bank declined them after the sale, or cannot be asked any more. Tell the manager."
    /// {0} amount.
    FateUnknown Error "The bank did not answer. The charge of {0} is undone automatically. Take cash or try the card again."
    /// No words.
    NoReader Error "No reader found. Plug in the card reader, then press Card again."
    /// No words.
    KeyInFile Warning "For demonstration only: the key of this till's data lies in a file beside the data. A shop's till gets it from the system."
    /// No words.
    ClassicalLink Warning "The link to the collector may go without protection against later quantum computers, for till.toml allows it. Take out the key classical once nothing on the way needs it."
    /// {0} program, {1} what it lacks.
    LessProtected Warning "The program {0} has less protection than a shop's till needs: {1}. Run tillctl doctor to see why."
    /// {0} the card process's sentences.
    LaneWarning Warning "{0}"
    /// No words.
    NoWarnings Info "Nothing to warn of: this till is protected as a shop's till."
    /// No words.
    LaneDown Error "The card process stopped and is being started again. Cash goes on."
    /// No words.
    LaneBack Info "The card process runs again."
    /// No words.
    UplinkDown Warning "The link process stopped and is being started again. Sales are kept here."
    /// {0} count.
    Drained Success "All {0} waiting records have reached the collector."
    /// {0} why.
    RecordHeld Error "The collector refused a record: {0} It is kept here. Call support."
    /// {0} lines.
    BasketRestored Info "The till was started again. The open basket is as it was."
    /// {0} how many, {1} amount.
    AttemptsReversing Warning "The till stopped during {0} card charges ({1}). They are undone automatically."
    /// {0} how many, {1} first.
    CatalogueRows Warning "{0} catalogue lines were left out. {1}"
    /// {0} why.
    JournalFailed Error "The sale could not be written down, so it was not made. {0}"
    /// {0} why.
    NotSaved Error "This could not be written down. {0}"
    /// {0} why.
    Blocked Error "The till cannot sell. {0}"
    /// {0} most.
    QueueFull Error "The queue for the collector is full at {0} records. Cards stop until it drains; cash goes on."
    /// {0} file.
    ReceiptSaved Success "The receipt was saved as {0}."
    /// {0} why.
    ReceiptNotSaved Error "The receipt could not be saved. {0}"
    /// No words.
    NoReceipt Warning "There is no such receipt on this till. Check the number."
    /// {0} why.
    DemoCardFailed Error "The demo's card did not move. {0}"
    /// {0} what.
    NotNow Warning "That cannot be done here. Press Esc to go back."
}

impl NoticeCode {
    /// Whether another error must not push it off the screen: goods that were not rung up, and
    /// charges that are being undone.
    pub(crate) const fn must_be_read(self) -> bool {
        matches!(
            self,
            Self::UnknownBarcode
                | Self::BarcodeMisread
                | Self::NotRungUp
                | Self::CardRemovedReversing
                | Self::CardReversing
                | Self::FateUnknown
        )
    }

    /// Whether it is about a try to take money, and so settled by the next try.
    pub(crate) const fn is_about_money(self) -> bool {
        matches!(
            self,
            Self::NoAmount
                | Self::ChangeTooLarge
                | Self::CardOverDue
                | Self::TooManyTenders
                | Self::CardDeclinedByHost
                | Self::CardDeclinedByCard
                | Self::CardRemoved
                | Self::CardRemovedReversing
                | Self::CardReversing
                | Self::NoCard
                | Self::CardNotAccepted
                | Self::CardFault
                | Self::ReaderFault
                | Self::CannotSeal
                | Self::LinkNeeded
                | Self::OfflineSaleLimit
                | Self::OfflineTillLimit
                | Self::OfflineCardLimit
                | Self::OfflineTooLong
                | Self::Quarantined
                | Self::PartRefused
                | Self::FateUnknown
                | Self::NoReader
                | Self::QueueFull
                | Self::JournalFailed
        )
    }
}

/// The template with its gaps filled, each once: an argument's own braces stay as they are.
fn filled(template: &str, args: &[String]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, gap)) = rest.split_once('{') {
        text.push_str(before);
        let arg = gap
            .split_once('}')
            .and_then(|(index, after)| Some((args.get(index.parse::<usize>().ok()?)?, after)));
        if let Some((arg, after)) = arg {
            text.push_str(arg);
            rest = after;
        } else {
            text.push('{');
            rest = gap;
        }
    }
    text.push_str(rest);
    text
}

impl Notice {
    /// The notice with its sentence filled in.
    #[must_use]
    pub fn new(code: NoticeCode, args: Vec<String>) -> Self {
        let text = filled(code.template(), &args);
        Self {
            code,
            args,
            level: code.level(),
            text,
            times: 1,
        }
    }
}
