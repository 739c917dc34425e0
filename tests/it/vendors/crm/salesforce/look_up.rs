//! What is asked before the first lead: users, fields, and a write that is taken back.

use super::{bench, bench_of, by_email, calls};
use baton::connectors::{AccountKeys, Crm, VendorError};
use baton_clock::Clock;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::phone::PhoneE164;
use baton_sandbox::Fault;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn users_are_looked_up_many_at_once() {
    let (bench, [priya, ben]) = bench_of(["Priya", "Ben"]).await;
    bench.state.deactivate(&ben);
    let nobody = "005000000000999AAA".to_owned();
    let many = (1000..1250).map(|number| format!("005000000{number:06}AAA"));
    let asked: Vec<String> =
        [priya.clone(), ben.clone(), nobody.clone(), "priya".to_owned()].into_iter().chain(many).collect();
    let found = bench.crm.look_up(&asked).await.unwrap();
    assert_eq!(found.len(), asked.len());
    assert_eq!(found[&priya], Ok(()));
    for (id, why) in [(&ben, "not active"), (&nobody, "no such user"), (&asked[3], "no id of Salesforce")] {
        assert!(found[id].as_ref().is_err_and(|told| told.contains(why)), "{id}: {:?}", found[id]);
    }
    assert_eq!(calls(&bench, "/query"), 2, "200 of them in one query");
}

#[tokio::test]
async fn a_lead_is_tried_and_rolled_back_and_what_the_org_refuses_is_told() {
    let bench = bench().await;
    assert_eq!(bench.crm.try_write().await, Some(Ok(())));
    assert!(bench.state.leads().is_empty() && bench.world.accepted().is_empty(), "nothing is left behind");

    bench.state.require("Lead", "Industry");
    let refused = bench.crm.try_write().await.expect("it has one").unwrap_err();
    assert!(refused.to_string().contains("[Industry]"), "{refused}");
    bench.arm("composite", Fault::ErrorInside200);
    let locked = bench.crm.try_write().await.expect("it has one").unwrap_err();
    assert!(matches!(locked, VendorError::Retry { .. }), "{locked}");
    bench.arm("composite", Fault::DropAnswer);
    let lost = bench.crm.try_write().await.expect("it has one").unwrap_err();
    assert!(matches!(lost, VendorError::Unknown { .. }), "{lost}");
}

#[tokio::test]
async fn fields_and_words_that_accounts_do_not_have_are_named() {
    let bench = bench().await;
    bench.state.add_field("Account", "Tier__c", &["Gold", "Silver"]);
    bench.state.add_field("Account", "Notes__c", &[]);
    let words = |words: &[&str]| -> BTreeSet<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let mut fields =
        BTreeMap::from([("tier__c".to_owned(), words(&["gold"])), ("Notes__c".to_owned(), words(&["anything"]))]);
    assert_eq!(bench.crm.lacks(&fields).await, Ok(Vec::new()));
    fields.insert("tier__c".to_owned(), words(&["gold", "Platinum"]));
    fields.insert("Size__c".to_owned(), words(&[]));
    let told = bench.crm.lacks(&fields).await.unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("accounts have no field Size__c"), "{told:?}");
    assert!(told[1].contains("is never Platinum: its values there are Gold, Silver"), "{told:?}");
}

/// What each call makes of an outage, of a day that is used up, and of an answer that is lost.
#[tokio::test]
async fn every_read_may_simply_be_repeated() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    let lead = bench.state.add_lead(json!({ "LastName": "W", "OwnerId": priya }));
    let keys =
        AccountKeys { phone: Some(PhoneE164::new("+14155550142").unwrap()), ..by_email("dana@northwind.example") };
    let (now, users) = (bench.clock.now(), [CrmId::from(priya.as_str())]);
    for (fault, class) in [
        (Fault::Unavailable, "retry"),
        (Fault::RateLimit { retry_after_s: None }, "rate_limited"),
        (Fault::DropAnswer, "retry"),
    ] {
        for operation in ["token", "data", "describe", "record", "query", "search", "reads"] {
            if operation == "token" && matches!(fault, Fault::RateLimit { .. }) {
                continue; // a limit on logins is told in other words
            }
            bench.state.revoke_tokens();
            let _fresh = bench.crm.owner_of(&lead).await;
            if operation == "token" {
                bench.state.revoke_tokens();
            }
            bench.arm(operation, fault.clone());
            let failed = match operation {
                "data" | "describe" => bench.crm.check().await.unwrap_err(),
                "query" => bench.crm.look_up(std::slice::from_ref(&priya)).await.unwrap_err(),
                "reads" => {
                    let away = bench.crm.absences(&users, now, now + TimeDelta::days(1)).await.unwrap_err();
                    assert_eq!(away.class(), class, "{operation} {fault:?}: {away}");
                    bench.arm(operation, fault.clone());
                    let news = bench.crm.news(now - TimeDelta::days(1), now).await.unwrap_err();
                    assert_eq!(news.class(), class, "{operation} {fault:?}: {news}");
                    bench.arm(operation, fault.clone());
                    bench.crm.find(&keys).await.unwrap_err()
                }
                "search" => bench.crm.find(&keys).await.unwrap_err(),
                _ => bench.crm.owner_of(&lead).await.unwrap_err(),
            };
            assert_eq!(failed.class(), class, "{operation} {fault:?}: {failed}");
        }
    }
}
