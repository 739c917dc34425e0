//! A call that is owed, made by one act: the rep's phone rings, the lead is dialled, and they speak.

use super::play::Play;
use crate::eventually::{eventually, found};
use crate::store::server::{Db, sqlite_in};
use crate::town::{self, Caller};
use baton::connectors::http::{ApiCall, Does};
use baton_clock::{Clock, SharedClock};
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::domain::lead::ReachBack;
use baton_core::domain::outcome::Outcome;
use baton_core::domain::rota::Shift;
use baton_core::handoff::Stage;
use baton_core::rules::RuleSet;
use baton_sandbox::voice::{RepManner, Script};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Somebody who hung up while it rang, and is owed a call.
async fn owed(play: &Play, number: usize) -> LeadId {
    let caller = Caller::live(number).reps(&[RepManner::Silent]).hangs_up_after(Duration::from_secs(2));
    let lead = play.call(&caller).await;
    play.ends(&lead, "callback").await;
    lead
}

/// With which status it is answered, and what is said.
async fn asked(play: &Play, lead: &LeadId) -> (u16, Value) {
    asked_with(play, lead, json!({ "by": "lena" })).await
}

async fn asked_with(play: &Play, lead: &LeadId, body: Value) -> (u16, Value) {
    let path = ["v1", "leads", lead.as_str(), "call"];
    let answer = play.send(ApiCall::new("call", Does::Write, Method::POST, &path).json(body)).await;
    (answer.status, answer.value())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_act_rings_the_rep_dials_the_lead_and_keeps_the_promise() {
    let play = Play::begin().await;
    let lead = owed(&play, 1).await;
    let rep = play.handoff(&lead).await.next_step().owner;
    let (status, told) = asked(&play, &lead).await;
    assert_eq!((status, &told["status"], &told["rep"]), (200, &json!("rings"), &json!(rep)));
    let record = play.until(&lead, "called").await;
    assert!(record.first_contact_at.is_some(), "a human of ours has spoken with the caller");
    play.until_quiet().await;
    let handoff = play.handoff(&lead).await;
    assert!(matches!(&handoff.stage, Stage::Done { outcome: Outcome::Called { rep: by, .. } } if *by == rep));
    let rung = play.accepted("voice", "ring");
    let leg = &rung.last().expect("a ring")["leg"];
    let theirs = rung.iter().filter(|ring| ring["call"] == *leg).count();
    assert_eq!(theirs, 1, "the call is the rep's own leg: {rung:?}");
    let dialled = play.accepted("voice", "dial_lead");
    assert_eq!(dialled.len(), 1);
    assert_eq!(dialled[0]["leg"], json!(format!("{}-lead", leg.as_str().expect("an id"))));
    // Nothing more is owed.
    let (status, told) = asked(&play, &lead).await;
    assert_eq!((status, told["detail"].as_str().map(|why| why.contains("no call is owed"))), (409, Some(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_act_twice_makes_one_call() {
    let play = Play::begin().await;
    let lead = owed(&play, 1).await;
    let (first, second) = tokio::join!(asked(&play, &lead), asked(&play, &lead));
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{first:?} {second:?}");
    play.ends(&lead, "called").await;
    assert_eq!(play.accepted("voice", "dial_lead").len(), 1);
}

/// Whoever holds the calls of this worker rings reps alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_lead_can_be_dialled_nobody_is_rung_and_the_answer_says_so() {
    let folder = town::founded(2);
    let db = Db::open(sqlite_in(folder.path())).await;
    let clock: SharedClock = town::clock(1);
    let worker = town::worker(folder.path(), &db.store, &clock).await;
    let caller = Caller::gone(1);
    let lead = caller.lead();
    worker.decider.take(vec![town::inbox(&caller.event, clock.now())]).await.expect("it is taken");
    let door = town::door(worker.url().replace("http://", ""), Duration::from_secs(10));
    let path = ["v1", "leads", lead.as_str(), "call"];
    let call = ApiCall::new("call", Does::Write, Method::POST, &path).json(json!({ "by": "lena" }));
    let answer = found("there is a lead", || async { door.send(&call).await.ok().filter(|told| told.status != 404) });
    let answer = answer.await;
    assert!(answer.status == 409 && answer.text().contains("dials no leads; call by hand"), "{}", answer.text());
    let handoff = db.store.handoff(&HandoffId::of(&lead)).await.expect("the handoff is kept");
    assert_eq!((handoff.calling, handoff.legs), (None, Vec::new()));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_the_lawful_hours_nobody_is_rung_and_the_answer_says_until_when() {
    let play = Play::begin_under(|rules| {
        let never = |minute| NaiveTime::from_hms_opt(3, minute, 0).expect("a time");
        rules.hours.calling = Shift { from: never(0), until: never(1) };
    })
    .await;
    let lead = owed(&play, 1).await;
    assert_eq!(play.handoff(&lead).await.reach_back, ReachBack::Call);
    let rung = play.accepted("voice", "ring").len();
    let (status, told) = asked(&play, &lead).await;
    let why = told["detail"].as_str().unwrap_or_default();
    assert!(status == 409 && why.contains("lawful calling hours") && why.contains("until 20"), "{status} {told}");
    assert_eq!(play.accepted("voice", "ring").len(), rung);
}

/// The card of the promise has a link: it opens a page with one button, and opening it calls nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reps_own_card_leads_to_the_button_that_calls() {
    let play = Play::begin().await;
    let lead = owed(&play, 1).await;
    let rep = play.handoff(&lead).await.next_step().owner;
    let url = play.links.url(&lead, &rep, play.clock.now());
    let token = url.rsplit('/').next().expect("a token");
    let (status, page) = play.page(&["feedback", token, "call"]).await;
    assert!(status == 200 && page.contains("Call now"), "{status} {page}");
    assert!(play.handoff(&lead).await.calling.is_none(), "a scanner that follows the link calls nobody");
    let press = ApiCall::new("press", Does::Write, Method::POST, &["feedback", token, "call"]);
    assert_eq!(play.send(press).await.status, 200);
    play.ends(&lead, "called").await;
    assert_eq!(play.accepted("voice", "dial_lead").len(), 1);
}

/// The platform tells no end. Before the rep is taken to be free it is asked, and they are not while it has them on the line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_calls_back_for_hours_is_free_once_the_platform_has_them_on_no_line() {
    let play = Play::begin().await;
    let lead = owed(&play, 1).await;
    assert_eq!(asked(&play, &lead).await.0, 200);
    let leg = play.handoff(&lead).await.calling.expect("a phone rings");
    play.stage.voice.call(leg.as_str(), Script { talks_for: Duration::from_secs(120), ..Script::default() });
    play.until(&lead, "called").await;
    let _by_hand = play.tells_by_hand();
    let told = async || {
        let story = play.send(ApiCall::get("lead", &["v1", "leads", lead.as_str()])).await.value();
        story["timeline"].to_string()
    };
    play.clock.skip_to(play.clock.now() + TimeDelta::hours(2));
    eventually("it is asked whether they speak", || async { told().await.contains("talks_on") }).await;
    let handoff = play.handoff(&lead).await;
    assert_eq!((handoff.calling, handoff.holds.len()), (Some(leg), 1), "they do");
    eventually("they are asked for again, and are free", || async {
        play.clock.skip_to(play.clock.now() + TimeDelta::minutes(1));
        let handoff = play.handoff(&lead).await;
        handoff.calling.is_none() && handoff.holds.is_empty()
    })
    .await;
    assert_eq!(play.lead(&lead).await.status, "called");
}

/// A rep has one phone: the second of two calls of one minute is made when the first is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_of_one_rep_are_made_one_after_the_other() {
    let play = Play::begin().await;
    let (first, second) = (owed(&play, 1).await, owed(&play, 2).await);
    let rep = play.handoff(&first).await.next_step().owner;
    let body = || json!({ "by": "lena", "rep": rep });
    assert_eq!(asked_with(&play, &first, body()).await.1["status"], "rings");
    assert_eq!(asked_with(&play, &second, body()).await.1["status"], "waits");
    play.until(&first, "called").await;
    play.until(&second, "called").await;
    play.nothing_twice();
    let of = async |lead: &LeadId| play.lead(lead).await.first_contact_at.expect("they have spoken");
    assert!(of(&second).await > of(&first).await);
}

/// One rep at each desk, at work from noon on.
fn from_noon_on(rules: &mut RuleSet) {
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    for week in rules.hours.weeks.values_mut() {
        week.days.fill(vec![Shift { from: hour(12), until: hour(20) }]);
    }
    for pool in rules.pools.values_mut() {
        while pool.members.len() > 1 {
            pool.members.pop_last();
        }
    }
}

/// Of each rep, the earliest first.
async fn promised(play: &Play, callers: &[Caller]) -> BTreeMap<RepId, Vec<DateTime<Utc>>> {
    let mut promised: BTreeMap<RepId, Vec<DateTime<Utc>>> = BTreeMap::new();
    for caller in callers {
        let lead = play.call(caller).await;
        play.until(&lead, "callback").await;
        let next = play.handoff(&lead).await.next_step();
        promised.entry(next.owner).or_default().push(next.at);
    }
    promised.values_mut().for_each(|times| times.sort_unstable());
    promised
}

fn are_apart(times: &[DateTime<Utc>]) {
    let apart = times.windows(2).all(|pair| pair[1] - pair[0] >= TimeDelta::minutes(10));
    assert!(apart, "each has a time of their own: {times:?}");
}

/// It is ten in the morning, and nobody is at work for two more hours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_callers_of_a_night_are_called_one_after_the_other_within_the_time_of_each() {
    let play = Play::begin_under(from_noon_on).await;
    let callers: Vec<Caller> = (1..=10).map(|number| Caller::gone(3 * number)).collect();
    let promised = promised(&play, &callers).await;
    assert_eq!(promised.values().map(Vec::len).collect::<Vec<_>>(), [10], "one rep owes them all: {promised:?}");
    let times = &promised.into_values().next().expect("one rep");
    are_apart(times);
    let time = |text: &str| format!("2026-11-23T{text}:00Z").parse::<DateTime<Utc>>().expect("an instant");
    assert_eq!((times[0], times[9]), (time("12:10"), time("14:00")), "from the first of their time to the last of it");
}

/// Promised when a call has gone its way, and not with the decision.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_are_put_off_are_called_one_after_the_other() {
    let play = Play::begin_under(|rules| rules.handoff.callback.takes = Duration::from_secs(20 * 60)).await;
    let declines = [RepManner::Declines { after: Duration::from_secs(1) }];
    let callers: Vec<Caller> = (1..=8).map(|number| Caller::live(3 * number).reps(&declines).chooses(None)).collect();
    let promised = promised(&play, &callers).await;
    assert!(promised.values().any(|times| times.len() > 1), "somebody owes two: {promised:?}");
    promised.values().for_each(|times| are_apart(times));
}
