//! sealpoint cardsim
