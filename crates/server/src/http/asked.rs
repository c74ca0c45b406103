//! How a request is to be carried out: once under a key of the client's own, or only to try.

use std::sync::Arc;

use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::Problem;
use super::log::Seen;
use crate::idempotency::LENGTH;

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is one that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
pub const PREFER: HeaderName = HeaderName::from_static("prefer");
/// Says that a preference was followed.
pub const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference: everything is judged and carried out, then undone.
pub const DRY_RUN: &str = "dry-run";

/// What a request says besides its body.
#[derive(Clone, Debug)]
pub struct Asked {
    pub request_id: Arc<str>,
    pub method: Method,
    pub uri: Uri,
    /// The ids in the path of a write.
    pub path_ids: Vec<String>,
    /// The client's own key for it.
    pub key: Option<String>,
    /// What it says that it has seen: under one key that is the same, too.
    pub conditions: Vec<HeaderValue>,
    pub dry_run: bool,
}

impl Asked {
    /// Reads the head of a request; and what is wrong with it. Reads are as they are: they take
    /// neither key nor preference.
    pub fn read(parts: &Parts) -> (Self, Result<(), Problem>) {
        let request_id = match parts.extensions.get::<Seen>() {
            Some(seen) => Arc::clone(&seen.request_id),
            None => Arc::from(""),
        };
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let (path_ids, conditions) = (Vec::new(), Vec::new());
        let mut asked =
            Self { request_id, method, uri, path_ids, key: None, conditions, dry_run: false };
        if parts.method == Method::GET {
            return (asked, Ok(()));
        }
        asked.conditions = parts.headers.get_all(IF_MATCH).iter().cloned().collect();
        let read = key(&parts.headers).and_then(|key| {
            asked.key = key;
            asked.dry_run = dry_run(&parts.headers)?;
            Ok(())
        });
        (asked, read)
    }
}

impl Asked {
    /// For what can be neither tried nor kept to be answered again: its answer carries a secret,
    /// or it is done outside. The client's key has no meaning there.
    pub fn in_earnest(&self) -> Result<(), Problem> {
        match self.dry_run {
            false => Ok(()),
            true => Err(Problem::validation("Prefer: dry-run is not possible here")),
        }
    }
}

/// The client's key: 1 to 255 visible ASCII characters, taken as they are.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut sent = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(first) = sent.next() else { return Ok(None) };
    let key = first.to_str().ok().filter(|key| {
        (1..=LENGTH).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match (key, sent.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        (_, Some(_)) => Err(Problem::validation("Idempotency-Key must be sent once")),
        (None, None) => {
            let rule = "must be 1 to 255 visible ASCII characters, without spaces";
            Err(Problem::validation(format!("Idempotency-Key {rule}")))
        }
    }
}

/// Whether a request is only to be tried (RFC 7240). Other preferences are nobody's here.
pub fn dry_run(headers: &HeaderMap) -> Result<bool, Problem> {
    let mut wanted = false;
    for value in headers.get_all(PREFER) {
        let said = String::from_utf8_lossy(value.as_bytes());
        for preference in said.split(',') {
            let (name, rest) =
                preference.split_at(preference.find([';', '=']).unwrap_or(preference.len()));
            if name.trim().eq_ignore_ascii_case(DRY_RUN) {
                wanted = true;
                // Whoever writes `dry-run=false` is not told "done" about a try, nor the reverse.
                if !rest.trim().is_empty() {
                    return Err(Problem::validation("Prefer: dry-run takes no value"));
                }
            }
        }
    }
    Ok(wanted)
}
