//! sealpoint secret
