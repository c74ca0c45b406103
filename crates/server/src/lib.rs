//! Everything that listens.
//!
//! A request comes in through a face ([`faces`]), which parses its wire form and calls one
//! operation of a feature ([`contracts`], [`teams`], ...); the operation runs in one transaction
//! of the [`store`]; the face renders what came of it. Each module says more.

pub mod app;
pub mod background;
pub mod clock;
pub mod metrics;
pub mod network;
pub mod operation;
pub mod refusal;
pub mod scope;
pub mod secret;
pub mod staffing;
pub mod store;
pub mod sweep;

pub mod http;

pub mod assignments;
pub mod brands;
pub mod categories;
pub mod clients;
pub mod companies;
pub mod contracts;
pub mod entities;
pub mod events;
pub mod exchange_rates;
pub mod idempotency;
pub mod imports;
pub mod integrity;
pub mod keys;
pub mod leave_types;
pub mod leaves;
pub mod memberships;
pub mod positions;
pub mod products;
pub mod projects;
pub mod references;
pub mod refusals;
pub mod seniorities;
pub mod sources;
pub mod teams;
pub mod tokens;
pub mod users;
pub mod webhooks;
pub mod working_times;
pub mod workspaces;

pub mod faces;
pub mod openapi;

pub mod demo;
