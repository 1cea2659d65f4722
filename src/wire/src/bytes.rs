//! Bytes that travel as base64 text.

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// At most this many bytes in any one field.
pub const MAX_BYTES: usize = 8 * 1024;

/// A bounded byte string, base64 (RFC 4648 section 4) in JSON.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = Byte))]
pub struct Bytes(Vec<u8>);

/// More bytes than a field may carry.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} bytes do not fit a field of at most {MAX_BYTES}. Nothing was sent; report this record."
)]
pub struct TooManyBytes(usize);

impl Bytes {
    /// The bytes themselves.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for Bytes {
    type Error = TooManyBytes;
    fn try_from(bytes: Vec<u8>) -> Result<Self, Self::Error> {
        if bytes.len() > MAX_BYTES {
            Err(TooManyBytes(bytes.len()))
        } else {
            Ok(Self(bytes))
        }
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64
            .decode(text.as_bytes())
            .map_err(|_| D::Error::custom("not base64"))?;
        Self::try_from(bytes).map_err(D::Error::custom)
    }
}
