//! The vendors that can be asked, each by the section of `baton.toml` that names it. A voice platform cannot: it answers by doing.

use crate::connectors::asterisk::Asterisk;
use crate::connectors::speech::Speech;
use crate::connectors::twilio::Twilio;
use crate::connectors::{Calendar, Chat, Crm, Mailer, Texter, VendorError};
use crate::outbox::Vendors;
use std::sync::Arc;

pub(super) enum Client {
    Crm(Arc<dyn Crm>),
    Chat(Arc<dyn Chat>),
    Mail(Arc<dyn Mailer>),
    Texts(Arc<dyn Texter>),
    Calendar(Arc<dyn Calendar>),
    Asterisk(Arc<Asterisk>),
    Twilio(Arc<Twilio>),
    Speech(Arc<dyn Speech>),
}

impl Client {
    /// One for each that is there.
    pub(super) fn all(vendors: &Vendors) -> Vec<Self> {
        let Vendors { crm, chat, mailer, texter, calendar, asterisk, twilio, speech, .. } = vendors;
        let all = [
            crm.clone().map(Self::Crm),
            // A webhook is not asked anything: it answers by doing.
            chat.clone().filter(|chat| chat.rooms().slack).map(Self::Chat),
            mailer.clone().map(Self::Mail),
            texter.clone().map(Self::Texts),
            calendar.clone().map(Self::Calendar),
            asterisk.clone().map(Self::Asterisk),
            twilio.clone().map(Self::Twilio),
            speech.clone().map(Self::Speech),
        ];
        all.into_iter().flatten().collect()
    }

    pub(super) fn section(&self) -> &'static str {
        match self {
            Self::Crm(_) => "crm",
            Self::Chat(_) => "slack",
            Self::Mail(_) => "mail",
            Self::Texts(_) => "sms",
            Self::Calendar(_) => "calendar",
            Self::Asterisk(_) | Self::Twilio(_) => "telephony",
            Self::Speech(_) => "speech",
        }
    }

    /// As its errors call it.
    pub(super) fn vendor(&self) -> &'static str {
        match self {
            Self::Crm(crm) => crm.vendor(),
            Self::Chat(chat) => chat.vendor(),
            Self::Mail(_) => "smtp",
            Self::Texts(_) | Self::Twilio(_) => "twilio",
            Self::Calendar(calendar) => calendar.vendor(),
            Self::Asterisk(_) => "asterisk",
            Self::Speech(_) => "speech",
        }
    }

    /// # Errors
    /// What is to be mended.
    pub(super) async fn check(&self) -> Result<(), VendorError> {
        match self {
            Self::Crm(crm) => crm.check().await,
            Self::Chat(chat) => chat.check().await,
            Self::Mail(mailer) => mailer.check().await,
            Self::Texts(texter) => texter.check().await,
            Self::Calendar(calendar) => calendar.check().await,
            Self::Asterisk(asterisk) => asterisk.check().await,
            Self::Twilio(twilio) => twilio.check().await,
            Self::Speech(speech) => speech.speak("A lead from Baton.", "en").await.map(drop),
        }
    }

    /// The same in a trial, which only reads.
    ///
    /// # Errors
    /// What is to be mended.
    pub(super) async fn check_reading(&self) -> Result<(), VendorError> {
        match self {
            Self::Crm(crm) => crm.check_reading().await,
            _ => self.check().await,
        }
    }

    /// `None`: it has no write that leaves nothing behind.
    pub(super) async fn try_write(&self) -> Option<Result<(), VendorError>> {
        match self {
            Self::Crm(crm) => crm.try_write().await,
            Self::Mail(mailer) => mailer.try_write().await,
            Self::Chat(_)
            | Self::Texts(_)
            | Self::Calendar(_)
            | Self::Asterisk(_)
            | Self::Twilio(_)
            | Self::Speech(_) => None,
        }
    }
}
