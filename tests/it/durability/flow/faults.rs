//! Vendors that lose answers, are down, or change under our hands.

use super::play::Play;
use super::{ACCEPTS, DECLINES};
use crate::eventually::found;
use crate::store::tx::reads;
use crate::town::{self, Caller};
use baton::store::{InboxMessage, JournalLine};
use baton_clock::Clock;
use baton_core::handoff::Stage;
use baton_core::routing::ledger::{Cause, EntryKind};
use baton_sandbox::Fault;
use baton_sandbox::voice::RepManner;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The vendor carries it out and its answer never comes: counted once all the same.
async fn a_lost_answer(vendor: &'static str, operation: &str, kind: &str, caller: Caller, status: &str) -> Play {
    let play = Play::begin().await;
    play.stage.world.arm(vendor, operation, Fault::DropAnswer, 1);
    let lead = play.call(&caller).await;
    play.until(&lead, status).await;
    play.until_quiet().await;
    assert_eq!(play.stage.world.next_fault(vendor, operation), None, "the fault was played");
    assert_eq!(play.accepted(vendor, kind).len(), 1, "{vendor} {kind}");
    play
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_the_crm_writes_one_lead_and_one_task() {
    let play = a_lost_answer("salesforce", "composite", "lead", Caller::gone(1), "callback").await;
    assert_eq!(play.stage.salesforce.leads().len(), 1);
    assert_eq!(play.stage.salesforce.tasks().len(), 1, "the promised call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_the_chat_posts_one_card() {
    a_lost_answer("slack", "chat.postMessage", "message", Caller::gone(1), "callback").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_the_calendar_books_one_meeting() {
    let caller = Caller::live(1).reps(&[RepManner::Silent]);
    let play = a_lost_answer("google", "events.insert", "book", caller, "booked").await;
    assert_eq!(play.stage.calendars.booked().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_to_commands_ring_one_phone_once() {
    let play = Play::begin().await;
    // Hold, instruct and ring are on their way at once: each of the three loses its first answer, in whatever order.
    play.stage.world.arm("voice", "POST commands", Fault::DropAnswer, 3);
    let lead = play.call(&Caller::live(1).reps(&[ACCEPTS])).await;
    play.until(&lead, "connected").await;
    assert_eq!(play.accepted("voice", "ring").len(), 1);
    play.nothing_twice();
}

/// SMTP has no way to ask: a mail whose answer was lost is not sent again, and its step says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_the_mail_server_sends_no_second_mail() {
    let play = Play::begin().await;
    play.stage.world.arm("smtp", "data", Fault::DropAnswer, 2);
    let lead = play.call(&Caller::gone(1)).await;
    play.ends(&lead, "callback").await;
    assert_eq!(play.stage.smtp.mails().len(), 2, "the rep's and the caller's");
    let kinds: Vec<String> = play.failed().await.into_iter().map(|step| step.kind).collect();
    assert_eq!(kinds.len(), 2, "a person sees that the answer was lost: {kinds:?}");
}

/// A worker that stands still between its mark and its call, for longer than its lease: whoever has the step by then looks,
/// finds nothing and sends, and the first one, awake again, must not.
#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn a_worker_that_stood_still_before_its_call_does_not_make_it_late() {
    /// Record and card, two mails, two events; the task is written after the record.
    const FIRST_STEPS: usize = 6;
    let play = Play::begin().await;
    let (began, awake) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let woken = Arc::clone(&awake);
    let stand_still = move || {
        if began.elapsed() < Duration::from_secs(4) {
            std::thread::sleep(Duration::from_secs(8));
            woken.fetch_add(1, Ordering::Relaxed);
        }
    };
    fail::cfg_callback("after_sent_mark", stand_still).expect("a crash point");
    let lead = play.call(&Caller::gone(1)).await;
    play.ends(&lead, "callback").await;
    play.until_seen("the first attempts", |_| awake.load(Ordering::Relaxed) >= FIRST_STEPS).await;
    // What it would send late, it would send at once.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(play.accepted("slack", "message").len(), 1);
    assert_eq!(play.accepted("salesforce", "lead").len(), 1);
    play.nothing_twice();
}

/// What was done, and waits for longer than its lease to be stored, is not begun again: a mail of which nobody knew any more whether
/// it was sent would have failed.
#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn an_end_that_waits_to_be_stored_outlives_its_lease() {
    let play = Play::begin().await;
    let (asleep, awake) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let woken = Arc::clone(&awake);
    let stand_still = move || {
        if asleep.fetch_add(1, Ordering::Relaxed) < 4 {
            tokio::task::block_in_place(|| std::thread::sleep(Duration::from_secs(8)));
            woken.fetch_add(1, Ordering::Relaxed);
        }
    };
    fail::cfg_callback("before_finish", stand_still).expect("a crash point");
    let lead = play.call(&Caller::gone(1)).await;
    // Its record, its card and two mails are done; the rest follows from them.
    play.until_seen("the first ends", |_| awake.load(Ordering::Relaxed) >= 4).await;
    play.ends(&lead, "callback").await;
    play.until_quiet().await;
    let failed = play.failed().await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(play.stage.smtp.mails().len(), 2, "the rep's and the caller's");
    play.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_was_down_gets_its_card_when_it_is_well() {
    let play = Play::begin().await;
    play.stage.world.arm("slack", "*", Fault::Unavailable, u32::MAX);
    let lead = play.call(&Caller::gone(1)).await;
    play.until(&lead, "callback").await;
    let refused = |play: &Play| play.stage.world.exchanges().iter().filter(|e| e.vendor == "slack").count() >= 3;
    play.until_seen("the third attempt", refused).await;
    assert_eq!(play.accepted("slack", "message").len(), 0);
    play.stage.world.heal("slack");
    play.until_seen("the card", |play| play.accepted("slack", "message").len() == 1).await;
    play.until_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_calendar_down_the_caller_is_promised_a_call() {
    let play = Play::begin().await;
    play.stage.world.arm("google", "*", Fault::Unavailable, u32::MAX);
    let lead = play.call(&Caller::live(1).reps(&[DECLINES])).await;
    play.until(&lead, "callback").await;
    // The line never falls silent, whatever was known of the calendar before it went down.
    let promised =
        |play: &Play| play.accepted("voice", "instruct").iter().any(|said| said["kind"] == "promise_callback");
    play.until_seen("the promise", promised).await;
    assert_eq!(play.stage.calendars.booked().len(), 0);
    play.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_crm_down_a_lead_is_decided_as_degraded_and_written_later() {
    let play = Play::begin().await;
    play.stage.world.arm("salesforce", "*", Fault::Unavailable, u32::MAX);
    let caller = Caller::live(1).reps(&[ACCEPTS]);
    let lead = play.call(&caller).await;
    let answer: Value = serde_json::from_slice(&play.post_raw(&caller.event).await).expect("an answer");
    assert_ne!(answer["degraded"], json!([]), "what was missing is said: {answer}");
    play.until(&lead, "connected").await;
    assert_eq!(play.stage.salesforce.leads().len(), 0);
    play.stage.world.heal("salesforce");
    play.until_seen("the lead in the CRM", |play| play.stage.salesforce.leads().len() == 1).await;
    play.until_quiet().await;
}

/// The caller is still thinking when somebody fills the rep's calendar.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_taken_meanwhile_are_never_booked_over() {
    let (play, lead) = Play::of(&Caller::live(1).reps(&[RepManner::Silent]).chooses(Some(0))).await;
    let offered = |play: &Play| play.accepted("voice", "instruct").iter().any(|said| said["kind"] == "offer_slots");
    play.until_seen("the offer", offered).await;
    let handoff = play.handoff(&lead).await;
    let Stage::Offering { slots, .. } = &handoff.stage else { panic!("{:?}", handoff.stage) };
    for slot in &slots[..2] {
        play.stage.calendars.add_busy(&format!("{}@reps.example", slot.rep), slot.from, slot.until);
    }
    play.until(&lead, "booked").await;
    let booked = play.stage.calendars.booked();
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].from, slots[2].from, "the third of the times on offer was still free");
    assert_eq!(play.stage.calendars.double_bookings().len(), 0);
    play.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_is_put_aside_and_its_neighbours_are_decided() {
    let play = Play::begin().await;
    let (before, after) = (Caller::gone(1), Caller::gone(2));
    const POISON: &[u8] = b"{\"specversion\": \xff\xfe not json at all";
    let message = |caller: &Caller| town::inbox(&caller.event, play.clock.now());
    let poison = InboxMessage { key: "poison".to_owned(), body: POISON.to_vec(), ..message(&before) };
    let batch = vec![message(&before), poison, message(&after)];
    play.running.decider.take(batch).await.expect("all three are committed");
    for caller in [&before, &after] {
        let lead = play.decided(&caller.event).await;
        play.until(&lead, "callback").await;
    }
    let aside = play.running.store.inbox_quarantined(10).await.expect("the quarantine");
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0].key, "poison");
    assert!(!aside[0].why.is_empty(), "it says why");
    let row = reads!(play.running.store, |tx| tx.inbox_row("poison").await).await.expect("a look");
    assert_eq!(row.expect("it is kept").body, POISON, "byte for byte");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_changed_by_hand_is_read_back() {
    let (play, lead) = Play::of(&Caller::live(1).reps(&[ACCEPTS])).await;
    let record = play.ends(&lead, "connected").await;
    let workspace_owner = record.owner.clone();
    let other = "005xx00000XYZ99";
    let in_crm = play.stage.salesforce.leads()[0]["Id"].as_str().expect("an id").to_owned();
    play.stage.salesforce.set_owner(&in_crm, other);
    play.clock.skip_to(play.clock.now() + TimeDelta::seconds(180));
    let changes = found("a change is seen", || async {
        Some(play.owner_changes(&lead).await).filter(|changes| !changes.is_empty())
    });
    let changes = changes.await;
    assert_eq!(changes.len(), 1);
    assert!(changes[0].to.as_str().starts_with(other), "{changes:?}");
    assert_eq!(play.lead(&lead).await.owner, workspace_owner, "what was decided stays what was decided");
    let by_crm = |line: &&JournalLine| {
        line.author == "crm" && matches!(&line.entry.kind, EntryKind::Undone { cause: Cause::Reassigned, .. })
    };
    let undone = play.journal().await.iter().filter(by_crm).count();
    assert_eq!(undone, 1, "a stranger has the lead: it costs nobody here a turn");
}
