//! sealpoint vault
