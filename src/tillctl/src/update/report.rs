//! What people and programs are told.

use sealpoint_wire::release::ImageVersion;
use serde::Serialize;

/// Version of the JSON objects. Fields are added without a new version.
pub const VERSION: u8 = 1;

/// How an update stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// [`VERSION`].
    version: u8,
    /// A word for programs.
    state: &'static str,
    /// The image that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<ImageVersion>,
    /// The release that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<ImageVersion>,
    /// Images that did not come up here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<ImageVersion>,
    /// The same in a sentence.
    told: String,
}

impl Report {
    /// A word for programs and a sentence.
    pub fn new(state: &'static str, told: impl Into<String>) -> Self {
        Self {
            version: VERSION,
            state,
            running: None,
            release: None,
            failed: Vec::new(),
            told: told.into(),
        }
    }

    /// With the image that runs.
    pub fn running(mut self, running: &ImageVersion) -> Self {
        self.running = Some(running.clone());
        self
    }

    /// With the release that it is about.
    pub fn release(mut self, release: &ImageVersion) -> Self {
        self.release = Some(release.clone());
        self
    }

    /// With the images that did not come up here.
    pub fn failed(mut self, failed: &[ImageVersion]) -> Self {
        self.failed = failed.to_vec();
        self
    }

    /// The sentence.
    pub fn told(&self) -> &str {
        &self.told
    }

    /// As JSON, or the sentence.
    pub fn text(&self, json: bool) -> String {
        if json {
            serde_json::to_string_pretty(self).unwrap_or_default()
        } else {
            self.told.clone()
        }
    }
}
