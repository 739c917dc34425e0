//! Leads that nobody could take, and what becomes of them: whoever can take one gets the oldest, once, and pays a turn.

mod town;

use crate::durability::replay::{all, not_the_same};
use crate::eventually::eventually;
use crate::program::edit;
use crate::store::server::{Db, ledgers, tests};
use crate::store::world::rep;
use baton::connectors::CrmRef;
use baton::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::connectors::http::Secret;
use baton::outbox::Vendors;
use baton_clock::{SharedClock, SystemClock};
use baton_core::handoff::Stage;
use baton_core::routing::reason::PlanReason;
use baton_sandbox::salesforce::{SalesforceState, routes};
use baton_sandbox::{World, serve};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use town::{OPEN_LEADS, Town};

async fn the_oldest_is_served_first(db: Db) {
    let town = Town::begin(db, 1).await;
    let (first, second) = (town.calls(1).await, town.calls(2).await);
    assert_eq!(town.handoff(&first).await.owner, rep("west-01"));
    assert_eq!(town.handoff(&second).await.owner, rep("desk-01"));
    let (third, fourth) = (town.calls(3).await, town.calls(4).await);
    assert_eq!(town.queue().await, [third.clone(), fourth.clone()], "nobody has place for them");
    let Stage::Callback { promise } = town.handoff(&third).await.stage else { panic!("nothing was promised") };
    assert_eq!(promise.owner, rep("west-01"), "the lead rep answers for it");

    town.lost(&first).await;
    assert_eq!(town.goes_to(&third).await, rep("west-01"));
    let Stage::Callback { promise: kept } = town.handoff(&third).await.stage else { panic!("the promise is gone") };
    assert_eq!(kept.promised_at, promise.promised_at, "the caller was told that time");
    assert_eq!(town.queue().await, std::slice::from_ref(&fourth), "there was place for one");
    let again = town.db.store.decided_again(&third).await;
    let [(_, why)] = &again.expect("why")[..] else { panic!("it was decided again once") };
    assert_eq!(why.owner, rep("west-01"));
    let PlanReason::FirstOf { of: 1, pool, .. } = &why.reason else { panic!("{why:?}") };
    assert_eq!((pool.as_str(), &why.taken), ("west", &None));

    town.lost(&second).await;
    assert_eq!(town.goes_to(&fourth).await, rep("desk-01"), "of the pool that west overflows to");

    let db = town.stop().await;
    assert_eq!(db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await, 4, "each pays a turn");
    assert_eq!(db.number(OPEN_LEADS).await, 2, "what is lost counts no more");
    ledgers(&db.store).await;
    assert_eq!(not_the_same(&all(&db.store).await).len(), 0);
}

/// A rep who has spoken with somebody, or sees an opportunity, still works on the lead; told twice that it is over, it is over
/// once. A lead that was closed and handed on does not count anew.
async fn a_lead_is_open_until_it_is_won_or_lost(db: Db) {
    let town = Town::begin(db, 1).await;
    let (first, second, third) = (town.calls(1).await, town.calls(2).await, town.calls(3).await);
    assert_eq!(town.open_leads().await, 2, "who waits is on nobody's list");
    town.told(&first, "contact.made", json!({ "rep": "west-01" })).await;
    for kind in ["opportunity", "meeting_held", "no_show"] {
        town.told(&first, "outcome.recorded", json!({ "kind": kind })).await;
    }
    eventually("all is heard of", || async {
        town.db.number("SELECT COUNT(*) FROM inbox WHERE state <> 'handled'").await == 0
    })
    .await;
    town.workers[0].decider.give_waiting().await.expect("a look");
    assert_eq!(town.open_leads().await, 2, "none of this closes a lead");
    assert!(town.handoff(&third).await.is_waiting(), "nobody has place for it");
    for kind in ["won", "lost"] {
        town.told(&first, "outcome.recorded", json!({ "kind": kind, "amount": 900.5 })).await;
    }
    assert_eq!(town.goes_to(&third).await, rep("west-01"));
    assert_eq!(town.db.number("SELECT COUNT(*) FROM outcome WHERE amount = 900.5").await, 2);
    assert_eq!(town.db.number("SELECT COUNT(*) FROM contact WHERE rep = 'west-01'").await, 1);
    assert_eq!(town.open_leads().await, 2, "the third in the place of the first");
    let stored = town.db.store.reps_read().await.expect("the reps");
    assert_eq!(["west-01", "desk-01"].map(|name| stored[&rep(name)].open_leads), [1, 1]);
    town.is_won(&second).await;
    assert_eq!(town.open_leads().await, 1);
    town.stop().await;
}

/// Nobody ever tells what became of a lead: it counts for five minutes, which here are five seconds.
async fn a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say(db: Db) {
    let briefly = |folder: &Path| edit(folder, "rules/handoff.yaml", "patience: 20s", "patience: 20s\nopen_for: 5m");
    let town = Town::under(db, 1, |_| Vendors::default(), briefly).await;
    let (first, _second, third) = (town.calls(1).await, town.calls(2).await, town.calls(3).await);
    assert!(town.handoff(&third).await.is_waiting(), "nobody has place for it");
    assert_eq!(town.goes_to(&third).await, rep("west-01"));
    assert!(town.handoff(&first).await.closed, "its time is over");
    town.stop().await;
}

/// What a person does in the CRM counts more than the rules: the first waiting lead is given to the rep of another desk,
/// the second to a user whom Baton does not know.
async fn what_is_given_away_by_hand_is_not_given_again(db: Db) {
    let org = SalesforceState::new();
    let address = serve(routes(World::new(Arc::new(SystemClock)), org.clone())).await.expect("the stand-in");
    let salesforce = |clock: &SharedClock| {
        let config = SalesforceConfig {
            base_url: format!("http://{address}"),
            api_version: "v66.0".to_owned(),
            auth: SalesforceAuth::ClientCredentials { client_id: "id".into(), client_secret: Secret::new("secret") },
            notification_type: None,
        };
        let crm = Salesforce::new(config, Arc::clone(clock)).expect("a client");
        Vendors { crm: Some(Arc::new(crm)), ..Vendors::default() }
    };
    let town = Town::with(db, 1, salesforce).await;
    let (first, second) = (town.calls(1).await, town.calls(2).await);
    let (third, fourth, fifth) = (town.calls(3).await, town.calls(4).await, town.calls(5).await);
    assert_eq!(town.queue().await, [third.clone(), fourth.clone(), fifth.clone()], "nobody has place for them");
    for (lead, owner) in [(&third, "005xx00000EAS01"), (&fourth, "005xx00000XYZ99")] {
        eventually("it is in the CRM", || async { town.in_crm(lead).await.is_some() }).await;
        org.set_owner(&town.in_crm(lead).await.expect("a record").id, owner);
    }
    town.lost(&first).await;
    assert_eq!(town.goes_to(&third).await, rep("east-01"), "whom a person chose");
    assert_eq!(town.goes_to(&fifth).await, rep("west-01"), "the place is still free for the next");
    assert_eq!(town.queue().await, std::slice::from_ref(&fourth), "not ours to give");
    town.lost(&second).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(town.handoff(&fourth).await.is_waiting(), "a minute and more of looks later");
    let owner =
        |lead: &CrmRef| org.leads().into_iter().find(|one| one["Id"] == lead.id).map(|one| one["OwnerId"].clone());
    for (lead, expected) in [(&third, "005xx00000EAS01"), (&fourth, "005xx00000XYZ99")] {
        assert_eq!(owner(&town.in_crm(lead).await.expect("a record")), Some(json!(expected)));
    }
    town.stop().await;
}

/// Two places at a time, each seen by two workers at once.
async fn two_workers_give_two_places_once(db: Db) {
    let town = Town::begin(db, 2).await;
    let mut have_place = vec![town.calls(1).await, town.calls(2).await];
    for number in 3..9 {
        town.calls(number).await;
    }
    let mut queue = town.queue().await;
    assert_eq!(queue.len(), 6);
    for _ in 0..3 {
        for lead in &have_place {
            town.is_won(lead).await;
        }
        let looks = town.workers.iter().map(|worker| worker.decider.give_waiting());
        for looked in futures_util::future::join_all(looks).await {
            looked.expect("a look");
        }
        have_place = queue.drain(..2).collect();
        assert_eq!(town.queue().await, queue, "two places are two leads, the oldest");
    }
    let db = town.stop().await;
    assert_eq!(db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await, 2 + 6, "a turn each");
    assert_eq!(db.number(OPEN_LEADS).await, 2, "within their caps");
}

/// Places come free while a worker stops: others give them away, or it itself when it is back.
async fn whoever_stops_gives_nothing_away_any_more(db: Db) {
    let town = Town::begin(db, 1).await;
    let have_place = [town.calls(1).await, town.calls(2).await];
    for number in 3..6 {
        town.calls(number).await;
    }
    let queue = town.queue().await;
    assert_eq!(queue.len(), 3);
    let decider = Arc::clone(&town.workers[0].decider);
    let mut town = town;
    for worker in std::mem::take(&mut town.workers) {
        worker.stop().await;
    }
    for lead in &have_place {
        town.is_won(lead).await;
    }
    decider.give_waiting().await.expect("a look");
    assert_eq!(town.queue().await, queue, "it has stopped");
}

/// West has one rep, who does nothing for five minutes: then it is the desk's, and the turn with it.
async fn a_lead_that_was_let_lie_goes_to_whoever_else_can_take_it(db: Db) {
    let steps = |folder: &Path| {
        let (before, steps) =
            ("remind_before: 10m, escalate_before: 5m", "{ after: 1m, do: remind }, { after: 5m, do: reassign }");
        edit(folder, "rules/handoff.yaml", before, &format!("steps: [{steps}]"));
    };
    let town = Town::under(db, 1, |_| Vendors::default(), steps).await;
    let lead = town.calls(1).await;
    let promised = |stage: &Stage| match stage {
        Stage::Callback { promise } => (promise.owner.clone(), promise.promised_at),
        other => panic!("nothing is promised: {other:?}"),
    };
    let before = town.handoff(&lead).await;
    let (owner, promised_at) = promised(&before.stage);
    assert_eq!(owner, rep("west-01"));
    eventually("another rep has it", || async { town.handoff(&lead).await.owner == rep("desk-01") }).await;
    let after = town.handoff(&lead).await;
    assert_eq!(promised(&after.stage), (rep("desk-01"), promised_at), "the caller was told that time");
    assert!(after.let_lie.contains(&rep("west-01")));
    let db = town.stop().await;
    assert_eq!(
        db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'rules'").await,
        1,
        "the turn is taken back"
    );
    assert_eq!(db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await, 2, "each pays one");
    ledgers(&db.store).await;
}

tests! {
    a_lead_that_was_let_lie_goes_to_whoever_else_can_take_it_on_sqlite:
        on_sqlite(a_lead_that_was_let_lie_goes_to_whoever_else_can_take_it),
    a_lead_that_was_let_lie_goes_to_whoever_else_can_take_it_on_postgres:
        on_postgres(a_lead_that_was_let_lie_goes_to_whoever_else_can_take_it),
    the_oldest_is_served_first_on_sqlite: on_sqlite(the_oldest_is_served_first),
    the_oldest_is_served_first_on_postgres: on_postgres(the_oldest_is_served_first),
    a_lead_is_open_until_it_is_won_or_lost_on_sqlite: on_sqlite(a_lead_is_open_until_it_is_won_or_lost),
    a_lead_is_open_until_it_is_won_or_lost_on_postgres: on_postgres(a_lead_is_open_until_it_is_won_or_lost),
    a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say_on_sqlite:
        on_sqlite(a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say),
    a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say_on_postgres:
        on_postgres(a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say),
    what_is_given_away_by_hand_is_not_given_again_on_sqlite: on_sqlite(what_is_given_away_by_hand_is_not_given_again),
    two_workers_give_two_places_once_on_postgres: on_postgres(two_workers_give_two_places_once),
    whoever_stops_gives_nothing_away_any_more_on_sqlite: on_sqlite(whoever_stops_gives_nothing_away_any_more),
}
