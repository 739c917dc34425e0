//! Who is out of office, as far as the CRM knows: a hint beside the calendars, asked for all reps at once in the background. No
//! decision waits for it. What was said is believed for as long as calendars are, and then forgotten.

use super::Facts;
use super::health::{SILENT, UNHURRIED};
use crate::connectors::Crm;
use crate::release::Current;
use crate::telemetry::figures;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::RepId;
use baton_core::domain::known::Fact;
use baton_core::domain::rep::{Busy, Rep};
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Asked again after this long: people are away for days, and a request costs some of the org's.
const ASKED_EVERY: Duration = Duration::from_secs(5 * 60);
/// And after this long where it did not answer.
const ASKED_AGAIN: Duration = Duration::from_secs(60);
/// How far ahead: as far as a rep is planned for.
const AHEAD: TimeDelta = TimeDelta::days(14);

/// What the CRM said last.
#[derive(Default)]
pub(super) struct Away {
    told: BTreeMap<CrmId, Vec<Busy>>,
    told_at: Option<DateTime<Utc>>,
}

impl Facts {
    /// Asks the CRM again and again, for as long as it is polled; ends at once where there is none.
    pub async fn keep_absences(&self, release: Current) {
        let Some(crm) = &self.crm else { return };
        loop {
            let rules = Arc::clone(&release.borrow().rules);
            let answered = self.read_absences(crm.as_ref(), &rules).await;
            let pause = self.clock.real(if answered { ASKED_EVERY } else { ASKED_AGAIN });
            tokio::time::sleep(pause.max(Duration::from_millis(200))).await;
        }
    }

    /// Whether it has answered, or was spared.
    async fn read_absences(&self, crm: &dyn Crm, rules: &RuleSet) -> bool {
        if crm.is_short() {
            return true;
        }
        if self.crm_health.may_be_asked(crm.vendor()).is_err() {
            return false;
        }
        let active = rules.reps.values().filter(|rep| rep.active);
        let users: Vec<CrmId> = active.map(Rep::name_in_crm).collect();
        let now = self.clock.now();
        let failed = match tokio::time::timeout(UNHURRIED, crm.absences(&users, now, now + AHEAD)).await {
            Ok(Ok(told)) => {
                let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
                (away.told, away.told_at) = (told, Some(now));
                return true;
            }
            Ok(Err(error)) => error.counted().in_log(),
            Err(_) => {
                figures::vendor_failed(crm.vendor(), SILENT);
                "no answer in time".to_owned()
            }
        };
        tracing::warn!(vendor = crm.vendor(), why = failed, "absences in the CRM are not known for now");
        false
    }

    /// Of a rep, as far as the CRM has told and is believed.
    pub fn absences_of(&self, rep: &Rep, rules: &RuleSet) -> Vec<Busy> {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = |told_at: DateTime<Utc>| {
            (self.clock.now() - told_at).to_std().is_ok_and(|age| age > rules.calendars_believed_for)
        };
        match away.told_at {
            Some(told_at) if !is_old(told_at) => away.told.get(&rep.name_in_crm()).cloned().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Puts what the CRM knows beside what stands in the calendars of these.
    pub(super) fn add_absences(
        &self,
        reps: &BTreeSet<&RepId>,
        rules: &RuleSet,
        calendars: &mut BTreeMap<RepId, Fact<Vec<Busy>>>,
    ) {
        let Some(crm) = &self.crm else { return };
        let now = self.clock.now();
        for rep in reps.iter().filter_map(|id| rules.reps.get(*id)) {
            let absences = self.absences_of(rep, rules);
            if absences.is_empty() {
                continue;
            }
            // Where no calendar is connected, nobody says anything of one.
            let calendar = calendars.remove(&rep.id).filter(|_| !self.connections.is_empty());
            let known = beside(calendar, absences, crm.vendor(), now);
            calendars.insert(rep.id.clone(), known);
        }
    }
}

/// A calendar that cannot be read tells nothing of other times; whoever is away now is away all the same.
fn beside(calendar: Option<Fact<Vec<Busy>>>, absences: Vec<Busy>, crm: &str, now: DateTime<Utc>) -> Fact<Vec<Busy>> {
    let is_away = absences.iter().any(|busy| busy.from <= now && now < busy.until);
    match calendar {
        Some(Fact::Known { mut value, observed_at, source }) => {
            value.extend(absences);
            value.sort_by_key(|busy| (busy.from, busy.until));
            Fact::Known { value, observed_at, source: format!("{source} and {crm}") }
        }
        Some(Fact::Unknown { why }) if !is_away => Fact::Unknown { why },
        Some(Fact::Unknown { .. }) | None => Fact::Known { value: absences, observed_at: now, source: crm.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::rep::BusyKind;

    #[test]
    fn an_absence_stands_beside_a_calendar_and_for_one_that_cannot_be_read() {
        let at = |hour: u32| format!("2026-11-23T{hour:02}:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let span = |from, until, kind| Busy { from: at(from), until: at(until), kind };
        let away = |from, until| vec![span(from, until, BusyKind::OutOfOffice)];
        let meeting = span(14, 15, BusyKind::Busy);
        let known = |value, source: &str| Fact::Known { value, observed_at: at(10), source: source.to_owned() };
        let calendar = || Some(known(vec![meeting], "google"));
        let unknown = || Fact::Unknown { why: "no answer".to_owned() };

        let both = vec![away(9, 12)[0], meeting];
        assert_eq!(beside(calendar(), away(9, 12), "salesforce", at(10)), known(both, "google and salesforce"));
        assert_eq!(beside(None, away(12, 13), "salesforce", at(10)), known(away(12, 13), "salesforce"));
        assert_eq!(beside(Some(unknown()), away(9, 12), "salesforce", at(10)), known(away(9, 12), "salesforce"));
        assert_eq!(beside(Some(unknown()), away(12, 13), "salesforce", at(10)), unknown());
    }
}
