//! The front door: callers whom people of ours are rung for before the agent is, and those who leave before anybody has spoken
//! with them.
//!
//! The lead decides who is rung; here it is only seen to that somebody comes. A caller whom no handoff serves, because nobody took
//! the call, nobody was free, or the worker that let them in has died, is the agent's ([`Session::looked`]).

use super::{After, Session, TOLD_AGAIN_AFTER};
use crate::connectors::CallSink;
use crate::connectors::asterisk::admit::Way;
use crate::connectors::asterisk::calls::{Caller, Deed};
use baton_core::domain::lead::Arrival;
use std::sync::Arc;
use tokio::time::sleep;

impl Session {
    /// A new caller, or one who was half in when another worker stopped hearing.
    pub(super) fn admit(&mut self, caller: Caller) {
        let way = self.way(&caller.dialled);
        self.knows_way(&caller.call, &way);
        self.let_in(caller, way);
    }

    /// Whoever was to be put through to somebody is; to others this is music.
    pub(super) fn admit_again(&mut self, caller: Caller) {
        match self.way(&caller.dialled) {
            way @ Way::Lent(_) => self.let_in(caller, way),
            Way::FrontDoor | Way::Agent => self.begin_to(Deed::Comfort { call: caller.call }),
        }
    }

    fn way(&self, dialled: &str) -> Way {
        match self.asterisk.lent(dialled) {
            Some(address) => Way::Lent(address),
            None if self.sink.is_front_door(dialled) => Way::FrontDoor,
            None => Way::Agent,
        }
    }

    /// Of everybody whom we have found.
    pub(super) fn knows_doors(&mut self) {
        for (call, dialled) in self.calls.came_by() {
            let way = self.way(&dialled);
            self.knows_way(&call, &way);
        }
    }

    fn knows_way(&mut self, call: &str, way: &Way) {
        if *way != Way::FrontDoor {
            return;
        }
        self.calls.stands_at_front_door(call);
        let (asterisk, call) = (Arc::clone(&self.asterisk), call.to_owned());
        self.deeds.spawn(async move {
            match asterisk.is_withheld(&call).await {
                Ok(false) => After::ShowsNumber { call },
                // Whoever does not show it is not called back, and neither is who cannot be asked.
                Ok(true) | Err(_) => After::Nothing,
            }
        });
    }

    /// The agent's phone rings at once, unless somebody else is to be there first.
    fn let_in(&mut self, caller: Caller, way: Way) {
        if self.asterisk.agent.is_some() && way == Way::Agent {
            self.calls.dials_agent(&caller.call);
        }
        let (asterisk, sink) = (Arc::clone(&self.asterisk), Arc::clone(&self.sink));
        self.deeds.spawn(async move {
            let how = asterisk.let_in(&*sink, &caller, &way).await;
            After::Admitted { call: caller.call, how }
        });
    }

    /// Nobody serves a caller who came by the front door.
    pub(super) fn fetch_agent(&mut self, call: &str) {
        if let Some(caller) = self.calls.caller(call) {
            self.let_in(caller, Way::Agent);
        }
    }

    pub(super) fn missed(&self, arrival: Arrival) {
        // By itself: what was heard before the connection was lost is told to its end.
        tokio::spawn(tell_missed(Arc::clone(&self.sink), arrival));
    }
}

async fn tell_missed(sink: Arc<dyn CallSink>, arrival: Arrival) {
    while let Err(error) = sink.missed(&arrival).await {
        tracing::warn!(error = error.in_log(), "that a caller has reached nobody could not be stored yet");
        sleep(TOLD_AGAIN_AFTER).await;
    }
}
