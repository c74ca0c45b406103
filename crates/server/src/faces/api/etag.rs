//! ETags: a hash of what is answered, so that no row has a version.

use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Kind;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::contract_ranges;
use super::entities::Entity;
use crate::entities::read;
use crate::http::Answer;
use crate::scope::Scope;
use crate::store::{self, Tx};

/// Bytes of the hash that are told.
const LENGTH: usize = 16;

/// The strong ETag of a body.
pub fn of(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..LENGTH]))
}

/// Answers with an ETag: 304 and nothing else when the client has just that.
pub fn answer(headers: &HeaderMap, told: &impl Serialize) -> Response {
    let answer = Answer::json(StatusCode::OK, told);
    let tag = of(&answer.body);
    let mut response = match is_known(headers, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => answer.into_response(),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Whether `If-None-Match` names the tag; a tag that was weakened on the way still does.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let sent = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = sent.flat_map(|text| text.split(',')).map(str::trim);
    tags.any(|sent| sent == "*" || sent.strip_prefix("W/").unwrap_or(sent) == tag)
}

/// The ETag of `GET /api/{kinds}/{ref}` as the transaction sees it; `None`: it is not there.
pub async fn of_entity(
    tx: &mut Tx,
    scope: &Scope,
    kind: Kind,
    id: i64,
) -> store::Result<Option<String>> {
    let told = read::one(tx, scope, kind, id).await?;
    Ok(told.map(|told| of(&Answer::json(StatusCode::OK, &Entity(told)).body)))
}

/// The ETag of `GET /api/contracts/{ref}/assignments?user=` as the transaction sees it.
pub async fn of_ranges(
    tx: &mut Tx,
    scope: &Scope,
    contract: i64,
    user: i64,
) -> store::Result<String> {
    let told = contract_ranges::of_user(tx, scope, contract, user).await?;
    Ok(of(&Answer::json(StatusCode::OK, &told).body))
}
