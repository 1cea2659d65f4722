//! sealpoint collector
