//! The agent makes caller and rep known to each other.

use super::*;
use crate::rules::model::set::Introduction;

fn introduced() -> UnderWay {
    let mut world = scenario();
    world.rules.handoff.introduce = Introduction::Agent;
    begun(world)
}

impl UnderWay {
    fn introduction_is_over(self) -> Self {
        self.leg_timer(1, |leg| Timer::IntroducedBy { leg })
    }
}

#[test]
fn the_agent_says_who_is_there_and_is_let_go() {
    let call = introduced().bridged();
    let (leg, introduces) = (call.leg(1), Instruction::Introduce { rep: rep_id("ben") });
    let call = call.does(&Effect::Instruct { instruction: introduces.clone() });
    let call = call.does(&Effect::Timer { timer: Timer::IntroducedBy { leg } });
    assert_eq!(call.state.to_say(true).0, ToSay::Decided(introduces));
    let call = call.after(10).leg_timer(1, |leg| Timer::SettledBy { leg }).ends_connected("ben");
    call.after(5).introduction_is_over().does(&Effect::LeaveAgent).ends_connected("ben");
}

/// The agent is the next thing that the caller hears.
#[test]
fn the_agent_stays_with_a_caller_whose_rep_has_gone() {
    introduced().bridged().after(3).rep_left(1).rings("cy", 2).introduction_is_over().ignored();
    introduced().settled().rep_left(1).does(&Effect::EndCall).introduction_is_over().ignored();
    introduced().settled().on(Event::CallerLeft).introduction_is_over().ignored();
}

#[test]
fn without_an_introduction_the_agent_leaves_at_the_join() {
    let instruction = Instruction::Connected { rep: rep_id("ben") };
    let call = call().bridged().does(&Effect::Instruct { instruction });
    let stays = |planned: &crate::domain::effect::Planned| {
        matches!(planned.effect, Effect::Timer { timer: Timer::IntroducedBy { .. } })
    };
    assert!(!call.last.effects.iter().any(stays));
}
