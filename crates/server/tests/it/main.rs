//! Every rule, through the real router, on both engines.

mod bad_input;
mod contract_attach;
mod contract_users;
mod cors;
mod creates;
mod deletes;
mod detaches;
mod docs;
mod document;
mod examples;
mod exchange_rates;
mod gate;
mod isolation;
mod kernel;
mod kernel_sqlite;
mod races;
mod references;
mod refresh;
mod rights;
mod schema;
mod team_attach;
mod tls;
mod tokens;
mod updates;
mod users;
mod workspace_attach;
