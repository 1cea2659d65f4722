//! sealpoint sale
