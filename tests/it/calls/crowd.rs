//! A hundred calls at once: each caller is joined with the rep who was rung for them, and hears nobody else.

use super::cases;
use super::stage::line::{Inbound, Line, Person, Qualified, Wanted};
use super::stage::tones::listening;
use super::stage::workers::digits;
use baton_phones::call::{Call, End, Stage};
use baton_phones::rtp::Sound;
use baton_phones::tones::is_speech;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::sleep;

const CALLS: usize = 100;
/// Ten a second come.
const EVERY: Duration = Duration::from_millis(100);
/// So many pairs speak while all others are silent: far apart, and not where one has the other's overtones.
const CALLERS: [f64; 5] = [440.0, 520.0, 700.0, 1010.0, 1270.0];
const REPS: [f64; 5] = [880.0, 1130.0, 1490.0, 1730.0, 2030.0];

cases! {
    a_hundred_at_once_are_each_joined_with_their_own_rep,
}

struct Pair {
    call: Qualified,
    rep: Call,
}

async fn a_hundred_at_once_are_each_joined_with_their_own_rep(wanted: Wanted) {
    let line = unhurried(wanted).open().await;
    let pairs = join_all((0..CALLS).map(|number| is_served(&line, number))).await;
    let mut served = BTreeSet::new();
    for Pair { call, rep } in &pairs {
        let story = line.happened(&call.lead, "joined").await;
        let theirs = story.reps("joined").iter().map(|rep| (*rep).to_owned()).collect::<Vec<_>>();
        assert_eq!(theirs, [name_of(rep)], "the rep whose phone rang with this caller's number, and no other");
        served.extend(theirs);
    }
    assert_eq!(served.len(), CALLS, "each rep is with one caller");
    for Pair { call, rep } in &pairs {
        assert_eq!(call.agent.until_ended().await, End::TheyHungUp);
        assert_eq!((call.caller.stage(), rep.stage()), (Stage::Answered, Stage::Answered), "all of them at once");
    }
    for number in (0..CALLS).step_by(CALLERS.len()) {
        only_these_hear_each_other(&pairs, number).await;
    }
}

/// Nobody is given up while a hundred are served by a worker that is not built for speed.
fn unhurried(wanted: Wanted) -> Wanted {
    let wanted = wanted.reps(CALLS).at_one_desk();
    let wanted = wanted.rule("patience: 40s", "patience: 100s").rule("bridge_within: 50s", "bridge_within: 120s");
    let wanted = wanted.rule("ring_timeout: 3s", "ring_timeout: 40s");
    wanted.rule("accept_within: 12s", "accept_within: 40s").rule("join_within: 5s", "join_within: 30s")
}

/// From the first ring to the key; nobody says a word. Every phone sends sound before it falls silent: from then on Asterisk knows
/// where its sound comes from.
async fn is_served(line: &Line, number: usize) -> Pair {
    sleep(EVERY * number as u32).await;
    let person = person(number);
    let caller = line.dials(&person).await;
    caller.says(Sound::Silence);
    let agent = line.agent.rings_for(person.phone).await;
    agent.says(Sound::Silence);
    let id = agent.header("X-Baton-Call").expect("the agent is told which call it is").to_owned();
    agent.answers().await;
    caller.until_answered().await;
    sleep(EVERY * 5).await;
    caller.says(Sound::Nothing);
    agent.says(Sound::Nothing);
    let call = line.qualifies(Inbound { caller, agent, id }, &person).await;
    let rep = line.desk().rings_for(person.phone).await;
    rep.says(Sound::Silence);
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    rep.presses('1').await;
    rep.says(Sound::Nothing);
    Pair { call, rep }
}

fn person(number: usize) -> Person {
    Person {
        name: format!("Caller No {number}").leak(),
        title: "Chief Buyer",
        company: format!("Company No {number}").leak(),
        phone: format!("+13125550{number:03}").leak(),
    }
}

/// Whose phone it is.
fn name_of(rep: &Call) -> String {
    let number = (1..=CALLS).find(|number| digits(*number) == rep.dialled());
    format!("rep-{}", number.unwrap_or_else(|| panic!("{} is nobody's number", rep.dialled())))
}

/// Each of five pairs by a tone of its own, and all others hear nothing.
async fn only_these_hear_each_other(pairs: &[Pair], from: usize) {
    let until = from + CALLERS.len();
    let speaking = || pairs[from..until].iter().zip(CALLERS.into_iter().zip(REPS));
    for (pair, (caller, rep)) in speaking() {
        pair.call.caller.says(Sound::Tone(caller));
        pair.rep.says(Sound::Tone(rep));
    }
    for (pair, (caller, rep)) in speaking() {
        pair.rep.until_hears("the caller", |heard| heard.hears_only(caller)).await;
        pair.call.caller.until_hears("the rep", |heard| heard.hears_only(rep)).await;
    }
    let (began, ended) = listening(Duration::from_millis(600)).await;
    let heard = |call: &Call| call.recording().between(began, ended);
    for (at, (pair, (caller, rep))) in (from..).zip(speaking()) {
        println!("call {at:>2}: caller {caller} Hz, rep {rep} Hz");
        assert!(heard(&pair.rep).hears_only(caller), "rep {at}: {:.1} dB", heard(&pair.rep).level(caller));
        assert!(heard(&pair.call.caller).hears_only(rep), "caller {at}: {:.1} dB", heard(&pair.call.caller).level(rep));
    }
    for (at, pair) in pairs.iter().enumerate().filter(|(at, _)| !(from..until).contains(at)) {
        let silent = [&pair.call.caller, &pair.rep].into_iter().all(|call| !heard(call).is_audible());
        assert!(silent, "call {at} hears what is said in others");
    }
    for pair in &pairs[from..until] {
        pair.call.caller.says(Sound::Nothing);
        pair.rep.says(Sound::Nothing);
    }
    pairs.iter().for_each(|pair| [&pair.call.caller, &pair.rep].into_iter().for_each(|call| call.forgets()));
}
