//! What operations remember of what they read, where one writer runs them all.
//!
//! The kernel forgets everything when anything is undone that was not known to be: what stands here
//! was read from rows that are there. Whether they still are, who remembers must make sure.

use std::hash::{Hash, Hasher};

use quick_cache::unsync::Cache;
use quick_cache::{Equivalent, Weighter};

/// Bytes that may be remembered, counted with what each entry needs beside its text.
const ROOM: u64 = 16 * 1024 * 1024;
const ENTRY: u64 = 96;

/// What a text is looked up under. A space with another number is another one.
pub type Space = [i64; 4];

/// Numbers by space and text.
pub struct Memory(Cache<Key, i64, Bytes>);

#[derive(PartialEq, Eq)]
struct Key(Space, Box<str>);

struct Asked<'a>(Space, &'a str);

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        self.1.hash(state);
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Asked(self.0, &self.1).hash(state);
    }
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, i64> for Bytes {
    fn weight(&self, key: &Key, _: &i64) -> u64 {
        ENTRY + key.1.len() as u64
    }
}

impl Memory {
    pub(super) fn new() -> Self {
        Self(Cache::with_weighter((ROOM / ENTRY / 2) as usize, ROOM, Bytes))
    }

    pub fn get(&self, space: Space, text: &str) -> Option<i64> {
        self.0.get(&Asked(space, text)).copied()
    }

    pub fn remember(&mut self, space: Space, text: &str, number: i64) {
        self.0.insert(Key(space, text.into()), number);
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
