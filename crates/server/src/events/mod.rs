//! Events: what operations changed, as it is kept.

pub mod pack;
