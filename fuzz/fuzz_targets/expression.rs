//! One expression in an otherwise good workspace: it is refused with a fault, or it can be evaluated whatever is known.
#![no_main]

use baton_core::domain::lead::{FieldValue, Headcount};
use baton_core::rules::model::field::Looked;
use baton_core::rules::model::truth::Truth;
use baton_core::rules::{SourceFile, compile};
use libfuzzer_sys::fuzz_target;

const ROUTING: &str = "version: 1\n\
    fields: { lead.custom.seats: { type: number }, lead.custom.ends: { type: date }, lead.custom.vip: { type: flag } }\n\
    tiers: [{ name: all }]\n\
    pools: [{ name: desk, members: [ana.ruiz], lead_rep: ana.ruiz }]\n\
    catch_all: { pool: desk }\n\
    routes:\n  - { name: one, to: { rep: ana.ruiz }, when: ";
const REPS: &str = include_str!("expression/reps.csv");
const TERRITORIES: &str = include_str!("expression/territories.csv");
const HOURS: &str = "weeks: { office: { mon-fri: [\"09:00-17:00\"] } }\ncalling: \"08:00-21:00\"\n";
const HANDOFF: &str = include_str!("../../rules/handoff.yaml");

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    // A JSON string is a quoted word of YAML too.
    let Ok(quoted) = serde_json::to_string(text) else { return };
    let file = |path: &str, text: String| SourceFile { path: path.to_owned(), text };
    let files = [
        file("rules/routing.yaml", format!("{ROUTING}{quoted} }}\n")),
        file("rules/reps.csv", REPS.to_owned()),
        file("rules/territories.csv", TERRITORIES.to_owned()),
        file("rules/hours.yaml", HOURS.to_owned()),
        file("rules/handoff.yaml", HANDOFF.replace("lena.fischer", "ana.ruiz")),
    ];
    let checked = match compile(&files) {
        Ok(checked) => checked,
        Err(faults) => {
            assert!(faults.iter().all(|fault| fault.path == "rules/routing.yaml"), "{}", faults[0]);
            return;
        }
    };
    let condition = &checked.rules.routes[0].when;
    let (verdict, missing) = condition.evaluate(&|_| None);
    assert!((verdict == Truth::Undecided) == !missing.is_empty(), "{verdict:?} {missing:?}");
    condition.evaluate(&|_| Some(Looked::Value(FieldValue::Number(0.0))));
    condition.evaluate(&|_| Some(Looked::Value(FieldValue::Text(text.to_owned()))));
    condition.evaluate(&|_| Some(Looked::Value(FieldValue::List(vec![text.to_owned()]))));
    condition.evaluate(&|_| Some(Looked::Headcount(Headcount { at_least: 0, at_most: None })));
});
