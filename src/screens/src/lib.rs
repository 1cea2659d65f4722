//! sealpoint screens
