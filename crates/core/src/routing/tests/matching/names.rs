//! A name as a key: how alike, and what must agree with it.

use super::*;

/// Why the only company there is not the lead's.
fn refusal(world: &Scenario) -> OtherVerdict {
    match world.decide().trace.account {
        AccountTrace::NoAccount { others, .. } => others[0].verdict,
        other => panic!("{other:?}"),
    }
}

/// Lead: Acme Software of the United States, with the domain acme.com.
#[test]
fn names_need_likeness_and_corroboration() {
    let weak = |world: &Scenario| matched(world).map(|(_, _, how)| how.weak);
    let world = |name: &str, country: Option<&str>, domain: Option<&str>| {
        let mut world = scenario().company("001", |company| {
            company.name = name.into();
            company.country = country.map(str::to_owned);
            company.domains = domain.map(str::to_owned).into_iter().collect();
        });
        world.lead.company.name = Some(Known::from_caller("Acme Software".into()));
        world
    };
    for country in ["US", "United States", "USA"] {
        assert_eq!(weak(&world("ACME Software, Inc.", Some(country), None)), Some(false), "{country}");
    }
    assert_eq!(weak(&world("Acme Sofware LLC", Some("US"), None)), Some(false), "a slip, in the same country");
    assert_eq!(weak(&world("Acme Software GmbH", None, None)), Some(true), "the same name, and nothing else known");
    assert_eq!(refusal(&world("Acme Sofware LLC", None, None)), OtherVerdict::CountryUnknown);
    assert_eq!(refusal(&world("Acme Software", Some("Germany"), None)), OtherVerdict::OtherCountry);
    assert_eq!(refusal(&world("Acme Software", Some("US"), Some("acme-software.example"))), OtherVerdict::OtherDomain);
    assert_eq!(refusal(&world("Acme Hardware", Some("US"), None)), OtherVerdict::NameUnlike);

    let mut strict = world("Acme Sofware", Some("US"), None);
    strict.rules.matching.name_at_least_permille = 950;
    assert_eq!(refusal(&strict), OtherVerdict::NameUnlike, "the rules say how alike");
    let mut unnamed = world("Acme Software", Some("US"), None);
    unnamed.lead.company.name = None;
    assert_eq!(winner(&unnamed), None);
}

/// Two companies that differ in one word were one, and its owner kept the other's lead.
#[test]
fn a_name_that_differs_by_a_word_is_a_weak_match_and_gives_nobody_the_lead() {
    for (ours, theirs) in [
        ("North Shore Logistics Partners", "South Shore Logistics Partners"),
        ("Harbor Health Advisors Group", "Harbor Wealth Advisors Group"),
        ("Bolt Industrial Fasteners", "Bold Industrial Fasteners"),
        ("Eastern Precision Moulding Works", "Western Precision Moulding Works"),
    ] {
        let mut world = scenario().rep("ana", |_| ()).rep("dan", |_| ()).company("001", |company| {
            company.name = theirs.into();
            company.country = Some("US".into());
            company.owner_crm_id = Some("crm-ana".into());
            company.open_opportunity_owner_crm_id = Some("crm-dan".into());
        });
        world.lead.company.name = Some(Known::from_caller(ours.into()));
        assert_ne!(world.decide().plan.owner, rep_id("ana"), "{ours}");
        let known = matched(&world);
        assert!(known.is_none_or(|(_, _, how)| how.weak), "{ours}");
        world.expect_owner("ben");
    }
    let same = || {
        let mut world = scenario().rep("ana", |_| ()).company("001", |company| {
            company.owner_crm_id = Some("crm-ana".into());
            company.name = "Halden Maritime".into();
        });
        world.lead.company.name = Some(Known::from_caller("Halden Maritime AS".into()));
        world
    };
    // The whole name, and nothing else that agrees: still no proof.
    same().expect_ownership(&[OwnershipResult::Weak, OwnershipResult::NoOwner]).expect_owner("ben");
    same().records(|records| records.companies[0].country = Some("US".into())).expect_owner("ana");
    // A key that proves it makes the word a slip.
    let mut by_phone = same().records(|records| {
        records.companies[0].name = "Haldon Airlines".into();
        records.people.push(contact_of("001", None, Some("+14155550142")));
    });
    by_phone.rules.matching = MatchRules::new(vec![MatchKey::Name, MatchKey::Phone], 900).expect("each key once");
    by_phone.expect_owner("ana");
}
