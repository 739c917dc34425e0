//! Effects by lane, a file each: an effect's class, call, look and fallback stand together in the file of its lane.
//!
//! Each matches its effects one by one, so that a new one does not compile until all of it is answered.

mod calendar;
mod calls;
mod chat;
mod crm;
mod events;
mod mail;
mod order;
mod texts;
mod timers;

use super::work::Work;
use baton_core::domain::effect::{Effect, InLane};

pub(super) fn work(effect: &Effect) -> Box<dyn Work + '_> {
    match effect.in_lane() {
        InLane::Timers(timer) => Box::new(timer),
        InLane::Calls(effect) => Box::new(effect),
        InLane::Calendar(effect) => Box::new(effect),
        InLane::Chat(effect) => Box::new(effect),
        InLane::Crm(effect) => Box::new(effect),
        InLane::Mail(effect) => Box::new(effect),
        InLane::Texts(effect) => Box::new(effect),
        InLane::Events(topic) => Box::new(topic),
    }
}
