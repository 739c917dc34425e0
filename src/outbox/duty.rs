//! Whether this worker takes work, and if not, why.

use std::sync::Arc;
use tokio::sync::watch;

/// Shared by everybody in the worker who takes work.
#[derive(Clone)]
pub struct Duty(Arc<watch::Sender<State>>);

#[derive(Default)]
struct State {
    refuses: Option<Arc<str>>,
    stops: bool,
}

impl Default for Duty {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(State::default())))
    }
}

impl Duty {
    /// Takes no work for this reason; `None`: takes it again.
    pub fn refuse(&self, why: Option<&str>) {
        self.0.send_modify(|state| state.refuses = why.map(Arc::from));
    }

    /// Takes no work any more.
    pub fn stop(&self) {
        self.0.send_modify(|state| state.stops = true);
    }

    /// `None`: work is taken.
    pub fn why_not(&self) -> Option<Arc<str>> {
        let state = self.0.borrow();
        if state.stops { Some(Arc::from("this worker is stopping")) } else { state.refuses.clone() }
    }

    /// Waits until work is taken, or until the worker stops.
    pub async fn resumed(&self) {
        // The sender lives as long as we do.
        let mut state = self.0.subscribe();
        let _either = state.wait_for(|state| state.stops || state.refuses.is_none()).await;
    }
}
