//! Reference values: what an image's build says that a till's registers hold while it runs.
//!
//! ```json
//! {
//!   "format": "sealpoint reference values",
//!   "version": 1,
//!   "image": "1.4.0",
//!   "rollback_index": 7,
//!   "pcrs": {
//!     "11": ["9f...", "41..."],
//!     "12": ["00..."]
//!   }
//! }
//! ```
//! For each register that is named, 64 hexadecimal digits for each value that is good: register 11 has
//! one for each phase of the boot in which a quote may be made. A register that is not named is not
//! judged by the image. Register 11 must be named: it is what says which image runs.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER_PERMISSIVE;
use sealpoint_wire::attest::PCRS;
use serde::{Deserialize, Serialize};

use super::DIGEST;

/// Bytes of such a file at most.
pub const MAX_FILE: u64 = 64 * 1024;
/// Images that a store holds the values of at most.
pub const MAX_REFERENCES: usize = 64;
/// Values of one register at most.
const MAX_VALUES: usize = 16;
/// Characters of a version.
const MAX_VERSION: usize = 64;
/// The register that says which image runs.
pub const IMAGE_PCR: u8 = 11;
/// The first words of such a file.
const FORMAT: &str = "sealpoint reference values";

/// A register's value.
pub type Digest = [u8; DIGEST];

/// The values of one image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The image's version.
    pub image: String,
    /// Its roll-back index.
    pub rollback_index: u64,
    /// What is good, by register.
    pub pcrs: BTreeMap<u8, Vec<Digest>>,
}

/// It is no such file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("These are no reference values ({0}). Give the file that was built with the image.")]
pub struct BadReference(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    version: u32,
    image: String,
    rollback_index: u64,
    pcrs: BTreeMap<String, Vec<String>>,
}

impl Reference {
    /// Reads the file's text.
    ///
    /// # Errors
    /// [`BadReference`].
    pub fn parse(text: &str) -> Result<Self, BadReference> {
        let bad = |why: &str| BadReference(why.to_owned());
        let written: Written = serde_json::from_str(text).map_err(|error| {
            bad(&format!(
                "at line {} column {}",
                error.line(),
                error.column()
            ))
        })?;
        if written.format != FORMAT || written.version != 1 {
            return Err(bad("another format or version"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-+~_".contains(c);
        if !(1..=MAX_VERSION).contains(&written.image.len()) || !written.image.chars().all(plain) {
            return Err(bad("the image has no version"));
        }
        let mut pcrs = BTreeMap::new();
        for (pcr, values) in written.pcrs {
            let pcr: u8 = pcr.parse().map_err(|_| bad("a register has a number"))?;
            if !PCRS.contains(&pcr) {
                return Err(bad(&format!("register {pcr} is not in a quote")));
            }
            if !(1..=MAX_VALUES).contains(&values.len()) {
                return Err(bad(&format!("register {pcr} has 1 to {MAX_VALUES} values")));
            }
            let values = values
                .iter()
                .map(|value| digest(value).ok_or_else(|| bad("a value has 64 hexadecimal digits")))
                .collect::<Result<_, _>>()?;
            pcrs.insert(pcr, values);
        }
        if !pcrs.contains_key(&IMAGE_PCR) {
            return Err(bad("register 11 is missing"));
        }
        Ok(Self {
            image: written.image,
            rollback_index: written.rollback_index,
            pcrs,
        })
    }

    /// The registers that hold something else than this image has them hold.
    #[must_use]
    pub fn differing(&self, held: &BTreeMap<u8, Digest>) -> Vec<u8> {
        let good = |pcr: &u8, values: &[Digest]| held.get(pcr).is_some_and(|v| values.contains(v));
        self.pcrs
            .iter()
            .filter(|(pcr, values)| !good(pcr, values))
            .map(|(pcr, _)| *pcr)
            .collect()
    }
}

/// 64 hexadecimal digits.
#[must_use]
pub fn digest(text: &str) -> Option<Digest> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok()
}
