//! sealpoint emv
