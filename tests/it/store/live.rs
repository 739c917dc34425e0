//! On a call that is spoken on, each sentence is said once, and none beside an answer to the agent; whose line is heard by whom; and
//! where callers come who are transferred to us.

use super::leads::insert;
use super::server::Db;
use super::tx::{reads, writes};
use super::world::{caller, decided, handoff_id, later, lead_id, mover, now, rules};
use baton::store::{Arrived, Changes, LiveCall, LiveLine};
use baton_core::domain::id::LegId;
use baton_core::handoff::Event;
use chrono::{DateTime, Utc};

const OFFER: &str = "Which time suits you?";
const FIND: &str = "Let me see when somebody has time.";

/// The call of this caller.
fn call(number: u32) -> LiveCall {
    let on = caller(number).call.expect("a call");
    LiveCall { platform: on.platform, call: on.id, address: Some("https://a.example/say".to_owned()) }
}

async fn asks(db: &Db, call: &LiveCall, until: DateTime<Utc>) {
    writes!(db.store, [call], |tx| tx.live_asked(&call, until, now()).await).await.expect("it is noted");
}

async fn line(db: &Db, call: &LiveCall) -> Option<LiveLine> {
    writes!(db.store, [call], |tx| tx.live_line(&call.platform, &call.call).await).await.expect("a line is read")
}

async fn says(db: &Db, line: &LiveLine, say: &'static str) -> bool {
    writes!(db.store, [line], |tx| tx.live_say(&line, say).await).await.expect("it is asked")
}

async fn forget(db: &Db, at: DateTime<Utc>) {
    writes!(db.store, |tx| tx.lives_forget(at).await).await.expect("it is tidied");
}

pub async fn a_sentence_is_taken_once_and_never_beside_an_answer(db: Db) {
    let call = call(1);
    asks(&db, &call, later(2)).await;
    let said = vec![FIND.to_owned()];
    writes!(db.store, [call, said], |tx| tx.live_answered(&call, later(2), later(3), &said).await)
        .await
        .expect("it is noted");
    let seen = line(&db, &call).await.expect("it is known");
    assert!(seen.asks_until == later(3) && seen.has_told(FIND) && !seen.has_told(OFFER), "{seen:?}");
    // The agent asks anew after whoever speaks has looked.
    asks(&db, &call, later(9)).await;
    assert!(!says(&db, &seen, OFFER).await, "it is answered");
    let seen = line(&db, &call).await.expect("it is known");
    assert_eq!(seen.asks_until, later(9));
    assert!(says(&db, &seen, OFFER).await);
    assert!(!says(&db, &seen, OFFER).await, "of two who have looked at once, one says it");
    let seen = line(&db, &call).await.expect("it is known");
    assert!(seen.has_told(OFFER) && !seen.has_told(FIND), "{seen:?}");
}

pub async fn what_nobody_heard_may_be_said_again(db: Db) {
    let call = call(1);
    asks(&db, &call, later(2)).await;
    let seen = line(&db, &call).await.expect("it is known");
    assert!(says(&db, &seen, OFFER).await);
    // An answer that the agent waits for meanwhile changes nothing in that.
    asks(&db, &call, later(9)).await;
    writes!(db.store, [seen], |tx| tx.live_unsaid(&seen, OFFER).await).await.expect("it is noted");
    let seen = line(&db, &call).await.expect("it is known");
    assert!(!seen.has_told(OFFER), "{seen:?}");
    assert!(says(&db, &seen, OFFER).await);
}

pub async fn a_call_whose_end_nobody_told_is_forgotten_half_a_day_later(db: Db) {
    asks(&db, &call(1), later(2)).await;
    forget(&db, later(12 * 3600)).await;
    assert!(line(&db, &call(1)).await.is_some(), "it may last");
    forget(&db, later(12 * 3600 + 1)).await;
    assert_eq!(line(&db, &call(1)).await, None);
}

pub async fn a_call_that_is_over_is_forgotten_and_no_other(db: Db) {
    insert(&db, vec![decided(caller(1)), decided(caller(2))]).await.expect("leads");
    asks(&db, &call(1), later(2)).await;
    asks(&db, &call(2), later(2)).await;
    // The same id on another platform is another call.
    let elsewhere = LiveCall { platform: "elsewhere".to_owned(), ..call(1) };
    asks(&db, &elsewhere, later(2)).await;
    let over = vec![lead_id(1)];
    writes!(db.store, [over], |tx| tx.change(&Changes { over: &over, ..Changes::default() }).await)
        .await
        .expect("they are over");
    assert_eq!(line(&db, &call(1)).await, None);
    assert!(line(&db, &call(2)).await.is_some() && line(&db, &elsewhere).await.is_some());
}

async fn hears(db: &Db, worker: &'static str, until: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    writes!(db.store, |tx| tx.listener_take("asterisk", worker, until, at).await).await.expect("it is asked")
}

pub async fn one_worker_at_a_time_hears_the_lines(db: Db) {
    assert!(!db.store.listener_hears("asterisk", now()).await.expect("it is read"), "nobody does");
    assert!(hears(&db, "first", later(6), now()).await);
    assert!(!hears(&db, "second", later(7), later(1)).await);
    assert!(hears(&db, "first", later(8), later(2)).await, "it goes on");
    assert!(db.store.listener_hears("asterisk", later(7)).await.expect("it is read"));
    assert!(hears(&db, "second", later(14), later(8)).await, "its time is up");
    assert!(!hears(&db, "first", later(15), later(9)).await);
    // Who has lost it gives nothing back.
    writes!(db.store, |tx| tx.listener_leave("asterisk", "first").await).await.expect("it leaves");
    assert!(db.store.listener_hears("asterisk", later(9)).await.expect("it is read"));
    writes!(db.store, |tx| tx.listener_leave("asterisk", "second").await).await.expect("it leaves");
    assert!(hears(&db, "first", later(15), later(9)).await, "nobody waits for the end of its time");
}

pub async fn a_caller_is_on_the_line_by_the_leg_until_they_have_left(db: Db) {
    let on = |number: u32, leg: &str| {
        let mut lead = caller(number);
        lead.call.as_mut().expect("a call").leg = Some(leg.to_owned());
        decided(lead)
    };
    insert(&db, vec![on(1, "1796028155.0"), on(2, "1796028155.1"), decided(caller(3))]).await.expect("leads");
    let legs = async || {
        let on_line = db.store.callers_on_line(later(60)).await.expect("they are read");
        on_line.into_iter().filter_map(|caller| caller.leg).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(legs().await, ["1796028155.0", "1796028155.1"].map(str::to_owned).into());
    let on_line = db.store.callers_on_line(later(60)).await.expect("they are read");
    assert!(on_line.iter().all(|caller| !caller.has_come), "it is their platform's word");
    let by = |leg: &'static str| reads!(db.store, |tx| tx.handoff_of_call("telephony", leg).await);
    assert_eq!(by("1796028155.1").await.expect("it is read"), Some(handoff_id(2)));
    assert_eq!(by("1796028155.9").await.expect("it is read"), None);
    let left = Event::CallerLeft;
    let (rules, mover) = (rules(), mover("first", later(5)));
    let first = handoff_id(1);
    writes!(db.store, [first, left, rules, mover], |tx| tx.transition(&first, &left, &rules, &mover).await)
        .await
        .expect("it moves");
    assert_eq!(legs().await, ["1796028155.1".to_owned()].into());
}

/// The lead of this caller, for whom a rep is rung while the platform has them; gives the rep's leg.
async fn rung_for(db: &Db, number: u32) -> LegId {
    let decided = decided(caller(number));
    let (leg, call) = (decided.handoff.legs[0].id.clone(), decided.lead.call.clone().expect("a call"));
    insert(db, vec![decided]).await.expect("a lead");
    writes!(db.store, [leg, call], |tx| tx.transfer_begin(&leg, &call, now()).await).await.expect("it is noted");
    leg
}

async fn lends(db: &Db, leg: &LegId, users: &[&str], at: DateTime<Utc>) -> Option<String> {
    let users: Vec<_> = users.iter().map(|user| ((*user).to_owned(), format!("sip:{user}@pbx"))).collect();
    let until = at + chrono::TimeDelta::seconds(8);
    let lent = writes!(db.store, [leg, users], |tx| tx.address_lend_first(leg.as_str(), &users, until, at).await).await;
    lent.expect("it is asked").map(|(dialled, _)| dialled)
}

async fn arrives(db: &Db, user: &'static str, channel: &'static str, at: DateTime<Utc>) -> Option<Arrived> {
    writes!(db.store, |tx| tx.address_arrive(user, channel, at).await).await.expect("it is asked")
}

pub async fn who_comes_to_an_address_is_the_caller_for_whom_the_rep_waits(db: Db) {
    let (first, second) = (rung_for(&db, 1).await, rung_for(&db, 2).await);
    assert_eq!(lends(&db, &first, &["baton-a"], now()).await.as_deref(), Some("sip:baton-a@pbx"));
    assert_eq!(lends(&db, &first, &["baton-b"], later(1)).await.as_deref(), Some("sip:baton-a@pbx"), "the one it has");
    lends(&db, &second, &["baton-c"], now()).await.expect("another's is another");
    let is_away = async || {
        let on_line = db.store.callers_on_line(later(60)).await.expect("they are read");
        on_line.iter().filter(|caller| caller.leg.is_none()).count()
    };
    assert_eq!(is_away().await, 2, "they are on the line, and not on ours");
    assert_eq!(arrives(&db, "baton-b", "1796028155.7", later(2)).await, None, "nobody was sent there");
    assert_eq!(arrives(&db, "baton-a", "1796028155.0", later(2)).await, Some(Arrived::ForRep(first.clone())));
    assert_eq!(
        arrives(&db, "baton-a", "1796028155.0", later(20)).await,
        Some(Arrived::ForRep(first)),
        "who has come may be asked for again"
    );
    assert_eq!(arrives(&db, "baton-a", "1796028155.8", later(3)).await, None, "nobody comes after them");
    assert_eq!(is_away().await, 1);
    let lead = db.store.lead(&lead_id(1)).await.expect("it is read").expect("a lead").lead;
    assert_eq!(lead.call.and_then(|call| call.leg).as_deref(), Some("1796028155.0"), "it is one of our calls now");
    let by_channel = reads!(db.store, |tx| tx.handoff_of_call("telephony", "1796028155.0").await).await;
    assert_eq!(by_channel.expect("it is read"), Some(handoff_id(1)));
    let on_line = db.store.callers_on_line(later(60)).await.expect("they are read");
    let come: Vec<_> = on_line.iter().filter(|caller| caller.has_come).map(|caller| &caller.handoff.id).collect();
    assert_eq!(come, [&handoff_id(1)]);
    for (channel, came) in [("1796028155.0", true), ("1796028155.8", false)] {
        assert_eq!(db.store.transfer_came(channel).await.expect("it is read"), came, "{channel}");
    }
}

pub async fn an_address_is_good_until_its_time_is_up_and_a_number_rests_before_it_is_anothers(db: Db) {
    let (first, second) = (rung_for(&db, 1).await, rung_for(&db, 2).await);
    let number = ["+15551230001"];
    lends(&db, &first, &number, now()).await.expect("it is free");
    assert_eq!(lends(&db, &second, &number, later(1)).await, None, "it is lent to one at a time");
    writes!(db.store, [first], |tx| tx.address_end(&first, later(4)).await).await.expect("it ends");
    assert_eq!(arrives(&db, "+15551230001", "1796028155.0", later(5)).await, None, "too late");
    assert_eq!(
        lends(&db, &second, &number, later(63)).await,
        None,
        "whoever comes late to it is not crossed with the next"
    );
    lends(&db, &second, &number, later(65)).await.expect("it has rested");
    assert_eq!(arrives(&db, "+15551230001", "1796028155.1", later(66)).await, Some(Arrived::ForRep(second)));
}

/// A worker that takes over finds them alone, and asks for whom they have come.
pub async fn a_caller_who_is_found_on_a_lent_number_is_not_the_next_ones(db: Db) {
    let (first, second) = (rung_for(&db, 1).await, rung_for(&db, 2).await);
    let number = "+15551230001";
    lends(&db, &first, &[number], now()).await.expect("it is free");
    assert_eq!(arrives(&db, number, "1796028155.0", later(2)).await, Some(Arrived::ForRep(first.clone())));
    lends(&db, &second, &[number], later(68)).await.expect("it has rested");
    assert_eq!(arrives(&db, number, "1796028155.0", later(69)).await, Some(Arrived::ForRep(first)), "as they came");
    assert_eq!(arrives(&db, number, "1796028155.1", later(70)).await, Some(Arrived::ForRep(second)));
}

/// Nothing need be known of the ping any more.
pub async fn a_caller_whose_lead_is_known_has_come_before(db: Db) {
    let mut announced = caller(1);
    announced.call.as_mut().expect("a call").leg = Some("1796028155.0".to_owned());
    insert(&db, vec![decided(announced)]).await.expect("a lead");
    assert_eq!(arrives(&db, "baton-a", "1796028155.0", now()).await, Some(Arrived::Before));
    assert_eq!(arrives(&db, "baton-a", "1796028155.1", now()).await, None);
}

/// A platform says of a call that it has transferred what it says of one whose caller has hung up.
pub async fn a_platforms_end_is_no_word_of_a_caller_who_is_on_the_way(db: Db) {
    let leg = rung_for(&db, 1).await;
    let ended = |at: DateTime<Utc>| {
        let handoff = handoff_id(1);
        writes!(db.store, [handoff], |tx| tx.transfer_ended(&handoff, at).await)
    };
    let left = async || db.store.transfer_left("sandbox", "call-1").await.expect("it is read");
    assert!(!ended(now()).await.expect("it is asked"), "the rep's phone rings: it is the caller's end");
    lends(&db, &leg, &["baton-a"], now()).await.expect("an address");
    assert!(ended(later(2)).await.expect("it is asked"), "they are on the way");
    assert!(left().await, "and are gone, should nobody come");
    assert!(!ended(later(9)).await.expect("it is asked"), "nobody has come");
    arrives(&db, "baton-a", "1796028155.0", later(3)).await.expect("they come after all");
    assert!(!left().await);
    assert!(ended(later(20)).await.expect("it is asked"), "who has come is ours to tell of");
}

/// Whose call is refused is not kept at all; the answer is, for whoever asks again.
pub async fn what_a_ping_said_of_a_caller_is_forgotten_within_minutes(db: Db) {
    let users = vec![("baton-a".to_owned(), "sip:baton-a@pbx".to_owned())];
    writes!(db.store, [users], |tx| {
        tx.address_lend_first("ping a", &users, later(30), now()).await?;
        tx.ping_keep("ping a", "yes", Some("Dana"), now()).await?;
        tx.ping_keep("ping b", "no", None, now()).await
    })
    .await
    .expect("they are answered");
    let announced = Some(Arrived::Announced { event: "Dana".to_owned() });
    let came = async || db.store.transfer_came("1796028155.0").await.expect("it is read");
    assert!(!came().await);
    assert_eq!(arrives(&db, "baton-a", "1796028155.0", later(20)).await, announced);
    let tidied = async |at: DateTime<Utc>| writes!(db.store, |tx| tx.transfers_forget(at).await).await.expect("tidied");
    tidied(later(60)).await;
    assert_eq!(arrives(&db, "baton-a", "1796028155.0", later(60)).await, announced, "another worker asks once more");
    tidied(later(601)).await;
    assert_eq!(arrives(&db, "baton-a", "1796028155.0", later(601)).await, None);
    assert!(came().await, "they may be on the line for longer");
    for (key, answer) in [("ping a", "yes"), ("ping b", "no")] {
        let key = key.to_owned();
        assert_eq!(db.store.ping_answer(&key).await.expect("it is read").as_deref(), Some(answer));
    }
}
