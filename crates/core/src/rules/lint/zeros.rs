//! Postal codes whose zero a spreadsheet has eaten, where what is left could be meant.

use crate::rules::fault::{Faults, quoted};
use crate::rules::files::territories::Digits;
use crate::rules::words::postal;
use std::collections::BTreeMap;

/// A beginning that is one digit shorter than most of its country is probably one whose zero a spreadsheet ate.
pub(super) fn warn(digits: &[Digits], faults: &mut Faults) {
    let mut lengths: BTreeMap<&str, BTreeMap<usize, usize>> = BTreeMap::new();
    for Digits { country, length, .. } in digits {
        *lengths.entry(country).or_default().entry(*length).or_default() += 1;
    }
    for Digits { country, word, length } in digits {
        let text = word.text.trim();
        let zeros = postal::digits_of(country).is_some_and(|(_, zeros)| zeros);
        let most = lengths[country].iter().rev().max_by_key(|(_, times)| **times).map(|(length, _)| *length);
        if zeros && most == Some(length + 1) && !text.starts_with('0') && !text.ends_with('*') {
            let found = format!("{}, one digit shorter than most of {country}", quoted(text));
            faults
                .warning(
                    "territory-short-postal",
                    word.at,
                    found,
                    format!("{} digits, or a * behind fewer", length + 1),
                )
                .hint(Some(format!(
                    "if a zero is missing in front, write 0{text}; if not, {text}* for all that begins so"
                )));
        }
    }
}
