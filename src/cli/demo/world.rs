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

/// The shipped rules and the built-in templates.
pub(super) fn own() -> Result<Workspace, Faults> {
    let source = |(name, text): &(&str, &str)| SourceFile { path: format!("rules/{name}"), text: (*text).to_owned() };
    let mut files: Vec<SourceFile> = RULES.iter().map(source).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    workspace::compile(files)
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
}
