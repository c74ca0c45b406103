//! Request bodies: read whole, within limits, as the type the operation takes.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde::Deserialize;

use super::bodies::{self, Bodies, Room};
use super::form::FORM;
use super::{Limits, Problem};
use crate::app::Shared;

/// How deep arrays and objects may stand in each other.
const DEPTH: usize = 64;

/// A JSON body: valid UTF-8, within the limits, not too deep, without U+0000.
#[derive(Clone, Debug)]
pub struct JsonBody {
    bytes: Bytes,
    room: Arc<Room>,
}

impl FromRequest<Shared> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        Self::of(request, app, None).await
    }
}

/// Makes JSON of a form.
pub type ReadForm = fn(&[u8], Limits) -> Result<String, Problem>;

impl JsonBody {
    /// Reads a body; where forms are taken, too, `form` reads them.
    pub async fn of(
        request: Request,
        app: &Shared,
        form: Option<ReadForm>,
    ) -> Result<Self, Problem> {
        let sent = request.headers().get(CONTENT_TYPE).cloned();
        if request.method() != Method::GET {
            // Else it would be read and judged only to be refused.
            app.store.admit()?;
        }
        let (mut bytes, room) = read(request, app.limits).await?;
        if let (false, Some(sent)) = (bytes.is_empty(), sent) {
            let sent = sent.to_str().unwrap_or("(not readable)");
            match form {
                Some(form) if essence(sent) == FORM => bytes = form(&bytes, app.limits)?.into(),
                _ if is_json(sent) => {}
                Some(_) => {
                    return Err(Problem::media_type(sent, &format!("application/json or {FORM}")));
                }
                None => return Err(Problem::media_type(sent, "application/json")),
            }
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            Problem::validation(format!(
                "The body is not UTF-8: byte {} is not valid",
                error.valid_up_to()
            ))
        })?;
        inspect(text)?;
        Ok(Self { bytes, room: Arc::new(room) })
    }

    pub fn as_str(&self) -> &str {
        // It was checked on the way in.
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    /// What it holds of the room for bodies: whatever was read from it and lives on must hold it.
    pub fn room(&self) -> Arc<Room> {
        Arc::clone(&self.room)
    }

    /// For an operation that takes no body, or an empty object.
    pub fn none(&self) -> Result<(), Problem> {
        let text = self.as_str().trim_ascii();
        match text.is_empty() || text.strip_prefix('{').is_some_and(|t| t.trim_ascii() == "}") {
            true => Ok(()),
            false => Err(Problem::validation("This takes no body; send none, or {}")),
        }
    }

    /// Reads the body as a JSON object. What fails here is not JSON, or not an object.
    pub fn object<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Problem> {
        let text = self.as_str();
        match text.trim_ascii_start().as_bytes().first() {
            None => return Err(Problem::validation("The body is empty; send a JSON object")),
            Some(b'{') => {}
            Some(_) => {
                serde_json::from_str::<&serde_json::value::RawValue>(text).map_err(broken)?;
                return Err(Problem::validation("The body is not a JSON object"));
            }
        }
        serde_json::from_str(text).map_err(broken)
    }
}

fn broken(error: serde_json::Error) -> Problem {
    match error.is_data() {
        true => Problem::validation(format!("The body is not of the right form: {error}")),
        false => Problem::validation(format!("The body is not valid JSON: {error}")),
    }
}

/// Reads a body up to the limit.
pub async fn read(request: Request, limits: Limits) -> Result<(Bytes, Room), Problem> {
    let (parts, body) = request.into_parts();
    bodies::read(parts.extensions.get::<Bodies>(), body, limits).await
}

/// A content type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type);
    essence == "application/json" || (essence.contains('/') && essence.ends_with("+json"))
}

/// One pass over the text: how deep it goes, and whether a string holds U+0000.
pub fn inspect(text: &str) -> Result<(), Problem> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0usize, 0);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH {
                    let message = format!("The body is nested more than {DEPTH} deep");
                    return Err(Problem::validation(message));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = string(bytes, at)?,
            _ => {}
        }
    }
    Ok(())
}

/// Where the string that began before `at` ends.
fn string(bytes: &[u8], mut at: usize) -> Result<usize, Problem> {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return Ok(at + 1),
            b'\\' if bytes[at + 1..].starts_with(b"u0000") => {
                let message = format!("The string at byte {at} holds U+0000, which no text may");
                return Err(Problem::validation(message));
            }
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    Ok(at)
}
