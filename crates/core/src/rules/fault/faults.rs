//! All faults of one run, and the readers of words that tell them.

use super::codes::meaning;
use super::{At, Fault, Level, Word, did_you_mean, listed, quoted};
use crate::rules::words::{language, values};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// Most wrong words for which the nearest name is sought. Whoever has more of them has one cause for all, and comparing each
/// with every name would cost more than all the rest.
const MOST_SOUGHT: usize = 256;

/// Collects faults, so that one run tells them all.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Vec<Fault>,
    codes: BTreeSet<&'static str>,
    sought: usize,
}

impl Faults {
    pub fn error(
        &mut self,
        code: &'static str,
        at: At,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> &mut Fault {
        self.add(Level::Error, code, at, found.into(), allowed.into())
    }

    pub fn warning(
        &mut self,
        code: &'static str,
        at: At,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> &mut Fault {
        self.add(Level::Warning, code, at, found.into(), allowed.into())
    }

    pub fn info(
        &mut self,
        code: &'static str,
        at: At,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> &mut Fault {
        self.add(Level::Info, code, at, found.into(), allowed.into())
    }

    fn add(&mut self, level: Level, code: &'static str, at: At, found: String, allowed: String) -> &mut Fault {
        debug_assert!(meaning(code).is_some(), "{code} is not explained in codes.rs");
        let fault = Fault {
            level,
            code,
            path: at.path.to_owned(),
            line: at.line,
            column: at.column,
            found,
            allowed,
            hint: None,
            witness: None,
        };
        self.faults.push(fault);
        self.codes.insert(code);
        self.faults.last_mut().expect("one was pushed just now")
    }

    /// Nothing that keeps the rules from being used.
    pub fn are_remarks(&self) -> bool {
        self.faults.iter().all(|fault| fault.level != Level::Error)
    }

    pub fn count(&self) -> usize {
        self.faults.len()
    }

    /// Reads a word with `parse`, which gives `None` for what is not allowed.
    pub fn read<T>(
        &mut self,
        word: &Word,
        code: &'static str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.read_or_hint(word, code, allowed, parse, |_| None)
    }

    /// Reads a word with `parse`; what is refused is met with what was probably meant.
    pub fn read_or_hint<T>(
        &mut self,
        word: &Word,
        code: &'static str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        meant: impl FnOnce(&str) -> Option<String>,
    ) -> Option<T> {
        let value = parse(word.text.trim());
        if value.is_none() {
            self.error(code, word.at, quoted(&word.text), allowed).hint(meant(word.text.trim()));
        }
        value
    }

    /// Reads a day; one as other countries or a spreadsheet write it is met with how it is written here.
    pub fn date(&mut self, word: &Word, code: &'static str) -> Option<NaiveDate> {
        self.read_or_hint(word, code, values::DATE, values::date, values::date_meant)
    }

    /// Reads the code of a language; a name is met with its code.
    pub fn language(&mut self, word: &Word, code: &'static str, allowed: &str) -> Option<String> {
        self.read_or_hint(word, code, allowed, |text| language::code(text).map(str::to_owned), language::hint)
    }

    /// Whether a fault of this kind was told.
    pub fn told(&self, code: &str) -> bool {
        self.codes.contains(code)
    }

    /// Reads the name of something that must exist; `what` is what the names are of, such as `rep`.
    pub fn name<'a>(
        &mut self,
        word: &Word,
        code: &'static str,
        what: &str,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<&'a str> {
        let found = names.clone().find(|name| *name == word.text);
        if found.is_none() {
            let allowed = format!("a known {what}: {}", listed(names.clone()));
            let hint = self.did_you_mean(&word.text, names);
            self.error(code, word.at, quoted(&word.text), allowed).hint(hint);
        }
        found
    }

    /// [`did_you_mean`], for the first of very many wrong words.
    pub fn did_you_mean<'a>(&mut self, found: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
        self.sought += 1;
        if self.sought > MOST_SOUGHT { None } else { did_you_mean(found, names) }
    }

    /// Reads one of a few fixed words.
    pub fn choice<T: Copy>(&mut self, word: &Word, code: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let found = choices.iter().find(|(text, _)| *text == word.text).map(|(_, value)| *value);
        if found.is_none() {
            let names = choices.iter().map(|(text, _)| *text);
            let hint = did_you_mean(&word.text, names.clone());
            self.error(code, word.at, quoted(&word.text), listed(names)).hint(hint);
        }
        found
    }

    /// By place; a fault that was found twice (a row that stands for several) is told once.
    pub fn into_sorted(mut self) -> Vec<Fault> {
        self.faults.sort_by(|a, b| (&a.path, a.line, a.column, a.code).cmp(&(&b.path, b.line, b.column, b.code)));
        self.faults.dedup();
        self.faults
    }
}

#[cfg(test)]
impl Faults {
    /// `4:12 rep-bad-phone` of each, by place.
    pub fn places(self) -> Vec<String> {
        self.into_sorted().iter().map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.code)).collect()
    }

    /// `4 rep-bad-phone` of each, by place.
    pub fn lines(self) -> Vec<String> {
        self.into_sorted().iter().map(|fault| format!("{} {}", fault.line, fault.code)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20,000 wrong rows, each compared with every name, took 48 s.
    #[test]
    fn of_very_many_wrong_words_the_first_are_met_with_a_name() {
        let mut faults = Faults::default();
        let at = At { path: "rules/reps.csv", line: 1, column: 1 };
        for _ in 0..2 * MOST_SOUGHT {
            faults.name(&Word { text: "Sofware".to_owned(), at }, "cell-empty", "name", ["Software"].into_iter());
        }
        let hinted = faults.faults.iter().filter(|fault| fault.hint.is_some()).count();
        assert_eq!((hinted, faults.count()), (MOST_SOUGHT, 2 * MOST_SOUGHT));
    }
}
