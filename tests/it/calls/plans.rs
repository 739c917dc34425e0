//! Several phones at a time, and phones that are left alone: whose phone rings, when, and what becomes of the others.

use super::cases;
use super::line::{DANA, INES, Line, Person, Wanted};
use baton_phones::call::{Call, End, Stage};
use baton_phones::tones::{CALLER, HOLD, REP, is_speech};
use std::time::Duration;

/// Between the first and the last of phones that are to ring at once.
const SPREAD_AT_MOST: Duration = Duration::from_millis(150);

const TOM: Person =
    Person { name: "Tom Okafor", title: "Plant Manager", company: "Harbour Steel", phone: "+14155550163" };

cases! {
    of_two_who_accept_in_the_same_instant_one_is_joined_and_one_told_why_not,
    three_phones_ring_at_once_and_stop_when_one_is_taken,
    phones_that_ring_at_once_begin_together,
    another_phone_is_added_while_those_before_ring_on,
    a_rep_who_misses_two_rings_is_not_rung_for_the_third_caller,
}

/// Phones ring for long enough to be let ring.
fn at_once(wanted: Wanted, plan: &'static str) -> Wanted {
    wanted.rule("ring_timeout: 3s", "ring_timeout: 20s").rule("ring_at_most: 3", plan)
}

async fn of_two_who_accept_in_the_same_instant_one_is_joined_and_one_told_why_not(wanted: Wanted) {
    let line = at_once(wanted, "ring_at_most: 3\nring: { at_once: 2 }").open().await;
    let call = line.qualified(&DANA).await;
    let (one, two) = tokio::join!(line.rep(1).rings(), line.rep(2).rings());
    for rep in [&one, &two] {
        rep.answers().await;
        rep.until_hears("the whisper", is_speech).await;
    }
    tokio::join!(one.presses('1'), two.presses('1'));
    let story = line.happened(&call.lead, "joined").await;
    let (name, joined, other) =
        if story.reps("joined") == ["rep-1"] { ("rep-1", one, two) } else { ("rep-2", two, one) };
    assert_eq!(other.until_ended().await, End::TheyHungUp);
    assert!(other.was_let_go_for_another(), "a phone that says why shows no call that was lost");
    call.caller.until_hears("a rep", |heard| heard.hears(REP) && !heard.hears(HOLD)).await;
    joined.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    let story = line.ends_as(&call.lead, "connected").await;
    assert_eq!((story.reps("joined"), story.owner()), (vec![name], name), "one of them, and they have the lead");
    assert_eq!(joined.stage(), Stage::Answered);
    assert_eq!(other.recording().first(CALLER, other.since()), None, "the other never heard the caller");
}

async fn three_phones_ring_at_once_and_stop_when_one_is_taken(wanted: Wanted) {
    let line = at_once(wanted, "ring_at_most: 3\nring: { at_once: 3 }").reps(3).open().await;
    let call = line.qualified(&DANA).await;
    let (one, two, three) = tokio::join!(line.rep(1).rings(), line.rep(2).rings(), line.rep(3).rings());
    two.answers().await;
    two.until_hears("the whisper", is_speech).await;
    assert_eq!((one.stage(), three.stage()), (Stage::Ringing, Stage::Ringing), "who answers has not accepted");
    two.presses('1').await;
    are_told_of_another(&[&one, &three]).await;
    let story = line.happened(&call.lead, "joined").await;
    assert_eq!(story.reps("joined"), ["rep-2"]);
    two.until_hears("the caller", |heard| heard.hears(CALLER)).await;
}

/// No phone shows a call that was missed.
async fn are_told_of_another(phones: &[&Call]) {
    for phone in phones {
        assert_eq!(phone.until_ended().await, End::AnsweredElsewhere);
    }
}

/// By the clocks of the phones. Of three calls the best: what the machine does beside it is no part of what is promised.
async fn phones_that_ring_at_once_begin_together(wanted: Wanted) {
    let line = at_once(wanted, "ring_at_most: 3\nring: { at_once: 3 }").reps(3).open().await;
    let mut spreads = Vec::new();
    for person in [&DANA, &INES, &TOM] {
        spreads.push(spread(&line, person).await);
    }
    println!("from the first INVITE to the last of three: {spreads:?}");
    let best = spreads.into_iter().min().expect("three calls");
    assert!(best <= SPREAD_AT_MOST, "{best:?}");
}

/// Of three phones, for a caller who then leaves.
async fn spread(line: &Line, person: &Person) -> Duration {
    let call = line.qualified(person).await;
    let (one, two, three) = tokio::join!(line.rep(1).rings(), line.rep(2).rings(), line.rep(3).rings());
    let phones = [one, two, three];
    call.caller.hangs_up().await;
    for phone in &phones {
        phone.until_ended().await;
    }
    line.ends_as(&call.lead, "callback").await;
    let rang = phones.iter().map(Call::since);
    rang.clone().max().expect("three") - rang.min().expect("three")
}

async fn another_phone_is_added_while_those_before_ring_on(wanted: Wanted) {
    let line = at_once(wanted, "ring_at_most: 3\nring: { add_every: 3s }").reps(3).open().await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    let second = line.rep(2).rings().await;
    assert_eq!(first.stage(), Stage::Ringing, "the first rings on");
    let third = line.rep(3).rings().await;
    assert_eq!((first.stage(), second.stage()), (Stage::Ringing, Stage::Ringing), "and so do both");
    for (before, after) in [(&first, &second), (&second, &third)] {
        let between = after.since() - before.since();
        assert!(between >= Duration::from_millis(2500), "{between:?}");
    }
    third.answers().await;
    third.until_hears("the whisper", is_speech).await;
    third.presses('1').await;
    are_told_of_another(&[&first, &second]).await;
    let story = line.happened(&call.lead, "joined").await;
    assert_eq!((story.reps("joined"), story.owner()), (vec!["rep-3"], "rep-3"));
    call.caller.until_hears("the third rep", |heard| heard.hears(REP) && !heard.hears(HOLD)).await;
    third.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    let rung = [1, 2, 3].map(|rep| line.rep(rep).times_rung());
    assert_eq!(rung, [1, 1, 1], "each of them once");
}

async fn a_rep_who_misses_two_rings_is_not_rung_for_the_third_caller(wanted: Wanted) {
    let rule = "ring_at_most: 3\naway_after_misses: { rings: 2, for: 30m }";
    let line = wanted.rule("ring_at_most: 3", rule).open().await;
    for person in [&DANA, &INES] {
        let call = line.qualified(person).await;
        line.rep(1).rings().await.until_ended().await;
        let second = line.rep(2).rings().await;
        call.caller.hangs_up().await;
        second.until_ended().await;
        line.ends_as(&call.lead, "callback").await;
    }
    let call = line.qualified(&TOM).await;
    line.answers_and_presses(2, '1').await;
    let story = line.happened(&call.lead, "joined").await;
    assert_eq!((story.reps("joined"), line.rep(1).times_rung()), (vec!["rep-2"], 2), "rep 1 is left alone");
}
