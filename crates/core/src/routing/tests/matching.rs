mod names;
mod records;

use super::*;
use crate::domain::account::{MatchKey, PersonKind, PersonRecord};
use crate::domain::known::Known;
use crate::domain::phone::PhoneE164;
use crate::routing::decision::{AccountTrace, MatchStep, MatchTrace, OtherVerdict};
use crate::rules::model::set::MatchRules;

/// The winner's id and how it was found.
fn matched(world: &Scenario) -> Option<(String, MatchKey, MatchTrace)> {
    match world.decide().trace.account {
        AccountTrace::Matched { crm_id, by, how, .. } => {
            Some((crm_id.to_string(), by, how.expect("the matcher was asked")))
        }
        AccountTrace::NoAccount { .. } | AccountTrace::Unknown { .. } => None,
    }
}

fn winner(world: &Scenario) -> Option<String> {
    matched(world).map(|(crm_id, ..)| crm_id)
}

fn at_domain(domain: &str) -> impl FnOnce(&mut CompanyRecord) {
    let domain = domain.to_owned();
    move |company| company.domains = vec![domain]
}

fn contact_of(company: &str, email: Option<&str>, phone: Option<&str>) -> PersonRecord {
    PersonRecord {
        kind: PersonKind::Contact,
        crm_id: format!("contact of {company}").into(),
        company_crm_id: Some(company.into()),
        email: email.map(str::to_owned),
        phones: phone.map(|phone| PhoneE164::new(phone).expect("a number")).into_iter().collect(),
        owner_crm_id: None,
        owner: None,
        active_at: None,
    }
}

/// Four accounts, each of which fits by one key alone.
fn one_for_each_key() -> Scenario {
    let mut world = scenario()
        .company("by phone", |company| company.name = "Other".into())
        .company("by email", |company| company.name = "Other".into())
        .company("by domain", |company| {
            company.name = "Other".into();
            company.domains = vec!["shop.acme.com".into()];
        })
        .company("by name", |company| company.country = Some("United States".into()))
        .records(|records| {
            records.people.push(contact_of("by phone", None, Some("+14155550142")));
            records.people.push(contact_of("by email", Some("ada@acme.com"), None));
        });
    world.lead.contact.email = Some(Known::from_caller("ada@acme.com".into()));
    world
}

#[test]
fn the_first_key_of_the_rules_that_fits_decides() {
    use MatchKey::{Domain, Email, Name, Phone};
    for (keys, expected, by) in [
        (vec![Phone, Email, Domain, Name], "by phone", Phone),
        (vec![Email, Phone, Domain, Name], "by email", Email),
        (vec![Domain, Email, Phone], "by domain", Domain),
        (vec![Name, Domain], "by name", Name),
        (vec![Name], "by name", Name),
    ] {
        let mut world = one_for_each_key();
        world.rules.matching = MatchRules::new(keys.clone(), 900).expect("each key once");
        let (crm_id, found_by, how) = matched(&world).expect("a match");
        assert_eq!((crm_id.as_str(), found_by), (expected, by), "{keys:?}");
        assert_eq!(how.others.len(), 3, "every record is told");
        assert!(keys.len() == 1 || how.won_by == Some(MatchStep::StrongerKey));
    }
}

#[test]
fn a_mail_providers_domain_is_no_key() {
    let world = scenario().company("001", |company| {
        company.name = "Other".into();
        company.domains = vec!["acme.com".into()];
    });
    assert_eq!(winner(&world).as_deref(), Some("001"));
    let mut shared = world;
    shared.rules.shared_domains.insert("acme.com".into());
    assert_eq!(winner(&shared), None);
}

#[test]
fn a_domain_fits_its_own_hosts_only() {
    for (host, fits) in
        [("acme.com", true), ("shop.acme.com", true), ("notacme.com", false), ("acme.com.evil.example", false)]
    {
        let world = scenario().company("001", |company| {
            company.name = "Other".into();
            company.domains = vec![host.into()];
        });
        assert_eq!(winner(&world).is_some(), fits, "{host}");
    }
}

/// Each time the second account is better by one thing only.
#[test]
fn ties_are_broken_in_the_published_order() {
    type Change = fn(Scenario) -> Scenario;
    let company = |world: Scenario, change: fn(&mut CompanyRecord)| {
        world.records(|records| {
            change(records.companies.iter_mut().find(|found| found.crm_id.as_str() == "002").expect("made before"))
        })
    };
    let steps: [(MatchStep, Change); 4] = [
        (MatchStep::MoreKeys, |world| world.records(|records| records.companies[1].country = Some("US".into()))),
        (MatchStep::ActiveOwner, |world| {
            world.rep("ana", |_| ()).records(|records| records.companies[1].owner_crm_id = Some("crm-ana".into()))
        }),
        (MatchStep::OpenOpportunity, |world| {
            world.records(|records| records.companies[1].open_opportunity_owner_crm_id = Some("crm-x".into()))
        }),
        (MatchStep::ActiveLater, |world| world.records(|records| records.companies[1].active_at = Some(at("09:00")))),
    ];
    let equal = || {
        let world = scenario().company("001", at_domain("acme.com")).company("002", at_domain("acme.com"));
        company(world, |found| found.name = "Acme".into()).records(|records| {
            records.companies[0].country = Some("DE".into());
            records.companies[1].country = Some("DE".into());
        })
    };
    assert_eq!(winner(&equal()).as_deref(), Some("001"), "the lower id where nothing else tells");
    for (step, change) in steps {
        let (crm_id, _, how) = matched(&change(equal())).expect("a match");
        assert_eq!((crm_id.as_str(), how.won_by), ("002", Some(step)));
        assert_eq!(how.others[0].verdict, OtherVerdict::Lost { by: step });
    }
    let (_, _, how) = matched(&equal().rep("ana", |rep| rep.active = false).records(|records| {
        records.companies[1].owner_crm_id = Some("crm-ana".into());
    }))
    .expect("a match");
    assert_eq!(how.won_by, Some(MatchStep::LowerId), "an owner who left is none");
}

#[test]
fn two_equal_accounts_with_different_owners_are_a_dispute_that_the_tie_breaker_ends() {
    let disputed = |world: &Scenario| matched(world).map(|(crm_id, _, how)| (crm_id, how.disputed));
    let reps = || scenario().rep("ana", |_| ()).rep("dan", |_| ());
    let two = reps().company("001", owned_by("crm-ana")).company("002", owned_by("crm-dan"));
    assert_eq!(disputed(&two), Some(("001".into(), true)));
    two.expect_owner("ana").expect_reason("account owner, at work now");
    let same = reps().company("001", owned_by("crm-ana")).company("002", owned_by("crm-ana"));
    assert_eq!(disputed(&same), Some(("001".into(), false)), "one owner: nothing to dispute");
    let weaker = reps().company("001", owned_by("crm-ana")).company("002", |company| {
        company.owner_crm_id = Some("crm-dan".into());
        company.country = Some("US".into());
    });
    assert_eq!(disputed(&weaker), Some(("001".into(), false)), "found by a weaker key: not as good");
}

/// A tenant of a mail suite and a page on a network were "100 % sure" another company.
#[test]
fn a_site_of_many_is_no_companys_domain() {
    for (lead, host) in [
        ("onmicrosoft.com", "onmicrosoft.com"),
        ("onmicrosoft.com", "greenvalley.onmicrosoft.com"),
        ("linkedin.com", "linkedin.com"),
        ("zendesk.com", "greenvalley.zendesk.com"),
        ("sites.google.com", "sites.google.com"),
        ("etsy.com", "etsy.com"),
    ] {
        let mut world = scenario().rep("ana", |_| ()).company("001", |company| {
            company.name = "Green Valley Roofing".into();
            company.domains = vec![host.into()];
            company.owner_crm_id = Some("crm-ana".into());
        });
        world.rules.shared_domains = crate::rules::words::shared::built_in().collect();
        world.lead.company.domain = Some(Known::from_caller(lead.into()));
        assert_eq!(winner(&world), None, "{lead} {host}");
        // Nor does a page on one contradict a company that has the lead's own domain under its name.
        let mut named = world.records(|records| {
            records.companies[0].name = "Acme".into();
            records.companies[0].country = Some("US".into());
        });
        named.lead.company.domain = Some(Known::from_caller("acme.com".into()));
        assert_eq!(winner(&named).as_deref(), Some("001"), "{host}");
    }
}

/// The switchboard's owner kept the lead, and nobody saw that the caller's address led to somebody else.
#[test]
fn phone_and_mail_that_lead_to_two_owners_are_a_dispute_that_is_told() {
    let mut world = scenario().rep("ana", |_| ()).rep("dan", |_| ());
    world.lead.contact.email = Some(Known::from_caller("ada@acme.com".into()));
    let owned = |name: &'static str| {
        move |company: &mut CompanyRecord| {
            company.name = format!("Of {name}");
            company.owner_crm_id = Some(format!("crm-{name}").into());
        }
    };
    let people = |phone_of: &'static str, mail_of: &'static str| {
        move |world: Scenario| {
            world.records(|records| {
                records.people.push(contact_of(phone_of, None, Some("+14155550142")));
                records.people.push(contact_of(mail_of, Some("ada@acme.com"), None));
            })
        }
    };
    let two = people("001", "002")(world.clone().company("001", owned("ana")).company("002", owned("dan")));
    assert_eq!(matched(&two).map(|(crm_id, _, how)| (crm_id, how.disputed)), Some(("001".into(), true)));
    let decision = two.expect_owner("ana").decide();
    let led: Vec<String> = decision.trace.ownership[0].disputed.iter().map(|found| found.owner.to_string()).collect();
    assert_eq!(led, ["crm-ana", "crm-dan"]);
    let one = people("001", "001")(world.clone().company("001", owned("ana")).company("002", owned("dan")));
    assert!(one.decide().trace.ownership[0].disputed.is_empty(), "both lead to one");
    let same = people("001", "002")(world.clone().company("001", owned("ana")).company("002", owned("ana")));
    assert!(same.decide().trace.ownership[0].disputed.is_empty(), "one owner: nothing to dispute");
}
