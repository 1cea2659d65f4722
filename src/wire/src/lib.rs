//! sealpoint wire
