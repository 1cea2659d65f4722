//! sealpoint terminal
