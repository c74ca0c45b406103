//! Outgoing webhooks, as Standard Webhooks 1.0.0 says (<https://www.standardwebhooks.com>).

pub mod address;
pub mod network;
pub mod outcome;
pub mod schedule;
pub mod send;
pub mod signature;
