//! The front door: the week, the holidays and the pool that each number names.

use super::Resolver;
use crate::domain::phone::PhoneE164;
use crate::domain::rota::{Hours, Opening};
use crate::rules::fault::Faults;
use crate::rules::files::hours::front_door::NumberDraft;
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::set::{AnsweredNumber, FrontDoor, Route, RouteTo};
use crate::rules::words::values;

impl Resolver<'_> {
    pub(super) fn front_door(&self, faults: &mut Faults) -> FrontDoor {
        let numbers: Vec<_> =
            self.drafts.front_door.iter().filter_map(|draft| self.answered_number(draft, faults)).collect();
        numbers.into_iter().collect()
    }

    fn answered_number(&self, draft: &NumberDraft, faults: &mut Faults) -> Option<(PhoneE164, AnsweredNumber)> {
        let Hours { weeks, holidays, .. } = &self.drafts.hours.hours;
        let weeks = weeks.keys().map(String::as_str);
        let hours = draft.hours.as_ref();
        let week = hours.and_then(|word| faults.name(word, "front-door-unknown-week", "week of hours.yaml", weeks));
        let regions = holidays.keys().map(String::as_str);
        let region = match &draft.holidays {
            Some(word) => faults.name(word, "front-door-unknown-holidays", "holiday region of hours.yaml", regions),
            None => Some(""),
        };
        let pool = draft.ring.as_ref().and_then(|word| self.pool(word, "front-door-unknown-pool", faults));
        let wait = draft.wait.map(|(wait, _)| wait);
        self.refuse_no_time_to_accept(draft, faults);
        let route = Route {
            name: format!("front door {}", draft.phone.as_str()),
            line: draft.at.line,
            when: Condition::Always,
            if_undecided: IfUndecided::Skip,
            to: RouteTo::Pool(pool?),
        };
        let opening = Opening { week: week?.to_owned(), holidays: region?.to_owned(), zone: draft.zone? };
        Some((draft.phone.clone(), AnsweredNumber { opening, route, wait: wait? }))
    }

    /// Whoever answers hears who calls, and presses a key, while the caller still waits.
    fn refuse_no_time_to_accept(&self, draft: &NumberDraft, faults: &mut Faults) {
        let accept_within = self.drafts.handoff.accept_within();
        let Some((wait, at)) = draft.wait.filter(|(wait, _)| *wait <= accept_within) else { return };
        let (wait, accept_within) = (values::spell(wait), values::spell(accept_within));
        let found = format!("for: {wait}, and accept_within of handoff.yaml is {accept_within}");
        faults
            .error("front-door-wait-too-short", at, found, "longer than accept_within")
            .hint(Some("a phone must ring before somebody can hear who calls and press the key".to_owned()));
    }
}
