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

    /// Whether somebody on the line waits for it.
    pub(super) fn is_live(&self) -> bool {
        match &self.read {
            Ok(Message::Lead(lead)) => lead.is_live(),
            Ok(Message::Call(_)) => true,
            Ok(Message::Presence { .. } | Message::Contact { .. } | Message::Outcome { .. }) | Err(_) => false,
        }
    }
}

/// First come, first decided.
pub(super) struct Line {
    sender: mpsc::Sender<Waiting>,
    pub receiver: Mutex<mpsc::Receiver<Waiting>>,
}

impl Default for Line {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(ROOM);
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl Line {
    /// Waits for room until then.
    pub(super) async fn enter(&self, waiting: Waiting, until: Instant) {
        let _entered = timeout_at(until, self.sender.send(waiting)).await;
    }
}
