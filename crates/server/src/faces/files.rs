//! Entities from files, with their ids: what `crewline import` reads.
//!
//! A file for each kind, `clients`, `positions`, `users`, `teams` and `contracts`, as CSV (`.csv`) or as
//! a JSON object in each line (`.ndjson`). The fields are those of the `/v1` create, with an `id` beside
//! them, and `external_ids`: `SOURCE:external-id`, of several with spaces between them. In a CSV file an
//! empty cell says nothing. Fields that are not known are ignored, as on `/v1`.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{Amount, ExternalId, Kind, Name, Ref, Source, Text};
use serde_json::value::RawValue;

use crate::faces::main::{CreateBody, clients, contracts, teams, users};
use crate::http::check::Object;
use crate::http::field::text;
use crate::http::form::Form;
use crate::http::request_body::inspect;
use crate::http::{Check, Limits, Problem, Wire, body};
use crate::imports::{Import, One, Wrong};
use crate::positions::{self, Position};
use crate::sources::Sources;

/// The greatest id that there may be.
const LAST: i64 = (1 << 53) - 1;

/// Something that is wrong in a file.
#[derive(Clone, Debug)]
pub struct Mistake {
    pub file: String,
    /// From 1; `None`: it is about the whole file.
    pub line: Option<u64>,
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// What was read, and where each record stands.
#[derive(Default)]
pub struct Files {
    pub import: Arc<Import>,
    /// Of each kind the file, and the line of each of its records.
    places: HashMap<Kind, (String, Vec<u64>)>,
    mistakes: Vec<Mistake>,
}

body! {
    /// A position, as it comes in.
    struct NewPosition as "ImportPosition" = {"name": "Developer"} {
        name: required Name,
        rate: optional Amount,
        seniority: optional Text,
        "user_position_category_id" category: optional i64,
    }
}

impl CreateBody for NewPosition {
    type Entity = Position;

    fn fields(self) -> Option<positions::New> {
        let category = self.category.map(Ref::Internal);
        let (rate, seniority) = (self.rate, self.seniority);
        Some(positions::New { name: self.name?, category, rate, seniority })
    }
}

/// Reads a folder; or tells everything that is wrong in its files by itself.
pub fn read(folder: &Path, sources: &Sources) -> Result<Files, Vec<Mistake>> {
    let mut files = Files::default();
    let mut import = Import::default();
    files.kind::<clients::Create>(folder, "clients", sources, &mut import.clients);
    files.kind::<NewPosition>(folder, "positions", sources, &mut import.positions);
    files.kind::<users::Create>(folder, "users", sources, &mut import.users);
    files.kind::<teams::Create>(folder, "teams", sources, &mut import.teams);
    files.kind::<contracts::Create>(folder, "contracts", sources, &mut import.contracts);
    if files.places.is_empty() && files.mistakes.is_empty() {
        let message =
            "there is no clients, positions, users, teams or contracts .csv or .ndjson here";
        files.mistake(&folder.display().to_string(), None, message);
    }
    match files.mistakes.is_empty() {
        true => Ok(Files { import: Arc::new(import), ..files }),
        false => Err(files.mistakes),
    }
}

impl Files {
    /// What the database said of records, by their lines.
    pub fn told(&self, wrong: Vec<Wrong>) -> Vec<Mistake> {
        let told = wrong.into_iter().map(|Wrong { kind, nth, why }| {
            let (file, lines) = self.places.get(&kind).cloned().unwrap_or_default();
            let message = said(Problem::from(why));
            Mistake { file, line: lines.get(nth).copied(), message }
        });
        told.collect()
    }

    fn mistake(&mut self, file: &str, line: Option<u64>, message: impl Into<String>) {
        self.mistakes.push(Mistake { file: file.to_owned(), line, message: message.into() });
    }

    /// The file of a kind, if there is one.
    fn kind<B: CreateBody>(
        &mut self,
        folder: &Path,
        name: &str,
        sources: &Sources,
        all: &mut Vec<One<B::Entity>>,
    ) {
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        let (csv, ndjson) = (path("csv"), path("ndjson"));
        let (file, lines) = match (csv.exists(), ndjson.exists()) {
            (false, false) => return,
            (true, true) => {
                let file = file_name(&csv);
                return self.mistake(&file, None, "there is an .ndjson of the same name, too");
            }
            (true, false) => (file_name(&csv), rows::<B>(&csv)),
            (false, true) => (file_name(&ndjson), objects(&ndjson)),
        };
        let lines = match lines {
            Ok(lines) => lines,
            Err((line, message)) => return self.mistake(&file, line, message),
        };
        let (mut seen, mut places) = (HashMap::new(), Vec::with_capacity(lines.len()));
        for (line, text) in lines {
            let one = match one::<B>(&text, sources) {
                Ok(one) => one,
                Err(problem) => {
                    self.mistake(&file, Some(line), said(problem));
                    continue;
                }
            };
            match seen.insert(one.id, line) {
                Some(first) => {
                    self.mistake(&file, Some(line), format!("has the id of line {first}"));
                }
                None => {
                    places.push(line);
                    all.push(one);
                }
            }
        }
        self.places.insert(<B::Entity as crate::entities::Entity>::KIND, (file, places));
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A problem in one line.
fn said(problem: Problem) -> String {
    let errors: Vec<String> = problem
        .errors
        .iter()
        .map(|error| format!("{} {}", error.pointer.trim_start_matches('/'), error.message))
        .collect();
    match errors.is_empty() {
        true => problem.message,
        false => errors.join("; "),
    }
}

/// The records of a file as JSON, each with its line.
type Lines = Result<Vec<(u64, String)>, (Option<u64>, String)>;

/// The rows of a CSV file: the first line names the columns.
fn rows<B: Wire>(path: &PathBuf) -> Lines {
    let whole = |error: csv::Error| {
        let line = error.position().map(csv::Position::line);
        (line, error.to_string())
    };
    let mut reader = csv::ReaderBuilder::new().from_path(path).map_err(whole)?;
    let names = reader.headers().map_err(whole)?.clone();
    let forms: Vec<Form> = names.iter().map(form::<B>).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(whole)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = names.iter().zip(&forms).zip(&record);
        let members = cells.filter(|(_, cell)| !cell.is_empty()).map(|((name, form), cell)| {
            format!("{}:{}", serde_json::Value::from(name), form.json(cell))
        });
        rows.push((line, format!("{{{}}}", members.collect::<Vec<_>>().join(","))));
    }
    Ok(rows)
}

/// What the cells of a column mean.
fn form<B: Wire>(name: &str) -> Form {
    let known = B::FIELDS.iter().find(|(field, _)| *field == name);
    match (name, known) {
        ("id", _) => Form::NUMBER,
        (_, Some((_, form))) => *form,
        (_, None) => Form::TEXT,
    }
}

/// The lines of a file that has a JSON object in each.
fn objects(path: &PathBuf) -> Lines {
    let text = std::fs::read_to_string(path).map_err(|error| (None, error.to_string()))?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
    Ok(lines.map(|(line, nth)| (nth, line.trim_ascii().to_owned())).collect())
}

/// Reads a record.
fn one<B: CreateBody>(record: &str, sources: &Sources) -> Result<One<B::Entity>, Problem> {
    inspect(record)?;
    let raw: &RawValue = serde_json::from_str(record)
        .map_err(|error| Problem::validation(format!("is not JSON: {error}")))?;
    Check::all(Limits::default(), |check| {
        let Some(object) = Object::of(raw) else { return check.wrong("must be a JSON object") };
        let id = check.within("id", |check| {
            let id = object.get("id").and_then(|raw| raw.get().parse().ok());
            let id = id.filter(|id| (1..=LAST).contains(id));
            id.or_else(|| check.wrong(format!("is required, an integer from 1 to {LAST}")))
        });
        let references = check
            .within("external_ids", |check| references(object.get("external_ids"), sources, check));
        let new = B::read(raw, check).and_then(B::fields);
        Some(One { id: id?, new: new?, references: references? })
    })
}

/// What sources call an entity: `OKTA:u1 SAP:007`, or a list of these, or of objects with a `source` and
/// an `external_id`, as `/api` writes them.
fn references(
    raw: Option<&RawValue>,
    sources: &Sources,
    check: &mut Check,
) -> Option<Vec<(Source, ExternalId)>> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Some(Vec::new()) };
    let known = |name: &str, id: &str, check: &mut Check| {
        let Some(source) = sources.named(name) else {
            return check.wrong(format!("{name:?} is not a source of the company"));
        };
        match ExternalId::parse(id) {
            Ok(id) => Some((source, id)),
            Err(rule) => check.wrong(rule),
        }
    };
    let rule = "must be like OKTA:external-id, or a list of these";
    let of_text = |text: &str, check: &mut Check| match text.split_once(':') {
        Some((name, id)) => known(name, id, check),
        None => check.wrong(rule),
    };
    if let Some(all) = text(raw) {
        return all.split_ascii_whitespace().map(|one| of_text(one, check)).collect();
    }
    let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        return check.wrong(rule);
    };
    let each = list.into_iter().map(|raw| match (text(raw), Object::of(raw)) {
        (Some(one), _) => of_text(&one, check),
        (None, Some(object)) => {
            let member = |name| object.get(name).and_then(text);
            match (member("source"), member("external_id")) {
                (Some(name), Some(id)) => known(&name, &id, check),
                _ => check.wrong(rule),
            }
        }
        (None, None) => check.wrong(rule),
    });
    each.collect()
}
