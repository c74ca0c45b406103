//! Which pages of other origins may call.

use std::str::FromStr;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, Method, Uri};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::asked::{APPLIED, IDEMPOTENCY_KEY, PREFER, REPLAYED};
use super::rate::{LEFT, POLICY};
use super::request::REQUEST_ID;

/// What browsers name a page's server by, or `*` for every page.
#[derive(Clone, Debug)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // As browsers send it.
        let text = text.to_ascii_lowercase();
        let value = HeaderValue::from_str(&text).ok();
        let value = value.filter(|_| text == "*" || is_origin(&text)).map(Self);
        value.ok_or("an origin is scheme://host, scheme://host:port, or * for any")
    }
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    // No user, no pattern, no path, and a port that is one.
    let bare = authority.as_str() == host && (host == authority.host() || uri.port().is_some());
    !scheme.is_empty() && bare && !host.contains(['@', '*']) && uri.scheme_str() == Some(scheme)
}

/// Lets pages of these origins call. They send a token, never cookies.
pub fn layer(origins: Vec<Origin>) -> CorsLayer {
    let allowed = match origins.iter().any(|origin| origin.0 == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.into_iter().map(|origin| origin.0)),
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IDEMPOTENCY_KEY, PREFER])
        .expose_headers([REQUEST_ID, RETRY_AFTER, ETAG, LOCATION, REPLAYED, APPLIED, POLICY, LEFT])
        .max_age(Duration::from_secs(3_600))
}
