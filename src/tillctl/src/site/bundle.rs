//! The bundle: one text, signed by the retailer's root.
//!
//! ```text
//! format = 1
//! issued = "2026-11-23T09:30:00Z"
//!
//! [site]
//! version = 7
//! ...
//! -- site signed by root-2026
//! <signature>
//! ```
//! The body is TOML with the keys of `site.toml` below `[site]`, and its files in whole. Nothing of it
//! is read before its signature is checked.

use jiff::{Timestamp, Unit};
use sealpoint_vault::signed::{
    self, BadBody, BadSignature, Purpose, RootPrivateKey, RootPublicKey,
};
use sealpoint_wire::TerminalId;
use serde::{Deserialize, Serialize};

use super::text::{BadSite, FileTexts, Site};

/// The only format of a body.
const FORMAT: u8 = 1;
/// At most this much of the TOML reader's words in an error.
const SAID: usize = 300;

/// What a bundle says.
#[derive(Clone, PartialEq, Debug)]
pub struct Bundle {
    /// The till that it is for.
    pub terminal: TerminalId,
    /// When it was signed. No till's clock is right that shows less.
    pub issued: Timestamp,
    /// The rest.
    pub site: Site<FileTexts>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    format: u8,
    issued: String,
    site: Site<FileTexts>,
}

/// Why a text is no bundle for this till. Each is half a sentence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadBundle {
    /// Nothing in it was looked at.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// The retailer signed something else.
    #[error("it is not of a format that this till knows ({0}); ask IT to sign it for this version")]
    Syntax(String),
    /// What it says does not go together.
    #[error("{0}; ask IT to correct it and sign it again")]
    Content(#[from] BadSite),
}

impl Bundle {
    /// Signs what a till is to be told.
    ///
    /// # Errors
    /// [`BadBody`] if it is too long.
    pub fn sign(
        site: Site<FileTexts>,
        issued: Timestamp,
        root: &RootPrivateKey,
    ) -> Result<String, BadBody> {
        let issued = issued.round(Unit::Second).unwrap_or(issued);
        let body = Body {
            format: FORMAT,
            issued: issued.to_string(),
            site,
        };
        let body = toml::to_string(&body).map_err(|_| BadBody::Empty)?;
        signed::sign(&body, Purpose::Site, root)
    }

    /// Checks the signature, and then reads.
    ///
    /// # Errors
    /// [`BadBundle`]; nothing of it is to be used then.
    pub fn verify(text: &str, root: &RootPublicKey) -> Result<Self, BadBundle> {
        let body = signed::verify(text, Purpose::Site, root)?;
        let body: Body = toml::from_str(body)
            .map_err(|error| BadBundle::Syntax(error.message().chars().take(SAID).collect()))?;
        if body.format != FORMAT {
            return Err(BadBundle::Syntax(format!("format {}", body.format)));
        }
        let issued = body
            .issued
            .parse()
            .map_err(|_| BadBundle::Syntax("`issued` is no time".to_owned()))?;
        Ok(Self {
            terminal: body.site.check()?.clone(),
            issued,
            site: body.site,
        })
    }
}
