//! What has changed of accounts: told by one question, however many they are, and read again.

use super::{bench_of, calls};
use baton::connectors::{AccountKeys, Counts, Crm};
use baton_clock::Clock;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::lead::FieldValue;
use baton_sandbox::Fault;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const ALL: Counts = Counts { opportunities: true, cases: true };

fn ids(ids: &[&String]) -> BTreeSet<CrmId> {
    ids.iter().map(|id| CrmId::from(id.as_str())).collect()
}

#[tokio::test]
async fn what_has_changed_is_told_page_by_page_with_what_is_gone() {
    let (bench, [ana]) = bench_of(["Ana"]).await;
    let account = |number: u32| bench.state.add_account(json!({ "Name": format!("No {number}"), "OwnerId": ana }));
    let accounts: Vec<String> = (0..5).map(account).collect();
    let before = bench.clock.now();
    let closed = bench.state.add_opportunity(&accounts[4], &ana);
    let none = bench.crm.changes(before, before, ALL).await.unwrap();
    assert!(none.accounts.is_empty() && none.gone.is_empty());

    bench.clock.advance(Duration::from_secs(600));
    bench.state.change("Account", &accounts[0], json!({ "Tier__c": "gold" }));
    bench.state.delete("Account", &accounts[1]);
    bench.state.add_opportunity(&accounts[2], &ana);
    bench.state.add_case(&accounts[3], before);
    bench.state.delete("Opportunity", &closed);
    let now = bench.clock.now();
    let told = bench.crm.changes(before, now, ALL).await.unwrap();
    let changed = [&accounts[0], &accounts[2], &accounts[3], &accounts[4]];
    assert_eq!((&told.accounts, &told.gone), (&ids(&changed), &ids(&[&accounts[1]])));
    assert_eq!(told.until, now - TimeDelta::minutes(3), "what is under way there shows later");
    assert_eq!(calls(&bench, "/composite"), 2, "one request each time");

    bench.state.turn_pages_after(1);
    assert_eq!(bench.crm.changes(before, now, ALL).await.unwrap(), told);
    let pages = bench.world.exchanges().iter().filter(|exchange| exchange.target.contains("/query/01g")).count();
    assert_eq!(pages, 2, "a further one of accounts, and of opportunities");
    let without_cases = bench.crm.changes(before, now, Counts::default()).await.unwrap();
    assert!(!without_cases.accounts.contains(&CrmId::from(accounts[3].as_str())));
}

#[tokio::test]
async fn accounts_that_changed_are_read_with_what_is_open_of_them() {
    let (bench, [ana, ben]) = bench_of(["Ana", "Ben"]).await;
    bench.state.have_person_accounts();
    let acme = bench.state.add_account(json!({ "Name": "Acme", "OwnerId": ana, "LTV__c": 40.5 }));
    let dana = bench.state.add_account(json!({ "Name": "Dana", "IsPersonAccount": true }));
    let gone = bench.state.add_account(json!({ "Name": "Gone" }));
    bench.state.delete("Account", &gone);
    let deal = bench.state.add_opportunity(&acme, &ben);
    bench.state.change("Opportunity", &deal, json!({ "Amount": 1000, "StageName": "Proposal" }));
    let other = bench.state.add_opportunity(&acme, &ana);
    bench.state.change("Opportunity", &other, json!({ "Amount": 500.5 }));
    let won = bench.state.add_opportunity(&acme, &ana);
    bench.state.change("Opportunity", &won, json!({ "Amount": 9000, "IsClosed": true }));
    bench.state.add_case(&acme, "2026-11-01T10:00:00Z".parse().unwrap());
    let asked: Vec<CrmId> = [&acme, &dana, &gone].map(|id| CrmId::from(id.as_str())).to_vec();
    let keys = AccountKeys { fields: vec!["LTV__c".to_owned()], counts: ALL, ..AccountKeys::default() };
    let told = bench.crm.accounts(&asked, &keys).await.unwrap();
    let [company] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((company.crm_id.as_str(), company.name.as_str()), (acme.as_str(), "Acme"));
    assert_eq!(company.open_opportunity_owner_crm_id, Some(ben.as_str().into()));
    let text = |text: &str| FieldValue::Text(text.to_owned());
    for (name, value) in [
        ("LTV__c", FieldValue::Number(40.5)),
        ("open_opportunities", FieldValue::Number(2.0)),
        ("open_opportunity_amount", FieldValue::Number(1500.5)),
        ("open_opportunity_stage", text("Proposal")),
        ("open_cases", FieldValue::Number(1.0)),
        ("oldest_open_case", text("2026-11-01")),
    ] {
        assert_eq!(company.fields.get(name), Some(&value), "{name}");
    }
    let uncounted = bench.crm.accounts(&asked, &AccountKeys::default()).await.unwrap();
    assert!(uncounted[0].fields.is_empty(), "what no rule asks for is not read");
}

/// What each call makes of an outage, of a day that is used up, and of an answer that is lost.
#[tokio::test]
async fn every_question_for_changes_may_simply_be_repeated() {
    let (bench, [ana]) = bench_of(["Ana"]).await;
    let before = bench.clock.now();
    bench.clock.advance(Duration::from_secs(60));
    for _ in 0..2 {
        bench.state.add_account(json!({ "Name": "Acme", "OwnerId": ana }));
    }
    bench.state.turn_pages_after(1);
    let now = bench.clock.now();
    for (fault, class) in [
        (Fault::Unavailable, "retry"),
        (Fault::RateLimit { retry_after_s: None }, "rate_limited"),
        (Fault::DropAnswer, "retry"),
    ] {
        for operation in ["reads", "next_page"] {
            bench.crm.changes(before, now, ALL).await.expect("nothing is wrong yet");
            bench.arm(operation, fault.clone());
            let failed = bench.crm.changes(before, now, ALL).await.expect_err(operation);
            assert_eq!(failed.class(), class, "{operation} {fault:?}: {failed}");
        }
    }
}
