//! What a till says of the image under it, and which one it is offered: `POST /v1/updates`. The
//! release that comes back counts for nothing until the till has checked the retailer's signature.

use serde::{Deserialize, Serialize};

use crate::release::ImageVersion;

/// The path of the question.
pub const UPDATES: &str = "/v1/updates";
/// What the path of a release's file begins with; its name follows.
pub const UPDATE_FILES: &str = "/v1/updates/files/";
/// Bytes of a file that one answer holds at most.
pub const MAX_PIECE: u64 = 2 * 1024 * 1024;
/// Bytes of one release that a till downloads at most.
pub const MAX_DOWNLOAD: u64 = 1024 * 1024 * 1024;
/// Characters of the sentence that a till says at most.
pub const MAX_TOLD: usize = 400;
/// Images that did not come up, at most.
pub const MAX_FAILED: usize = 16;
/// Name of the file in which a till's updater remembers this, beside the folder for downloads.
pub const UPDATE_STATE_FILE: &str = "state.json";
/// Name of the folder for downloads.
pub const INCOMING: &str = "incoming";

/// How an update stands on a till.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateStanding {
    /// The image that runs; none on a till that was not installed as an image, or says nothing yet.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub running: Option<ImageVersion>,
    /// The image in the other slot, if it waits for a restart.
    #[serde(default)]
    pub installed: Option<InstalledImage>,
    /// Images that did not come up here.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, max_items = 16))]
    pub failed: Vec<ImageVersion>,
    /// How it went last, a sentence.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 400))]
    pub told: String,
}

/// An image in the other slot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstalledImage {
    /// Its version.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: ImageVersion,
}

impl UpdateStanding {
    /// The same within the bounds of a message.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.failed.truncate(MAX_FAILED);
        self.told = self.told.chars().take(MAX_TOLD).collect();
        self
    }

    /// Whether it is within the bounds of a message.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.failed.len() <= MAX_FAILED && self.told.chars().count() <= MAX_TOLD
    }

    /// Whether an image is news to this till: newer than what runs and what waits, and not one that
    /// it returned from.
    #[must_use]
    pub fn wants(&self, version: &ImageVersion) -> bool {
        let newer = |known: &ImageVersion| version > known;
        self.running.as_ref().is_some_and(newer)
            && self.installed.as_ref().is_none_or(|it| newer(&it.version))
            && !self.failed.contains(version)
    }
}

/// A till's word and question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateRequest {
    /// [`crate::WIRE_VERSION`].
    pub version: u16,
    /// How an update stands here.
    pub standing: UpdateStanding,
}

/// The release that this till is offered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateAnswer {
    /// Its signed text; none if there is nothing for this till.
    pub release: Option<String>,
}
