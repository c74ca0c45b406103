//! The compact byte form of what is kept for long. What is read back is never trusted: cut off
//! or damaged bytes read as `None`, and no length in them is allocated ahead.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::store::{days, from_days};

/// Bytes to which values are appended. Small numbers are short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pack(Vec<u8>);

impl Pack {
    pub fn new() -> Self {
        Self::default()
    }

    /// One that need not grow up to that length.
    pub fn with_capacity(length: usize) -> Self {
        Self(Vec::with_capacity(length))
    }

    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    pub fn unsigned(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Zigzag: 0, -1, 1, -2, .. as 0, 1, 2, 3, ..
    pub fn signed(&mut self, number: i64) {
        self.unsigned(((number << 1) ^ (number >> 63)) as u64);
    }

    /// The length in bytes, then UTF-8.
    pub fn text(&mut self, text: &str) {
        self.unsigned(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Days since 1970.
    pub fn date(&mut self, date: Date) {
        self.signed(days(date));
    }

    /// Microseconds since 1970; what is finer is lost, as it is in the database.
    pub fn instant(&mut self, instant: Timestamp) {
        self.signed(instant.as_microsecond());
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what a [`Pack`] holds, in the same order. After a `None` the rest means nothing.
#[derive(Clone, Debug)]
pub struct Unpack<'a>(&'a [u8]);

impl<'a> Unpack<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // Of the tenth byte only one bit fits.
            if (bits << shift) >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.unsigned()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    pub fn date(&mut self) -> Option<Date> {
        let number = self.signed()?;
        let date = from_days(number);
        (days(date) == number).then_some(date)
    }

    pub fn instant(&mut self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.signed()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(pack: impl FnOnce(&mut Pack)) -> Vec<u8> {
        let mut out = Pack::new();
        pack(&mut out);
        out.into_bytes()
    }

    /// Numbers that look random, the same in every run (SplitMix64).
    struct Numbers(u64);

    impl Numbers {
        /// Of any size: small ones are as likely as large ones.
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed ^ (mixed >> 31)) >> (mixed % 64)
        }
    }

    #[derive(Debug, PartialEq)]
    enum Any {
        Byte(u8),
        Unsigned(u64),
        Signed(i64),
        Text(String),
        Date(Date),
        Instant(Timestamp),
    }

    impl Any {
        fn random(numbers: &mut Numbers) -> Self {
            let number = numbers.next();
            match number % 6 {
                0 => Any::Byte(number as u8),
                1 => Any::Unsigned(number),
                2 => Any::Signed(number as i64),
                3 => Any::Text("aß€🦀\0".chars().cycle().take(number as usize % 300).collect()),
                4 => Any::Date(from_days(number as i64 % 10_000_000)),
                _ => Any::Instant(
                    Timestamp::from_microsecond(number as i64 >> 10).expect("within 300 years"),
                ),
            }
        }

        fn pack(&self, pack: &mut Pack) {
            match self {
                Any::Byte(byte) => pack.byte(*byte),
                Any::Unsigned(number) => pack.unsigned(*number),
                Any::Signed(number) => pack.signed(*number),
                Any::Text(text) => pack.text(text),
                Any::Date(date) => pack.date(*date),
                Any::Instant(instant) => pack.instant(*instant),
            }
        }

        /// The next one of this type.
        fn unpack(&self, unpack: &mut Unpack<'_>) -> Option<Self> {
            match self {
                Any::Byte(_) => unpack.byte().map(Any::Byte),
                Any::Unsigned(_) => unpack.unsigned().map(Any::Unsigned),
                Any::Signed(_) => unpack.signed().map(Any::Signed),
                Any::Text(_) => unpack.text().map(|text| Any::Text(text.to_owned())),
                Any::Date(_) => unpack.date().map(Any::Date),
                Any::Instant(_) => unpack.instant().map(Any::Instant),
            }
        }
    }

    #[test]
    fn small_numbers_are_short() {
        assert_eq!(packed(|pack| pack.unsigned(127)), [127]);
        assert_eq!(packed(|pack| pack.unsigned(300)), [0xac, 2]);
        assert_eq!(packed(|pack| pack.signed(-64)), [127]);
        assert_eq!(packed(|pack| pack.signed(64)), [0x80, 1]);
        assert_eq!(packed(|pack| pack.unsigned(u64::MAX)).len(), 10);
        assert_eq!(packed(|pack| pack.text("é")), [2, 0xc3, 0xa9]);
        assert_eq!(packed(|pack| pack.date(jiff::civil::date(1969, 12, 31))), [1]);
    }

    #[test]
    fn the_least_and_the_greatest_come_back() {
        for number in [0, 1, i64::MIN, i64::MIN + 1, -1, i64::MAX] {
            assert_eq!(Unpack::new(&packed(|pack| pack.signed(number))).signed(), Some(number));
        }
        for date in [Date::MIN, Date::ZERO, Date::MAX] {
            assert_eq!(Unpack::new(&packed(|pack| pack.date(date))).date(), Some(date));
        }
        for number in [0, 127, 128, u64::MAX - 1, u64::MAX] {
            assert_eq!(Unpack::new(&packed(|pack| pack.unsigned(number))).unsigned(), Some(number));
        }
    }

    /// Whatever was put in comes out, and of bytes that are cut off anywhere only what is whole.
    #[test]
    fn what_was_packed_comes_back() {
        let mut numbers = Numbers(1);
        for _ in 0..300 {
            let all: Vec<Any> =
                (0..numbers.next() % 12).map(|_| Any::random(&mut numbers)).collect();
            let bytes = packed(|pack| all.iter().for_each(|any| any.pack(pack)));
            for end in 0..=bytes.len() {
                let mut unpack = Unpack::new(&bytes[..end]);
                let read: Vec<Any> = all.iter().map_while(|any| any.unpack(&mut unpack)).collect();
                assert_eq!(read, all[..read.len()]);
                assert_eq!(read.len() == all.len() && unpack.is_empty(), end == bytes.len());
            }
        }
    }

    /// Bytes that nothing packed are read without a panic.
    #[test]
    fn damaged_bytes_do_no_harm() {
        let mut numbers = Numbers(2);
        for _ in 0..20_000 {
            let bytes: Vec<u8> =
                (0..numbers.next() % 40).map(|_| (numbers.next() % 256) as u8).collect();
            let mut unpack = Unpack::new(&bytes);
            while !unpack.is_empty() && Any::random(&mut numbers).unpack(&mut unpack).is_some() {}
        }
    }

    #[test]
    fn what_cannot_be_is_not_read() {
        // More than 64 bits, in ten bytes and in eleven.
        assert_eq!(Unpack::new(&[[0xff; 9].as_slice(), &[2]].concat()).unsigned(), None);
        assert_eq!(Unpack::new(&[[0x80; 10].as_slice(), &[0]].concat()).unsigned(), None);
        // A text that would be longer than all memory, and one that is not UTF-8.
        assert_eq!(Unpack::new(&packed(|pack| pack.unsigned(u64::MAX))).text(), None);
        assert_eq!(Unpack::new(&[1, 0xff]).text(), None);
        for number in [i64::MIN, -4_371_588, 2_932_897, i64::MAX] {
            assert_eq!(Unpack::new(&packed(|pack| pack.signed(number))).date(), None, "{number}");
        }
        assert_eq!(Unpack::new(&packed(|pack| pack.signed(i64::MAX))).instant(), None);
    }
}
