//! From `[slack]` to both sides of the app: how it is spoken to, and where it is heard what people press.

use crate::chat::Desk;
use crate::config;
use crate::connectors::Chat;
use crate::connectors::http::Secret;
use crate::connectors::slack::{Slack, SlackConfig};
use crate::deciding::decider::Decider;
use crate::release::Current;
use crate::store::Store;
use crate::web::SlackDoor;
use anyhow::{Context, Result};
use baton_clock::SharedClock;
use baton_platforms::signature;
use std::sync::Arc;

pub(super) fn client(section: &config::Slack) -> Result<Arc<Slack>> {
    let mut settings = SlackConfig::new(Secret::new(section.bot_token.secret("slack.bot_token")?));
    settings.base_url.clone_from(&section.base_url);
    if let Some(token) = &section.app_token {
        settings.app_token = Some(Secret::new(token.secret("slack.app_token")?));
    }
    if let Some(secret) = &section.signing_secret {
        settings.signing = vec![signature::Secret::new(&secret.platform_secret("slack.signing_secret")?)?];
    }
    Ok(Arc::new(Slack::new(settings).context("setting up slack")?))
}

/// `None`: nobody hears what people press.
pub(in crate::app) fn desk(
    slack: Option<Arc<Slack>>,
    decider: &Arc<Decider>,
    store: &Store,
    clock: &SharedClock,
    release: &Current,
) -> Option<Arc<Desk>> {
    let slack = slack.filter(|slack| slack.is_heard())?;
    let (decider, store, clock) = (Arc::clone(decider), store.clone(), Arc::clone(clock));
    Some(Arc::new(Desk { slack, decider, store, release: release.clone(), clock }))
}

/// `None`: no request is taken, since nothing could prove that it is Slack's.
pub(in crate::app) fn door(desk: &Arc<Desk>) -> Option<Arc<SlackDoor>> {
    let secrets = desk.slack.signing().to_vec();
    (!secrets.is_empty()).then(|| Arc::new(SlackDoor { desk: Arc::clone(desk), secrets }))
}
