//! In which language people are spoken to.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// A language that texts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Spanish,
}

impl Language {
    /// The one that `Accept-Language` likes best (RFC 9110, 12.5.4); English where it likes both
    /// as much, or neither.
    pub fn accepted(headers: &HeaderMap) -> Self {
        let said = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<(String, u32)> =
            said.flat_map(|value| value.split(',')).filter_map(range).collect();
        let weight = |language: &str| {
            let named = ranges.iter().filter(|(range, _)| primary(range) == language);
            let any = ranges.iter().find(|(range, _)| range == "*").map(|(_, weight)| *weight);
            named.map(|(_, weight)| *weight).max().or(any).unwrap_or(0)
        };
        match weight("es") > weight("en") {
            true => Self::Spanish,
            false => Self::English,
        }
    }
}

/// `es` of `es-MX`.
fn primary(range: &str) -> &str {
    range.split('-').next().unwrap_or_default()
}

/// A language range in lower case, and its weight in thousandths.
fn range(element: &str) -> Option<(String, u32)> {
    let (range, weight) = match element.split_once(';') {
        None => (element, 1_000),
        Some((range, weight)) => {
            let weight = weight.trim().strip_prefix("q=").or(weight.trim().strip_prefix("Q="))?;
            let weight: f64 = weight.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
            (range, (weight * 1_000.0) as u32)
        }
    };
    let range = range.trim().to_ascii_lowercase();
    (!range.is_empty()).then_some((range, weight))
}
