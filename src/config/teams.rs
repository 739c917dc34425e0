//! `[teams]`: the channels and chats of Microsoft Teams that are written to, each by the address of its webhook.

use super::environment::Reference;
use anyhow::{Result, ensure};
use baton_core::domain::address::is_channel;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teams {
    /// Of whoever has no other: `teams` in reps.csv.
    webhook: Option<Reference>,
    /// By NAME: `teams:NAME` in reps.csv.
    #[serde(default)]
    channels: BTreeMap<String, Reference>,
}

impl Teams {
    pub(super) fn check(&self) -> Result<()> {
        ensure!(
            self.channels().next().is_some(),
            "[teams] names no webhook; allowed: webhook = \"env:NAME\", or one or more of them under [teams.channels]"
        );
        for name in self.channels.keys() {
            ensure!(
                is_channel(name),
                "teams.channels.{name:?}: reps.csv names it, as in teams:emea; allowed: up to 40 small letters, digits, - and _"
            );
        }
        Ok(())
    }

    /// The webhooks by the names of their channels; that of `webhook` is empty.
    pub fn channels(&self) -> impl Iterator<Item = (&str, &Reference)> {
        let first = self.webhook.iter().map(|webhook| ("", webhook));
        first.chain(self.channels.iter().map(|(name, webhook)| (name.as_str(), webhook)))
    }

    /// The key of `baton.toml` that has the address of this channel.
    pub fn key(name: &str) -> String {
        if name.is_empty() { "teams.webhook".to_owned() } else { format!("teams.channels.{name}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_named_as_the_roster_can_write_it() {
        let read = |toml: &str| -> Result<Vec<String>> {
            let teams: Teams = toml::from_str(toml)?;
            teams.check()?;
            Ok(teams.channels().map(|(name, _)| Teams::key(name)).collect())
        };
        let both = read("webhook = \"env:ALL\"\n[channels]\nemea = \"env:EMEA\"\n").expect("it is sound");
        assert_eq!(both, ["teams.webhook", "teams.channels.emea"]);
        for (toml, why) in [
            ("", "[teams] names no webhook; allowed: webhook = "),
            ("[channels]\nEMEA = \"env:EMEA\"\n", "teams.channels.\"EMEA\": reps.csv names it"),
            ("[channels]\n\"a b\" = \"env:EMEA\"\n", "allowed: up to 40 small letters"),
            ("url = \"env:ALL\"\n", "unknown field `url`"),
        ] {
            let told = read(toml).expect_err(toml).to_string();
            assert!(told.contains(why), "{told}");
        }
    }
}
