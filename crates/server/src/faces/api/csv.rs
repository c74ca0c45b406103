//! Whole lists as CSV (RFC 4180): streamed a page at a time, each page a short read of its own. A
//! row that changes meanwhile is told as it was or as it is.

use std::io;

use ::csv::{Terminator, WriterBuilder};
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use serde_json::Value as Json;

use super::accepts;
use super::cloud_events::ExternalIdOf;
use crate::app::Shared;
use crate::http::caller::bearer;
use crate::http::{Caller, Problem};
use crate::tokens;

/// Rows that are read at once.
pub const PAGE: i64 = 1_000;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// As it is.
    Exact(String),
    /// What somebody wrote: a spreadsheet must not take it for a formula.
    Text(String),
}

/// A number, a date, an instant, a name that is ours; nothing for `null`.
pub fn exact(value: impl Serialize) -> Cell {
    Cell::Exact(match serde_json::to_value(value) {
        Ok(Json::String(text)) => text,
        Ok(Json::Null) | Err(_) => String::new(),
        Ok(other) => other.to_string(),
    })
}

/// What somebody wrote.
pub fn text(text: impl AsRef<str>) -> Cell {
    Cell::Text(text.as_ref().to_owned())
}

/// `SOURCE:external-id` of each, with spaces between them.
pub fn external_ids(ids: &[ExternalIdOf]) -> Cell {
    let ids: Vec<String> =
        ids.iter().map(|one| format!("{}:{}", one.source, one.external_id)).collect();
    Cell::Exact(ids.join(" "))
}

/// Something that a list has, as lines: most have one.
pub trait Record: Send + 'static {
    fn lines(&self) -> Vec<Vec<Cell>>;
}

/// Whether CSV is asked for, which is the whole list and has no pages.
pub fn is_wanted(
    headers: &HeaderMap,
    limit: Option<&String>,
    cursor: Option<&String>,
) -> Result<bool, Problem> {
    match accepts(headers, "text/csv") {
        true if limit.is_some() || cursor.is_some() => {
            let rule = "limit and cursor do not go with text/csv, which is the whole list";
            Err(Problem::validation(rule))
        }
        wanted => Ok(wanted),
    }
}

/// Answers with a whole list, of which the first page was read already: `read` reads the one behind
/// a place. Ends early, as a broken answer, when a page cannot be read or the token is no longer
/// good.
pub fn answer<R, P, F>(
    (app, caller, headers): (&Shared, &Caller, &HeaderMap),
    columns: &[&str],
    first: (Vec<R>, Option<P>),
    read: impl Fn(P) -> F + Send + 'static,
) -> Result<Response, Problem>
where
    R: Record,
    P: Send + 'static,
    F: Future<Output = Result<(Vec<R>, Option<P>), Problem>> + Send + 'static,
{
    let place = app.feed.place(&caller.key).ok_or_else(Problem::too_many_followers)?;
    let (app, token) = (app.clone(), bearer(headers).unwrap_or_default().to_owned());
    let head = vec![columns.iter().map(|name| exact(*name)).collect()];
    let ready = [written(head), lines(&first.0)].concat();
    let state = (Some(ready), first.1, read, app, token, place);
    let pages = stream::unfold(state, |(ready, mut next, read, app, token, place)| async move {
        let mut text = ready.unwrap_or_default();
        // A page may be empty and yet not the last.
        while text.is_empty() {
            let after = next.take()?;
            let page = match tokens::check(&app, &token).await {
                Ok(Some(_)) => read(after).await,
                _ => Err(Problem::internal()),
            };
            match page {
                Ok((rows, further)) => (text, next) = (lines(&rows), further),
                Err(_) => {
                    let broken = Err(io::Error::other("the list cannot be read on"));
                    return Some((broken, (None, None, read, app, token, place)));
                }
            }
        }
        Some((Ok(Bytes::from(text)), (None, next, read, app, token, place)))
    });
    let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    Ok(([(CONTENT_TYPE, kind)], Body::from_stream(pages)).into_response())
}

fn lines<R: Record>(rows: &[R]) -> Vec<u8> {
    written(rows.iter().flat_map(Record::lines))
}

fn written(lines: impl IntoIterator<Item = Vec<Cell>>) -> Vec<u8> {
    let mut writer =
        WriterBuilder::new().flexible(true).terminator(Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        // Into memory: this cannot fail.
        let _ = writer.write_record(line.into_iter().map(|cell| match cell {
            Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                format!("'{text}")
            }
            Cell::Text(text) | Cell::Exact(text) => text,
        }));
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted() {
        let told = written([vec![
            text("plain"),
            text("a,b"),
            text("say \"hi\""),
            text("two\nlines"),
            text("=1+1"),
            text("@x,y"),
            text("a-b"),
            exact(-5),
            exact(None::<i64>),
            exact(true),
            text(""),
        ]]);
        let expected =
            "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",'=1+1,\"'@x,y\",a-b,-5,,true,\r\n";
        assert_eq!(String::from_utf8(told).unwrap(), expected);
    }
}
