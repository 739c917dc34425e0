//! `rules::compile` on the shipped workspace with one file replaced: the first byte of the input says which, the rest is
//! its text. Whatever comes, the answer is a rule set or faults with a place in a file, and neither takes long.
#![no_main]
#![allow(dead_code, reason = "the rooms are built for the whole program")]

#[path = "../../src/domain/mod.rs"]
mod domain;
#[path = "../../src/rules/mod.rs"]
mod rules;

use libfuzzer_sys::fuzz_target;
use rules::{Level, SourceFile, compile};

const FILES: [(&str, &str); 6] = [
    ("rules/routing.yaml", include_str!("../../rules/routing.yaml")),
    ("rules/territories.csv", include_str!("../../rules/territories.csv")),
    ("rules/reps.csv", include_str!("../../rules/reps.csv")),
    ("rules/accounts.csv", include_str!("../../rules/accounts.csv")),
    ("rules/hours.yaml", include_str!("../../rules/hours.yaml")),
    ("rules/handoff.yaml", include_str!("../../rules/handoff.yaml")),
];

fuzz_target!(|input: &[u8]| {
    let Some((which, text)) = input.split_first() else { return };
    let replaced = usize::from(*which) % FILES.len();
    let text = String::from_utf8_lossy(text);
    let files = FILES.iter().enumerate().map(|(index, (path, shipped))| SourceFile {
        path: (*path).to_owned(),
        text: if index == replaced { text.clone().into_owned() } else { (*shipped).to_owned() },
    });
    match compile(&files.collect::<Vec<_>>()) {
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
