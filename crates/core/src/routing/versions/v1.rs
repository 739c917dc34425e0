//! Version 1, until December 2026: reasons were sentences, and a territory row that lost did not say to what.

use serde_json::{Value, json};

/// Sentences become reasons that were told.
pub(super) fn raise(decision: &mut Value) {
    change(&mut decision["plan"]["reason"], &|words| json!({ "why": "told", "words": words }));
    each(&mut decision["degraded"], |missing| {
        change(missing, &|words| json!({ "fact": "told", "words": words }));
    });
    rows(decision, |row| change(&mut row["by"], &|words| json!({ "told": words })));
    raise_pools(&mut decision["trace"]["pools"]);
}

/// The pools of a trace.
pub(super) fn raise_pools(pools: &mut Value) {
    each(pools, |pool| {
        change(&mut pool["because"], &|words| json!({ "why": "told", "words": words }));
        each(&mut pool["candidates"], |candidate| {
            change(&mut candidate["verdict"]["because"], &|words| json!({ "key": { "by": "told", "words": words } }));
        });
    });
}

/// Takes away what this version said in sentences, or did not say.
pub(super) fn without_reasons(decision: &mut Value) {
    decision["version"] = Value::Null;
    decision["plan"]["reason"] = Value::Null;
    each(&mut decision["degraded"], |missing| *missing = Value::Null);
    rows(decision, |row| {
        row["by"] = Value::Null;
        if let Some(row) = row.as_object_mut() {
            row.remove("lost_to");
        }
    });
    each(&mut decision["trace"]["pools"], |pool| {
        pool["because"] = Value::Null;
        each(&mut pool["candidates"], |candidate| {
            if candidate["verdict"]["verdict"] == "eligible" {
                candidate["verdict"]["because"] = Value::Null;
            }
        });
    });
}

/// A text becomes what `told` makes of it; anything else stays.
fn change(value: &mut Value, told: &dyn Fn(&str) -> Value) {
    if let Value::String(words) = value {
        *value = told(words);
    }
}

fn rows(decision: &mut Value, mut row: impl FnMut(&mut Value)) {
    let territory = &mut decision["trace"]["territory"];
    if territory["winner"].is_object() {
        row(&mut territory["winner"]);
    }
    each(&mut territory["others"], row);
}

fn each(values: &mut Value, change: impl FnMut(&mut Value)) {
    values.as_array_mut().into_iter().flatten().for_each(change);
}
