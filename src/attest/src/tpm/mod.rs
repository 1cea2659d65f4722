//! TPM 2.0, as far as it is needed here. Sources: TPM 2.0 Library Specification, revision 1.59, Part 2
//! (structures) and Part 3 (commands). No authorisation of ours is a secret, so each is an empty
//! password, and no parameter is encrypted on its way: nothing that crosses is one either, but for the
//! credential, which is made for this TPM alone and good for one challenge.

mod buffer;
mod commands;
mod error;
mod link;
mod nv;

pub use buffer::{Broken, Reader, Writer};
pub use commands::{Auth, Made, Tpm};
pub use error::TpmError;
pub use link::{DEVICE, Link, open};
pub use nv::NvPublic;

/// Handles that every TPM has (Part 2, 7.4).
pub mod handle {
    /// `TPM_RH_OWNER`: the hierarchy of whoever has the machine.
    pub const OWNER: u32 = 0x4000_0001;
    /// `TPM_RH_NULL`.
    pub const NULL: u32 = 0x4000_0007;
    /// `TPM_RS_PW`: an authorisation by password.
    pub const PASSWORD: u32 = 0x4000_0009;
    /// `TPM_RH_ENDORSEMENT`: the hierarchy whose seed the manufacturer put in.
    pub const ENDORSEMENT: u32 = 0x4000_000B;
    /// `TPM_RH_PLATFORM`: the firmware's, which it closes before it starts a system.
    #[cfg(feature = "simulator")]
    pub const PLATFORM: u32 = 0x4000_000C;
}

/// Algorithms (Part 2, 6.3).
pub mod algorithm {
    /// AES.
    pub const AES: u16 = 0x0006;
    /// SHA-256.
    pub const SHA256: u16 = 0x000B;
    /// None.
    pub const NULL: u16 = 0x0010;
    /// ECDSA.
    pub const ECDSA: u16 = 0x0018;
    /// An elliptic curve's key.
    pub const ECC: u16 = 0x0023;
    /// Cipher feedback.
    pub const CFB: u16 = 0x0043;
    /// The curve P-256 (Part 2, 6.4).
    pub const P256: u16 = 0x0003;
}
