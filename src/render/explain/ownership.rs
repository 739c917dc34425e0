//! Whose lead it was already, and whether that rep keeps it.

use super::account::word;
use super::story::Roster;
use baton_core::domain::zone::Zone;
use baton_core::routing::decision::{KeyOwner, OwnershipResult, OwnershipTrace};
use baton_core::routing::local;

pub(super) fn line(rule: &OwnershipTrace, roster: &Roster) -> String {
    let told = owner_found(rule, roster);
    if rule.disputed.is_empty() {
        return told;
    }
    let of = |KeyOwner { key, owner }: &KeyOwner| format!("the {} leads to {}", word(*key), roster.of_crm(owner));
    let both: Vec<String> = rule.disputed.iter().map(of).collect();
    let followed = rule.rep.as_ref().map_or_else(|| "neither".to_owned(), |rep| roster.name(rep));
    format!("{told} Disputed: {}; {followed} is followed.", both.join(", "))
}

fn owner_found(rule: &OwnershipTrace, roster: &Roster) -> String {
    let by = rule.existing.in_words();
    let zone = rule.rep.as_ref().map_or(Zone::UTC, |rep| roster.zone(rep));
    let who = rule.rep.as_ref().map_or_else(|| "nobody".to_owned(), |rep| roster.name(rep));
    let free = |at: &Option<_>| at.map_or_else(|| "at no time in sight".to_owned(), |at| local(at, zone));
    match &rule.result {
        OwnershipResult::Keeps => format!("The {by}, {who}, is at work and keeps the lead."),
        OwnershipResult::Delegated { to, because } => {
            let (why, to) = (because.in_words(zone), roster.name(to));
            format!("The {by}, {who}, is {why}: {to} takes the call as delegate, {who} keeps the lead.")
        }
        OwnershipResult::KeepsForLater { because, free_at } => {
            let why = because.in_words(zone);
            format!("The {by}, {who}, is {why} and keeps the lead; free {}.", free(free_at))
        }
        OwnershipResult::GivenUp { because, free_at } => {
            let why = because.in_words(zone);
            format!("The {by}, {who}, is {why} and is not waited for; free {}.", free(free_at))
        }
        OwnershipResult::NoOwner => format!("There is no {by}."),
        OwnershipResult::NotARep { crm_id } => format!("The {by} is {crm_id} in the CRM, who is no rep here."),
        OwnershipResult::Inactive => format!("The {by}, {who}, is not active any more."),
        OwnershipResult::Weak => format!("The {by} is not followed: the company is known by its name alone."),
        OwnershipResult::TooLongAgo { active_at: Some(at) } => {
            format!("The {by} does not count: last active {}, too long ago.", local(*at, zone))
        }
        OwnershipResult::TooLongAgo { active_at: None } => {
            format!("The {by} does not count: nobody knows when the record was last active.")
        }
        OwnershipResult::NotKnown { why } => format!("The {by} is not known: {why}; Baton's rules decide."),
    }
}
