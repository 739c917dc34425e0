//! `/baton away 30m | back | status | next | my leads`, and the rep's own page, which shows the same.

use super::heard::Asked;
use super::lists::Duty;
use super::trouble::Trouble;
use super::words;
use super::{Desk, mark};
use crate::connectors::slack::plain;
use crate::deciding::decider::reps::away_for;
use crate::render::when;
use baton_core::domain::rep::{Presence, Rep};
use baton_core::rules::RuleSet;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::Duration;

const HELP: &str = "You can say: away, away 30m (or 2h, 1d), back, status, next, my leads.";

#[derive(Debug, PartialEq, Eq)]
enum Command {
    Away(Option<Duration>),
    Back,
    Status,
    Next,
    Leads,
}

impl Command {
    /// Capitals and blanks do not count. `None`: it is none that we know.
    fn read(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        Some(match words.as_slice() {
            ["away"] => Self::Away(None),
            ["away", span @ ..] => Self::Away(Some(away_for(&span.concat())?)),
            ["back"] => Self::Back,
            ["status"] => Self::Status,
            ["next"] => Self::Next,
            ["my", "leads"] | ["leads"] => Self::Leads,
            _ => return None,
        })
    }
}

impl Desk {
    /// What whoever asked is told; `None`: it was told before.
    pub(super) async fn asked(&self, asked: &Asked) -> Result<Option<String>, Trouble> {
        let Some(id) = self.who(&asked.person).await? else { return Ok(Some(words::STRANGER.to_owned())) };
        let Some(command) = Command::read(&asked.text) else { return Ok(Some(HELP.to_owned())) };
        if !self.is_first(&mark(&[&asked.person, &asked.trigger])).await? {
            return Ok(None);
        }
        let rules = self.rules();
        let Some(rep) = rules.reps.get(&id) else { return Ok(Some(words::STRANGER.to_owned())) };
        Ok(Some(match command {
            Command::Away(span) => {
                let until = span.map(|span| self.clock.now() + TimeDelta::from_std(span).unwrap_or_default());
                self.decider.set_presence(&id, Presence::Away, until, &format!("rep {id}")).await?;
                match until {
                    Some(until) => {
                        format!("You are away until {}. /baton back ends it.", when::short(until, rep.timezone))
                    }
                    None => "You are away until you say /baton back.".to_owned(),
                }
            }
            Command::Back => {
                self.decider.set_presence(&id, Presence::Available, None, &format!("rep {id}")).await?;
                format!("Welcome back. You are {}.", self.standing(rep, &rules).await?)
            }
            Command::Status => format!("You are {}.", self.standing(rep, &rules).await?),
            Command::Next => match self.duties(rep, &rules).await?.0.first() {
                Some(next) => next.line(),
                None => "You owe nobody anything.".to_owned(),
            },
            Command::Leads => self.lines(rep, &rules).await?.join("\n"),
        }))
    }

    /// What the rep has to do, line by line.
    async fn lines(&self, rep: &Rep, rules: &RuleSet) -> Result<Vec<String>, Trouble> {
        let (duties, more) = self.duties(rep, rules).await?;
        let mut lines: Vec<String> = duties.iter().map(Duty::line).collect();
        if lines.is_empty() {
            lines.push("You owe nobody anything.".to_owned());
        }
        if more > 0 {
            lines.push(format!("… and {more} more"));
        }
        Ok(lines)
    }

    /// Shows a person's own page; to whoever is no rep it says so.
    pub(super) async fn home(&self, person: &str) -> Result<(), Trouble> {
        let rules = self.rules();
        let rep = self.who(person).await?;
        let section = |text: &str| json!({ "type": "section", "text": plain(text, 3000) });
        let blocks: Vec<Value> = match rep.and_then(|rep| rules.reps.get(&rep)) {
            None => vec![section(words::STRANGER)],
            Some(rep) => {
                let mut blocks = vec![json!({ "type": "header", "text": plain("Your leads", 150) })];
                blocks.extend(self.lines(rep, &rules).await?.iter().map(|line| section(line)));
                blocks.push(json!({ "type": "divider" }));
                let standing = format!("You are {}.", self.standing(rep, &rules).await?);
                let balances = self.balances(&rep.id, &rules).await?.join("; ");
                let turns = if balances.is_empty() { String::new() } else { format!("Turns owed to you: {balances}") };
                let small = [standing, turns, HELP.to_owned()];
                let small = small.iter().filter(|text| !text.is_empty()).map(|text| plain(text, 2000));
                blocks.push(json!({ "type": "context", "elements": small.collect::<Vec<Value>>() }));
                blocks
            }
        };
        Ok(self.slack.show_home(person, json!({ "type": "home", "blocks": blocks })).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_people_write_them() {
        for (text, command) in [
            ("away", Some(Command::Away(None))),
            ("Away 30m", Some(Command::Away(Some(Duration::from_secs(1800))))),
            ("away 2 h", Some(Command::Away(Some(Duration::from_secs(7200))))),
            ("away for ever", None),
            ("away 90d", None),
            (" back ", Some(Command::Back)),
            ("status", Some(Command::Status)),
            ("next", Some(Command::Next)),
            ("my  LEADS", Some(Command::Leads)),
            ("", None),
            ("help", None),
        ] {
            assert_eq!(Command::read(text), command, "{text:?}");
        }
    }
}
