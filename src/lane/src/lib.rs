//! sealpoint lane
