//! Which record of the CRM the lead belongs to, why it, and why not each of the others.

use super::story::ago;
use baton_core::domain::account::MatchKey;
use baton_core::routing::decision::{AccountTrace, MatchStep, MatchTrace, OtherAccount, OtherVerdict};

pub(super) fn lines(trace: &AccountTrace) -> Vec<String> {
    match trace {
        AccountTrace::Unknown { why } => vec![format!("Not known: {why}.")],
        AccountTrace::NoAccount { source, age_ms, others } => {
            let none = format!("None, says {source} {}.", ago(*age_ms));
            std::iter::once(none).chain(others.iter().map(other)).collect()
        }
        AccountTrace::Matched { name, crm_id, by, score_permille, source, age_ms, how } => {
            let keys = how.as_ref().map_or_else(|| word(*by).to_owned(), |how| listed(&how.keys));
            let (sure, age) = (percent(*score_permille), ago(*age_ms));
            let found = format!("{name} ({crm_id}), matched by {keys}, {sure} sure, says {source} {age}.");
            std::iter::once(found).chain(how.iter().flat_map(reasons)).collect()
        }
    }
}

fn reasons(how: &MatchTrace) -> Vec<String> {
    let mut lines = Vec::new();
    if how.weak {
        lines.push("A weak match: nothing but a name speaks for it, and that gives nobody the lead.".to_owned());
    }
    if how.disputed {
        lines.push(
            "Disputed: another account is as good a match, or fits by another key, and has another owner.".to_owned(),
        );
    }
    lines.extend(how.won_by.map(|step| {
        let (won, _) = by_step(step);
        format!("It wins over the next best because {won}.")
    }));
    lines.extend(how.others.iter().map(other));
    match how.left_out {
        0 => {}
        1 => lines.push("1 more record was looked at and is nowhere near.".to_owned()),
        more => lines.push(format!("{more} more records were looked at and are nowhere near.")),
    }
    lines
}

fn other(other: &OtherAccount) -> String {
    let OtherAccount { name, crm_id, keys, score_permille, .. } = other;
    let sure = percent(*score_permille);
    let why = match other.verdict {
        OtherVerdict::Lost { by } => {
            let (_, lost) = by_step(by);
            return format!("Not {name} ({crm_id}): matched by {}, {sure}; {lost}.", listed(keys));
        }
        OtherVerdict::NameUnlike => "not alike enough",
        OtherVerdict::OtherDomain => "but its domain is another",
        OtherVerdict::OtherCountry => "but its country is another",
        OtherVerdict::CountryUnknown => "not the same, and no country is known to corroborate it",
    };
    format!("Not {name} ({crm_id}): the names are {sure} alike, {why}.")
}

/// Why a record wins by a step, and why another loses by it.
fn by_step(step: MatchStep) -> (&'static str, &'static str) {
    match step {
        MatchStep::StrongerKey => ("its key is stronger", "its key is weaker"),
        MatchStep::NotWeak => ("its match is not weak", "its match is weak"),
        MatchStep::HigherScore => ("its name is more alike", "its name is less alike"),
        MatchStep::MoreKeys => ("more keys fit", "fewer keys fit"),
        MatchStep::ActiveOwner => ("its owner is an active rep", "its owner is no active rep"),
        MatchStep::OpenOpportunity => ("it has an open opportunity", "it has no open opportunity"),
        MatchStep::ActiveLater => ("it was active more recently", "it was active less recently"),
        MatchStep::LowerId => (
            "its id comes first: nothing else tells them apart",
            "its id comes later, and nothing else tells them apart",
        ),
    }
}

/// `phone number, domain and name`.
fn listed(keys: &[MatchKey]) -> String {
    match keys {
        [] => "nothing".to_owned(),
        [only] => word(*only).to_owned(),
        [others @ .., last] => {
            let others: Vec<&str> = others.iter().map(|key| word(*key)).collect();
            format!("{} and {}", others.join(", "), word(*last))
        }
    }
}

pub(super) fn word(key: MatchKey) -> &'static str {
    match key {
        MatchKey::Phone => "phone number",
        MatchKey::Email => "e-mail address",
        MatchKey::Domain => "domain",
        MatchKey::Name => "name",
    }
}

fn percent(permille: u16) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::scenario::{at, scenario};

    fn told(world: &baton_core::routing::scenario::Scenario) -> Vec<String> {
        lines(&world.decide().trace.account)
    }

    #[test]
    fn a_match_is_told_with_its_keys_and_every_other_record() {
        let world = scenario()
            .company("001", |company| {
                company.domains = vec!["acme.com".into()];
                company.owner_crm_id = Some("crm-ben".into());
                company.active_at = Some(at("09:00"));
            })
            .company("002", |company| {
                company.domains = vec!["acme.com".into()];
                company.owner_crm_id = Some("crm-cy".into());
            })
            .company("003", |company| company.country = Some("US".into()))
            .company("004", |company| company.country = Some("France".into()))
            .records(|records| records.left_out = 2);
        let expected = [
            "Acme (001), matched by domain and name, 100.0 % sure, says mirror 2 min ago.",
            "Disputed: another account is as good a match, or fits by another key, and has another owner.",
            "It wins over the next best because it was active more recently.",
            "Not Acme (002): matched by domain and name, 100.0 %; it was active less recently.",
            "Not Acme (003): matched by name, 100.0 %; its key is weaker.",
            "Not Acme (004): the names are 100.0 % alike, but its country is another.",
            "2 more records were looked at and are nowhere near.",
        ];
        assert_eq!(told(&world), expected);
    }

    #[test]
    fn a_weak_match_and_a_near_miss_are_called_so() {
        let weak = scenario().company("001", |_| ());
        let expected = [
            "Acme (001), matched by name, 100.0 % sure, says mirror 2 min ago.",
            "A weak match: nothing but a name speaks for it, and that gives nobody the lead.",
        ];
        assert_eq!(told(&weak), expected);
        let near = scenario().company("001", |company| company.name = "Acmee".into());
        let expected =
            ["None, says mirror 2 min ago.", "Not Acmee (001): the names are 80.0 % alike, not alike enough."];
        assert_eq!(told(&near), expected);
    }
}
