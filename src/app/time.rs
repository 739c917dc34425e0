//! One time for all workers: the database's, carried on by each machine's own clock.
//!
//! Leases, reservations and timers of one worker are read by the others. Each measures how far its clock is from the
//! database's and goes by the latter. A machine whose clock is further off than that can be trusted to make good takes no work:
//! at the start it does not begin, later it stops until the clock is right again.

use crate::outbox::Duty;
use crate::store::{Store, StoreError};
use crate::telemetry::figures;
use anyhow::{Result, anyhow};
use baton_clock::{SharedClock, SteeredClock};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often the database is asked.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// How often the clock is compared with the time that has passed: one that was set must not count for a minute.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// A clock that has gone further than this, or less far, than time has passed was set.
const SET_BEYOND: TimeDelta = TimeDelta::milliseconds(500);
/// An answer that took longer says too little about when it was given.
const ANSWERED_WITHIN: TimeDelta = TimeDelta::milliseconds(800);
const TRIES: u32 = 3;

pub struct Timekeeper {
    store: Store,
    machine: SharedClock,
    clock: Arc<SteeredClock>,
    /// What the machine showed, and when that was, as the database was last asked.
    asked: Mutex<(DateTime<Utc>, Instant)>,
}

impl Timekeeper {
    /// # Errors
    /// The machine's clock is off, and by how much; or the database could not be asked.
    pub async fn begin(machine: SharedClock, store: Store) -> Result<Self> {
        let clock = Arc::new(SteeredClock::new(Arc::clone(&machine)));
        let asked = Mutex::new((machine.now(), Instant::now()));
        let keeper = Self { store, machine, clock, asked };
        if let Some(why) = keeper.measure().await? {
            return Err(anyhow!(why));
        }
        Ok(keeper)
    }

    /// The time that the workers share.
    pub fn clock(&self) -> SharedClock {
        Arc::clone(&self.clock) as SharedClock
    }

    /// Keeps the time until told to stop; a worker whose clock is off is off duty meanwhile.
    pub async fn keep(self, duty: Duty, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                () = tokio::time::sleep(WATCH_EVERY) => {}
                _ = stop.changed() => return,
            }
            let (shown, at) = *self.asked.lock().expect("asked");
            let passed = TimeDelta::from_std(at.elapsed()).unwrap_or(TimeDelta::MAX);
            let was_set = ((self.machine.now() - shown) - passed).abs() > SET_BEYOND;
            if was_set || duty.why_not().is_some() || at.elapsed() >= ASK_EVERY {
                self.look(&duty).await;
            }
        }
    }

    /// One comparison, and what follows from it.
    pub async fn look(&self, duty: &Duty) {
        match self.measure().await {
            Ok(None) if duty.why_not().is_some() => {
                tracing::info!("the clock is right again: work is taken");
                duty.refuse(None);
            }
            Ok(None) => {}
            Ok(Some(why)) => {
                if duty.why_not().is_none() {
                    tracing::error!(reason = %why, "no work is taken until the clock is right");
                }
                duty.refuse(Some(&why));
            }
            // Whether it answers is for readiness to say; the clock is what it was.
            Err(error) => tracing::warn!(%error, "the database could not be asked for the time"),
        }
    }

    /// Sets the clock by the database's, unless they are too far apart: then says by how much.
    async fn measure(&self) -> Result<Option<String>, StoreError> {
        for _ in 0..TRIES {
            let before = self.machine.now();
            *self.asked.lock().expect("asked") = (before, Instant::now());
            let Some(theirs) = self.store.time().await? else { return Ok(None) };
            let took = self.machine.now() - before;
            if took > ANSWERED_WITHIN {
                continue;
            }
            let ahead = before + took / 2 - theirs;
            figures::clock_is_ahead(ahead);
            return Ok(match Store::clocks_agree(ahead) {
                Ok(()) => {
                    self.clock.steer(-ahead);
                    None
                }
                Err(why) => Some(why),
            });
        }
        tracing::warn!("the database answers too slowly to compare clocks: asked again later");
        Ok(None)
    }
}
