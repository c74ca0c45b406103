//! Lists of `/api`: a page at a time, or as CSV the whole list.

use axum::Json;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::csv::{self, Record};
use super::parameter;
use crate::app::Shared;
use crate::http::{Caller, Problem};

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one.
    #[schema(required)]
    pub next: Option<String>,
}

/// Where the next page begins: a position that only this server reads.
pub fn cursor(position: &impl Serialize) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).ok()?))
}

/// Reads a cursor that this server gave.
pub fn position<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(not_ours)
}

/// 400 for a cursor that no page of the list gave.
pub fn not_ours() -> Problem {
    Problem::validation("cursor must be the `next` of an earlier page")
}

/// An instant in a cursor or a query, of those that both engines can compare.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub struct At(pub Timestamp);

impl At {
    pub fn new(at: Timestamp) -> Option<Self> {
        (-62_135_596_800..).contains(&at.as_second()).then_some(Self(at))
    }
}

impl From<At> for i64 {
    fn from(At(at): At) -> Self {
        at.as_microsecond()
    }
}

impl TryFrom<i64> for At {
    type Error = &'static str;

    fn try_from(micros: i64) -> Result<Self, Self::Error> {
        let at = Timestamp::from_microsecond(micros).ok().and_then(Self::new);
        at.ok_or("not an instant since the year 1")
    }
}

/// The query of an operation that lists, and takes no more.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LimitQuery {
    /// Rows on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    pub limit: Option<String>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of rows of which one more than `limit` was asked for, and where the next one begins.
pub fn page<T, P>(
    mut rows: Vec<T>,
    limit: i64,
    place: impl FnOnce(&T) -> Option<P>,
) -> (Vec<T>, Option<P>) {
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next = rows.last().filter(|_| more).and_then(place);
    (rows, next)
}

/// Rows on a page of most lists.
pub const LIMIT: i64 = 200;

/// How much is wanted on a page: 100, if it is not said and so much may be.
pub fn limit(text: Option<&String>, most: i64) -> Result<i64, Problem> {
    let limit = parameter("limit", text, |text| {
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| format!("must be an integer from 1 to {most}"))
    })?;
    Ok(limit.unwrap_or(100.min(most)))
}

/// Rows of a list, and behind which place the next ones begin.
pub type Rows<R, P> = Result<(Vec<R>, Option<P>), Problem>;

/// Answers a request for a list. `read` reads rows behind a place, or the first ones, as many as are
/// wanted.
pub async fn answer<R, P, F>(
    (app, caller, headers): (&Shared, &Caller, &HeaderMap),
    columns: &[&str],
    (wanted, after): (Option<&String>, Option<&String>),
    read: impl Fn(Option<P>, i64) -> F + Send + 'static,
) -> Result<Response, Problem>
where
    R: Record + Serialize,
    P: Serialize + DeserializeOwned + Send + 'static,
    F: Future<Output = Rows<R, P>> + Send + 'static,
{
    if csv::is_wanted(headers, wanted, after)? {
        let first = read(None, csv::PAGE).await?;
        let further = move |after| read(Some(after), csv::PAGE);
        return csv::answer((app, caller, headers), columns, first, further);
    }
    let (limit, after) = (limit(wanted, LIMIT)?, after.map(|text| position(text)).transpose()?);
    let (data, next) = read(after, limit).await?;
    let next = next.and_then(|next| cursor(&next));
    Ok(Json(Page { data, next }).into_response())
}
