//! The one place that reads the clock and draws random numbers.
//!
//! The core receives `now` as a value; the shell holds an [`Arc<dyn Clock>`](Clock). The demo lives in a [`ScaledClock`],
//! tests move a [`FakeClock`].

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
    /// How long real time takes for this much of the clock's time: what to sleep.
    fn real(&self, span: Duration) -> Duration;
}

/// Instants are kept to the microsecond everywhere, as the databases store them: what is read back is what was written.
fn micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> DateTime<Utc> {
        micros(Utc::now())
    }

    fn real(&self, span: Duration) -> Duration {
        span
    }
}

/// Begins at a chosen instant, runs `speed` times as fast, and can be set forward.
pub struct ScaledClock {
    start: Mutex<DateTime<Utc>>,
    began: Instant,
    speed: u32,
}

impl ScaledClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn new(start: DateTime<Utc>, speed: u32) -> Self {
        Self { start: Mutex::new(start), began: Instant::now(), speed: speed.max(1) }
    }

    /// Sets the clock forward to this instant; one that has passed changes nothing.
    pub fn skip_to(&self, at: DateTime<Utc>) {
        let ahead = at - self.now();
        if ahead > TimeDelta::zero() {
            *self.start.lock().expect("nothing panics while holding the clock") += ahead;
        }
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> DateTime<Utc> {
        let elapsed = self.began.elapsed() * self.speed;
        let start = *self.start.lock().expect("nothing panics while holding the clock");
        micros(start + TimeDelta::from_std(elapsed).unwrap_or(TimeDelta::MAX))
    }

    fn real(&self, span: Duration) -> Duration {
        span / self.speed
    }
}

/// A clock that is set right by a better one.
pub struct SteeredClock {
    machine: SharedClock,
    offset_us: AtomicI64,
}

impl SteeredClock {
    pub fn new(machine: SharedClock) -> Self {
        Self { machine, offset_us: AtomicI64::new(0) }
    }

    /// From now on it shows this much more than the machine's clock.
    pub fn steer(&self, offset: TimeDelta) {
        self.offset_us.store(offset.num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }
}

impl Clock for SteeredClock {
    fn now(&self) -> DateTime<Utc> {
        self.machine.now() + TimeDelta::microseconds(self.offset_us.load(Ordering::Relaxed))
    }

    fn real(&self, span: Duration) -> Duration {
        self.machine.real(span)
    }
}

/// Stands still until it is moved.
pub struct FakeClock(Mutex<DateTime<Utc>>);

impl FakeClock {
    pub fn new(now: DateTime<Utc>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now)))
    }

    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().expect("nothing panics while holding the clock");
        *now += TimeDelta::from_std(span).expect("a test does not move the clock by centuries");
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("nothing panics while holding the clock")
    }

    fn real(&self, span: Duration) -> Duration {
        span
    }
}

/// A number in `0.0..1.0`, for jitter.
#[expect(clippy::disallowed_methods, reason = "this is where chance comes from")]
pub fn jitter() -> f64 {
    rand::random::<f64>()
}

/// Random bytes for secrets.
#[expect(clippy::disallowed_methods, reason = "this is where chance comes from")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    std::array::from_fn(|_| rand::random::<u8>())
}
