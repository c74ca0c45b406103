//! Every rule, through the real router, on both engines.

mod bad_input;
mod contract_attach;
mod contract_users;
mod creates;
mod document;
mod examples;
mod isolation;
mod kernel;
mod kernel_sqlite;
mod races;
mod references;
mod schema;
mod team_attach;
mod tokens;
mod users;
mod workspace_attach;
