//! The image that runs.

use std::{io, path::Path};

use sealpoint_wire::release::ImageVersion;
use serde::Deserialize;

use super::places::Places;
use crate::{
    fault::Fault,
    plain_file::{self, Links},
};

/// At most this many bytes of what an image says of itself.
const MAX_IMAGE: u64 = 64 * 1024;

/// The image that runs.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Running {
    /// Its version.
    pub version: ImageVersion,
    /// Its roll-back index. It came up, so the counter in the TPM is no higher than this.
    pub rollback_index: u32,
    /// Journal schemas that its till can open.
    pub journal_reads: Vec<u32>,
}

/// Which image runs. Both of its words for it must be the same.
pub fn read(places: &Places) -> Result<Running, Fault> {
    let path = places.image();
    let text = read_text(&path).map_err(|error| no_image(&path, &error.to_string()))?;
    let running: Running =
        toml::from_str(&text).map_err(|error| no_image(&path, error.message()))?;
    let [own, vendor] = places.os_release();
    let release = read_text(&own).or_else(|_| read_text(&vendor));
    let release = release.map_err(|error| no_image(&own, &error.to_string()))?;
    let named = release
        .lines()
        .find_map(|line| line.strip_prefix("IMAGE_VERSION="))
        .map(|value| value.trim_matches(['"', '\'']));
    if named != Some(running.version.to_string().as_str()) {
        let why = format!(
            "IMAGE_VERSION is {:?} and not {}",
            named.unwrap_or_default(),
            running.version
        );
        return Err(no_image(&own, &why));
    }
    Ok(running)
}

fn read_text(path: &Path) -> io::Result<String> {
    let bytes = plain_file::read(path, MAX_IMAGE, Links::Followed)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn no_image(path: &Path, why: &str) -> Fault {
    Fault::files(
        format!("{path:?} does not say which image runs ({why})."),
        "Only a till that was installed as an image is updated whole; a Debian till is updated by \
         its packages.",
    )
}
