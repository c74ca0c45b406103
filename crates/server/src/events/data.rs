//! What an event says: who or what was added, taken away or changed, in columns of ids and dates.

use domain::range::DateRange;
use jiff::civil::Date;

use super::pack::{Pack, Unpack};
use crate::entities::image::Change;

/// What changed of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Its own fields; and, of one that is gone, what sources called it (source, external id).
    Entity(Change, Vec<(i64, String)>),
    /// Date ranges of users on a contract.
    Ranges(Direction, Vec<Range>),
    /// Users in a team, or on a project.
    Members(Direction, Vec<Member>),
    /// Shares of a user's time that workspaces have.
    Shares(Vec<Share>),
    /// References that it got, or that were taken from it: source, external id.
    Linked(Direction, Vec<(i64, String)>),
    /// Exchange rates of the company.
    Rates(Vec<RateOfDay>),
}

/// Which way something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Added,
    Removed,
}

/// A range that a user has, or had, on a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub id: i64,
    pub user_id: i64,
    pub range: DateRange,
}

/// A user that is, or was, in a team or on a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The relation's id.
    pub id: i64,
    pub user_id: i64,
}

/// What a workspace has of a user's time, in 1/10,000 percent; `None`: the user is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub workspace_id: i64,
    pub before: Option<i64>,
    pub after: Option<i64>,
}

/// The rate of a currency on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateOfDay {
    pub currency: String,
    pub day: Date,
    pub before: Option<Quote>,
    pub after: Quote,
}

/// A rate: amount and factor as they are stored, and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub amount: i64,
    pub factor: i64,
    pub rate_type: String,
}

// What was packed once is read for as long as events are kept: these never change.
const ENTITY: u8 = 1;
const RANGES_ADDED: u8 = 2;
const RANGES_REMOVED: u8 = 3;
const MEMBERS_ADDED: u8 = 4;
const MEMBERS_REMOVED: u8 = 5;
const SHARES: u8 = 6;
const LINKED: u8 = 7;
const RATES: u8 = 8;
const UNLINKED: u8 = 9;

impl Data {
    /// How many things changed: what a reader pages through.
    pub fn count(&self) -> usize {
        match self {
            Data::Entity(..) => 1,
            Data::Ranges(_, rows) => rows.len(),
            Data::Members(_, rows) => rows.len(),
            Data::Shares(rows) => rows.len(),
            Data::Linked(_, rows) => rows.len(),
            Data::Rates(rows) => rows.len(),
        }
    }

    pub fn pack(&self) -> Vec<u8> {
        // A range takes some 8 bytes, the rest is short.
        let mut pack = Pack::with_capacity(32 + 9 * self.count());
        pack.byte(self.tag());
        match self {
            Data::Entity(change, references) => {
                change.pack(&mut pack);
                pack_references(&mut pack, references);
            }
            Data::Ranges(_, rows) => pack_ranges(&mut pack, rows),
            Data::Members(_, rows) => {
                pack.unsigned(rows.len() as u64);
                for row in rows {
                    pack.signed(row.id);
                    pack.signed(row.user_id);
                }
            }
            Data::Shares(rows) => {
                pack.unsigned(rows.len() as u64);
                for row in rows {
                    pack.signed(row.workspace_id);
                    [row.before, row.after]
                        .into_iter()
                        .for_each(|share| pack_share(&mut pack, share));
                }
            }
            Data::Linked(_, rows) => pack_references(&mut pack, rows),
            Data::Rates(rows) => pack_rates(&mut pack, rows),
        }
        pack.into_bytes()
    }

    fn tag(&self) -> u8 {
        match self {
            Data::Entity(..) => ENTITY,
            Data::Ranges(Direction::Added, _) => RANGES_ADDED,
            Data::Ranges(Direction::Removed, _) => RANGES_REMOVED,
            Data::Members(Direction::Added, _) => MEMBERS_ADDED,
            Data::Members(Direction::Removed, _) => MEMBERS_REMOVED,
            Data::Shares(_) => SHARES,
            Data::Linked(Direction::Added, _) => LINKED,
            Data::Linked(Direction::Removed, _) => UNLINKED,
            Data::Rates(_) => RATES,
        }
    }

    /// Reads what was packed; `None` for what was not.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut unpack = Unpack::new(bytes);
        let from = &mut unpack;
        Some(match from.byte()? {
            ENTITY => Data::Entity(Change::unpack(from)?, references(from)?),
            RANGES_ADDED => Data::Ranges(Direction::Added, ranges(from)?),
            RANGES_REMOVED => Data::Ranges(Direction::Removed, ranges(from)?),
            MEMBERS_ADDED => Data::Members(Direction::Added, members(from)?),
            MEMBERS_REMOVED => Data::Members(Direction::Removed, members(from)?),
            SHARES => Data::Shares(rows(from, |from| {
                let workspace_id = from.signed()?;
                Some(Share { workspace_id, before: share(from)?, after: share(from)? })
            })?),
            LINKED => Data::Linked(Direction::Added, references(from)?),
            UNLINKED => Data::Linked(Direction::Removed, references(from)?),
            RATES => Data::Rates(rows(from, rate)?),
            _ => return None,
        })
    }
}

/// As many rows as are said to follow; nothing is allocated by that number.
fn rows<T>(
    from: &mut Unpack<'_>,
    mut row: impl FnMut(&mut Unpack<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = from.unsigned()?;
    (0..count).map(|_| row(from)).collect()
}

/// By columns, each number as it differs from the one before: rows come in the order of the key,
/// so that a range takes some 8 bytes.
fn pack_ranges(pack: &mut Pack, rows: &[Range]) {
    pack.unsigned(rows.len() as u64);
    let Some(first) = rows.first() else { return };
    let start = |row: &Range| crate::store::days(row.range.start);
    let (base, user, id) = (start(first), first.user_id, first.id);
    [base, user, id].into_iter().for_each(|number| pack.signed(number));
    let mut before = user;
    for row in rows {
        pack.signed(row.user_id - before);
        before = row.user_id;
        pack.signed(start(row) - base);
        pack.signed(crate::store::days(row.range.end) - start(row));
        pack.signed(row.id - id);
    }
}

fn ranges(from: &mut Unpack<'_>) -> Option<Vec<Range>> {
    let count = from.unsigned()?;
    if count == 0 {
        return Some(Vec::new());
    }
    let (base, mut user, id) = (from.signed()?, from.signed()?, from.signed()?);
    let mut row = || {
        user = user.checked_add(from.signed()?)?;
        let start = base.checked_add(from.signed()?)?;
        let end = start.checked_add(from.signed()?)?;
        let id = id.checked_add(from.signed()?)?;
        let (start, end) = (crate::store::from_days(start), crate::store::from_days(end));
        Some(Range { id, user_id: user, range: DateRange { start, end } })
    };
    (0..count).map(|_| row()).collect()
}

fn members(from: &mut Unpack<'_>) -> Option<Vec<Member>> {
    rows(from, |from| Some(Member { id: from.signed()?, user_id: from.signed()? }))
}

/// A share is above 0: 0 is none.
fn pack_share(pack: &mut Pack, share: Option<i64>) {
    pack.signed(share.unwrap_or(0));
}

fn share(from: &mut Unpack<'_>) -> Option<Option<i64>> {
    let share = from.signed()?;
    Some((share != 0).then_some(share))
}

fn pack_references(pack: &mut Pack, rows: &[(i64, String)]) {
    pack.unsigned(rows.len() as u64);
    for (source, id) in rows {
        pack.signed(*source);
        pack.text(id);
    }
}

fn references(from: &mut Unpack<'_>) -> Option<Vec<(i64, String)>> {
    rows(from, |from| Some((from.signed()?, from.text()?.to_owned())))
}

fn pack_rates(pack: &mut Pack, rows: &[RateOfDay]) {
    let quote = |pack: &mut Pack, quote: &Quote| {
        pack.signed(quote.amount);
        pack.signed(quote.factor);
        pack.text(&quote.rate_type);
    };
    pack.unsigned(rows.len() as u64);
    for row in rows {
        pack.text(&row.currency);
        pack.date(row.day);
        pack.byte(u8::from(row.before.is_some()));
        row.before.iter().for_each(|before| quote(pack, before));
        quote(pack, &row.after);
    }
}

fn rate(from: &mut Unpack<'_>) -> Option<RateOfDay> {
    let quote = |from: &mut Unpack<'_>| {
        let (amount, factor) = (from.signed()?, from.signed()?);
        Some(Quote { amount, factor, rate_type: from.text()?.to_owned() })
    };
    let (currency, day) = (from.text()?.to_owned(), from.date()?);
    let before = match from.byte()? {
        0 => None,
        _ => Some(quote(from)?),
    };
    Some(RateOfDay { currency, day, before, after: quote(from)? })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn every_kind() -> Vec<Data> {
        let range = |id, user_id, start| Range {
            id,
            user_id,
            range: DateRange { start, end: date(9999, 12, 31) },
        };
        let ranges = vec![
            range(7, 5, date(2025, 1, 1)),
            range(6, 5, date(2025, 2, 1)),
            range(8, 4, date(1, 1, 1)),
        ];
        let quote = |amount| Quote { amount, factor: 1, rate_type: "EURX".to_owned() };
        let rate = |before| RateOfDay {
            currency: "EUR".to_owned(),
            day: date(2025, 3, 1),
            before,
            after: quote(2),
        };
        let share = |before, after| Share { workspace_id: 9, before, after };
        let references = vec![(1, "a".to_owned()), (1_000, "é".to_owned())];
        vec![
            Data::Entity(Change::default(), references.clone()),
            Data::Ranges(Direction::Added, ranges.clone()),
            Data::Ranges(Direction::Removed, ranges),
            Data::Ranges(Direction::Removed, Vec::new()),
            Data::Members(Direction::Added, vec![Member { id: 3, user_id: 4 }]),
            Data::Members(Direction::Removed, vec![Member { id: 3, user_id: i64::MAX }]),
            Data::Shares(vec![share(None, Some(1)), share(Some(1_000_000), None)]),
            Data::Linked(Direction::Added, references.clone()),
            Data::Rates(vec![rate(None), rate(Some(quote(1)))]),
            Data::Linked(Direction::Removed, references),
        ]
    }

    #[test]
    fn what_was_packed_comes_back() {
        for data in every_kind() {
            let bytes = data.pack();
            for end in 0..bytes.len() {
                assert_ne!(Data::unpack(&bytes[..end]), Some(data.clone()), "{data:?}");
            }
            assert_eq!(Data::unpack(&bytes), Some(data));
        }
    }

    #[test]
    fn damaged_bytes_do_no_harm() {
        for bytes in every_kind().iter().map(Data::pack) {
            for place in 0..bytes.len() {
                for byte in 0..=255 {
                    let mut damaged = bytes.clone();
                    damaged[place] = byte;
                    Data::unpack(&damaged);
                }
            }
        }
    }

    /// Bytes that were packed long ago stay readable: none of these changes.
    #[test]
    fn the_bytes_stay_as_they_are() {
        let bytes: Vec<Vec<u8>> = every_kind().iter().map(Data::pack).collect();
        expect_test::expect!["[[1, 0, 0, 2, 2, 1, 97, 208, 15, 2, 195, 169], [2, 3, 242, 185, 2, 10, 14, 0, 0, 206, 200, 227, 2, 0, 0, 62, 144, 200, 227, 2, 1, 1, 229, 158, 90, 180, 231, 189, 3, 2], [3, 3, 242, 185, 2, 10, 14, 0, 0, 206, 200, 227, 2, 0, 0, 62, 144, 200, 227, 2, 1, 1, 229, 158, 90, 180, 231, 189, 3, 2], [3, 0], [4, 1, 6, 8], [5, 1, 6, 254, 255, 255, 255, 255, 255, 255, 255, 255, 1], [6, 2, 18, 0, 2, 18, 128, 137, 122, 0], [7, 2, 2, 1, 97, 208, 15, 2, 195, 169], [8, 2, 3, 69, 85, 82, 232, 186, 2, 0, 4, 2, 4, 69, 85, 82, 88, 3, 69, 85, 82, 232, 186, 2, 1, 2, 2, 4, 69, 85, 82, 88, 4, 2, 4, 69, 85, 82, 88], [9, 2, 2, 1, 97, 208, 15, 2, 195, 169]]"].assert_eq(&format!("{bytes:?}"));
    }
}
