//! Two chats as one: which of them a rep is in is said by the address in the roster.

use super::http::Fleet;
use super::{Card, Chat, LookedUp, MessageRef, VendorError};
use async_trait::async_trait;
use baton_core::domain::address::ChatAddress;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which addresses of a roster can be written to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rooms {
    pub slack: bool,
    /// Names of channels, the empty one among them if there is one for whoever has no other. `None`: no Teams.
    pub teams: Option<BTreeSet<String>>,
}

impl Rooms {
    pub fn of_slack() -> Self {
        Self { slack: true, teams: None }
    }

    /// Whether an address is one of them. Where no chat is connected, nobody says yet what will be.
    ///
    /// # Errors
    /// It is none, and what may stand in its place.
    pub fn hold(&self, written: &str) -> Result<(), String> {
        let named = |names: &BTreeSet<String>| {
            let written: Vec<_> = names.iter().map(|name| ChatAddress::Teams(name).to_string()).collect();
            written.join(", ")
        };
        match (ChatAddress::of(written), &self.teams) {
            (_, None) if !self.slack => Ok(()),
            (ChatAddress::Slack(_), _) if self.slack => Ok(()),
            (ChatAddress::Teams(name), Some(names)) if names.contains(name) => Ok(()),
            (ChatAddress::Slack(_), names) => {
                let names = names.as_ref().map(named).unwrap_or_default();
                Err(format!("it is of Slack, and there is no [slack] in baton.toml; allowed: {names}"))
            }
            (ChatAddress::Teams(_), None) => Err("there is no [teams] in baton.toml".to_owned()),
            (ChatAddress::Teams(""), Some(names)) => {
                Err(format!("there is no teams.webhook in baton.toml; allowed: {}", named(names)))
            }
            (ChatAddress::Teams(name), Some(names)) => {
                Err(format!("there is no teams.channels.{name} in baton.toml; allowed: {}", named(names)))
            }
        }
    }
}

/// Slack, and Teams for those whose address says so.
pub struct Chats {
    slack: Arc<dyn Chat>,
    teams: Arc<dyn Chat>,
}

impl Chats {
    pub fn new(slack: Arc<dyn Chat>, teams: Arc<dyn Chat>) -> Self {
        Self { slack, teams }
    }

    fn of(&self, channel: &str) -> &dyn Chat {
        match ChatAddress::of(channel) {
            ChatAddress::Slack(_) => self.slack.as_ref(),
            ChatAddress::Teams(_) => self.teams.as_ref(),
        }
    }
}

#[async_trait]
impl Chat for Chats {
    /// Of the two only this one can be asked.
    fn vendor(&self) -> &'static str {
        self.slack.vendor()
    }

    fn joins(&self, fleet: &Arc<Fleet>) {
        self.slack.joins(fleet);
        self.teams.joins(fleet);
    }

    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError> {
        self.of(&card.channel).post(card).await
    }

    async fn update(&self, message: &MessageRef, card: &Card) -> Result<(), VendorError> {
        self.of(&message.channel).update(message, card).await
    }

    async fn find(&self, channel: &str, key: &str, since: DateTime<Utc>) -> Result<Option<MessageRef>, VendorError> {
        self.of(channel).find(channel, key, since).await
    }

    async fn person(&self, mail: &str) -> Result<Option<String>, VendorError> {
        self.slack.person(mail).await
    }

    fn is_heard(&self) -> bool {
        self.slack.is_heard()
    }

    fn keeps_hold(&self, channel: &str) -> bool {
        self.of(channel).keeps_hold(channel)
    }

    fn rooms(&self) -> Rooms {
        Rooms { teams: self.teams.rooms().teams, ..self.slack.rooms() }
    }

    async fn check(&self) -> Result<(), VendorError> {
        self.slack.check().await
    }

    async fn look_up(&self, ids: &[String]) -> Result<LookedUp, VendorError> {
        self.slack.look_up(ids).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_a_chat_that_is_connected() {
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let (slack, nothing) = (Rooms::of_slack(), Rooms::default());
        let teams = Rooms { slack: false, teams: names(&["", "emea"]) };
        let both = Rooms { slack: true, teams: names(&["emea"]) };
        for (rooms, written) in [
            (&slack, "U0PRIYA001"),
            (&teams, "teams"),
            (&teams, "teams:emea"),
            (&both, "U0PRIYA001"),
            (&both, "teams:emea"),
            (&nothing, "U0PRIYA001"),
            (&nothing, "teams:emea"),
        ] {
            assert_eq!(rooms.hold(written), Ok(()), "{written}");
        }
        for (rooms, written, why) in [
            (&slack, "teams", "there is no [teams] in baton.toml"),
            (&teams, "U0PRIYA001", "there is no [slack] in baton.toml; allowed: teams, teams:emea"),
            (&teams, "teams:apac", "there is no teams.channels.apac in baton.toml; allowed: teams, teams:emea"),
            (&both, "teams", "there is no teams.webhook in baton.toml; allowed: teams:emea"),
        ] {
            let told = rooms.hold(written).expect_err(written);
            assert!(told.ends_with(why), "{told}");
        }
    }
}
