//! sealpoint hostsim
