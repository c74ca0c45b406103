//! Reads and writes together.

use super::attach::{Attach, Manner};
use super::other::Other;
use super::{Random, Requests, Sender};
use crate::case::Work;
use crate::client::Answer;

/// Of [`Work::Mixed`], pages in a hundred; the rest attaches ten ranges.
const PAGES: usize = 80;
/// Of [`Work::Beside`], every which connection reads; the others attach a hundred ranges.
const READER: usize = 4;

pub struct Mixed {
    random: Random,
    pages: Other,
    attach: Attach,
    /// How many in a hundred are pages.
    share: usize,
    /// Whether the last one was a page, and whether both kinds were seen as a whole.
    page: bool,
}

impl Mixed {
    pub fn new(work: Work, sender: Sender<'_>) -> Self {
        let (share, ranges) = match work {
            Work::Beside => (if sender.nth.is_multiple_of(READER) { 100 } else { 0 }, 100),
            _ => (PAGES, 10),
        };
        Self {
            random: sender.random(),
            pages: Other::new(Work::Page, sender),
            attach: Attach::new(ranges, Manner::New, sender),
            share,
            page: false,
        }
    }
}

impl Requests for Mixed {
    fn next(&mut self) -> &[u8] {
        self.page = self.random.below(100) < self.share;
        match self.page {
            true => self.pages.next(),
            false => self.attach.next(),
        }
    }

    fn good(&self, answer: &Answer<'_>, whole: bool) -> bool {
        match self.page {
            true => self.pages.good(answer, whole),
            false => self.attach.good(answer, whole),
        }
    }
}
