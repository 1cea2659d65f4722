//! sealpoint journal
