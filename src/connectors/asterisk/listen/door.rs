//! The front door: callers whom people of ours are rung for before the agent is, and those who leave before anybody has spoken
//! with them.
//!
//! The lead decides who is rung; here it is only seen to that somebody comes. A caller whom no handoff serves, because nobody took
//! the call, nobody was free, or the worker that let them in has died, is the agent's ([`Session::looked`]).

use super::{After, Session, TOLD_AGAIN_AFTER};
use crate::connectors::asterisk::admit::Door;
use crate::connectors::{Arrival, CallSink};
use std::sync::Arc;
use tokio::time::sleep;

impl Session {
    /// A new caller, or one who was half in when another worker stopped hearing.
    pub(super) fn admit(&mut self, call: String, number: String, dialled: String) {
        self.knows_door(&call, &dialled);
        let door = self.sink.is_front_door(&dialled).then(|| Door { sink: Arc::clone(&self.sink), dialled });
        self.let_in(call, number, door);
    }

    /// Of everybody whom we have found.
    pub(super) fn knows_doors(&mut self) {
        for (call, dialled) in self.calls.came_by() {
            self.knows_door(&call, &dialled);
        }
    }

    fn knows_door(&mut self, call: &str, dialled: &str) {
        if !self.sink.is_front_door(dialled) {
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

    /// The agent's phone rings at once, unless somebody at the front door is rung.
    pub(super) fn let_in(&mut self, call: String, number: String, door: Option<Door>) {
        if self.asterisk.agent.is_some() && door.is_none() {
            self.calls.dials_agent(&call);
        }
        let asterisk = Arc::clone(&self.asterisk);
        self.deeds.spawn(async move {
            let how = asterisk.let_in(&call, &number, door.as_ref()).await;
            After::Admitted { call, how }
        });
    }

    /// Nobody serves a caller who came by the front door.
    pub(super) fn fetch_agent(&mut self, call: String) {
        if let Some(number) = self.calls.number_of(&call) {
            self.let_in(call, number, None);
        }
    }

    pub(super) fn missed(&self, arrival: Arrival) {
        // By itself: what was heard before the connection was lost is told to its end.
        tokio::spawn(tell_missed(Arc::clone(&self.sink), arrival));
    }
}

async fn tell_missed(sink: Arc<dyn CallSink>, arrival: Arrival) {
    while let Err(error) = sink.missed(&arrival).await {
        tracing::warn!(%error, "that a caller has reached nobody could not be stored yet");
        sleep(TOLD_AGAIN_AFTER).await;
    }
}
