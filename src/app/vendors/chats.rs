//! The chats of a workspace, and whether they are those that its roster names.

use crate::config::{Config, Teams};
use crate::connectors::chats::Chats;
use crate::connectors::http::Secret;
use crate::connectors::{Chat, Rooms, teams};
use anyhow::{Context, Result, bail};
use baton_core::rules::RuleSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Slack, Teams, or both as one; `None`: neither.
///
/// # Errors
/// The address of a webhook cannot be resolved, or is none.
pub(super) fn beside_teams(slack: Option<Arc<dyn Chat>>, config: &Config) -> Result<Option<Arc<dyn Chat>>> {
    let Some(section) = &config.teams else { return Ok(slack) };
    let mut addresses = BTreeMap::new();
    for (name, webhook) in section.channels() {
        addresses.insert(name.to_owned(), Secret::new(webhook.secret(&Teams::key(name))?));
    }
    let teams: Arc<dyn Chat> = Arc::new(teams::Teams::new(&addresses).context("setting up teams")?);
    let chat: Arc<dyn Chat> = match slack {
        Some(slack) => Arc::new(Chats::new(slack, teams)),
        None => teams,
    };
    Ok(Some(chat))
}

/// Those of the file.
pub(super) fn rooms(config: &Config) -> Rooms {
    let teams = config.teams.as_ref().map(|teams| teams.channels().map(|(name, _)| name.to_owned()).collect());
    Rooms { slack: config.slack.is_some(), teams }
}

/// # Errors
/// Somebody of the roster is to be written to where nothing leads.
pub(super) fn hold(rooms: &Rooms, rules: &RuleSet) -> Result<()> {
    for rep in rules.reps.values() {
        let Some(written) = &rep.chat_id else { continue };
        if let Err(why) = rooms.hold(written) {
            bail!("rules/reps.csv, chat_id of {}: {written}: {why}", rep.id);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::scenario::scenario;

    #[test]
    fn a_chat_of_the_roster_is_one_of_the_file() {
        let held = |toml: &str, cell: &str| {
            let config: Config = toml::from_str(toml).expect("a configuration");
            let rules = scenario().rep("ben", |rep| rep.chat_id = Some(cell.to_owned())).rules;
            hold(&rooms(&config), &rules).map_err(|why| why.to_string())
        };
        let teams = "[teams]\nwebhook = \"env:ALL\"\nchannels = { emea = \"env:EMEA\" }\n";
        let both = format!("{teams}[slack]\nbot_token = \"env:T\"\n");
        assert_eq!(held(teams, "teams:emea"), Ok(()));
        assert_eq!(held(&both, "U0BEN00001"), Ok(()));
        assert_eq!(held("", "U0BEN00001"), Ok(()));
        let told = held(teams, "teams:emae").expect_err("there is none");
        assert_eq!(
            told,
            "rules/reps.csv, chat_id of ben: teams:emae: there is no teams.channels.emae in baton.toml; allowed: teams, \
             teams:emea"
        );
    }
}
