//! Answers on their way out: to whoever waits for one in this process, and over the broker to whoever asked for one there.
//!
//! Each is stored before it is delivered: if the process dies here, the same event again gets the same answer.

use super::answer::{Answer, Answers, OutgoingAnswer};
use crate::store::InboxRow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Answers under way to whoever asked over the broker: one that takes none holds up nobody's decision.
const REPLIES_AT_ONCE: usize = 256;
/// What is still under way at a stop is waited for so long, in real time.
const LAST_REPLIES_WITHIN: Duration = Duration::from_secs(1);

/// Sends an answer back to whoever asked for one.
#[async_trait::async_trait]
pub trait Replies: Send + Sync {
    async fn reply(&self, to: &str, correlation_id: Option<&str>, answer: &OutgoingAnswer<'_>);
}

pub(super) struct Delivery {
    pub answers: Answers,
    replies: Option<Arc<dyn Replies>>,
    replying: Arc<Semaphore>,
}

impl Delivery {
    pub(super) fn new(replies: Option<Arc<dyn Replies>>) -> Self {
        Self { answers: Answers::default(), replies, replying: Arc::new(Semaphore::new(REPLIES_AT_ONCE)) }
    }

    pub(super) fn deliver(&self, row: &InboxRow, answer: &Answer) {
        self.reply(row, &OutgoingAnswer { answer, note: None });
        self.answers.put(&row.key, answer);
    }

    /// In a task of its own: a broker that takes nothing for a while holds up no decision.
    pub(super) fn reply(&self, row: &InboxRow, told: &OutgoingAnswer<'_>) {
        let (Some(to), Some(replies)) = (row.reply_to.clone(), self.replies.clone()) else { return };
        let Ok(place) = Arc::clone(&self.replying).try_acquire_owned() else {
            tracing::warn!("an answer was not sent, too many are under way: the same event again gets the same answer");
            return;
        };
        let (correlation_id, answer, note) = (row.correlation_id.clone(), told.answer.clone(), told.note);
        tokio::spawn(async move {
            replies.reply(&to, correlation_id.as_deref(), &OutgoingAnswer { answer: &answer, note }).await;
            drop(place);
        });
    }

    /// Waits for the replies that are under way, not for long.
    pub(super) async fn all_sent(&self) {
        let replies = self.replying.acquire_many(REPLIES_AT_ONCE as u32);
        let _in_time = tokio::time::timeout(LAST_REPLIES_WITHIN, replies).await;
    }
}
