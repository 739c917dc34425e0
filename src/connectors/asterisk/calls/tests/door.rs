//! Callers of the front door, with whom nobody has spoken yet.

use super::*;
use baton_core::domain::lead::Arrival;

/// They wait with music, and no agent is dialled.
fn at_the_door() -> Line {
    let mut line = Line::new();
    line.comes_in(C, &["inbound", "15551230000"]);
    line.calls.stands_at_front_door(C);
    line.calls.shows_number(C);
    line.enters(C);
    line
}

fn missed(acts: Vec<Act>) -> Vec<Arrival> {
    acts.into_iter().filter_map(|act| if let Act::Missed(arrival) = act { Some(arrival) } else { None }).collect()
}

fn alone(agent_is_to_come: bool) -> Alone {
    Alone { call: C.to_owned(), agent_is_there: false, agent_is_to_come, was_served: false }
}

fn dana() -> Arrival {
    let (call, dialled) = (C.to_owned(), "15551230000".to_owned());
    Arrival { call, from: Some("+14155550142".to_owned()), dialled }
}

#[test]
fn who_leaves_before_anybody_has_spoken_with_them_is_missed() {
    let left = at_the_door().leaves(C);
    assert_eq!(told(&left), [Happened::CallerLeft], "what rings for them stops");
    assert_eq!(missed(left), [dana()]);
}

#[test]
fn who_had_the_agent_is_missed_by_nobody() {
    let mut line = at_the_door();
    line.comes_in(&agent_of(C), &["agent", C]);
    line.enters(&agent_of(C));
    line.ends(&agent_of(C), 16);
    assert_eq!(line.alone(5), [Alone { was_served: true, ..alone(false) }], "it is not dialled again");
    assert_eq!(missed(line.leaves(C)), []);
    let mut line = Line::new();
    line.comes_in(C, &["inbound", "1"]);
    assert_eq!(missed(line.leaves(C)), [], "a number that is not answered at the front door");
}

/// What became of it the handoff knows: they may have lost each other within seconds.
#[test]
fn who_had_a_rep_alone_is_still_the_agents() {
    let mut line = at_the_door();
    line.comes_in(LEG, &["rep", C]);
    line.enters(LEG);
    line.moves_out(LEG);
    assert_eq!(line.alone(5), [Alone { was_served: true, ..alone(true) }]);
    assert_eq!(missed(line.leaves(C)), [dana()]);
}

#[test]
fn a_number_that_is_not_shown_is_not_passed_on() {
    let mut line = Line::new();
    line.comes_in(C, &["inbound", "15551230000"]);
    line.calls.stands_at_front_door(C);
    assert_eq!(missed(line.leaves(C)), [Arrival { from: None, ..dana() }]);
}

#[test]
fn who_is_alone_there_is_soon_the_agents_and_not_for_ever() {
    let mut line = at_the_door();
    assert_eq!((line.alone(4), line.alone(5)), (vec![], vec![alone(true)]));
    let caller = line.calls.caller(C).expect("they wait");
    assert_eq!(caller.number, "+14155550142");
    line.calls.dials_agent(C);
    assert_eq!(line.alone(60), [], "its phone rings");
    line.ends(&agent_of(C), 17);
    assert_eq!(line.alone(0), [alone(false)], "it is not dialled again");
}

/// Another worker has dialled it, and died.
#[test]
fn an_agent_that_did_not_come_is_missed_whoever_dialled_it() {
    let mut line = at_the_door();
    assert_eq!(line.ends(&agent_of(C), 17), [Act::Look]);
}

/// A promise takes seconds to be said.
#[test]
fn what_was_decided_for_a_caller_has_its_time_to_be_told() {
    let mut line = at_the_door();
    let now = line.now;
    let mut is_over = |seconds| line.calls.has_been_settled(C, now + Duration::from_secs(seconds));
    assert_eq!([is_over(60), is_over(64), is_over(65)], [false, false, true], "from when it was first seen");
    line.calls.is_served_on(C);
    assert!(!line.calls.has_been_settled(C, now + Duration::from_secs(70)), "somebody was rung anew");
}

#[test]
fn who_is_left_to_the_dialplan_is_missed_by_nobody_of_ours() {
    let mut line = at_the_door();
    line.calls.leaves_to_dialplan(C);
    let left = line.leaves(C);
    assert_eq!((told(&left), missed(left)), (vec![Happened::CallerLeft], vec![]));
}
