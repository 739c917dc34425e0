//! Whose record a lead may be: people and companies are found by every key they share with it.

use super::bench_of;
use crate::vendors::crm::by_email;
use baton::connectors::{AccountKeys, Crm};
use baton_core::domain::account::Records;
use baton_core::domain::lead::FieldValue;
use baton_core::domain::phone::PhoneE164;

#[tokio::test]
async fn every_record_that_shares_a_key_is_found_and_with_it_its_company() {
    let (bench, [ana, ben]) = bench_of(["ana@x.example", "ben@x.example"]).await;
    bench.state.add_property("companies", "seats", "number");
    bench.state.add_property("companies", "plan_code", "string");
    let company = [
        ("name", "Acme \"GmbH\""),
        ("domain", "acme.com"),
        ("country", "Germany"),
        ("hubspot_owner_id", &ana),
        ("seats", "40"),
        ("plan_code", "007"),
    ];
    let acme = bench.state.add("companies", &company, &[]);
    let other = bench.state.add("companies", &[("name", "Acmeon"), ("hubspot_owner_id", &ben)], &[]);
    for (closed, owner, at) in
        [("false", &ana, "2026-01-01"), ("false", &ben, "2026-06-01"), ("true", &ana, "2026-09-01")]
    {
        let deal = [("hs_is_closed", closed), ("hubspot_owner_id", owner.as_str()), ("hs_lastmodifieddate", at)];
        bench.state.add("deals", &deal, &[("companies", &acme)]);
    }
    let ada = [
        ("email", "ada@acme.com"),
        ("hubspot_owner_id", ben.as_str()),
        ("hubspot_owner_assigneddate", "2026-10-01T00:00:00.000Z"),
        ("createdate", "2025-01-01T00:00:00Z"),
    ];
    let ada = bench.state.add("contacts", &ada, &[("companies", &acme)]);
    let bo = bench.state.add("contacts", &[("phone", "(415) 555-0142")], &[("companies", &acme)]);
    let fields = vec!["seats".to_owned(), "plan_code".to_owned()];
    let none = || AccountKeys { fields: fields.clone(), ..AccountKeys::default() };

    let phone = || Some(PhoneE164::new("+14155550142").unwrap());
    for (keys, companies, people) in [
        (AccountKeys { email: Some("ada@acme.com".into()), ..none() }, vec![&acme], vec![&ada]),
        (AccountKeys { domain: Some("acme.com".into()), ..none() }, vec![&acme], vec![]),
        (AccountKeys { phone: phone(), ..none() }, vec![&acme], vec![&bo]),
        (AccountKeys { company: Some("Acme".into()), ..none() }, vec![&acme, &other], vec![]),
        (
            AccountKeys { email: Some("ada@acme.com".into()), company: Some("Acme".into()), phone: phone(), ..none() },
            vec![&acme, &other],
            vec![&ada, &bo],
        ),
    ] {
        let before = bench.world.exchanges().len();
        let found = bench.crm.find(&keys).await.unwrap();
        assert_eq!(
            found.companies.iter().map(|company| company.crm_id.as_str()).collect::<Vec<_>>(),
            companies,
            "{keys:?}"
        );
        assert_eq!(found.people.iter().map(|person| person.crm_id.as_str()).collect::<Vec<_>>(), people, "{keys:?}");
        let company = &found.companies[0];
        assert_eq!(
            (company.owner_crm_id.as_ref(), company.open_opportunity_owner_crm_id.as_ref()),
            (Some(&ana.as_str().into()), Some(&ben.as_str().into()))
        );
        assert_eq!(
            (company.country.as_deref(), company.domains.as_slice()),
            (Some("Germany"), &["acme.com".to_owned()][..])
        );
        assert_eq!(company.fields["seats"], FieldValue::Number(40.0));
        assert_eq!(company.fields["plan_code"], FieldValue::Text("007".to_owned()));
        let searches =
            bench.world.exchanges()[before..].iter().filter(|exchange| exchange.target.ends_with("/search")).count();
        assert!(searches <= 2, "{searches} searches for {keys:?}");
    }
    let contact = bench.crm.find(&by_email("ada@acme.com")).await.unwrap().people.remove(0);
    assert_eq!((contact.company_crm_id, contact.owner_crm_id), (Some(acme.into()), Some(ben.into())));
    assert_eq!(contact.active_at, Some("2026-10-01T00:00:00Z".parse().unwrap()));
    assert_eq!(bench.crm.find(&by_email("../contacts")).await, Ok(Records::default()));
}
