//! `callback:` of `handoff.yaml`: for when a call is promised, and what is done before its time.

use super::{DIALS, PlacedDuration, TEXT_BACKS, span, span_if_said, spelled};
use crate::domain::effect::SlaAct;
use crate::rules::fault::{At, Faults};
use crate::rules::files::yaml::{Node, Section};
use crate::rules::model::set::{CallbackRules, SlaStep, call_takes};
use crate::rules::words::values;
use std::time::Duration;

/// What a step does, as it is written.
pub(crate) const ACTS: [(&str, SlaAct); 3] =
    [("remind", SlaAct::Remind), ("escalate", SlaAct::Escalate), ("reassign", SlaAct::Reassign)];

pub(super) fn read(mut section: Section<'_>, faults: &mut Faults) -> CallbackRules {
    let told = faults.count();
    let within = span(&mut section, "within", faults);
    let after_hang_up = span(&mut section, "within_after_hang_up", faults);
    let takes = span_if_said(&mut section, "takes", faults);
    let steps = section.get("steps").map(|node| steps(node, &mut section, faults));
    let (remind_before, escalate_before) = match &steps {
        Some(_) => (Duration::ZERO, Duration::ZERO),
        None => before(&mut section, within.length.min(after_hang_up.length), told, faults),
    };
    let dial = section.get("dial").and_then(|node| node.word(faults));
    let dial = dial.and_then(|word| faults.choice(&word, "handoff-unknown-dial", &DIALS)).unwrap_or_default();
    let text_back = section.get("text_back").and_then(|node| node.word(faults));
    let text_back = text_back.and_then(|word| faults.choice(&word, "callback-unknown-text-back", &TEXT_BACKS));
    section.finish(faults);
    let steps = steps.unwrap_or_default();
    if faults.count() == told {
        check_times(&steps, within, after_hang_up, faults);
        takes.into_iter().for_each(|takes| check_takes(takes, within, faults));
    }
    CallbackRules {
        within: within.length,
        within_after_hang_up: after_hang_up.length,
        takes: takes.map_or_else(call_takes, |takes| takes.length),
        remind_before,
        escalate_before,
        steps: steps.into_iter().map(|(step, _)| step).collect(),
        dial,
        text_back: text_back.unwrap_or_default(),
    }
}

/// So long before the promise the owner is reminded, and the manager told.
fn before(section: &mut Section<'_>, shortest: Duration, told: usize, faults: &mut Faults) -> (Duration, Duration) {
    let remind = span(section, "remind_before", faults);
    let escalate = span(section, "escalate_before", faults);
    if faults.count() == told && remind.length >= shortest {
        let shortest = values::spell(shortest);
        let found = format!("remind_before = {remind}, but a callback may be promised within {shortest}");
        faults.error("callback-remind-too-early", remind.at, found, "less than the shortest promise");
    }
    if faults.count() == told && escalate.length >= remind.length {
        let found = format!("escalate_before = {escalate}, remind_before = {remind}");
        let allowed = "less than remind_before: the owner is reminded before the manager is told";
        faults.error("callback-escalate-before-remind", escalate.at, found, allowed);
    }
    (remind.length, escalate.length)
}

/// In place of the two, so they are not beside it.
fn steps(node: &Node, section: &mut Section<'_>, faults: &mut Faults) -> Vec<(SlaStep, At)> {
    for key in ["remind_before", "escalate_before"] {
        if let Some(other) = section.get(key) {
            let found = format!("{key} beside steps");
            let hint = format!(
                "say it as a step, or leave steps out: {key} counts back from the promise, a step from its making"
            );
            faults.error("callback-steps-twice", other.at, found, "one of the two").hint(Some(hint));
        }
    }
    let told = faults.count();
    let steps: Vec<_> = node.list(faults).iter().filter_map(|item| step(item, faults)).collect();
    if steps.is_empty() && faults.count() == told {
        let allowed = "at least one step, such as { after: 5m, do: remind }";
        faults.error("callback-steps-empty", node.at, "no step", allowed);
    }
    steps
}

fn step(node: &Node, faults: &mut Faults) -> Option<(SlaStep, At)> {
    let mut section = node.section(faults);
    let after = section.require("after", faults);
    let after = spelled(&section, after, faults);
    let act = section.require("do", faults).and_then(|node| node.word(faults));
    let act = act.and_then(|word| faults.choice(&word, "callback-unknown-step", &ACTS));
    section.finish(faults);
    Some((SlaStep { after: after.length, act: act? }, after.at))
}

/// One after the other, the last of them before the promised time; nobody is left to do anything after a reassignment.
fn check_times(steps: &[(SlaStep, At)], within: PlacedDuration, after_hang_up: PlacedDuration, faults: &mut Faults) {
    for pair in steps.windows(2) {
        let [(earlier, _), (later, at)] = pair else { continue };
        let out_of_order = later.after <= earlier.after;
        if out_of_order || earlier.act == SlaAct::Reassign {
            let found = format!("after {}, behind {}", said(later), said(earlier));
            let allowed = "steps in the order of their times, and reassign as the last: the steps begin anew for whoever has the lead then";
            faults.error("callback-steps-order", *at, found, allowed);
        }
    }
    for (step, at) in steps {
        if step.after >= within.length {
            let found = format!("after {}, but a callback is promised within {within}", said(step));
            faults.error("callback-step-too-late", *at, found, "less than within: what comes later is no help");
        } else if step.after >= after_hang_up.length {
            let found = format!("after {}, and within_after_hang_up = {after_hang_up}", said(step));
            let allowed =
                "steps that come before the promise; this one is left out for callers who hung up while they waited";
            faults.info("callback-step-left-out", *at, found, allowed);
        }
    }
}

/// No two calls would find room before they are due. After a hang-up there is at times not even room for one: half of the time is
/// left for it.
fn check_takes(takes: PlacedDuration, within: PlacedDuration, faults: &mut Faults) {
    if takes.length > within.length / 2 {
        let found = format!("takes: {takes}, and a callback is promised within {within}");
        let hint = "write it shorter, or within longer: it is what one call takes of the rep's time, with what must be written down after it";
        faults.error("callback-takes-too-long", takes.at, found, "half of within at most").hint(Some(hint.to_owned()));
    }
}

/// `30m: reassign`.
fn said(step: &SlaStep) -> String {
    let act = ACTS.iter().find(|(_, act)| *act == step.act).map_or("", |(word, _)| *word);
    format!("{}: {act}", values::spell(step.after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::files::yaml::parse;

    fn callback(more: &str) -> (CallbackRules, Vec<String>) {
        let mut faults = Faults::default();
        let text = format!("within: 2h\nwithin_after_hang_up: 45m\n{more}");
        let node = parse("rules/handoff.yaml", &text, &mut faults).expect("YAML");
        let rules = read(node.section(&mut faults), &mut faults);
        (rules, faults.places())
    }

    #[test]
    fn steps_are_read_in_place_of_the_reminders_before_the_promise() {
        let steps =
            "steps:\n- { after: 5m, do: remind }\n- { after: 15m, do: escalate }\n- { after: 30m, do: reassign }\n";
        let (rules, faults) = callback(steps);
        assert_eq!(faults, Vec::<String>::new());
        let read: Vec<_> = rules.steps.iter().map(|step| (step.after.as_secs() / 60, step.act)).collect();
        assert_eq!(read, [(5, SlaAct::Remind), (15, SlaAct::Escalate), (30, SlaAct::Reassign)]);
        let (rules, faults) = callback("remind_before: 10m\nescalate_before: 5m\n");
        assert_eq!((faults, rules.steps), (Vec::new(), Vec::new()));
    }

    #[test]
    fn without_steps_both_times_before_the_promise_are_wanted() {
        assert_eq!(callback("").1, ["1:1 key-missing", "1:1 key-missing"]);
        assert_eq!(callback("remind_before: 10m\n").1, ["1:1 key-missing"]);
    }

    #[test]
    fn a_call_takes_ten_minutes_where_nothing_is_said_and_half_of_the_time_at_most() {
        let before = "remind_before: 10m\nescalate_before: 5m\n";
        let takes = |more: &str| {
            let (rules, faults) = callback(&format!("{before}{more}"));
            (rules.takes.as_secs() / 60, faults)
        };
        assert_eq!(takes(""), (10, Vec::new()));
        assert_eq!(takes("takes: 1h\n"), (60, Vec::new()));
        assert_eq!(takes("takes: 61m\n").1, ["5:8 callback-takes-too-long"]);
    }

    #[test]
    fn a_step_says_when_and_what() {
        for step in ["{ after: 5m }", "{ do: remind }"] {
            let (_, faults) = callback(&format!("steps: [{step}]\n"));
            assert!(
                matches!(&faults[..], [only] if only.starts_with("3:") && only.ends_with("key-missing")),
                "{faults:?}"
            );
        }
    }
}
