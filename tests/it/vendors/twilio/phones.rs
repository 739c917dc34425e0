//! What reps do on the phone, and what becomes of the lead.

use super::{Account, SECOND};
use crate::eventually::eventually;
use baton_core::domain::leg::LegState::{
    Busy, Declined, Forwarded, Joined, Machine, NoAnswer, Ringing, Vendor, WrongNumber,
};
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::Stage;
use baton_sandbox::twilio::{Answer, Person};

fn accepts() -> Person {
    Person::who_answers(Answer::Key("1"))
}

fn is_connected(stage: &Stage) -> bool {
    matches!(stage, Stage::Done { outcome: Outcome::Connected { .. } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_lets_the_rep_in_and_the_caller_hears_nothing_of_the_whisper() {
    let account = Account::open().await;
    let caller = account.caller_for(&[accepts()]).await;
    account.are_together(&caller).await;
    account.once(&caller, "they speak", is_connected).await;
    let rep = account.ring(1).await;
    let (by_rep, by_caller) = (account.twilio.heard(&rep).join(" "), account.twilio.heard(&caller.call).join(" "));
    assert!(by_rep.contains("Caller No 3") && by_rep.contains("Press 1"), "{by_rep}");
    assert!(by_caller.contains("I am getting") && !by_caller.contains("Caller No"), "{by_caller}");
    // The caller hangs up: so does whoever would be alone in the room.
    eventually("the room ends with the caller", || async { account.asked("POST", "Conferences/") == 1 }).await;
    account.twilio.hangs_up(&caller.call);
    account.has_status(&rep, "completed").await;
    assert_eq!(account.rings().len(), 1);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_is_as_good_as_a_key() {
    let account = Account::open().await;
    let caller = account.caller_for(&[Person::who_answers(Answer::Words("Yes, connect them."))]).await;
    account.are_together(&caller).await;
    account.legs(&caller, &[Joined]).await;
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_hears_who_calls_in_their_own_language_and_answers_in_it() {
    let account = Account::speaking("de").await;
    let no = Person::who_answers(Answer::Words("Nein, jetzt nicht."));
    let yes = Person::who_answers(Answer::Words("Ja, verbinden."));
    let caller = account.caller_for(&[no, yes]).await;
    account.are_together(&caller).await;
    account.legs(&caller, &[Declined, Joined]).await;
    let by_rep = account.twilio.heard(&account.ring(1).await).join(" ");
    assert!(by_rep.contains("Zum Annehmen die 1 drücken") && !by_rep.contains("Press 1"), "{by_rep}");
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_is_not_understood_is_asked_for_once_more() {
    let account = Account::open().await;
    let unclear = (SECOND / 2, Answer::Words("who is this"));
    let first = Person { answers: vec![unclear, unclear], ..accepts() };
    let second = Person { answers: vec![unclear, (SECOND / 2, Answer::Key("1"))], ..accepts() };
    let caller = account.caller_for(&[first, second]).await;
    account.are_together(&caller).await;
    account.legs(&caller, &[NoAnswer, Joined]).await;
    for nth in [1, 2] {
        let heard = account.twilio.heard(&account.ring(nth).await);
        assert_eq!(heard.len(), 2, "the whisper, and what to press: {heard:?}");
        assert!(heard[0].ends_with(&heard[1]) && heard[1].starts_with("Press 1"), "{heard:?}");
    }
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_declines_is_busy_or_is_not_there_makes_room_for_the_next() {
    for (first, state) in [
        (Person::who_answers(Answer::Key("2")), Declined),
        (Person::who_answers(Answer::Words("no")), Declined),
        (Person::who_refuses("busy", "486"), Busy),
        (Person::who_refuses("busy", "603"), Declined),
        (Person::who_refuses("failed", "302"), Forwarded),
        (Person::who_refuses("failed", "404"), WrongNumber),
        (Person::who_refuses("failed", "503"), Vendor),
        (Person::who_is_away(), NoAnswer),
    ] {
        let account = Account::open().await;
        let caller = account.caller_for(&[first, accepts()]).await;
        account.are_together(&caller).await;
        account.legs(&caller, &[state, Joined]).await;
        let left = account.ring(1).await;
        eventually("the first phone is let go", || async {
            !["queued", "ringing", "in-progress"].contains(&account.twilio.status(&left).unwrap_or_default())
        })
        .await;
        account.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tone_is_a_machine_and_a_guess_hangs_up_on_nobody() {
    let account = Account::open().await;
    // Before they would have pressed the key.
    let machine =
        Person { answers: vec![(4 * SECOND, Answer::Key("1"))], taken_for: Some("machine_end_beep"), ..accepts() };
    let slow =
        Person { answers: vec![(3 * SECOND, Answer::Key("1"))], taken_for: Some("machine_end_silence"), ..accepts() };
    let caller = account.caller_for(&[machine, slow]).await;
    account.are_together(&caller).await;
    account.legs(&caller, &[Machine, Joined]).await;
    account.has_status(&account.ring(1).await, "completed").await;
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_stops_the_phone() {
    let account = Account::open().await;
    let caller = account.caller_for(&[Person::who_is_away()]).await;
    let rep = account.ring(1).await;
    account.has_status(&rep, "ringing").await;
    account.legs(&caller, &[Ringing]).await;
    account.twilio.hangs_up(&caller.call);
    account.once(&caller, "a call is promised", |stage| matches!(stage, Stage::Callback { .. })).await;
    account.has_status(&rep, "canceled").await;
    assert_eq!(account.rings().len(), 1, "no other phone rings");
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_thinks_for_too_long_is_let_go() {
    let account = Account::open().await;
    let slow = Person { answers: vec![(7 * SECOND, Answer::Key("1"))], ..accepts() };
    let caller = account.caller_for(&[slow, accepts()]).await;
    account.are_together(&caller).await;
    account.legs(&caller, &[NoAnswer, Joined]).await;
    account.has_status(&account.ring(1).await, "completed").await;
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_whom_nobody_takes_chooses_a_time_by_key() {
    let account = Account::open().await;
    account.twilio.in_turn(&[Person::who_refuses("busy", "486")]);
    let unclear = (SECOND / 2, Answer::Words("perhaps"));
    let caller = account.caller(1, &[unclear, (SECOND / 2, Answer::Key("2"))]).await;
    let booked = |stage: &Stage| matches!(stage, Stage::Done { outcome: Outcome::Booked { .. } });
    account.once(&caller, "a meeting is booked", booked).await;
    account.hears(&caller.call, "That is booked").await;
    account.has_status(&caller.call, "completed").await;
    let heard = account.twilio.heard(&caller.call);
    let offers = heard.iter().filter(|words| words.contains("or 9 for none")).count();
    assert!(offers >= 2, "what is not understood is asked for once more: {heard:?}");
    account.legs(&caller, &[Busy, Busy]).await;
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_wants_no_time_is_promised_a_call_and_the_call_ends_with_the_words() {
    let account = Account::open().await;
    account.twilio.in_turn(&[Person::who_refuses("busy", "486")]);
    let caller = account.caller(1, &[(SECOND / 2, Answer::Key("9"))]).await;
    account.once(&caller, "a call is promised", |stage| matches!(stage, Stage::Callback { .. })).await;
    account.hears(&caller.call, "will call you back").await;
    account.has_status(&caller.call, "completed").await;
    account.ends_well().await;
}
