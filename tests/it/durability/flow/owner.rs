//! Leads that change hands after the decision: by hand over the door, by the rules but not to whoever has them, and in the CRM.

use super::ACCEPTS;
use super::play::Play;
use crate::eventually::eventually;
use crate::town::Caller;
use baton::connectors::http::{ApiCall, Does};
use baton_clock::Clock;
use baton_core::domain::id::LeadId;
use baton_core::routing::reason::TakenBecause;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

async fn reassign(play: &Play, lead: &LeadId, body: Value) -> (u16, Value) {
    let call = ApiCall::new("reassign", Does::Write, Method::POST, &["v1", "leads", lead.as_str(), "reassign"]);
    let answer = play.send(call.json(body)).await;
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

/// Turns that the lead costs now, by whoever pays them.
async fn turns(play: &Play) -> Vec<(String, i64)> {
    let balances = play.ledgers().await.into_values().flat_map(|ledger| ledger.balances);
    balances.filter(|(_, balance)| *balance < 0).map(|(rep, balance)| (rep.to_string(), balance)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_is_given_to_the_rep_who_is_named_and_only_once() {
    let (play, lead) = Play::of(&Caller::gone(3)).await;
    let before = play.ends(&lead, "callback").await;
    let other = if before.owner.as_str() == "west-03" { "west-04" } else { "west-03" };
    let ask = json!({ "to": other, "reason": "knows them", "by": "lena" });
    let (status, told) = reassign(&play, &lead, ask.clone()).await;
    assert_eq!((status, told["status"].as_str(), told["owner"].as_str()), (200, Some("reassigned"), Some(other)));
    play.until_quiet().await;
    let cards = play.accepted("slack", "message").len();
    let (status, told) = reassign(&play, &lead, ask).await;
    assert_eq!((status, told["status"].as_str()), (200, Some("unchanged")));
    play.until_quiet().await;
    assert_eq!(play.accepted("slack", "message").len(), cards, "nobody is told twice");
    let after = play.lead(&lead).await;
    assert_eq!((after.owner.as_str(), after.next_step.owner.as_str()), (other, other));
    assert_eq!(after.next_step.at, before.next_step.at, "the caller was told that time");
    assert_eq!(turns(&play).await.into_iter().map(|(rep, _)| rep).collect::<Vec<_>>(), [other], "the turn went along");
}

/// What the caller was told does not hold for who sits in a meeting until after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_with_no_time_before_the_promised_call_promises_another() {
    let (play, lead) = Play::of(&Caller::gone(3)).await;
    let before = play.ends(&lead, "callback").await;
    let (now, told_at) = (play.clock.now(), before.next_step.at);
    let (hour, other) = (TimeDelta::hours(1), if before.owner.as_str() == "west-03" { "west-04" } else { "west-03" });
    play.stage.calendars.add_busy(&format!("{other}@reps.example"), now - hour, told_at + hour);
    // What was seen of a calendar is believed for a minute.
    play.clock.skip_to(now + TimeDelta::seconds(61));
    let (status, told) = reassign(&play, &lead, json!({ "to": other, "reason": "knows them", "by": "lena" })).await;
    assert_eq!((status, told["owner"].as_str()), (200, Some(other)), "{told}");
    let after = play.lead(&lead).await.next_step;
    assert!(after.owner.as_str() == other && after.at >= told_at + hour, "told {told_at}, and now {after:?}");
    play.until_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_that_is_routed_again_goes_to_another_by_the_rules() {
    let (play, lead) = Play::of(&Caller::gone(3)).await;
    let before = play.ends(&lead, "callback").await;
    let (status, told) = reassign(&play, &lead, json!({ "reason": "not theirs", "by": "lena" })).await;
    assert_eq!((status, told["status"].as_str()), (200, Some("reassigned")), "{told}");
    let after = play.lead(&lead).await;
    assert_ne!(after.owner, before.owner);
    assert!(after.owner.as_str().starts_with("west-"), "by the same rules: {}", after.owner);
    assert_eq!(after.next_step.owner, after.owner);
    assert_eq!(turns(&play).await.into_iter().map(|(rep, _)| rep).collect::<Vec<_>>(), [after.owner.as_str()]);
    let again = play.running.store.decided_again(&lead).await.expect("why");
    let [(_, why)] = again.as_slice() else { panic!("it was decided again once: {again:?}") };
    assert_eq!(
        (&why.owner, why.taken.as_ref()),
        (&after.owner, Some(&TakenBecause::Wanted { words: "not theirs".into() }))
    );
    assert!(why.in_words().starts_with("not theirs: first of "), "{why:?}");
    play.until_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_reassigned_is_refused_in_words() {
    let (play, lead) = Play::of(&Caller::gone(3)).await;
    let before = play.until(&lead, "callback").await;
    let strange = LeadId::from_digest([7; 16]);
    for (lead, ask, expected, why) in [
        (&lead, json!({ "to": "nobody", "reason": "x", "by": "y" }), 400, "rep \"nobody\" is not in reps.csv"),
        (&lead, json!({ "to": "west-02", "reason": " ", "by": "y" }), 400, "reason is empty"),
        (&strange, json!({ "to": "west-02", "reason": "x", "by": "y" }), 404, "there is no lead"),
    ] {
        let (status, told) = reassign(&play, lead, ask).await;
        assert_eq!(status, expected, "{told}");
        assert!(told["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{told}");
    }
    assert_eq!(play.lead(&lead).await.owner, before.owner);
}

/// Two people give it away at once, one here and one in the CRM: the write for the one finds that it is the other's, and leaves it so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_finds_the_lead_given_away_in_the_crm_follows_it() {
    let (play, lead) = Play::of(&Caller::gone(3)).await;
    let before = play.ends(&lead, "callback").await;
    let rules = std::sync::Arc::clone(&play.running.reload.current().borrow().rules);
    let by_hand = rules.reps.values().find(|rep| rep.team == "east").expect("a rep");
    let theirs = by_hand.crm_id.as_ref().expect("an id").as_str();
    let other = if before.owner.as_str() == "west-03" { "west-04" } else { "west-03" };
    // Nobody looks while a call is owed: a write alone can find it.
    let in_crm = play.stage.salesforce.leads()[0]["Id"].as_str().expect("an id").to_owned();
    play.stage.salesforce.set_owner(&in_crm, theirs);
    let (status, _) = reassign(&play, &lead, json!({ "to": other, "reason": "knows them", "by": "lena" })).await;
    assert_eq!(status, 200);
    eventually("the CRM is followed", || async { play.lead(&lead).await.owner == by_hand.id }).await;
    play.until_quiet().await;
    let changes = play.owner_changes(&lead).await;
    let [change] = changes.as_slice() else { panic!("one change was a person's: {changes:?}") };
    assert_eq!(change.to.as_str(), theirs);
    assert_eq!(play.stage.salesforce.leads()[0]["OwnerId"], theirs, "it was not fought");
    let paid: Vec<String> = turns(&play).await.into_iter().map(|(rep, _)| rep).collect();
    assert!(!paid.contains(&other.to_owned()), "who never had it pays no turn: {paid:?}");
}

/// While the org's requests of the day run short, nobody looks who owns a lead; they look once that is old news.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_can_wait_waits_while_requests_run_short() {
    let play = Play::begin().await;
    play.stage.salesforce.use_requests(90_000, 100_000);
    let lead = play.call(&Caller::live(3).reps(&[ACCEPTS])).await;
    play.ends(&lead, "connected").await;
    let in_crm = play.stage.salesforce.leads()[0]["Id"].as_str().expect("an id").to_owned();
    play.stage.salesforce.set_owner(&in_crm, "005xx00000XYZ99");
    play.clock.skip_to(play.clock.now() + TimeDelta::seconds(180));
    play.until_quiet().await;
    assert_eq!(play.owner_changes(&lead).await, [], "the look was put off");
    play.stage.salesforce.use_requests(1_000, 100_000);
    play.clock.skip_to(play.clock.now() + TimeDelta::minutes(20));
    eventually("the CRM is looked at", || async { play.owner_changes(&lead).await.len() == 1 }).await;
}

/// Whom a person makes owner in the CRM has the lead here as well; what Baton itself writes there is nobody's doing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_whom_a_person_names_in_the_crm_has_the_lead() {
    let (play, lead) = Play::of(&Caller::live(3).reps(&[ACCEPTS])).await;
    let before = play.ends(&lead, "connected").await;
    let rules = std::sync::Arc::clone(&play.running.reload.current().borrow().rules);
    let named =
        |not: &str| rules.reps.values().find(|rep| rep.team == "west" && rep.id.as_str() != not).expect("a rep");
    let by_baton = named(before.owner.as_str());
    let (status, _) = reassign(&play, &lead, json!({ "to": by_baton.id, "reason": "asked for", "by": "lena" })).await;
    assert_eq!(status, 200);
    play.until_quiet().await;
    let by_hand = rules.reps.values().find(|rep| rep.team == "east").expect("a rep");
    let in_crm = play.stage.salesforce.leads()[0]["Id"].as_str().expect("an id").to_owned();
    play.stage.salesforce.set_owner(&in_crm, by_hand.crm_id.as_ref().expect("an id").as_str());
    play.clock.skip_to(play.clock.now() + TimeDelta::seconds(180));
    eventually("the CRM is followed", || async { play.lead(&lead).await.owner == by_hand.id }).await;
    let changes = play.owner_changes(&lead).await;
    let [change] = changes.as_slice() else { panic!("one change was a person's: {changes:?}") };
    assert_eq!(Some(&change.from), by_baton.crm_id.as_ref(), "from whom Baton had written there");
    assert_eq!(turns(&play).await, [], "who shares no turns there pays none");
    play.until_quiet().await;
}
