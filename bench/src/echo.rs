//! What the server is compared with: the same HTTP stack, and nothing behind it.
//!
//! It parses the body as any JSON value and writes it back. That is the least that a server
//! taking these requests could do, so the ratio to it says what the rest costs.

use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::failure::{Result, failed};

pub async fn serve(listen: &str) -> Result<()> {
    let listener = TcpListener::bind(listen).await.map_err(failed(listen))?;
    let address = listener.local_addr().map_err(failed(listen))?;
    // As crewline says it.
    eprintln!("listening address={address}");
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let router = Router::new().fallback(async |Json(value): Json<Value>| Json(value));
    axum::serve(listener, router).await.map_err(failed(listen))
}
