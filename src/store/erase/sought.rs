//! Finding a person in a text: their numbers and addresses, however they are written.

use super::person::{Person, numbers_of};
use baton_core::domain::account::PersonRecord;
use baton_core::domain::lead::Lead;
use baton_core::domain::phone::PhoneE164;
use baton_core::rules::words::phone;
use chrono::DateTime;
use serde_json::Value;
use std::collections::BTreeSet;

/// An address as the intake reads it; `None`: it is none.
pub type ReadsMail = fn(&str) -> Option<String>;

/// Digits that a number has at least, without its country code.
const FEWEST_DIGITS: usize = 7;
/// Longest country code.
const LONGEST_CODE: usize = 3;

/// What is looked for.
pub(super) struct Sought {
    numbers: Vec<Number>,
    emails: BTreeSet<String>,
    /// Whole texts that name the person's leads and calls.
    ids: BTreeSet<String>,
    reads_mail: ReadsMail,
}

struct Number {
    whole: PhoneE164,
    /// Without the plus.
    digits: String,
    /// As it is dialled within its country.
    national: Option<String>,
    country: Option<String>,
}

impl Sought {
    /// What was asked for alone.
    pub(super) fn asked(person: &Person, reads_mail: ReadsMail) -> Self {
        let numbers = person.phone.iter().map(Number::of).collect();
        Self { numbers, emails: person.email.iter().cloned().collect(), ids: BTreeSet::new(), reads_mail }
    }

    /// And all that is known of the person by their leads.
    pub(super) fn all(person: &Person, reads_mail: ReadsMail) -> Self {
        let phones: BTreeSet<&PhoneE164> = person.phone.iter().chain(&person.phones).collect();
        let emails = person.email.iter().chain(&person.emails).cloned().collect();
        Self { numbers: phones.into_iter().map(Number::of).collect(), emails, ids: person.ids.clone(), reads_mail }
    }

    /// There is nothing that could be found.
    pub(super) fn is_nothing(&self) -> bool {
        self.numbers.is_empty() && self.emails.is_empty() && self.ids.is_empty()
    }

    /// Whether the lead is the person's own.
    pub(super) fn is_of(&self, lead: &Lead) -> bool {
        let email = lead.contact.email.as_ref().map(|email| &email.value);
        numbers_of(lead).any(|phone| self.has(phone)) || email.is_some_and(|email| self.emails.contains(email))
    }

    /// Whether a record of the CRM is of the person.
    pub(super) fn is_record(&self, record: &PersonRecord) -> bool {
        let by_mail = record.email.as_ref().is_some_and(|email| self.emails.contains(&email.to_lowercase()));
        by_mail || record.phones.iter().any(|phone| self.has(phone))
    }

    pub(super) fn has(&self, phone: &PhoneE164) -> bool {
        self.numbers.iter().any(|number| number.whole == *phone)
    }

    /// Each as it stands in a document of ours.
    pub(super) fn as_stored(&self) -> Vec<String> {
        self.numbers.iter().map(|number| number.whole.as_str().to_owned()).chain(self.emails.iter().cloned()).collect()
    }

    /// Whether the person is in these bytes: in any text or number of a JSON document, or in what is none.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => self.is_in_value(&value),
            Err(_) => self.is_in_text(&String::from_utf8_lossy(bytes)),
        }
    }

    fn is_in_value(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) => false,
            Value::Number(number) => self.has_number(&number.to_string()),
            Value::String(text) => self.ids.contains(text) || self.is_in_text(text),
            Value::Array(items) => items.iter().any(|item| self.is_in_value(item)),
            Value::Object(members) => {
                members.iter().any(|(name, member)| self.is_in_text(name) || self.is_in_value(member))
            }
        }
    }

    pub(super) fn is_in_text(&self, text: &str) -> bool {
        // The digits of a day may be those of a number.
        DateTime::parse_from_rfc3339(text).is_err() && (self.has_number(text) || self.has_email(text))
    }

    /// Takes each text out that has the person in it; `false`: none has.
    pub(super) fn take_out_of(&self, value: &mut Value, instead: &str) -> bool {
        match value {
            Value::Null | Value::Bool(_) => false,
            Value::Number(_) | Value::String(_) => {
                let is_theirs = self.is_in_value(value);
                if is_theirs {
                    *value = Value::String(instead.to_owned());
                }
                is_theirs
            }
            Value::Array(items) => items.iter_mut().fold(false, |found, item| found | self.take_out_of(item, instead)),
            Value::Object(members) => {
                members.iter_mut().fold(false, |found, (_, member)| found | self.take_out_of(member, instead))
            }
        }
    }

    fn has_email(&self, text: &str) -> bool {
        if self.emails.is_empty() {
            return false;
        }
        let text = text.replace("%40", "@");
        let has = |ends: fn(char) -> bool| {
            let mut words = text.split(ends).filter(|word| word.contains('@'));
            words.any(|word| self.is_email(word.trim_end_matches(['.', ':', '!', '?', '&'])))
        };
        // An address may hold some of what also ends one.
        has(ends_word) || has(ends_part)
    }

    fn is_email(&self, word: &str) -> bool {
        (self.reads_mail)(word).is_some_and(|email| self.emails.contains(&email))
    }

    fn has_number(&self, text: &str) -> bool {
        !self.numbers.is_empty() && text.split(|c: char| !is_of_number(c)).any(|run| self.is_number(run))
    }

    fn is_number(&self, run: &str) -> bool {
        let digits: String = run.chars().filter_map(digit).collect();
        digits.len() >= FEWEST_DIGITS && self.numbers.iter().any(|number| number.is(run, &digits))
    }
}

impl Number {
    fn of(whole: &PhoneE164) -> Self {
        let digits = whole.as_str().trim_start_matches('+').to_owned();
        let country = phone::country(whole);
        let mut rests = (1..=LONGEST_CODE).filter_map(|code| digits.get(code..));
        let is_whole = |rest: &&str| phone::read(rest, country.as_deref()).as_ref() == Some(whole);
        let national = rests.find(|rest| rest.len() >= FEWEST_DIGITS && is_whole(rest));
        // One that its country's plan does not list: behind the one there are ten digits, always.
        let unlisted = || digits.strip_prefix('1').filter(|rest| rest.len() == 10);
        let national = national.or_else(unlisted).map(str::to_owned);
        Self { whole: whole.clone(), digits, national, country }
    }

    /// `run` is digits and what people write between them.
    fn is(&self, run: &str, digits: &str) -> bool {
        if !digits.contains(&self.digits[self.digits.len() - FEWEST_DIGITS..]) {
            return false;
        }
        match phone::read(run.trim(), self.country.as_deref()) {
            Some(found) => found == self.whole,
            // Two numbers in a row, a date before one.
            None => {
                let national = self.national.as_ref();
                digits.contains(&self.digits) || national.is_some_and(|national| digits.contains(national))
            }
        }
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || "\"'<>(),;[]{}|".contains(c)
}

fn ends_part(c: char) -> bool {
    ends_word(c) || "=&?/:".contains(c)
}

/// Digits, signs between them, and the same in full width.
fn is_of_number(c: char) -> bool {
    digit(c).is_some()
        || "+ -.()/".contains(c)
        || matches!(c, '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{3000}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        || matches!(c, '\u{ff08}' | '\u{ff09}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff0e}' | '\u{ff0f}')
}

fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
