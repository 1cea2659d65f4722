//! Why an update is not taken: a sentence on what happened, one on what to do, and an exit code.

use sealpoint_vault::signed::BadSignature;
use sealpoint_wire::release::{BadRelease, ImageVersion};

use crate::{exit::Exit, fault::Fault};

/// Why an update is not taken, or not now.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The retailer did not sign it.
    #[error(
        "The release is not one that the retailer signed ({0}). Install nothing of it, and find out \
         where it came from."
    )]
    Unsigned(BadSignature),
    /// Signed, and not understood.
    #[error(
        "The release is not understood ({0}). Build it with the tools of this image, or update to those first."
    )]
    NotARelease(BadRelease),
    /// A file that it names is not there, or no plain file.
    #[error(
        "The file {name} of the release cannot be read ({why}). Bring the whole release again."
    )]
    Missing {
        /// Which.
        name: String,
        /// What the system said.
        why: String,
    },
    /// A file has another size or hash than the release says.
    #[error(
        "The file {0} is not the one that the retailer signed for. Bring the whole release again."
    )]
    Damaged(String),
    /// What runs is newer, or the same.
    #[error(
        "The release is {found}, and {running} runs already. Publish one with a higher version: an \
         older image is never installed over a newer one."
    )]
    Older {
        /// The release's.
        found: ImageVersion,
        /// The image's.
        running: ImageVersion,
    },
    /// It would bring back a hole that was closed.
    #[error(
        "The release has the roll-back index {found}, and this image has {running}. Build it with \
         the index of the newest image: older ones have a hole."
    )]
    LowerIndex {
        /// The release's.
        found: u32,
        /// The image's.
        running: u32,
    },
    /// There has to be a step between.
    #[error(
        "The release is for images from {from} on, and {running} runs. Publish one in between first."
    )]
    TooFar {
        /// The oldest that it is for.
        from: ImageVersion,
        /// The image's.
        running: ImageVersion,
    },
    /// It was tried here and did not come up.
    #[error(
        "{0} was installed before, did not come up, and the till returned from it. Publish a \
         corrected image with a higher version."
    )]
    CameBack(ImageVersion),
    /// Its till could not open the journal.
    #[error(
        "The till's journal has schema {schema}, which the till of the release cannot read. Nothing \
         is installed, so nothing in the queue is lost: publish a release whose till reads it."
    )]
    JournalUnread {
        /// The journal's.
        schema: u32,
    },
    /// Its till would write what this image's cannot read, so there would be no way back.
    #[error(
        "The till of the release would bring the journal to schema {writes}, which this image \
         cannot read if it has to take over again. Publish a release in between that reads it and \
         does not write it."
    )]
    NoWayBack {
        /// The schema that it writes.
        writes: u32,
    },
    /// The disk is too full.
    #[error(
        "The update needs {needed} bytes of room for its copy and there are {free}. Find out what \
         fills the volume: the journal needs the rest."
    )]
    NoRoom {
        /// With the reserve.
        needed: u64,
        /// What there is.
        free: u64,
    },
    /// The till says that it is not the moment, or says nothing.
    #[error("Not now: {why}. It is tried again by itself.")]
    NotNow {
        /// What is in the way.
        why: String,
    },
    /// systemd-sysupdate failed. The image that runs is untouched.
    #[error("The update was not written ({0}). This image runs on; see the log of this unit.")]
    NotInstalled(String),
    /// The new image's till did not come up in time.
    #[error("The till of this image did not come up: {0}. See the log of sealpoint-till.")]
    NotUp(String),
}

impl Refused {
    /// Something is in the way that goes by itself.
    pub fn not_now(why: impl Into<String>) -> Self {
        Self::NotNow { why: why.into() }
    }

    /// Its exit code.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Unsigned(_) | Self::NotARelease(_) => Exit::ReleaseRefused,
            Self::Missing { .. } | Self::Damaged(_) => Exit::ReleaseDamaged,
            Self::Older { .. }
            | Self::LowerIndex { .. }
            | Self::TooFar { .. }
            | Self::CameBack(_) => Exit::ReleaseOlder,
            Self::JournalUnread { .. } | Self::NoWayBack { .. } => Exit::JournalUnread,
            Self::NoRoom { .. } => Exit::NoRoom,
            Self::NotNow { .. } => Exit::NotNow,
            Self::NotInstalled(_) => Exit::NotInstalled,
            Self::NotUp(_) => Exit::NotUp,
        }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::told(refused.exit(), &refused)
    }
}
