//! A caller of the front door: people first, for as long as the number says, and then the agent.

use super::*;

fn at_the_door() -> UnderWay {
    begun(scenario().at_front_door("front"))
}

impl UnderWay {
    fn ends_with_agent(self) -> Self {
        let left = matches!(&self.state.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } });
        assert!(left && self.state.live && !self.state.is_open(), "it stands at {:?}", self.state);
        self.says_nothing().holds_nobody()
    }

    fn owes_a_call(self) -> Self {
        let raised = matches!(&self.state.stage, Stage::Callback { promise } if promise.raised);
        assert!(raised && !self.state.live && self.state.is_open(), "it stands at {:?}", self.state);
        self.says_nothing().holds_nobody()
    }
}

#[test]
fn the_person_who_accepts_has_the_caller() {
    at_the_door().rings("dee", 1).settled().ends_connected("dee").owner_is("dee");
}

#[test]
fn where_nobody_accepts_the_agent_has_the_caller() {
    at_the_door().declined(1).rings("eve", 2).declined(2).ends_with_agent();
}

#[test]
fn people_are_rung_for_as_long_as_the_number_says() {
    let call = at_the_door().after(15).leg_timer(1, |leg| Timer::RingBy { leg }).rings("eve", 2);
    call.after(5).timer(Timer::PatienceBy).hangs_up(2).ends_with_agent();
}

#[test]
fn where_nobody_is_free_nobody_is_rung() {
    begun(scenario().at_front_door("front").away("dee").away("eve")).rings_nobody_new(0).ends_with_agent();
}

#[test]
fn who_hangs_up_while_phones_ring_is_called_back() {
    for left in [Event::CallerLeft, Event::Missed] {
        at_the_door().on(left).hangs_up(1).owes_a_call().briefs("dee", BriefWhy::Callback);
    }
    at_the_door().on(Event::Missed).on(Event::CallerLeft).ignored();
}

/// However the two words come: the agent's phone may ring for a while as well.
#[test]
fn who_has_not_heard_the_agent_either_is_called_back() {
    at_the_door().declined(1).declined(2).on(Event::Missed).owes_a_call();
    at_the_door().declined(1).declined(2).on(Event::CallerLeft).on(Event::Missed).owes_a_call();
}

/// A rep who was there for seconds was nobody.
#[test]
fn who_has_lost_a_rep_at_once_is_the_agents_or_called_back() {
    let call = at_the_door().bridged().rep_left(1).rings("eve", 2).declined(2).ends_with_agent();
    call.on(Event::Missed).owes_a_call();
}

#[test]
fn who_has_spoken_with_the_agent_is_the_agents() {
    let spoke = at_the_door().declined(1).declined(2).on(Event::CallerLeft);
    assert!(matches!(&spoke.state.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } }));
    assert!(!spoke.state.live);
}
