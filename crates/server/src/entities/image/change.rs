//! What is different between two images of an entity.

use std::borrow::Cow;

use domain::Kind;

use super::{Image, Value};
use crate::entities::table::table;
use crate::events::pack::{Pack, Unpack};

/// The values that an entity had and has. Created: all of `after`, deleted: all of `before`, each
/// without what is missing; updated: what differs, on both sides in the same order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub before: Named,
    pub after: Named,
}

/// Values with the names of their fields. Those that were packed may name fields that are no more.
pub type Named = Vec<(Cow<'static, str>, Value)>;

/// What makes one image of an entity another; without the one it was created, without the other
/// deleted.
pub fn change(kind: Kind, before: Option<&Image>, after: Option<&Image>) -> Change {
    let mut change = Change::default();
    for (nth, field) in table(kind).fields.iter().enumerate() {
        let value =
            |image: Option<&Image>| image.and_then(|Image(values)| values.get(nth)).cloned();
        let (before, after) = (value(before), value(after));
        let missing = [&before, &after].into_iter().flatten().all(|value| *value == Value::Null);
        if missing || before == after {
            continue;
        }
        let name = Cow::Borrowed(field.name);
        change.before.extend(before.map(|value| (name.clone(), value)));
        change.after.extend(after.map(|value| (name, value)));
    }
    change
}

impl Change {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    pub fn pack(&self, pack: &mut Pack) {
        for side in [&self.before, &self.after] {
            pack.unsigned(side.len() as u64);
            for (name, value) in side {
                pack.text(name);
                value.pack(pack);
            }
        }
    }

    pub fn unpack(unpack: &mut Unpack<'_>) -> Option<Self> {
        Some(Self { before: side(unpack)?, after: side(unpack)? })
    }
}

fn side(unpack: &mut Unpack<'_>) -> Option<Named> {
    let length = unpack.unsigned()?;
    // Nothing is allocated by the length: what is cut off or damaged ends early.
    (0..length).map(|_| Some((unpack.text()?.to_owned().into(), Value::unpack(unpack)?))).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn workspace(name: &str, active: bool, description: Option<&str>) -> Image {
        let text = |text: &str| Value::Text(text.to_owned());
        let description = description.map_or(Value::Null, text);
        Image(vec![text(name), Value::Bool(active), description])
    }

    fn told(before: Option<&Image>, after: Option<&Image>) -> String {
        let Change { before, after } = change(Kind::Workspace, before, after);
        let side = |side: Named| {
            let told = side.iter().map(|(name, value)| format!("{name} {value:?}"));
            told.collect::<Vec<_>>().join(", ")
        };
        format!("{} -> {}", side(before), side(after))
    }

    #[test]
    fn a_change_is_what_differs() {
        let (old, new) = (workspace("W", true, None), workspace("W", false, Some("d")));
        assert_eq!(told(None, Some(&old)), r#" -> name Text("W"), active Bool(true)"#);
        assert_eq!(
            told(Some(&new), None),
            r#"name Text("W"), active Bool(false), description Text("d") -> "#
        );
        assert_eq!(
            told(Some(&old), Some(&new)),
            r#"active Bool(true), description Null -> active Bool(false), description Text("d")"#
        );
        assert_eq!(told(Some(&old), Some(&old)), " -> ");
        assert!(change(Kind::Workspace, Some(&old), Some(&old)).is_empty());
        assert!(change(Kind::Workspace, None, None).is_empty());
        assert!(!change(Kind::Workspace, Some(&old), None).is_empty());
    }

    /// A change with every value there is; its fields are nobody's.
    fn any() -> (Change, Vec<u8>) {
        let named = |name: &'static str, value| (Cow::Borrowed(name), value);
        let before = vec![
            named("a", Value::Null),
            named("b", Value::Int(-1)),
            named("c", Value::Bool(false)),
            named("d", Value::Text("é\0".to_owned())),
        ];
        let after = vec![
            named("e", Value::Bool(true)),
            named("f", Value::Units(i64::MAX)),
            named("g", Value::Date(jiff::civil::date(2026, 1, 8))),
            named("h", Value::Instant(Timestamp::UNIX_EPOCH)),
        ];
        let change = Change { before, after };
        let mut pack = Pack::new();
        change.pack(&mut pack);
        (change, pack.into_bytes())
    }

    #[test]
    fn what_was_packed_comes_back() {
        let (change, bytes) = any();
        let mut unpack = Unpack::new(&bytes);
        assert_eq!(Change::unpack(&mut unpack), Some(change));
        assert!(unpack.is_empty());
        for end in 0..bytes.len() {
            assert_eq!(Change::unpack(&mut Unpack::new(&bytes[..end])), None, "{end}");
        }
        let mut pack = Pack::new();
        Change::default().pack(&mut pack);
        assert_eq!(pack.into_bytes(), [0, 0]);
    }

    /// Bytes that were packed long ago stay readable: none of these changes.
    #[test]
    fn the_bytes_stay_as_they_are() {
        expect_test::expect!["[4, 1, 97, 0, 1, 98, 1, 1, 1, 99, 2, 1, 100, 4, 3, 195, 169, 0, 4, 1, 101, 3, 1, 102, 5, 254, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1, 103, 6, 218, 191, 2, 1, 104, 7, 0]"].assert_eq(&format!("{:?}", any().1));
    }

    #[test]
    fn damaged_bytes_do_no_harm() {
        let (_, bytes) = any();
        for place in 0..bytes.len() {
            for byte in 0..=255 {
                let mut damaged = bytes.clone();
                damaged[place] = byte;
                Change::unpack(&mut Unpack::new(&damaged));
            }
        }
        // More values than there are bytes.
        let mut pack = Pack::new();
        pack.unsigned(u64::MAX);
        assert_eq!(Change::unpack(&mut Unpack::new(&pack.into_bytes())), None);
    }
}
