//! Outgoing webhooks, as Standard Webhooks 1.0.0 says (<https://www.standardwebhooks.com>).

pub mod network;
pub mod schedule;
pub mod signature;
