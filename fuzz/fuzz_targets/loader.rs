//! `rules::check`, with all its remarks, on the shipped workspace with one file replaced by the input, the one that it
//! looks most like; so the shipped and the faulty files are seeds as they stand. Whatever comes, the answer is a rule set
//! or faults with a place in a file, and neither takes long.
#![no_main]

use baton_core::rules::{Level, SourceFile, check};
use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;

/// Path, shipped text, and what makes a text look like it; the last takes the rest.
const FILES: [(&str, &str, &str); 6] = [
    ("rules/routing.yaml", include_str!("../../rules/routing.yaml"), "version:"),
    ("rules/territories.csv", include_str!("../../rules/territories.csv"), "territory,"),
    ("rules/reps.csv", include_str!("../../rules/reps.csv"), "id,"),
    ("rules/hours.yaml", include_str!("../../rules/hours.yaml"), "weeks:"),
    ("rules/handoff.yaml", include_str!("../../rules/handoff.yaml"), "patience:"),
    ("rules/accounts.csv", include_str!("../../rules/accounts.csv"), ""),
];

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let replaced = FILES.iter().find(|(.., mark)| text.contains(mark)).expect("the last takes the rest").0;
    let files = FILES.iter().map(|(path, shipped, _)| SourceFile {
        path: (*path).to_owned(),
        text: if *path == replaced { text.clone().into_owned() } else { (*shipped).to_owned() },
    });
    let today = NaiveDate::from_ymd_opt(2026, 3, 3).expect("a day");
    match check(&files.collect::<Vec<_>>(), today) {
        Ok(checked) => {
            for tier in &checked.rules.tiers {
                tier.when.evaluate(&|_| None);
            }
        }
        Err(faults) => {
            assert!(faults.iter().any(|fault| fault.level == Level::Error));
            assert!(faults.iter().all(|fault| fault.line > 0 && fault.column > 0 && !fault.allowed.is_empty()));
        }
    }
});
