//! What the vendors carried out, by kind and key: two of the same is what must never happen.

use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// By the effect's key.
    Card,
    /// By the effect's key.
    Mail,
    /// By lead, time and attempt.
    Meeting,
    /// By the leg.
    Ring,
    /// By the lead, which is written several times.
    CrmWrite,
    /// By the event's id. May be published again: whoever listens tells repetitions by the id.
    Event,
}

/// No vendor of ours fails, so that there is never a reason to do one of these again.
const ONCE: [Kind; 4] = [Kind::Card, Kind::Mail, Kind::Meeting, Kind::Ring];
/// Of what was done twice, so much is told.
const TOLD: usize = 10;
const WHOLE: &str = "nothing panics while holding the ledger";

/// A phone was asked to ring.
pub struct Rung {
    /// The caller's call, by the platform's id.
    pub call: String,
    pub at: Instant,
}

/// Of all workers of a run: what one began, the next one ends.
#[derive(Default)]
pub struct Ledger {
    done: Mutex<BTreeMap<(Kind, String), u32>>,
    listener: Mutex<Option<UnboundedSender<Rung>>>,
}

impl Ledger {
    pub fn enter(&self, kind: Kind, key: &str) {
        *self.done.lock().expect(WHOLE).entry((kind, key.to_owned())).or_default() += 1;
    }

    pub fn holds(&self, kind: Kind, key: &str) -> bool {
        self.done.lock().expect(WHOLE).contains_key(&(kind, key.to_owned()))
    }

    /// Tells of every ring from now on, until `unheard`.
    pub fn listen(&self) -> UnboundedReceiver<Rung> {
        let (sender, receiver) = unbounded_channel();
        *self.listener.lock().expect(WHOLE) = Some(sender);
        receiver
    }

    pub fn unheard(&self) {
        *self.listener.lock().expect(WHOLE) = None;
    }

    pub fn rings(&self, call: &str) {
        let at = Instant::now();
        if let Some(listener) = &*self.listener.lock().expect(WHOLE) {
            // Whoever has stopped listening has no use for it.
            let _gone = listener.send(Rung { call: call.to_owned(), at });
        }
    }

    /// How much of each kind was done.
    pub fn in_words(&self) -> String {
        let mut counts = BTreeMap::<Kind, u64>::new();
        for ((kind, _), times) in &*self.done.lock().expect(WHOLE) {
            *counts.entry(*kind).or_default() += u64::from(*times);
        }
        let one = |(kind, count): (&Kind, &u64)| format!("{} {count}", kind.in_words());
        counts.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// # Errors
    /// Something was done twice: what.
    pub fn nothing_twice(&self) -> Result<()> {
        let done = self.done.lock().expect(WHOLE);
        let twice = done.iter().filter(|((kind, _), times)| ONCE.contains(kind) && **times > 1);
        let twice: Vec<String> =
            twice.map(|((kind, key), times)| format!("{} {key} {times} times", kind.in_words())).collect();
        let told = &twice[..twice.len().min(TOLD)];
        ensure!(twice.is_empty(), "{} things were done more than once, such as: {}", twice.len(), told.join("; "));
        Ok(())
    }
}

impl Kind {
    fn in_words(self) -> &'static str {
        match self {
            Self::Card => "chat cards",
            Self::Mail => "mails",
            Self::Meeting => "meetings",
            Self::Ring => "rings",
            Self::CrmWrite => "writes to the CRM",
            Self::Event => "events",
        }
    }
}
