//! No more is asked of vendors than is needed: others share what they allow in a day.

use super::play::Play;
use crate::town::Caller;
use baton_clock::Clock;
use baton_sandbox::Exchange;
use baton_sandbox::voice::RepManner;
use chrono::TimeDelta;

/// What was asked of a vendor in all, as `METHOD target`, of which this is so.
fn asked(play: &Play, vendor: &str, of: impl Fn(&Exchange) -> bool) -> Vec<String> {
    let exchanges = play.stage.world.exchanges().into_iter();
    let wanted = exchanges.filter(|exchange| exchange.vendor == vendor && of(exchange));
    wanted.map(|exchange| format!("{} {}", exchange.method, exchange.target)).collect()
}

/// Routed, and promised a call at the same moment: the promise says it all, and nobody looks for what cannot be there yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writes_of_a_lead_that_are_due_at_once_are_one_request() {
    let (play, lead) = Play::of(&Caller::gone(1)).await;
    play.ends(&lead, "callback").await;
    let is_write = |exchange: &Exchange| String::from_utf8_lossy(&exchange.request_body).contains("\"allOrNone\":true");
    let writes = asked(&play, "salesforce", is_write);
    assert_eq!(writes.len(), 1, "{writes:?}");
    let looks = asked(&play, "salesforce", |exchange| exchange.target.contains("Baton_Key__c"));
    assert_eq!(looks, Vec::<String>::new());
    let (leads, tasks) = (play.stage.salesforce.leads(), play.stage.salesforce.tasks());
    assert_eq!((leads.len(), tasks.len()), (1, 1));
    assert_eq!(leads[0]["Description"], tasks[0]["Description"], "the later word");
}

/// Whoever books needs one token of the rep's: for what is busy, and for the meeting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_takes_one_token_of_its_rep() {
    let (play, lead) = Play::of(&Caller::live(1).reps(&[RepManner::Silent])).await;
    play.ends(&lead, "booked").await;
    let tokens = asked(&play, "google", |exchange| exchange.target == "/token");
    assert!((1..=2).contains(&tokens.len()), "that of whoever is read by, and that of the rep: {tokens:?}");
    let meetings = asked(&play, "google", |exchange| exchange.method == "POST" && exchange.target.contains("/events"));
    assert_eq!(meetings.len(), 1, "{meetings:?}");
}

/// Nothing is known any more, and callers come for each desk: whoever asks first asks for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calendars_are_asked_for_together_by_whoever_needs_one_first() {
    let (play, lead) = Play::of(&Caller::gone(1)).await;
    play.ends(&lead, "callback").await;
    play.clock.skip_to(play.clock.now() + TimeDelta::minutes(10));
    let queries = || asked(&play, "google", |exchange| exchange.target.contains("freeBusy")).len();
    let before = queries();
    for number in [3, 4, 5] {
        play.call(&Caller::gone(number)).await;
    }
    let made = queries() - before;
    assert!((1..=2).contains(&made), "one, and another of the background at that very moment: {made}");
}
