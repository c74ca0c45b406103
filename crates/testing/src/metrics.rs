//! What `/metrics` says, read with a strict eye: the text format of Prometheus, version 0.0.4.

use std::collections::{BTreeMap, BTreeSet};

/// A scrape.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// By the name of the family: its type, and the labels that its series have.
    pub families: BTreeMap<String, (Kind, BTreeSet<String>)>,
    /// The values by series, as the text has them: `name{label="value"}`.
    pub series: BTreeMap<String, f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub fn named(name: &str) -> Self {
        match name {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            _ => panic!("{name} is no type"),
        }
    }
}

impl Metrics {
    /// Reads a text; whatever is wrong with it is a panic.
    pub fn parse(text: &str) -> Self {
        let (mut metrics, mut helped, mut current) = (Self::default(), None, None);
        assert!(text.ends_with('\n'), "the last line does not end");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect(line);
                assert!(!help.is_empty(), "{line}");
                helped = Some(name.to_owned());
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect(line);
                assert_eq!(helped.as_deref(), Some(name), "{line} has no help");
                let kind = Kind::named(kind);
                assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{line}");
                let twice = metrics.families.insert(name.to_owned(), (kind, BTreeSet::new()));
                assert!(twice.is_none(), "{name} is there twice");
                current = Some((name.to_owned(), kind));
            } else {
                let (family, kind) = current.as_ref().expect("a sample before any type");
                metrics.sample(line, family, *kind);
            }
        }
        metrics.check_histograms();
        metrics
    }

    fn sample(&mut self, line: &str, family: &str, kind: Kind) {
        let (series, value) = line.rsplit_once(' ').expect(line);
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}: no number"));
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').expect(line)),
            None => (series, ""),
        };
        let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} in {family}"));
        match kind {
            Kind::Histogram => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
            _ => assert_eq!(suffix, "", "{line}"),
        }
        assert!(value >= 0.0, "{line}");
        for (label, _) in pairs(labels) {
            if label != "le" {
                self.families.get_mut(family).expect(line).1.insert(label.to_owned());
            }
        }
        assert!(self.series.insert(series.to_owned(), value).is_none(), "{series} is there twice");
    }

    /// Buckets add up, and the last one has all.
    fn check_histograms(&self) {
        let mut last: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for (series, value) in &self.series {
            let Some((name, labels)) = series.split_once("_bucket{") else { continue };
            let labels: Vec<_> = pairs(labels.trim_end_matches('}')).collect();
            let bound = labels.iter().find(|(label, _)| *label == "le").expect(series).1;
            let others = labels.iter().filter(|(label, _)| *label != "le");
            let others: Vec<_> =
                others.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
            let labels = match others.is_empty() {
                true => String::new(),
                false => format!("{{{}}}", others.join(",")),
            };
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect(series) };
            last.entry(format!("{name}_count{labels}")).or_default().push((bound, *value));
        }
        for (count, mut buckets) in last {
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by(|one, other| one.1 <= other.1), "{count}: {buckets:?}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, self.series[&count])), "{count}");
        }
    }

    /// The value of a series; 0 if there is none.
    pub fn get(&self, series: &str) -> f64 {
        self.series.get(series).copied().unwrap_or_default()
    }
}

/// Labels and their values. None of ours has a quote or a comma in it.
fn pairs(labels: &str) -> impl Iterator<Item = (&str, &str)> {
    let pair = |pair| {
        let (label, value) = str::split_once(pair, "=\"").expect(pair);
        (label, value.strip_suffix('"').expect(pair))
    };
    labels.split(',').filter(|pair| !pair.is_empty()).map(pair)
}
