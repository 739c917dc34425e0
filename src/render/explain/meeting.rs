//! What a meeting with the lead is like, where that is not the same for everybody, and what the lead has made of the one that stands.

use super::story::{Roster, Story};
use baton_core::domain::outcome::{MeetingChange, MeetingChangeState};
use baton_core::handoff::Handoff;
use baton_core::routing::local;
use baton_core::rules::model::set::{BookingRules, ConfirmBy};
use baton_core::rules::spell;

/// A section, or nothing where there is nothing of the kind.
pub(super) fn told(handoff: &Handoff, roster: &Roster) -> String {
    let mut story = Story::default();
    let moved = match handoff.meeting_moves {
        0 => None,
        1 => Some("Moved by the lead once.".to_owned()),
        times => Some(format!("Moved by the lead: {times} times.")),
    };
    let change = handoff.change.as_ref().map(|change| changed(change, roster));
    let is_texted = handoff.meeting().is_some() && handoff.terms.booking.confirm.contains(&ConfirmBy::Text);
    let texted = is_texted.then(|| "The lead is told of it by text, if they have agreed to texts.".to_owned());
    let terms = terms(&handoff.terms.booking, &roster.0.handoff.booking);
    story.section("Meeting", terms.into_iter().chain(texted).chain(moved).chain(change));
    story.text
}

/// `None`: as for everybody, and as many a day as there is room for.
fn terms(own: &BookingRules, everybodys: &BookingRules) -> Option<String> {
    let differs = (own.duration, own.notice) != (everybodys.duration, everybodys.notice);
    let at_most = own.at_most.map(|most| format!(", at most {most} of one rep on one day")).unwrap_or_default();
    let (length, notice) = (spell(own.duration), spell(own.notice));
    (differs || own.at_most.is_some()).then(|| format!("It takes {length}, {notice} ahead at least{at_most}."))
}

fn changed(change: &MeetingChange, roster: &Roster) -> String {
    let to = local(change.to.from, roster.zone(&change.to.rep));
    match change.state {
        MeetingChangeState::UnderWay => format!("It is being moved to {to}."),
        MeetingChangeState::Taken => format!("The lead wanted it at {to}, which was somebody else's."),
        MeetingChangeState::Failed => format!("The lead wanted it at {to}, and the calendar could not be written."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::outcome::Slot;
    use baton_core::routing::scenario::{at, rep_id, scenario};
    use chrono::TimeDelta;

    #[test]
    fn what_differs_and_what_was_moved_is_told() {
        let world = scenario();
        let mut handoff = Handoff::begin(&world.lead, &world.decide(), &world.rules);
        assert_eq!(told(&handoff, &Roster(&world.rules)), "");
        handoff.terms.booking.at_most = Some(3);
        handoff.meeting_moves = 2;
        let from = at("14:00");
        let to = Slot { rep: rep_id("ben"), from, until: from + TimeDelta::minutes(30) };
        handoff.change = Some(MeetingChange { to, attempt: 3, state: MeetingChangeState::Taken });
        let expected = "\nMeeting\n  It takes 30m, 1h ahead at least, at most 3 of one rep on one day.\n  \
                        Moved by the lead: 2 times.\n  \
                        The lead wanted it at Wed 7 Jan 2026 14:00 UTC, which was somebody else's.\n";
        assert_eq!(told(&handoff, &Roster(&world.rules)), expected);
    }
}
