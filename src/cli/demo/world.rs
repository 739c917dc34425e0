//! What the demo plays by: the shipped rules, built in, so that it runs in any folder.

use crate::app::workspace::{self, Faults, Workspace};
use baton_core::rules::SourceFile;

macro_rules! rules {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../rules/", $name)))),*]
    };
}

const RULES: &[(&str, &str)] =
    rules!["routing.yaml" "handoff.yaml" "hours.yaml" "reps.csv" "territories.csv" "accounts.csv"];

/// How long joining may take where a platform has the caller, and has to dial.
const JOINS: [&str; 2] = ["join_within: 8s", "join_within: 25s"];

/// The shipped rules and the built-in templates.
pub(super) fn own() -> Result<Workspace, Faults> {
    workspace::compile(files())
}

/// The same where callers come to us over the telephone network.
pub(super) fn own_where_callers_are_transferred() -> Result<Workspace, Faults> {
    let [usual, longer] = JOINS;
    let mut files = files();
    for file in &mut files {
        file.text = file.text.replacen(usual, longer, 1);
    }
    workspace::compile(files)
}

fn files() -> Vec<SourceFile> {
    let source = |(name, text): &(&str, &str)| SourceFile { path: format!("rules/{name}"), text: (*text).to_owned() };
    let mut files: Vec<SourceFile> = RULES.iter().map(source).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_brings_all_that_it_plays_with() {
        let own = own().map_err(|faults| faults.rules).expect("the shipped rules are sound");
        assert!(own.checked.rules.reps.len() > 10);
        for event in super::super::scenes::events() {
            serde_json::from_str::<serde_json::Value>(event).expect("an event is JSON");
        }
    }

    #[test]
    fn a_caller_who_is_transferred_has_the_time_to_come() {
        let own = own_where_callers_are_transferred().map_err(|faults| faults.rules).expect("they are sound");
        assert_eq!(own.checked.rules.handoff.join_within.as_secs(), 25);
    }
}
