//! How a till stands with the retailer: `GET /v1/standing`.

use serde::{Deserialize, Serialize};

/// How a till stands with the retailer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Standing {
    /// It sells.
    Active,
    /// Its certificate is revoked: it may only upload what it holds, into quarantine.
    Revoked {
        /// What happened and what to do.
        why: String,
    },
    /// It is out of the retailer's hands: it stops selling and erases its keys, once what it holds
    /// is uploaded. The order counts only if the retailer's root signed it.
    Lost {
        /// The order: a signed text (`vault::signed`) that names the terminal.
        order: String,
        /// Erase at once: it was stolen, and whoever has it must not have the time.
        stolen: bool,
    },
}
