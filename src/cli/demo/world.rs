//! What the demo plays with: the shipped rules and twenty calls, built in, so that it runs in any folder.

use crate::app::workspace::{self, Faults, Workspace};
use baton_core::rules::SourceFile;

macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../", $folder, "/", $name)))),*]
    };
}

const RULES: &[(&str, &str)] =
    files!["rules": "routing.yaml" "handoff.yaml" "hours.yaml" "reps.csv" "territories.csv" "accounts.csv"];

#[rustfmt::skip]
const EVENTS: &[(&str, &str)] = files!["fixtures/events":
    "01-warm-transfer.json"
    "02-first-declines.json"
    "03-nobody-answers.json"
    "04-off-hours.json"
    "05-owner-on-leave.json"
    "06-calendar-unknown.json"
    "07-hot-a.json"
    "08-hot-b.json"
    "09-caller-hangs-up.json"
    "10-same-event-twice.json"
    "11-crm-down.json"
    "12-no-territory.json"
    "13-partner.json"
    "14-not-live-callback.json"
    "15-not-live-meeting.json"
    "16-spanish-speaker.json"
    "17-bare-minimum.json"
    "18-rep-hears-voicemail.json"
    "19-what-the-model-could-not-hear.json"
    "20-outbound-reactivation.json"
];

/// The shipped rules and the built-in templates.
pub(super) fn own() -> Result<Workspace, Faults> {
    let source = |(name, text): &(&str, &str)| SourceFile { path: format!("rules/{name}"), text: (*text).to_owned() };
    let mut files: Vec<SourceFile> = RULES.iter().map(source).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    workspace::compile(files)
}

/// The event of a scene, as the platform sends it.
pub(super) fn event(name: &str) -> Option<&'static str> {
    EVENTS.iter().find(|(file, _)| file.strip_suffix(".json") == Some(name)).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_brings_all_that_it_plays_with() {
        let own = own().map_err(|faults| faults.rules).expect("the shipped rules are sound");
        assert!(own.checked.rules.reps.len() > 10);
        for name in super::super::scenes::files() {
            let text = event(name).unwrap_or_else(|| panic!("{name} is not built in"));
            serde_json::from_str::<serde_json::Value>(text).expect("an event is JSON");
        }
    }
}
