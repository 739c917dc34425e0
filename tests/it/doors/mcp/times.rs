//! Times offered, chosen and declined through tools, with calendars that answer.

use super::{Agent, ENV, Generation, TOKEN, TOKENS, Told, dana, leads, until};
use crate::program::served::{Served, get, post, workspace};
use crate::program::{edit, free_port};
use baton::app::stage::StandIns;
use baton_clock::SystemClock;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A worker with vendors connected, and the vendors.
pub(super) struct World {
    pub served: Served,
    pub stage: StandIns,
    pub runtime: Runtime,
}

/// With every vendor; without a telephone, if nobody's is to ring: words go out as answers alone then.
pub(super) fn world(rings: bool) -> World {
    world_of(2, rings, |_| ())
}

fn world_of(reps_per_desk: usize, rings: bool, change: impl FnOnce(&Path)) -> World {
    let runtime = Runtime::new().expect("a runtime");
    let stage = runtime.block_on(StandIns::open(Arc::new(SystemClock))).expect("the stand-ins");
    let env: Vec<_> = StandIns::secrets().into_iter().chain(ENV).collect();
    let vendors = stage.config_toml();
    let quiet = vendors.split_once("[telephony]").expect("it comes last").0;
    let port = free_port();
    let toml = format!("{TOKENS}{}", if rings { vendors.as_str() } else { quiet });
    let folder = workspace(port, reps_per_desk, &toml);
    change(folder.path());
    let served = Served::on(folder, port, "info", &env);
    World { served, stage, runtime }
}

/// The caller has been told of times.
fn offered<'s>(world: &'s World, call: &str) -> (Agent<'s>, Told) {
    let agent = Agent::on(&world.served, Generation::Older, call);
    let told = agent.calls_until("offer_times", &dana(), |told| told.status() == "offering");
    assert!(told.say.contains("Which time suits you?"), "{told:?}");
    (agent, told)
}

fn times(told: &Told) -> Vec<(u64, String)> {
    let one = |time: &Value| Some((time["choice"].as_u64()?, time["from"].as_str()?.to_owned()));
    told.more["times"]
        .as_array()
        .expect("times")
        .iter()
        .map(|time| one(time).expect("a time with its number"))
        .collect()
}

#[test]
fn a_time_that_is_chosen_is_booked_and_said_once_it_is() {
    let world = world(false);
    let (agent, told) = offered(&world, "call-1");
    let times = times(&told);
    assert_eq!(times.iter().map(|(choice, _)| *choice).collect::<Vec<_>>(), [1, 2, 3], "{told:?}");
    let booked = agent.calls_until("choose_time", &json!({ "choice": "2" }), |told| told.status() == "booked");
    assert!(booked.say.starts_with("That is booked"), "{booked:?}");
    assert_eq!(agent.calls("what_now", json!({})), booked);
    let again = agent.calls("choose_time", json!({ "choice": 1 }));
    assert_eq!(again, booked, "one meeting");
    assert_eq!(agent.calls("offer_times", dana()).say, booked.say, "what was said first is true no longer");
    agent.calls_until("route_lead", &dana(), |told| told.say == booked.say);
    assert_eq!(
        agent.calls("route_lead", dana()).say,
        booked.say,
        "nor are the words of the lead's decision those of now"
    );
    let lead = leads(&world.served, "call=call-1&platform=sandbox");
    let story = world.served.ask(&get(&format!("/v1/leads/{}", lead[0]), Some(TOKEN))).json();
    assert_eq!((lead.len(), &story["status"]), (1, &json!("booked")), "{story}");
    let instant = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
    assert_eq!(story["next_step"]["at"].as_str().map(instant), Some(instant(&times[1].1)), "the second, as said");
}

#[test]
fn a_caller_who_wants_none_of_the_times_is_promised_a_call() {
    let world = world(false);
    let (agent, _) = offered(&world, "call-2");
    let told = agent.calls_until("promise_callback", &json!({}), |told| told.status() == "callback");
    assert!(told.say.contains("will call you back"), "{told:?}");
    until("the same later", || agent.calls("what_now", json!({})).say == told.say);
}

#[test]
fn a_call_back_is_promised_to_whoever_can_be_called() {
    let world = world(false);
    let agent = Agent::on(&world.served, Generation::Newer, "call-3");
    let asked = agent.calls_until("promise_callback", &json!({ "name": "Dana" }), |told| told.status() == "missing");
    assert!(asked.say.contains("reach you"), "{asked:?}");
    let number = json!({ "name": "Dana", "phone": "+1 415 555 0142" });
    let told = agent.calls_until("promise_callback", &number, |told| told.status() == "callback");
    assert!(told.say.contains("will call you back"), "{told:?}");
    assert_eq!(leads(&world.served, "call=call-3").len(), 1);
}

#[test]
fn a_caller_is_put_through_without_being_asked_for_a_number_first() {
    let world = world(true);
    let agent = Agent::on(&world.served, Generation::Older, "call-4");
    let told = agent.calls_until("route_lead", &json!({ "name": "Dana", "country": "US" }), Told::has_lead);
    assert!(told.say.starts_with("One moment please, I am getting Rep"), "{told:?}");
}

/// Two callers are offered the same times of one rep; both take the first.
#[test]
fn a_choice_that_came_too_late_and_comes_again_counts_in_no_list_that_nobody_has_heard() {
    let world = world_of(1, false, |folder| {
        edit(folder, "rules/handoff.yaml", "answer_within: 8s", "answer_within: 80s");
    });
    let (first, _) = offered(&world, "call-5");
    let (second, told) = offered(&world, "call-6");
    let all = times(&told);
    let choice = json!({ "choice": 1 });
    first.calls_until("choose_time", &json!({ "choice": all[0].1 }), |told| told.status() == "booked");

    // The choice is known to the worker, and its answer to nobody: others are on offer, and the caller has not heard of it.
    let lead = leads(&world.served, "call=call-6&platform=sandbox").remove(0);
    let story = || world.served.ask(&get(&format!("/v1/leads/{lead}"), Some(TOKEN))).json();
    let slot = json!({ "rep": story()["owner"], "from": all[0].1, "until": told.more["times"][0]["until"] });
    let data = json!({ "platform": "sandbox", "call": "call-6", "slot": slot });
    let event = json!({ "specversion": "1.0", "id": "choice", "source": "town", "type": "slot.chosen", "data": data });
    let taken = world.served.ask(&post("/v1/events", Some(TOKEN), &event.to_string()));
    assert_eq!(taken.status, 202, "{taken:?}");
    until("the choice is handled", || story()["timeline"].to_string().contains("slot_chosen"));

    let others = second.calls_until("choose_time", &choice, |told| told.status() == "offering");
    let left: Vec<(u64, String)> = (1..).zip(all.iter().skip(1).map(|(_, from)| from.clone())).collect();
    assert_eq!(times(&others), left, "told, and none of them taken");
    assert_eq!(second.calls("what_now", json!({})), others);
    // By its beginning a time means itself, whatever the caller has heard.
    assert_eq!(second.calls("choose_time", json!({ "choice": all[0].1 })), others, "it is another's");

    // Once the caller can have heard the list, a number counts in it.
    let booked = second.calls_until("choose_time", &choice, |told| told.status() == "booked");
    assert_eq!(second.calls("choose_time", choice), booked, "one meeting");
    let instant = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
    assert_eq!(story()["next_step"]["at"].as_str().map(instant), Some(instant(&left[0].1)), "the first that was left");
}
