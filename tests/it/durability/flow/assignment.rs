//! `assignment: crm`: Salesforce's own rules choose the owner, once, and nothing of ours takes the lead from whom they chose.

use super::ACCEPTS;
use super::play::Play;
use crate::town::Caller;
use baton_core::domain::id::RepId;
use baton_core::rules::model::set::Assignment;
use baton_sandbox::Fault;
use baton_sandbox::voice::RepManner;
use serde_json::{Value, json};
use std::time::Duration;

/// The reps of the town by their ids in the CRM.
async fn begin() -> (Play, Vec<(RepId, String)>) {
    let mut reps = Vec::new();
    let play = Play::begin_under(|rules| {
        rules.assignment = Assignment::Crm;
        let ids = rules.reps.values().filter_map(|rep| Some((rep.id.clone(), rep.crm_id.clone()?.to_string())));
        reps = ids.collect();
    })
    .await;
    (play, reps)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_whom_the_crm_chose_is_rung_first_and_stays_when_somebody_else_takes_the_call() {
    let (play, reps) = begin().await;
    let (chosen, crm_id) = &reps[3];
    play.stage.salesforce.assign_all_to(crm_id);
    let lead = play.call(&Caller::live(1).reps(&[RepManner::Silent, ACCEPTS])).await;
    let record = play.ends(&lead, "connected").await;

    let handoff = play.handoff(&lead).await;
    assert_eq!((&handoff.legs[0].rep, handoff.legs.len()), (chosen, 2));
    assert_eq!(&record.owner, chosen, "whoever takes the call does so for the owner");
    let [stored] = play.stage.salesforce.leads().try_into().expect("one lead");
    assert_eq!(stored["OwnerId"], json!(crm_id), "the CRM's owner is the CRM's to change");
    assert!(
        stored["Description"].as_str().is_some_and(|text| !text.is_empty()),
        "the briefing was written all the same"
    );
    assert_eq!(play.accepted("salesforce", "lead").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crm_that_is_too_late_is_not_waited_for_and_makes_no_second_lead() {
    let (play, reps) = begin().await;
    play.stage.salesforce.assign_all_to(&reps[3].1);
    // It creates the lead, and says so when nobody listens any more.
    play.stage.world.arm("salesforce", "composite", Fault::Stall(Duration::from_secs(30)), 1);
    let caller = Caller::live(1).reps(&[ACCEPTS]);
    let lead = play.call(&caller).await;
    let answer: Value = serde_json::from_slice(&play.post_raw(&caller.event).await).expect("an answer");
    let degraded = answer["degraded"].to_string();
    assert!(degraded.contains("owner chosen by the CRM unknown"), "{answer}");
    let record = play.ends(&lead, "connected").await;

    let owner = &reps.iter().find(|(rep, _)| *rep == record.owner).expect("a rep of the town").1;
    let [stored] = play.stage.salesforce.leads().try_into().expect("one lead");
    assert_eq!(stored["OwnerId"], json!(owner), "Baton decided, and the CRM says so");
}

/// Asking the CRM for an owner makes a record there: not one for each event of a call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_told_twice_is_one_lead_of_the_crm() {
    let (play, reps) = begin().await;
    play.stage.salesforce.assign_all_to(&reps[3].1);
    let caller = Caller::live(1).reps(&[ACCEPTS]);
    let lead = play.call(&caller).await;
    let mut again = caller.event.clone();
    again["id"] = json!("evt-1-again");
    again["data"]["contact"]["title"] = json!("Head of Operations");
    assert_eq!(play.decided(&again).await, lead);
    play.ends(&lead, "connected").await;
    let [stored] = play.stage.salesforce.leads().try_into().expect("one lead");
    assert_eq!(stored["Title"], json!("Head of Operations"), "what the second event brought is in it");
}
