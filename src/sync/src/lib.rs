//! sealpoint sync
