//! One connection's life: hears what happens, reads how things stand, does what cannot wait, and tells the rest.
//!
//! Guarantees: what is heard is told in order, again and again until it is stored; the socket is read whatever is being done
//! meanwhile; a caller whom nobody serves is not left alone for long. When the connection ends, so does all of this, and whoever
//! hears next begins by reading: nothing is kept from one to the other.

mod deeds;
mod door;
mod keys;

use super::Asterisk;
use super::admit::Admitted;
use super::ari::{Reason, VENDOR};
use super::calls::{Act, Alone, Calls, Deed};
use super::event;
use super::socket;
use crate::connectors::{CallSink, Carried, Happened, Told, VendorError};
use baton_core::domain::id::LegId;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// How often it is looked whether somebody has been left alone.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Between the last word and the end of the call.
const AFTER_THE_LAST_WORD: Duration = Duration::from_millis(600);
/// A leg whose sound has ended with it is gone by then.
const ENDS_WITHIN: Duration = Duration::from_millis(500);
/// What may wait to be told; more than that is read anew.
const UNTOLD_AT_MOST: usize = 4_096;
const TOLD_AGAIN_AFTER: Duration = Duration::from_millis(300);
/// As many are stored in one commit.
const TOLD_AT_ONCE: usize = 64;
/// A request to ring is answered by then.
const ASKED_WITHIN: Duration = Duration::from_millis(1_500);
/// How often sounds are looked for that were made for somebody who has gone.
const SWEPT_EVERY: Duration = Duration::from_secs(60);

impl Asterisk {
    /// Whom to ask whether somebody hears, as long as they are there.
    pub fn heard_by(&self, sink: &Arc<dyn CallSink>) {
        // There is one worker around us.
        let _known = self.sink.set(Arc::downgrade(sink));
    }

    /// Hears what happens until the connection is lost, and says why it was. Dropped, it hears no more.
    pub async fn listen(self: &Arc<Self>, sink: &Arc<dyn CallSink>) -> VendorError {
        match self.hear(sink).await {
            Err(error) => error,
        }
    }

    async fn hear(self: &Arc<Self>, sink: &Arc<dyn CallSink>) -> Result<Infallible, VendorError> {
        let mut socket = socket::open(&self.lines.ari).await?;
        let _hears = Hears::begin(&self.hears);
        let mut session = Session::begin(Arc::clone(self), Arc::clone(sink));
        session.find().await?;
        tracing::info!(calls = session.calls.owners().len(), "what happens on the lines is heard");
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = socket.next() => session.heard(&message?)?,
                Some(after) = session.deeds.join_next() => session.after(after)?,
                _ = look.tick() => {
                    session.look();
                    session.sweep();
                }
            }
        }
    }
}

/// Says that it is us who hear, for as long as it is there.
struct Hears<'a>(&'a watch::Sender<bool>);

impl<'a> Hears<'a> {
    fn begin(hears: &'a watch::Sender<bool>) -> Self {
        hears.send_replace(true);
        Self(hears)
    }
}

impl Drop for Hears<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

/// What a deed leaves to be done.
enum After {
    Nothing,
    Admitted {
        call: String,
        how: Admitted,
    },
    ShowsNumber {
        call: String,
    },
    LastWord {
        call: String,
    },
    /// Whoever answered, or declined, did so while nobody heard.
    Unheard {
        call: Option<String>,
        leg: LegId,
    },
    /// A caller has pressed the key for a call back, and may have one.
    Key {
        call: String,
        takes: bool,
    },
    /// Whom the handoffs count as being on the line; `None`: it could not be read.
    Looked(Option<Vec<Carried>>),
}

struct Session {
    asterisk: Arc<Asterisk>,
    sink: Arc<dyn CallSink>,
    calls: Calls,
    /// What is being done beside the reading.
    deeds: JoinSet<After>,
    untold: mpsc::Sender<Told>,
    looks: bool,
    /// Callers of whose key it is being asked whether it means anything.
    asked: BTreeSet<String>,
    swept_at: Instant,
}

impl Session {
    fn begin(asterisk: Arc<Asterisk>, sink: Arc<dyn CallSink>) -> Self {
        let (untold, waiting) = mpsc::channel(UNTOLD_AT_MOST);
        // By itself: what was heard before the connection was lost is told to its end.
        tokio::spawn(tell(Arc::clone(&sink), waiting));
        let (calls, deeds) = (Calls::default(), JoinSet::new());
        Self { asterisk, sink, calls, deeds, untold, looks: false, asked: BTreeSet::new(), swept_at: Instant::now() }
    }

    /// How things stand at the beginning. What happens meanwhile waits in the socket.
    async fn find(&mut self) -> Result<(), VendorError> {
        let ari = &self.asterisk.lines.ari;
        let (channels, bridges, carried) = tokio::try_join!(ari.our_channels(), ari.bridges(), self.sink.carried())?;
        for act in self.calls.find(&channels, &bridges, &carried, Instant::now()) {
            self.act(act)?;
        }
        self.knows_doors();
        let (asterisk, owners) = (Arc::clone(&self.asterisk), self.calls.owners());
        self.deeds.spawn(async move {
            if let Err(error) = asterisk.lines.voice.check().await {
                tracing::error!(error = error.in_log(), "nobody hears any words of ours");
            }
            asterisk.lines.voice.sweep(&owners).await;
            After::Nothing
        });
        Ok(())
    }

    fn heard(&mut self, message: &str) -> Result<(), VendorError> {
        let frame = match event::read(message) {
            Ok(frame) => frame,
            Err(why) => {
                tracing::warn!(why, "what Asterisk told could not be read");
                return Ok(());
            }
        };
        for act in self.calls.hear(frame, Instant::now()) {
            self.act(act)?;
        }
        Ok(())
    }

    fn act(&mut self, act: Act) -> Result<(), VendorError> {
        match act {
            Act::Tell(told) => {
                tracing::debug!(happened = told.happened.as_str(), "something happened on a line");
                self.untold.try_send(told).map_err(|_| lost("more has happened than could be told"))?;
            }
            Act::Replaced => {
                return Err(VendorError::amiss(
                    VENDOR,
                    "another client hears our app: give each its own in telephony.app",
                ));
            }
            Act::Look => self.look(),
            Act::WasRung { call, leg } => self.ask_for_ring(call, leg),
            Act::Key { call } => self.ask_for_offer(call),
            Act::Answer { leg, key } => self.answers(leg, key)?,
            Act::Admit(caller) => self.admit(caller),
            Act::Again(caller) => self.admit_again(caller),
            Act::Missed(arrival) => self.missed(arrival),
            Act::LastWord { call } => {
                self.deeds.spawn(async move {
                    sleep(AFTER_THE_LAST_WORD).await;
                    After::LastWord { call }
                });
            }
            Act::NoSound { leg } => {
                let asterisk = Arc::clone(&self.asterisk);
                self.deeds.spawn(async move {
                    asterisk.complain_of_silence(&leg).await;
                    After::Nothing
                });
            }
            Act::Do(deed) => self.begin_to(deed),
        }
        Ok(())
    }

    fn begin_to(&mut self, deed: Deed) {
        let asterisk = Arc::clone(&self.asterisk);
        self.deeds.spawn(async move {
            if let Err(error) = asterisk.carry_out(deed).await {
                tracing::warn!(
                    error = error.in_log(),
                    outcome = error.class(),
                    "something could not be done on a line at once"
                );
            }
            After::Nothing
        });
    }

    fn ask_for_ring(&mut self, call: Option<String>, leg: LegId) {
        let (asterisk, sink) = (Arc::clone(&self.asterisk), Arc::clone(&self.sink));
        self.deeds.spawn(async move {
            let was_rung = match &call {
                Some(call) => asterisk.lines.was_rung(call, &leg).await,
                None => sink.was_rung(&leg).await,
            };
            match was_rung {
                // A request to ring may be on its way at this moment.
                Ok(true) => asterisk.is_silent(call, leg).await,
                Ok(false) => After::Nothing,
                Err(error) => {
                    let error = error.in_log();
                    tracing::warn!(error, leg = %leg, "whether a phone was rung is not known: its own time ends it");
                    After::Nothing
                }
            }
        });
    }

    fn after(&mut self, after: Result<After, tokio::task::JoinError>) -> Result<(), VendorError> {
        let Ok(after) = after else { return Err(lost("a deed has panicked")) };
        match after {
            After::Nothing | After::Admitted { how: Admitted::Waits, .. } => Ok(()),
            After::Admitted { call, how: Admitted::AgentRings } => {
                self.calls.dials_agent(&call);
                Ok(())
            }
            After::Admitted { call, how: Admitted::HandedBack } => {
                tracing::info!("a platform hands back a caller who is here: that is ours to do, and it is declined");
                // Nobody has missed a call, either.
                self.calls.leaves_to_dialplan(&call);
                self.begin_to(end(call));
                Ok(())
            }
            After::ShowsNumber { call } => {
                self.calls.shows_number(&call);
                Ok(())
            }
            // Gone may be as little as busy with something else: whoever is still there is not left alone.
            After::Admitted { call, how: Admitted::NoAgent | Admitted::Gone } => {
                self.calls.misses_agent(&call);
                self.act(Act::Look)
            }
            After::LastWord { call } => {
                if self.calls.is_alone(&call) {
                    self.begin_to(end(call));
                }
                Ok(())
            }
            After::Unheard { call, leg } => {
                let why = Some("the ring ended while nobody heard what happened on the line".to_owned());
                self.act(Act::Tell(Told { call, leg: Some(leg), happened: Happened::NoAnswer, why }))
            }
            After::Key { call, takes } => self.offer_is_known(call, takes),
            After::Looked(carried) => {
                self.looks = false;
                if let Some(carried) = carried {
                    self.looked(&carried);
                }
                Ok(())
            }
        }
    }

    /// A sound that was finished after its call is nobody's.
    fn sweep(&mut self) {
        if self.swept_at.elapsed() < SWEPT_EVERY {
            return;
        }
        self.swept_at = Instant::now();
        let (asterisk, owners) = (Arc::clone(&self.asterisk), self.calls.owners());
        self.deeds.spawn(async move {
            asterisk.lines.voice.sweep(&owners).await;
            After::Nothing
        });
    }

    fn look(&mut self) {
        if self.looks || self.calls.alone(self.asterisk.agent_within, Instant::now()).is_empty() {
            return;
        }
        self.looks = true;
        let sink = Arc::clone(&self.sink);
        self.deeds.spawn(async move {
            let told = |error: &VendorError| {
                tracing::warn!(error = error.in_log(), "who is waited for could not be read");
            };
            After::Looked(sink.carried().await.inspect_err(told).ok())
        });
    }

    /// Whoever is alone and is not being served any more goes on: to the agent that is still there, to the end of a call that was
    /// one, to the agent that was not rung before, or back to the dialplan. Where it is decided how it ends for them, what they are
    /// told of it comes first, and no agent is fetched who knows nothing of it.
    fn looked(&mut self, carried: &[Carried]) {
        let (has_agent, now) = (self.asterisk.agent.is_some(), Instant::now());
        let alone = self.calls.alone(self.asterisk.agent_within, now);
        for Alone { call, agent_is_there, agent_is_to_come, was_served } in alone {
            let of = || carried.iter().filter(|carried| carried.call.as_deref() == Some(call.as_str()));
            if of().any(|carried| carried.is_served) {
                self.calls.is_served_on(&call);
                continue;
            }
            let is_agents = of().any(|carried| carried.is_left_to_agent);
            let is_settled = of().any(|carried| !carried.is_left_to_agent);
            if is_settled && !self.calls.has_been_settled(&call, now) {
                continue;
            }
            match (agent_is_there, was_served) {
                (true, _) => self.begin_to(Deed::BringIn { call }),
                // Also where a rep was there for a moment, and nobody else could be had.
                (false, served) if agent_is_to_come && has_agent && !is_settled && (!served || is_agents) => {
                    self.fetch_agent(&call);
                }
                (false, true) => self.begin_to(end(call)),
                (false, false) => {
                    self.calls.leaves_to_dialplan(&call);
                    self.begin_to(Deed::LeaveToDialplan { call });
                }
            }
        }
    }
}

fn end(call: String) -> Deed {
    Deed::HangUp { channel: call, reason: Reason::Normal }
}

/// Until the other end is gone.
async fn tell(sink: Arc<dyn CallSink>, mut waiting: mpsc::Receiver<Told>) {
    let mut told = Vec::new();
    while waiting.recv_many(&mut told, TOLD_AT_ONCE).await > 0 {
        while let Err(error) = sink.tell(&told).await {
            let (error, count) = (error.in_log(), told.len());
            tracing::warn!(error, count, "what happened on the lines could not be stored yet");
            sleep(TOLD_AGAIN_AFTER).await;
        }
        told.clear();
    }
}

impl Asterisk {
    /// Whether a phone that was asked to ring does not, once the request has had its time.
    async fn is_silent(&self, call: Option<String>, leg: LegId) -> After {
        sleep(ASKED_WITHIN).await;
        match self.lines.ari.channel(leg.as_str()).await {
            Ok(None) => After::Unheard { call, leg },
            // Its own time ends it.
            Ok(Some(_)) | Err(_) => After::Nothing,
        }
    }

    /// A whisper has failed. Where the leg ends at the same moment, that is why.
    async fn complain_of_silence(&self, leg: &LegId) {
        sleep(ENDS_WITHIN).await;
        if let Ok(Some(_)) = self.lines.ari.channel(leg.as_str()).await {
            tracing::error!(leg = %leg, "a whisper could not be played: Asterisk must be able to read telephony.sounds");
        }
    }
}

fn lost(why: &str) -> VendorError {
    VendorError::retry(VENDOR, why)
}
