//! Asks each vendor whether it would do what will be asked of it: the credentials, the fields, the rights.
//!
//! Never holds up a start and never refuses one, since no caller waits for a vendor. What is amiss is told, and asked again
//! until it is mended. A vendor is asked for nothing that it would have to undo.

use crate::connectors::VendorError;
use crate::outbox::Vendors;
use baton_clock::SharedClock;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The first wait before a vendor that is not well is asked again; it doubles, up to [`AGAIN_WITHIN`].
const AGAIN_AFTER: Duration = Duration::from_secs(30);
const AGAIN_WITHIN: Duration = Duration::from_secs(15 * 60);

type Checked = BoxFuture<'static, Result<(), VendorError>>;

/// What one section of `baton.toml` is asked.
pub struct Question {
    section: &'static str,
    ask: Box<dyn Fn() -> Checked + Send + Sync>,
}

impl Question {
    /// Asks until the answer is good, or the worker stops.
    pub async fn ask_until_well(self, clock: SharedClock, mut stopping: watch::Receiver<bool>) {
        tokio::select! {
            () = self.until_well(&clock) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }

    async fn until_well(&self, clock: &SharedClock) {
        let mut wait = AGAIN_AFTER;
        while let Err(error) = (self.ask)().await {
            let again_s = wait.as_secs();
            let (section, error) = (self.section, error.in_log());
            tracing::warn!(section, again_s, error, "a vendor would not do what will be asked of it");
            tokio::time::sleep(clock.real(wait)).await;
            wait = (2 * wait).min(AGAIN_WITHIN);
        }
        tracing::info!(section = self.section, "a vendor is ready");
    }
}

/// One for each vendor that is there and can be asked. A voice platform cannot: it answers by doing.
pub fn questions(vendors: &Vendors) -> Vec<Question> {
    let Vendors { crm, chat, mailer, texter, calendar, asterisk, twilio, speech, .. } = vendors;
    let all = [
        question("crm", crm, |crm| Box::pin(async move { crm.check().await })),
        question(chat.as_ref().map_or("chat", |chat| chat.vendor()), chat, |chat| {
            Box::pin(async move { chat.check().await })
        }),
        question("mail", mailer, |mailer| Box::pin(async move { mailer.check().await })),
        question("sms", texter, |texter| Box::pin(async move { texter.check().await })),
        question("calendar", calendar, |calendar| Box::pin(async move { calendar.check().await })),
        question("telephony", asterisk, |asterisk| Box::pin(async move { asterisk.check().await })),
        question("telephony", twilio, |twilio| Box::pin(async move { twilio.check().await })),
        question("speech", speech, |speech| {
            Box::pin(async move { speech.speak("A lead from Baton.", "en").await.map(drop) })
        }),
    ];
    all.into_iter().flatten().collect()
}

fn question<V: ?Sized + Send + Sync + 'static>(
    section: &'static str,
    vendor: &Option<Arc<V>>,
    check: fn(Arc<V>) -> Checked,
) -> Option<Question> {
    let vendor = Arc::clone(vendor.as_ref()?);
    Some(Question { section, ask: Box::new(move || check(Arc::clone(&vendor))) })
}
