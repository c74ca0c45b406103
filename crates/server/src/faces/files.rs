//! Entities from files, with their ids: what `crewline import` reads.
//!
//! A file for each kind, `clients`, `positions`, `users`, `teams` and `contracts`, as CSV (`.csv`) or as
//! a JSON object in each line (`.ndjson`). The fields are those of the `/v1` create, with an `id` beside
//! them, and `external_ids`: `SOURCE:external-id`, of several with spaces between them. In a CSV file an
//! empty cell says nothing. Fields that are not known are ignored, as on `/v1`.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use domain::{Amount, ExternalId, Kind, Name, Ref, Source, Text};
use serde_json::value::RawValue;

use crate::entities::Entity;
use crate::faces::main::{CreateBody, clients, contracts, teams, users};
use crate::http::check::Object;
use crate::http::field::text;
use crate::http::form::Form;
use crate::http::request_body::inspect;
use crate::http::{Check, Limits, Problem, Wire, body};
use crate::imports::{Import, One, Unread, Wrong};
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
    /// In the order in which they were read.
    files: Vec<File>,
    /// What is wrong in the files by themselves.
    mistakes: Vec<Mistake>,
}

/// The file of a kind.
struct File {
    kind: Kind,
    name: String,
    /// Of each of its records that could be read.
    lines: Vec<u64>,
    /// How the kind words a refusal.
    refused: fn(Problem) -> Problem,
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

/// Reads a folder, unless there is nothing in it. What could not be read is told with what the
/// database says of the rest.
pub fn read(folder: &Path, sources: &Sources) -> Result<Files, Mistake> {
    let (mut files, mut import) = (Files::default(), Import::default());
    let Import { clients, positions, users, teams, contracts, unread } = &mut import;
    files.kind::<clients::Create>(folder, "clients", sources, (clients, unread));
    files.kind::<NewPosition>(folder, "positions", sources, (positions, unread));
    files.kind::<users::Create>(folder, "users", sources, (users, unread));
    files.kind::<teams::Create>(folder, "teams", sources, (teams, unread));
    files.kind::<contracts::Create>(folder, "contracts", sources, (contracts, unread));
    if files.files.is_empty() {
        let message =
            "there is no clients, positions, users, teams or contracts .csv or .ndjson here";
        let (file, message) = (folder.display().to_string(), message.to_owned());
        return Err(Mistake { file, line: None, message });
    }
    Ok(Files { import: Arc::new(import), ..files })
}

impl Files {
    /// Everything that is wrong, also what the database said, in the order of files and lines.
    pub fn told(&self, wrong: Vec<Wrong>) -> Vec<Mistake> {
        let mut all = self.mistakes.clone();
        all.extend(wrong.into_iter().filter_map(|Wrong { kind, nth, why }| {
            let file = self.files.iter().find(|file| file.kind == kind)?;
            let (line, message) = (file.lines.get(nth).copied(), said((file.refused)(why.into())));
            Some(Mistake { file: file.name.clone(), line, message })
        }));
        let place = |name: &str| self.files.iter().position(|file| file.name == name);
        all.sort_by_key(|mistake| (place(&mistake.file), mistake.line));
        all
    }

    /// The file of a kind, if there is one.
    fn kind<B: CreateBody>(
        &mut self,
        folder: &Path,
        name: &str,
        sources: &Sources,
        (all, unread): (&mut Vec<One<B::Entity>>, &mut Unread),
    ) {
        let kind = <B::Entity as Entity>::KIND;
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        let (csv, ndjson) = (path("csv"), path("ndjson"));
        let (path, lines) = match (csv.exists(), ndjson.exists()) {
            (false, false) => return,
            (true, true) => (&csv, Err((None, "there is an .ndjson of the same name, too".into()))),
            (true, false) => (&csv, bytes(&csv).and_then(|bytes| rows::<B>(bytes))),
            (false, true) => (&ndjson, bytes(&ndjson).map(|bytes| objects(&bytes))),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut file = File { kind, name, lines: Vec::new(), refused: B::refused };
        let mut wrong = |line: Option<u64>, message: String, id: Option<i64>| {
            self.mistakes.push(Mistake { file: file.name.clone(), line, message });
            unread.push((kind, id));
        };
        let lines = lines.unwrap_or_else(|(line, message)| {
            wrong(line, message, None);
            Vec::new()
        });
        let mut seen = HashMap::new();
        for (line, record) in lines {
            let id = record.as_ref().ok().and_then(|record| id_of(record));
            let first = id.and_then(|id| seen.insert(id, line));
            let one = record.and_then(|record| one::<B>(&record, sources).map_err(said));
            match (one, first) {
                (Err(message), _) => wrong(Some(line), message, id),
                (_, Some(first)) => wrong(Some(line), format!("has the id of line {first}"), id),
                (Ok(one), None) => {
                    file.lines.push(line);
                    all.push(one);
                }
            }
        }
        self.files.push(file);
    }
}

/// A problem in one line.
fn said(problem: Problem) -> String {
    let errors: Vec<String> = problem
        .errors
        .iter()
        .map(|error| match error.pointer.trim_start_matches('/') {
            // Some say themselves what they are about.
            field if error.message.starts_with(field) => error.message.to_string(),
            field => format!("{field} {}", error.message),
        })
        .collect();
    match errors.is_empty() {
        true => problem.message,
        false => errors.join("; "),
    }
}

/// A record as JSON, or why it is none, with the line it begins in.
type Line = (u64, Result<String, String>);

/// Why a file cannot be read, and where.
type Broken = (Option<u64>, String);

/// What a file holds, without the mark that spreadsheets begin UTF-8 with.
fn bytes(path: &Path) -> Result<Vec<u8>, Broken> {
    let mut bytes = std::fs::read(path).map_err(|error| (None, error.to_string()))?;
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    Ok(bytes)
}

const MARK: &[u8] = "\u{feff}".as_bytes();

/// A last row, which comes out whole unless a quote is still open.
const LAST_ROW: &[u8] = b"\n\x04\n";

/// The rows of a CSV file: the first line names the columns.
fn rows<B: Wire>(mut bytes: Vec<u8>) -> Result<Vec<Line>, Broken> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    bytes.extend_from_slice(LAST_ROW);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&*bytes);
    let first = |message: String| (Some(1), message);
    let names = reader.headers().map_err(|error| first(error.to_string()))?.clone();
    let names: Vec<&str> = names.iter().map(str::trim).collect();
    if !names.contains(&"id") {
        return Err(first("must name the columns, with commas between, and id among them".into()));
    }
    if let Some((_, twice)) =
        names.iter().enumerate().find(|(nth, name)| names[..*nth].contains(name))
    {
        return Err(first(format!("names the column {twice:?} twice")));
    }
    let forms: Vec<Form> = names.iter().map(|name| form::<B>(name)).collect();
    let (mut rows, mut lines) = (Vec::new(), Lines { bytes: &bytes, at: 0, line: 1 });
    for record in reader.byte_records() {
        let record = record.map_err(|error| (None, error.to_string()))?;
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        if record.iter().eq([LAST_ROW.trim_ascii()]) {
            return Ok(rows);
        }
        rows.push((line, row(&record, &names, &forms)));
    }
    let open = rows.last().map_or(1, |(line, _)| *line);
    Err((Some(open), "begins a quote that does not end".to_owned()))
}

/// A row as JSON; an empty cell says nothing.
fn row(record: &csv::ByteRecord, names: &[&str], forms: &[Form]) -> Result<String, String> {
    if record.len() != names.len() {
        let (columns, cells) = (names.len(), record.len());
        return Err(format!("must have a cell for each of {columns} columns, and has {cells}"));
    }
    let cells: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
    let cells = cells.map_err(|_| "is not UTF-8".to_owned())?;
    let cells = names.iter().zip(forms).zip(cells).filter(|(_, cell)| !cell.is_empty());
    let members = cells.map(|((name, form), cell)| {
        format!("{}:{}", serde_json::Value::from(*name), form.json(cell))
    });
    Ok(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
}

/// Which line a byte is in, asked in their order.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins here: ends of lines may stand before it.
    fn of(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(&sign) = self.bytes.get(self.at)
            && (self.at < byte || matches!(sign, b'\r' | b'\n'))
        {
            self.at += 1;
            let ends = sign == b'\n' || sign == b'\r' && self.bytes.get(self.at) != Some(&b'\n');
            self.line += u64::from(ends);
        }
        self.line
    }
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
fn objects(bytes: &[u8]) -> Vec<Line> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).zip(1..);
    let lines = lines.filter(|(line, _)| !line.is_empty());
    let text = |line| String::from_utf8(Vec::from(line)).map_err(|_| "is not UTF-8".to_owned());
    lines.map(|(line, nth)| (nth, text(line))).collect()
}

/// The id of a record, if that much of it is right.
fn id_of(record: &str) -> Option<i64> {
    inspect(record).ok()?;
    let raw: &RawValue = serde_json::from_str(record).ok()?;
    id(&Object::of(raw)?)
}

fn id(object: &Object<'_>) -> Option<i64> {
    let id = object.get("id").and_then(|raw| raw.get().parse().ok());
    id.filter(|id| (1..=LAST).contains(id))
}

/// Reads a record.
fn one<B: CreateBody>(record: &str, sources: &Sources) -> Result<One<B::Entity>, Problem> {
    inspect(record)?;
    let raw: &RawValue = serde_json::from_str(record)
        .map_err(|error| Problem::validation(format!("is not JSON: {error}")))?;
    Check::all(Limits::default(), |check| {
        let Some(object) = Object::of(raw) else { return check.wrong("must be a JSON object") };
        let id = check.within("id", |check| {
            id(&object).or_else(|| check.wrong(format!("is required, an integer from 1 to {LAST}")))
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
        let each: Vec<_> = all.split_ascii_whitespace().map(|one| of_text(one, check)).collect();
        return each.into_iter().collect();
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
    // All are read, so that everything wrong is told.
    let each: Vec<_> = each.collect();
    each.into_iter().collect()
}
