//! sealpoint till
