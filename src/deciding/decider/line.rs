//! Messages that wait for their turn to be decided.

use crate::deciding::aside::panicked;
use crate::intake::event::{Incoming, Message, parse};
use crate::store::InboxRow;
use std::panic::catch_unwind;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, timeout_at};

/// Messages in one line; those for whom there is no room lie in the inbox.
const ROOM: usize = 1024;

/// A message in the inbox, and what it says; or why it cannot be read.
pub(super) struct Waiting {
    pub row: InboxRow,
    pub read: Result<Message, String>,
}

impl Waiting {
    pub(super) fn read(row: InboxRow) -> Self {
        let read = match catch_unwind(|| parse(&row.body, row.received_at)) {
            Err(panic) => Err(panicked(&*panic).to_string()),
            Ok(Ok(Incoming { message, .. })) => Ok(message),
            Ok(Err(faults)) => Err(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        };
        Self { row, read }
    }

    /// Whether it tells of a call whose lead may be on its way.
    pub(super) fn needs_lead(&self) -> bool {
        matches!(&self.read, Ok(Message::Lead(lead)) if !lead.may_begin())
    }

    /// Whether somebody on the line waits for it.
    pub(super) fn is_live(&self) -> bool {
        match &self.read {
            Ok(Message::Lead(lead)) => lead.is_live(),
            Ok(Message::Call(_)) => true,
            Ok(Message::Presence { .. } | Message::Contact { .. } | Message::Outcome { .. }) | Err(_) => false,
        }
    }
}

/// What somebody on the line waits for, and all the rest: the one never stands behind the other.
pub(super) struct Lines {
    live: mpsc::Sender<Waiting>,
    rest: mpsc::Sender<Waiting>,
    pub ends: Mutex<Ends>,
}

/// Where those who decide stand.
pub(super) struct Ends {
    live: mpsc::Receiver<Waiting>,
    rest: mpsc::Receiver<Waiting>,
}

impl Default for Lines {
    fn default() -> Self {
        let ((live, live_end), (rest, rest_end)) = (mpsc::channel(ROOM), mpsc::channel(ROOM));
        Self { live, rest, ends: Mutex::new(Ends { live: live_end, rest: rest_end }) }
    }
}

impl Lines {
    /// Waits for room until then. Waiting here slows the sender down to the pace of deciding; no room even so is no loss: the row
    /// is in the inbox, and the sweep finds it.
    pub(super) async fn enter(&self, new: Vec<Waiting>, until: Instant) {
        let (live, rest): (Vec<_>, Vec<_>) = new.into_iter().partition(Waiting::is_live);
        for (line, new) in [(&self.live, live), (&self.rest, rest)] {
            for waiting in new {
                let _entered = timeout_at(until, line.send(waiting)).await;
            }
        }
    }
}

impl Ends {
    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Option<Waiting> {
        tokio::select! {
            biased;
            live = self.live.recv() => live,
            rest = self.rest.recv() => rest,
        }
    }

    /// Adds those who wait at this moment, until there are so many: callers on the line first, and the others behind those who
    /// are there already.
    pub(super) fn fill(&mut self, batch: &mut Vec<Waiting>, most: usize) {
        for line in [&mut self.live, &mut self.rest] {
            while batch.len() < most
                && let Ok(one) = line.try_recv()
            {
                batch.push(one);
            }
        }
    }
}
