//! One zone's rules as spans of one offset each, read from a TZif file (RFC 9636, version 2 or later).
//!
//! The rule at the file's end, by which clocks are changed every year from then on, is written out to [`LAST_YEAR`]: a look-up
//! is one binary search, and no later date is ever decided. After it the last offset stays.

use super::posix::PosixRule;
use chrono::{DateTime, Datelike, FixedOffset, LocalResult};

/// The last year whose clock changes are known.
const LAST_YEAR: i32 = 2100;

#[derive(Debug, PartialEq)]
pub(super) struct Rules {
    /// By start; the first begins before all time.
    spans: Vec<OffsetSpan>,
    abbreviations: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OffsetSpan {
    /// Seconds since 1970, UTC.
    from: i64,
    pub offset: FixedOffset,
    abbreviation: usize,
}

impl Rules {
    /// `None`: no TZif file of version 2 or later, cut off, or one that counts leap seconds.
    pub(super) fn read(file: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(file);
        let first = Header::read(&mut bytes)?;
        bytes.take(first.body(4)?)?;
        let header = Header::read(&mut bytes)?;
        if header.leaps != 0 || header.types == 0 {
            return None;
        }
        let starts = bytes.take(header.times.checked_mul(8)?)?;
        let kinds = bytes.take(header.times)?;
        let types = bytes.take(header.types.checked_mul(6)?)?;
        let letters = bytes.take(header.letters)?;
        bytes.take(header.standard + header.universal)?;

        let mut rules = Self { spans: Vec::with_capacity(header.times + 1), abbreviations: Vec::new() };
        let mut kind_of = |kind: u8| {
            let [a, b, c, d, _is_dst, letter] = *types.chunks_exact(6).nth(usize::from(kind))? else { return None };
            let offset = FixedOffset::east_opt(i32::from_be_bytes([a, b, c, d]))?;
            let word = letters.get(usize::from(letter)..)?.split(|byte| *byte == 0).next()?;
            Some((offset, rules.abbreviations.intern(std::str::from_utf8(word).ok()?)))
        };
        let (offset, abbreviation) = kind_of(0)?;
        rules.spans.push(OffsetSpan { from: i64::MIN, offset, abbreviation });
        for (start, kind) in starts.chunks_exact(8).zip(kinds) {
            let (offset, abbreviation) = kind_of(*kind)?;
            rules.spans.push(OffsetSpan { from: i64::from_be_bytes(start.try_into().ok()?), offset, abbreviation });
        }
        let footer = std::str::from_utf8(bytes.0).ok()?.trim_matches('\n');
        if !footer.is_empty() {
            rules.go_on(&PosixRule::read(footer)?);
        }
        rules.spans.is_sorted_by_key(|span| span.from).then_some(rules)
    }

    /// Clock changes after the last that the file lists.
    fn go_on(&mut self, rule: &PosixRule) {
        let Some(summer) = &rule.summer else { return };
        let last = self.spans.last().map_or(i64::MIN, |span| span.from);
        let first_year = DateTime::from_timestamp(last, 0).map_or(1970, |at| at.year());
        let standard = (rule.offset, self.abbreviations.intern(&rule.abbreviation));
        let saving = (summer.offset, self.abbreviations.intern(&summer.abbreviation));
        for year in first_year..=LAST_YEAR {
            let mut changes = [
                (summer.begins.at(year) - i64::from(rule.offset.local_minus_utc()), saving),
                (summer.ends.at(year) - i64::from(summer.offset.local_minus_utc()), standard),
            ];
            changes.sort_unstable_by_key(|(from, _)| *from);
            let later = changes.into_iter().filter(|(from, _)| *from > last);
            self.spans.extend(later.map(|(from, (offset, abbreviation))| OffsetSpan { from, offset, abbreviation }));
        }
    }

    pub(super) fn at(&self, utc: i64) -> &OffsetSpan {
        &self.spans[self.index(utc)]
    }

    /// What the clocks are when they show this, as seconds from 1970 on the wall; the earlier moment comes first.
    pub(super) fn at_local(&self, wall: i64) -> LocalResult<&OffsetSpan> {
        // No zone is a day from UTC, and none changes its clocks twice within one.
        let near = self.index(wall);
        let shows = |index: &usize| {
            let span = &self.spans[*index];
            let utc = wall - i64::from(span.offset.local_minus_utc());
            span.from <= utc && self.spans.get(index + 1).is_none_or(|next| utc < next.from)
        };
        let mut found = (near.saturating_sub(1)..self.spans.len().min(near + 2)).filter(shows);
        match (found.next(), found.next()) {
            (None, _) => LocalResult::None,
            (Some(only), None) => LocalResult::Single(&self.spans[only]),
            (Some(first), Some(second)) => LocalResult::Ambiguous(&self.spans[first], &self.spans[second]),
        }
    }

    pub(super) fn abbreviation(&self, span: &OffsetSpan) -> &str {
        &self.abbreviations[span.abbreviation]
    }

    /// When the offset changes between two moments.
    pub(super) fn changes(&self, from: i64, until: i64) -> impl Iterator<Item = i64> {
        self.spans.iter().map(|span| span.from).filter(move |at| from < *at && *at < until)
    }

    fn index(&self, utc: i64) -> usize {
        self.spans.partition_point(|span| span.from <= utc) - 1 // the first begins before all time
    }
}

trait Intern {
    /// Where the word stands; it is added if it is new.
    fn intern(&mut self, word: &str) -> usize;
}

impl Intern for Vec<String> {
    fn intern(&mut self, word: &str) -> usize {
        self.iter().position(|known| known == word).unwrap_or_else(|| {
            self.push(word.to_owned());
            self.len() - 1
        })
    }
}

struct Header {
    universal: usize,
    standard: usize,
    leaps: usize,
    times: usize,
    types: usize,
    letters: usize,
}

impl Header {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let head = bytes.take(20)?;
        if !head.starts_with(b"TZif") || head[4] < b'2' {
            return None;
        }
        let mut count = || Some(u32::from_be_bytes(bytes.take(4)?.try_into().ok()?) as usize);
        let (universal, standard, leaps) = (count()?, count()?, count()?);
        Some(Self { universal, standard, leaps, times: count()?, types: count()?, letters: count()? })
    }

    /// Length of what follows, with times of that many bytes.
    fn body(&self, time: usize) -> Option<usize> {
        let times = self.times.checked_mul(time + 1)?;
        let types = self.types.checked_mul(6)?;
        let leaps = self.leaps.checked_mul(time + 4)?;
        [types, self.letters, leaps, self.standard, self.universal]
            .iter()
            .try_fold(times, |sum, part| sum.checked_add(*part))
    }
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(length)?;
        self.0 = left;
        Some(taken)
    }
}
