//! Who is rung for a caller of the front door, of whom nothing is known but a number.

use super::*;
use crate::domain::phone::PhoneE164;

const AT_THE_DOOR: [Rung; 3] = [Rung::WarmTransfer, Rung::Agent, Rung::Callback];

#[test]
fn those_who_answer_the_number_are_rung_and_then_the_agent_is() {
    let world = scenario().at_front_door("front").expect_pool("front").expect_rungs(&AT_THE_DOOR);
    world.expect_targets(&["dee", "eve"]).expect_credit("dee");
}

#[test]
fn whoever_is_somebodys_already_rings_that_rep() {
    scenario().owner("ana").at_front_door("front").expect_first("ana").expect_rungs(&AT_THE_DOOR);
}

#[test]
fn where_nobody_is_free_the_agent_has_the_caller_at_once() {
    let world = scenario().at_front_door("front").away("dee").away("eve");
    world.expect_targets(&[]).expect_rungs(&AT_THE_DOOR[1..]);
}

#[test]
fn whoever_has_left_is_called_back_by_those_who_answer_the_number() {
    scenario()
        .at_front_door("front")
        .not_live()
        .expect_pool("front")
        .expect_rungs(&[Rung::Callback])
        .expect_targets(&[]);
}

#[test]
fn no_route_comes_before_the_number() {
    let world = scenario().route("all", Condition::Always, IfUndecided::Skip, RouteTo::Pool(pool_id("west")));
    world.at_front_door("front").expect_pool("front");
}

/// The agent tells which number was called, as many platforms do; so does whoever calls one that is not answered so any more.
#[test]
fn a_lead_of_another_number_or_of_an_agent_goes_its_usual_way() {
    let mut of_agent = scenario().at_front_door("front");
    of_agent.lead.source = "vapi".to_owned();
    of_agent.expect_pool("west").expect_rungs(&[Rung::WarmTransfer, Rung::Booking, Rung::Callback]);
    let mut elsewhere = scenario().at_front_door("front");
    elsewhere.lead.call.as_mut().expect("a call").to = PhoneE164::new("+15551230001").ok();
    elsewhere.expect_pool("west");
}
