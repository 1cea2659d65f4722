//! Exit codes, for scripts and monitoring. They do not change.

use std::process::ExitCode;

use sealpoint_emv::Ending;
use sealpoint_wire::lane::OutcomeKind;

/// How it went. In tens: 0 approved, 10 declined, 20 the card, 30 the reader, 40 the set-up, 60
/// the doctor, 70 the keys, 80 backups, 90 the
/// enrolment, 100 the site, 110 the set-up of a till's own keys and its clock, 120
/// updates of the image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: approved, or done.
    Approved,
    /// 1: the report could not be written.
    Untold,
    /// 2: the command line is wrong.
    Misused,
    /// 10: declined by host, card or terminal.
    Declined,
    /// 11: the issuer wants to be called.
    Referred,
    /// 12: the host could not be asked.
    Unreachable,
    /// 13: what the acquirer may have approved is not undone.
    NotUndone,
    /// 20: no card in time.
    NoCard,
    /// 21: the card was taken out too soon.
    Removed,
    /// 22: the card cannot be used here.
    NotAccepted,
    /// 23: the card broke the protocol or does not answer.
    CardFault,
    /// 24: the cardholder cancelled.
    Cancelled,
    /// 30: no reader, or it failed.
    ReaderFault,
    /// 40: profile, keys or clock do not allow a charge.
    NotSetUp,
    /// 60: the doctor found something that needs care soon.
    NeedsCare,
    /// 61: the doctor found something that is broken or dangerous now.
    Critical,
    /// 62: a scan found card data.
    CardDataFound,
    /// 63: a scan found nothing, but could not search everything.
    NotEverywhere,
    /// 64: a scan does not find what it planted itself.
    SearchFails,
    /// 70: keys allow charges, but one of them needs care soon.
    KeysCare,
    /// 71: as the keys stand, no card can be charged.
    NoKeys,
    /// 72: what was offered is not taken: a signature, a version, a check value, a person.
    Refused,
    /// 73: a file or folder cannot be read or written.
    Files,
    /// 80: a backup is not whole, or is another terminal's.
    NotWhole,
    /// 81: a till runs.
    TillRuns,
    /// 82: a file of a backup cannot be read or written, or is there already.
    BackupFiles,
    /// 83: the journal or its key cannot be used.
    NoJournal,
    /// 90: the collector does not enrol this till.
    NotEnrolled,
    /// 91: the collector was not reached, or is not the one that the code names.
    NoCollector,
    /// 100: a site bundle, or what it is made of, is not taken.
    SiteRefused,
    /// 101: a site bundle is older than one that was accepted before.
    SiteOlder,
    /// 102: this till has no site bundle yet.
    NoSite,
    /// 103: a device is not one to write a site bundle to.
    NoSiteDevice,
    /// 110: there is a journal, so a new key for it would lock it for good.
    JournalWithoutKey,
    /// 111: the system cannot make or open a credential.
    NoCredential,
    /// 112: nobody proved what time it is.
    TimeUnproved,
    /// 113: a proved time is not taken, or the kernel does not let the clock be set.
    ClockNotSet,
    /// 120: the retailer did not sign the release, or it is not understood.
    ReleaseRefused,
    /// 121: a file of the release is missing, or not the one that was signed for.
    ReleaseDamaged,
    /// 122: the release is not newer than what runs, or came back from here before.
    ReleaseOlder,
    /// 123: the till does not let itself be updated or restarted now.
    NotNow,
    /// 124: the till of the release cannot read the journal, or there would be no way back.
    JournalUnread,
    /// 125: there is no room for the copy.
    NoRoom,
    /// 126: the update was not written.
    NotInstalled,
    /// 127: the till of this image is not up.
    NotUp,
}

impl Exit {
    /// How a charge ended: a word for programs, which does not change, and the exit code.
    pub fn of(kind: OutcomeKind, ending: Option<Ending>) -> (&'static str, Self) {
        match (kind, ending) {
            (OutcomeKind::ApprovedOffline, _)
            | (OutcomeKind::Approved, Some(Ending::ApprovedOffline)) => {
                ("approved_offline", Self::Approved)
            }
            (OutcomeKind::Approved, _) => ("approved", Self::Approved),
            (OutcomeKind::DeclinedByHost, Some(Ending::Referred(_))) => {
                ("referred", Self::Referred)
            }
            (OutcomeKind::DeclinedByHost, _) => ("declined_by_host", Self::Declined),
            (OutcomeKind::DeclinedByCard, Some(Ending::DeclinedOffline(_))) => {
                ("declined_offline", Self::Declined)
            }
            (OutcomeKind::DeclinedByCard, _) => ("declined_by_card", Self::Declined),
            (OutcomeKind::UnableToGoOnline, _) => ("unable_to_go_online", Self::Unreachable),
            (OutcomeKind::NoCard, _) => ("no_card", Self::NoCard),
            (OutcomeKind::CardRemoved, _) => ("card_removed", Self::Removed),
            (OutcomeKind::NotAccepted, _) => ("not_accepted", Self::NotAccepted),
            (OutcomeKind::CardFault, _) => ("card_fault", Self::CardFault),
            (OutcomeKind::Cancelled, _) => ("cancelled", Self::Cancelled),
            (OutcomeKind::ReaderFault, _) => ("reader_fault", Self::ReaderFault),
            (OutcomeKind::CannotSeal, _) => ("not_set_up", Self::NotSetUp),
        }
    }

    /// The exit code where something was to be undone at the acquirer: money that stays held is more
    /// than how the charge ended.
    pub fn after_undoing<E>(self, undone: Option<&Result<(), E>>) -> Self {
        match undone {
            Some(Err(_)) => Self::NotUndone,
            Some(Ok(())) | None => self,
        }
    }

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Approved => 0,
            Self::Untold => 1,
            Self::Misused => 2,
            Self::Declined => 10,
            Self::Referred => 11,
            Self::Unreachable => 12,
            Self::NotUndone => 13,
            Self::NoCard => 20,
            Self::Removed => 21,
            Self::NotAccepted => 22,
            Self::CardFault => 23,
            Self::Cancelled => 24,
            Self::ReaderFault => 30,
            Self::NotSetUp => 40,
            Self::NeedsCare => 60,
            Self::Critical => 61,
            Self::CardDataFound => 62,
            Self::NotEverywhere => 63,
            Self::SearchFails => 64,
            Self::KeysCare => 70,
            Self::NoKeys => 71,
            Self::Refused => 72,
            Self::Files => 73,
            Self::NotWhole => 80,
            Self::TillRuns => 81,
            Self::BackupFiles => 82,
            Self::NoJournal => 83,
            Self::NotEnrolled => 90,
            Self::NoCollector => 91,
            Self::SiteRefused => 100,
            Self::SiteOlder => 101,
            Self::NoSite => 102,
            Self::NoSiteDevice => 103,
            Self::JournalWithoutKey => 110,
            Self::NoCredential => 111,
            Self::TimeUnproved => 112,
            Self::ClockNotSet => 113,
            Self::ReleaseRefused => 120,
            Self::ReleaseDamaged => 121,
            Self::ReleaseOlder => 122,
            Self::NotNow => 123,
            Self::JournalUnread => 124,
            Self::NoRoom => 125,
            Self::NotInstalled => 126,
            Self::NotUp => 127,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_that_stays_held_is_never_a_success() {
        let (_, approved) = Exit::of(OutcomeKind::Approved, Some(Ending::Approved));
        assert_eq!(approved.after_undoing::<()>(Some(&Ok(()))).code(), 0);
        assert_eq!(approved.after_undoing(Some(&Err("no answer"))).code(), 13);
        assert_eq!(approved.after_undoing::<()>(None).code(), 0);
    }
}
