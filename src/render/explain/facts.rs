//! What was known when a lead was decided: each fact with its source and its age.

use super::story::{Roster, Story, ago};
use baton_core::domain::account::Candidates;
use baton_core::domain::id::RepId;
use baton_core::domain::known::Fact;
use baton_core::domain::lead::FieldValue;
use baton_core::domain::rep::{Busy, Presence};
use baton_core::domain::zone::Zone;
use baton_core::routing::decision::{AccountTrace, OwnershipResult};
use baton_core::routing::snapshot::RepFacts;
use baton_core::routing::{Decision, Snapshot, local};
use baton_core::rules::RuleSet;
use baton_core::rules::model::field::Looked;
use baton_core::rules::model::set::{CalendarRules, CountsAs};
use baton_core::rules::model::witness::spell;
use chrono::{DateTime, Utc};

/// A section to follow [`super::explain()`]: what the CRM said of the account beyond its match, which stands in the explanation itself,
/// and one line for everybody whom the decision names, in the order of its trace.
pub fn facts(decision: &Decision, snapshot: &Snapshot, rules: &RuleSet) -> String {
    let roster = Roster(rules);
    let mut story = Story::default();
    let named = named(decision);
    let reps = named.iter().map(|rep| match snapshot.reps.get(*rep) {
        Some(facts) => {
            format!("{}: {}.", roster.name(rep), known(facts, snapshot.now, roster.zone(rep), &rules.calendars))
        }
        None => format!("{}: nothing was known beyond the roster.", roster.name(rep)),
    });
    let lines = account(decision, snapshot).into_iter().chain(reps);
    story.section(&format!("Known at {}", local(snapshot.now, Zone::UTC)), lines);
    story.text
}

/// The fields of the account that rules ask for, and when they were read: where the mirror was refreshed, that is later than the match.
fn account(decision: &Decision, snapshot: &Snapshot) -> Option<String> {
    let AccountTrace::Matched { name, crm_id, source, .. } = &decision.trace.account else { return None };
    let Fact::Known { value, observed_at, .. } = &snapshot.account else { return None };
    let (fields, seen_at) = match value {
        Candidates::Found(records) => {
            let company = records.companies.iter().find(|company| company.crm_id == *crm_id)?;
            (&company.fields, company.seen_at)
        }
        Candidates::Settled(account) => (&account.as_ref()?.fields, None),
    };
    let spelt = |(name, value): (&String, &FieldValue)| format!("{name} {}", spell(&Looked::Value(value.clone())));
    let mut told: Vec<String> = fields.iter().map(spelt).collect();
    told.extend(seen_at.filter(|_| fields.is_empty()).map(|_| "its owners".to_owned()));
    let age = ago((snapshot.now - seen_at.unwrap_or(*observed_at)).num_milliseconds());
    (!told.is_empty()).then(|| format!("{name}: {}, says {source} {age}.", told.join(", ")))
}

/// Each rep once: owners and delegates, then the members of every pool that was looked at.
fn named(decision: &Decision) -> Vec<&RepId> {
    let mut named: Vec<&RepId> = Vec::new();
    let owners = decision.trace.ownership.iter().flat_map(|rule| {
        let delegate = match &rule.result {
            OwnershipResult::Delegated { to, .. } => Some(to),
            _ => None,
        };
        rule.rep.iter().chain(delegate)
    });
    let members = decision.trace.pools.iter().flat_map(|pool| pool.candidates.iter().map(|one| &one.rep));
    let targets = decision.plan.targets.iter().map(|target| &target.rep);
    for rep in owners.chain(members).chain(targets) {
        if !named.contains(&rep) {
            named.push(rep);
        }
    }
    named
}

fn known(facts: &RepFacts, now: DateTime<Utc>, zone: Zone, counts: &CalendarRules) -> String {
    let mut told = vec![calendar(facts.calendar.as_ref(), now, zone, counts)];
    match facts.presence {
        Presence::Unset => {}
        Presence::Available => told.push("said to be available".to_owned()),
        Presence::Away => told.push("said to be away".to_owned()),
    }
    if let Some(until) = facts.reserved_until {
        told.push(format!("on another call until {} at the latest", local(until, zone)));
    }
    if let Some(until) = facts.quiet_until {
        told.push(format!("did not answer the last rings, not rung until {}", local(until, zone)));
    }
    told.push(format!("{} leads today, {} open", facts.taken_today, facts.open));
    told.join("; ")
}

fn calendar(calendar: Option<&Fact<Vec<Busy>>>, now: DateTime<Utc>, zone: Zone, counts: &CalendarRules) -> String {
    match calendar {
        None => "no calendar".to_owned(),
        Some(Fact::Unknown { why }) => format!("calendar unknown ({why})"),
        Some(Fact::Known { value, observed_at, source }) => {
            let told = match value.iter().min_by_key(|busy| busy.from) {
                None => "nothing in the calendar".to_owned(),
                Some(next) => {
                    let more = match value.len() - 1 {
                        0 => String::new(),
                        more => format!(" and {more} more"),
                    };
                    let (from, until) = (local(next.from, zone), local(next.until, zone));
                    let counts = match counts.of(next.kind) {
                        CountsAs::Busy => "",
                        CountsAs::Free => ", which counts as free",
                    };
                    format!("{} from {from} to {until}{counts}{more}", next.kind.in_words())
                }
            };
            format!("{told}, says {source} {}", ago((now - *observed_at).num_milliseconds()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::rep::BusyKind;
    use baton_core::routing::scenario::{at, scenario};

    #[test]
    fn every_fact_is_told_with_its_source_and_age() {
        let world = scenario()
            .owner("ana")
            .on_leave("ana")
            .leave_at_most(10)
            .delegate("ana", "dan")
            .busy("ben", "10:30")
            .rep("ben", |rep| rep.timezone = Zone::named("Europe/Berlin"))
            .facts("ana", |facts| {
                let observed_at = at("09:58");
                facts.calendar = Some(Fact::Known { value: Vec::new(), observed_at, source: "google".into() });
            })
            .calendar("dan", BusyKind::Focus, at("10:30"), at("11:30"))
            .calendar_unknown("cy")
            .facts("cy", |facts| {
                facts.presence = Presence::Away;
                facts.reserved_until = Some(at("10:05"));
                (facts.taken_today, facts.open) = (2, 7);
            });
        let mut world = world;
        world.rules.calendars.focus = CountsAs::Free;
        let text = facts(&world.decide(), &world.snapshot, &world.rules);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "Known at Wed 7 Jan 2026 10:00 UTC");
        for line in [
            "  ANA: nothing in the calendar, says google 2 min ago; 0 leads today, 0 open.",
            "  BEN: busy from Wed 7 Jan 2026 10:30 CET to Wed 7 Jan 2026 11:30 CET, says sandbox just now; 0 leads today, 0 open.",
            "  DAN: focus time from Wed 7 Jan 2026 10:30 UTC to Wed 7 Jan 2026 11:30 UTC, which counts as free, says sandbox just now; \
             0 leads today, 0 open.",
            "  CY: calendar unknown (no answer); said to be away; on another call until Wed 7 Jan 2026 10:05 UTC at the latest; \
             2 leads today, 7 open.",
        ] {
            assert!(lines.contains(&line), "{line:?} is missing in\n{text}");
        }
        let mut unknown = world.snapshot.clone();
        unknown.reps.clear();
        let text = facts(&world.decide(), &unknown, &world.rules);
        assert!(text.contains("  DAN: nothing was known beyond the roster."), "{text}");
    }

    #[test]
    fn what_is_known_of_the_account_is_told_with_when_it_was_read() {
        let world = |seen_at: Option<&str>, seats: bool| {
            scenario().company("001", |company| {
                company.domains = vec!["acme.com".into()];
                company.seen_at = seen_at.map(at);
                if seats {
                    company.fields.insert("seats".to_owned(), FieldValue::Number(40.0));
                    company.count_opportunities(2, 1500.5, Some("Proposal"));
                }
            })
        };
        let told = |seen_at: Option<&str>, seats: bool| {
            let world = world(seen_at, seats);
            let text = facts(&world.decide(), &world.snapshot, &world.rules);
            text.lines().find_map(|line| line.strip_prefix("  Acme: ")).map(str::to_owned)
        };
        let open = "open_opportunities 2, open_opportunity_amount 1500.5, open_opportunity_stage Proposal, seats 40";
        assert_eq!(told(None, true), Some(format!("{open}, says mirror 2 min ago.")));
        assert_eq!(told(Some("09:59"), true), Some(format!("{open}, says mirror 60 s ago.")));
        assert_eq!(told(Some("09:59"), false).as_deref(), Some("its owners, says mirror 60 s ago."));
        assert_eq!(told(None, false), None);
    }
}
