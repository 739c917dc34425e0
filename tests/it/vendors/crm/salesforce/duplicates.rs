//! A lead that the org has already, as a duplicate rule says: the record that it means is the lead, and no twin is made.

use super::bench_of;
use crate::vendors::crm::{class, lead};
use baton::connectors::{Crm, CrmLead};
use baton_core::domain::text::RepText;
use baton_sandbox::Fault;
use serde_json::{Value, json};

const DANA: &str = "dana@northwind.example";

#[tokio::test]
async fn a_lead_that_a_rule_takes_for_another_is_that_lead() {
    let (bench, [priya, ana]) = bench_of(["Priya", "Ana"]).await;
    let theirs = bench.state.add_lead(json!({ "LastName": "W", "Email": DANA, "OwnerId": ana, "Title": "CEO" }));
    bench.state.refuse_duplicates();
    for _ in 0..2 {
        let written = bench.write(&lead(&priya)).await.unwrap();
        assert_eq!((&written.id, written.owner_crm_id), (&theirs, Some(ana.as_str().into())));
        assert!(written.url.unwrap().ends_with(&format!("/lightning/r/Lead/{theirs}/view")));
        assert!(!written.by_hand, "it was theirs before");
    }
    let [stored] = bench.state.leads().try_into().expect("no twin");
    assert_eq!((&stored["Title"], stored.get("Description")), (&json!("CEO"), None), "their data stay as they are");
    let [task] = bench.state.tasks().try_into().expect("one task");
    assert_eq!((&task["WhoId"], &task["OwnerId"]), (&json!(theirs), &json!(priya)));
    assert_eq!((bench.accepted("lead"), bench.accepted("task")), (0, 1));

    for write in bench.world.exchanges().iter().filter(|exchange| exchange.target.ends_with("/composite")) {
        assert_eq!(write.request_headers["sforce-duplicate-rule-header"], "allowSave=false, includeRecordDetails=true");
        let body: Value = serde_json::from_slice(&write.request_body).unwrap();
        let parts = body["compositeRequest"].as_array().unwrap();
        let writes = parts.iter().filter(|part| part["method"] != "GET");
        assert!(writes.clone().all(|part| part["httpHeaders"]["Sforce-Auto-Assign"] == "FALSE"), "{body}");
        assert!(writes.count() > 0);
    }
}

/// The rule means what an answer that was lost has left.
#[tokio::test]
async fn what_our_own_attempt_has_left_is_no_twin() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.state.refuse_duplicates();
    let mut new = CrmLead { is_new: true, ..lead(&priya) };
    bench.arm("composite", Fault::DropAnswer);
    assert_eq!(class(&bench.write(&new).await), "unknown");
    new.description = RepText("Wants 50 seats".to_owned());
    let written = bench.write(&new).await.unwrap();
    let [stored] = bench.state.leads().try_into().expect("no twin");
    assert_eq!((&stored["Id"], &stored["Description"]), (&json!(written.id), &json!("Wants 50 seats")));
    assert_eq!((bench.accepted("lead"), bench.accepted("task")), (1, 1));
}

#[tokio::test]
async fn a_contact_comes_first_and_what_is_told_without_a_task_is_a_task_that_is_done() {
    let (bench, [priya, ana]) = bench_of(["Priya", "Ana"]).await;
    bench.state.add_lead(json!({ "LastName": "W", "Email": DANA, "OwnerId": ana }));
    let contact = bench.state.add_contact(json!({ "Name": "Dana", "Email": DANA, "OwnerId": ana }));
    bench.state.refuse_duplicates();
    let mut routed = lead(&priya);
    routed.task = None;
    for words in ["Wants 40 seats", "Wants 50 seats"] {
        routed.description = RepText(words.to_owned());
        assert_eq!(bench.write(&routed).await.unwrap().id, contact);
        let [task] = bench.state.tasks().try_into().expect("one for the lead");
        assert_eq!((&task["WhoId"], &task["Status"]), (&json!(contact), &json!("Completed")));
        assert_eq!((&task["Description"], &task["OwnerId"]), (&json!(words), &json!(priya)));
    }
}

#[tokio::test]
async fn a_converted_twin_is_followed_to_its_contact_and_a_person_who_is_an_account_is_one() {
    let (bench, [priya, ana]) = bench_of(["Priya", "Ana"]).await;
    let old = bench.state.add_lead(json!({ "LastName": "W", "Email": DANA, "OwnerId": ana }));
    let contact = bench.state.convert(&old);
    bench.state.refuse_duplicates();
    assert_eq!(bench.write(&lead(&priya)).await.unwrap().id, contact);
    assert_eq!(bench.state.tasks()[0]["WhoId"], contact);

    let (bench, [priya, ana]) = bench_of(["Priya", "Ana"]).await;
    bench.state.have_person_accounts();
    let person = json!({ "Name": "Dana", "IsPersonAccount": true, "PersonEmail": DANA, "OwnerId": ana });
    let account = bench.state.add_account(person);
    bench.state.refuse_duplicates();
    let written = bench.write(&lead(&priya)).await.unwrap();
    assert_eq!((&written.id, written.owner_crm_id), (&account, Some(ana.as_str().into())));
    let [task] = bench.state.tasks().try_into().expect("one task");
    assert_eq!((&task["WhatId"], task.get("WhoId")), (&json!(account), None), "an account is what it is about");
}

#[tokio::test]
async fn a_rule_that_minds_changes_leaves_our_lead_ours() {
    let (bench, [priya, ana]) = bench_of(["Priya", "Ana"]).await;
    let ours = bench.write(&lead(&priya)).await.unwrap().id;
    bench.state.add_lead(json!({ "LastName": "W", "Email": DANA, "OwnerId": ana }));
    bench.state.refuse_duplicates();
    let mut later = lead(&priya);
    later.task.as_mut().unwrap().key = "5f1c9a08".to_owned();
    let again = bench.write(&later).await.unwrap();
    assert_eq!((again.id, again.owner_crm_id), (ours.clone(), Some(priya.as_str().into())));
    assert_eq!((bench.state.tasks().len(), &bench.state.tasks()[1]["WhoId"]), (2, &json!(ours)));
}

#[tokio::test]
async fn the_orgs_rules_do_not_give_away_whom_somebody_has() {
    let (bench, [priya, ana, rules]) = bench_of(["Priya", "Ana", "Round Robin"]).await;
    bench.state.assign_all_to(&rules);
    bench.state.add_lead(json!({ "LastName": "W", "Email": DANA, "OwnerId": ana }));
    bench.state.refuse_duplicates();
    assert_eq!(bench.crm.assign(&lead(&priya)).await, Ok(Some(ana.as_str().into())));
    assert_eq!(bench.state.leads().len(), 1);
}

#[tokio::test]
async fn a_twin_that_our_user_may_not_see_goes_to_a_person() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.state.add_lead(json!({ "LastName": "W", "Email": DANA }));
    bench.state.refuse_duplicates();
    bench.state.hide_duplicates();
    bench.needs_person(&lead(&priya), "DUPLICATES_DETECTED").await;
    assert!(bench.state.tasks().is_empty());
}
