//! Version 1, of November 2026: reasons were sentences, and a territory row that lost did not say to what.
//!
//! What does not have the shape of that version is left as it stands: whoever reads the whole tells what does not fit.

use serde_json::{Value, json};

/// Sentences become reasons that were told.
pub(super) fn raise(decision: &mut Value) {
    raise_reason(decision, "/plan/reason");
    each(decision, "/degraded", &mut |missing| change(missing, &|words| json!({ "fact": "told", "words": words })));
    rows(decision, &mut |row| at(row, "/by", &mut |by| change(by, &|words| json!({ "told": words }))));
    raise_pools(decision, "/trace/pools");
}

/// What is told of a lead that was decided again.
pub(super) fn raise_again(again: &mut Value) {
    raise_reason(again, "/reason");
    raise_pools(again, "/pools");
}

fn raise_reason(document: &mut Value, reason: &str) {
    at(document, reason, &mut |reason| change(reason, &|words| json!({ "why": "told", "words": words })));
}

/// The pools of a trace.
fn raise_pools(document: &mut Value, pools: &str) {
    each(document, pools, &mut |pool| {
        raise_reason(pool, "/because");
        each(pool, "/candidates", &mut |candidate| {
            at(candidate, "/verdict/because", &mut |because| {
                change(because, &|words| json!({ "key": { "by": "told", "words": words } }));
            });
        });
    });
}

/// Takes away what this version said in sentences, or did not say.
pub(super) fn without_reasons(decision: &mut Value) {
    let mut nothing = |value: &mut Value| *value = Value::Null;
    at(decision, "/plan/reason", &mut nothing);
    each(decision, "/degraded", &mut nothing);
    rows(decision, &mut |row| {
        at(row, "/by", &mut |by| *by = Value::Null);
        if let Some(row) = row.as_object_mut() {
            row.remove("lost_to");
        }
    });
    each(decision, "/trace/pools", &mut |pool| {
        at(pool, "/because", &mut |because| *because = Value::Null);
        each(pool, "/candidates", &mut |candidate| {
            if candidate.pointer("/verdict/verdict").is_some_and(|verdict| verdict == "eligible") {
                at(candidate, "/verdict/because", &mut |because| *because = Value::Null);
            }
        });
    });
}

fn rows(decision: &mut Value, row: &mut dyn FnMut(&mut Value)) {
    at(decision, "/trace/territory/winner", row);
    each(decision, "/trace/territory/others", row);
}

/// A text becomes what `told` makes of it; anything else stays.
fn change(value: &mut Value, told: &dyn Fn(&str) -> Value) {
    if let Value::String(words) = value {
        *value = told(words);
    }
}

fn at(value: &mut Value, pointer: &str, change: &mut dyn FnMut(&mut Value)) {
    if let Some(found) = value.pointer_mut(pointer) {
        change(found);
    }
}

fn each(value: &mut Value, pointer: &str, change: &mut dyn FnMut(&mut Value)) {
    at(value, pointer, &mut |list| list.as_array_mut().into_iter().flatten().for_each(&mut *change));
}
