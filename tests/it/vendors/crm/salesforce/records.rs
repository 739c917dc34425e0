//! Whose record a lead may be: people and accounts are found by every key they share with it.

use super::{bench, bench_of};
use crate::vendors::crm::by_email;
use baton::connectors::{AccountKeys, Crm};
use baton_core::domain::account::{PersonKind, Records};
use baton_core::domain::lead::FieldValue;
use baton_core::domain::phone::PhoneE164;
use serde_json::json;

#[tokio::test]
async fn every_record_that_shares_a_key_is_found_and_with_it_its_account() {
    let (bench, [ana, ben, eve]) = bench_of(["Ana", "Ben", "Eve"]).await;
    bench.state.add_account(json!({ "Name": "Far Away", "Website": "far.example", "OwnerId": eve }));
    let acme = bench.state.add_account(json!({
        "Name": "O'Neil \\ Söhne 100%_", "Website": "https://www.acme.com/en", "OwnerId": ana, "Tier__c": "gold", "Seats__c": 40,
        "BillingCountry": "Germany", "LastActivityDate": "2026-11-01",
    }));
    bench.state.add_opportunity(&acme, &ben);
    let ada = bench.state.add_contact(json!({
        "Name": "Ada", "Email": "Ada@acme.com", "AccountId": acme, "OwnerId": eve, "LastActivityDate": "2026-10-01",
        "CreatedDate": "2026-10-20T08:00:00.000+0000",
    }));
    let bo =
        bench.state.add_contact(json!({ "Name": "Bo", "Phone": "(415) 555-0142", "AccountId": acme, "OwnerId": eve }));
    let fields = vec!["tier__c".to_owned(), "Seats__c".to_owned()];
    let phone = || Some(PhoneE164::new("+14155550142").unwrap());
    let none = || AccountKeys { fields: fields.clone(), ..AccountKeys::default() };

    for (keys, people) in [
        (AccountKeys { email: Some("ada@acme.com".into()), ..none() }, vec![ada.clone()]),
        (AccountKeys { domain: Some("acme.com".into()), ..none() }, vec![]),
        (AccountKeys { phone: phone(), ..none() }, vec![bo.clone()]),
        (AccountKeys { company: Some("O'Neil \\ Söhne 100%_".into()), ..none() }, vec![]),
        (AccountKeys { company: Some("The O'Neil Sons".into()), ..none() }, vec![]),
        (AccountKeys { email: Some("ada@acme.com".into()), phone: phone(), ..none() }, vec![ada.clone(), bo.clone()]),
    ] {
        let found = bench.crm.find(&keys).await.unwrap();
        let [company] = found.companies.as_slice() else { panic!("{keys:?}: {found:?}") };
        assert_eq!(
            (company.crm_id.as_str(), company.domains.as_slice()),
            (acme.as_str(), &["acme.com".to_owned()][..])
        );
        assert_eq!(
            (company.owner_crm_id.as_ref(), company.open_opportunity_owner_crm_id.as_ref()),
            (Some(&ana.as_str().into()), Some(&ben.as_str().into()))
        );
        assert_eq!(company.country.as_deref(), Some("Germany"));
        assert_eq!(company.active_at, Some("2026-11-01T00:00:00Z".parse().unwrap()));
        assert_eq!(company.fields["tier__c"], FieldValue::Text("gold".to_owned()));
        assert_eq!(company.fields["Seats__c"], FieldValue::Number(40.0));
        assert_eq!(found.people.iter().map(|person| person.crm_id.as_str()).collect::<Vec<_>>(), people, "{keys:?}");
    }
    let contact = bench.crm.find(&by_email("ada@acme.com")).await.unwrap().people.remove(0);
    assert_eq!((contact.kind, contact.email.as_deref()), (PersonKind::Contact, Some("ada@acme.com")));
    assert_eq!((contact.company_crm_id, contact.owner_crm_id), (Some(acme.as_str().into()), Some(eve.as_str().into())));
    assert_eq!(contact.active_at, Some("2026-10-20T08:00:00Z".parse().unwrap()), "made after the last activity");
}

#[tokio::test]
async fn open_leads_are_people_and_converted_ones_are_not() {
    let (bench, [eve]) = bench_of(["Eve"]).await;
    let solo = bench.state.add_lead(json!({
        "Company": "Solo", "Email": "solo@example.org", "Phone": "0049 30 901820", "OwnerId": eve, "LastActivityDate": "2026-11-02",
    }));
    let old = bench.state.add_lead(json!({ "LastName": "S", "Email": "solo@example.org", "OwnerId": eve }));
    bench.state.convert(&old);
    let phone = AccountKeys { phone: Some(PhoneE164::new("+4930901820").unwrap()), ..AccountKeys::default() };
    for keys in [by_email("solo@example.org"), phone] {
        let found = bench.crm.find(&keys).await.unwrap();
        let [person] = found.people.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (person.kind, person.crm_id.as_str(), &person.owner_crm_id),
            (PersonKind::Lead, solo.as_str(), &Some(eve.as_str().into()))
        );
        assert_eq!(person.active_at, Some("2026-11-02T00:00:00Z".parse().unwrap()));
        assert!(found.companies.is_empty(), "a lead is no account");
    }
    let hostile = AccountKeys { company: Some("' OR Name != '".into()), ..by_email("' OR Id != '@x.example") };
    assert_eq!(bench.crm.find(&hostile).await, Ok(Records::default()));
}

#[tokio::test]
async fn a_person_who_is_an_account_is_a_person_and_no_company() {
    let (bench, [ana, eve]) = bench_of(["Ana", "Eve"]).await;
    bench.state.have_person_accounts();
    let dana = bench.state.add_account(
        json!({ "Name": "Dana Whitfield", "IsPersonAccount": true, "Phone": "(415) 555-0142", "OwnerId": ana }),
    );
    let of_ada = bench.state.add_account(json!({ "Name": "Ada Lang", "IsPersonAccount": true, "OwnerId": eve }));
    let ada = bench
        .state
        .add_contact(json!({ "Name": "Ada Lang", "Email": "ada@acme.com", "AccountId": of_ada, "OwnerId": eve }));
    bench.state.add_account(json!({ "Name": "Dana Works", "OwnerId": eve }));

    let phone = AccountKeys { phone: Some(PhoneE164::new("+14155550142").unwrap()), ..AccountKeys::default() };
    for (keys, id, owner) in [(phone, &dana, &ana), (by_email("ada@acme.com"), &ada, &eve)] {
        let found = bench.crm.find(&keys).await.unwrap();
        let [person] = found.people.as_slice() else { panic!("{found:?}") };
        assert_eq!((person.kind, person.crm_id.as_str()), (PersonKind::Contact, id.as_str()));
        assert_eq!((&person.owner_crm_id, &person.company_crm_id), (&Some(owner.as_str().into()), &None));
        assert!(found.companies.is_empty(), "{found:?}");
    }
    let keys = AccountKeys { company: Some("Dana".into()), ..AccountKeys::default() };
    let names: Vec<String> = bench.crm.find(&keys).await.unwrap().companies.into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["Dana Works"]);
}

#[tokio::test]
async fn all_accounts_of_a_name_are_brought_for_the_rules_to_choose() {
    let bench = bench().await;
    for name in ["Northwind Foods Inc.", "The Northwind Foods", "Northwind Trading", "Southwind"] {
        bench.state.add_account(json!({ "Name": name, "OwnerId": "005000000000008AAA" }));
    }
    let keys = AccountKeys { company: Some("Northwind Foods".into()), ..AccountKeys::default() };
    let names: Vec<String> =
        bench.crm.find(&keys).await.unwrap().companies.into_iter().map(|found| found.name).collect();
    assert_eq!(names, ["Northwind Foods Inc.", "The Northwind Foods", "Northwind Trading"]);
}
