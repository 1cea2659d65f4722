//! sealpoint acquirer
