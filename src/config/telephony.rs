//! How calls are driven: by the voice platform, which is commanded, or by ourselves at a carrier.

mod rep_first;

pub use rep_first::{Reached, RepFirst, ToldBy};

use super::environment::{Reference, is_blank};
use super::span::span;
use anyhow::{Result, ensure};
use baton_core::domain::phone::PhoneE164;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// In *agent* mode the voice platform dials and Baton commands it; in *bridge* mode Baton holds the call; in *rep-first* mode it
/// does once a rep has accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Telephony {
    Agent {
        /// Base address of the platform's command endpoint.
        commands: String,
        token: Option<Reference>,
    },
    /// The same commands, published on `baton.events` as `handoff.command`.
    AgentAmqp,
    Bridge(Carrier),
    RepFirst(Box<RepFirst>),
}

/// Who carries the calls that we hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "carrier", rename_all = "snake_case", deny_unknown_fields)]
pub enum Carrier {
    Asterisk(Box<Asterisk>),
    Twilio(Box<Twilio>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asterisk {
    /// Of its REST interface.
    pub url: String,
    pub user: String,
    pub password: Reference,
    /// The name in `Stasis(…)` of the dialplan; one workspace each.
    #[serde(default = "app")]
    pub app: String,
    /// How a rep's phone is dialled: `{phone}` is +14155550142, `{digits}` the same without the plus.
    pub dial: String,
    /// How a rep's app is dialled: `{app}` is ana@pbx.example, `{user}` what stands before the @. Left out, apps are not rung.
    pub dial_app: Option<String>,
    /// The voice agent's address; left out, callers are handed to none.
    pub agent: Option<String>,
    /// Where a voice platform takes commands, as in *agent* mode: calls that have not come here are driven by it. Left out, nobody is
    /// rung for them.
    pub commands: Option<String>,
    pub token: Option<Reference>,
    /// Ours.
    pub caller_id: PhoneE164,
    #[serde(default = "sounds")]
    pub sounds: PathBuf,
    #[serde(default = "agent_within", deserialize_with = "span")]
    pub agent_within: Duration,
}

fn app() -> String {
    "baton".to_owned()
}

fn sounds() -> PathBuf {
    PathBuf::from("/var/lib/baton/sounds")
}

fn agent_within() -> Duration {
    Duration::from_secs(20)
}

/// An account of Twilio, in which callers' numbers are as well.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twilio {
    #[serde(default = "twilio_base")]
    pub base_url: String,
    /// `AC…`.
    pub account: String,
    /// The account's auth token, or an API key and its secret: `SK…:SECRET`.
    pub key: Reference,
    /// What Twilio signs with: the primary auth token and, while they are changed, the secondary. Left out, it is `key`.
    #[serde(default)]
    pub auth_tokens: Vec<Reference>,
    /// What else it may sign with, by the names that it gave them.
    #[serde(default)]
    pub shared_keys: BTreeMap<String, Reference>,
    /// One of the account's numbers: what reps see.
    pub caller_id: PhoneE164,
    /// As many as the account may begin; more wait.
    #[serde(default = "one_a_second")]
    pub calls_per_second: u32,
    /// What the caller hears while they wait: a sound file that Twilio can fetch.
    #[serde(default = "twilio_music")]
    pub music: String,
    /// The voice agent: a number, `sip:…`, or the address at which its platform takes calls of a number; left out, callers of the
    /// front door are handed to none.
    pub agent: Option<String>,
    #[serde(default = "agent_within", deserialize_with = "span")]
    pub agent_within: Duration,
    /// In which Twilio speaks and listens, such as `en-GB`; left out, it is its own.
    pub language: Option<String>,
    /// What a caller hears where no worker answers: the address of a document that needs none, such as a TwiML Bin that dials
    /// people. Left out, we are asked once more, and the call ends.
    pub fallback: Option<String>,
}

pub(super) const TWILIO: &str = "https://api.twilio.com";

fn twilio_base() -> String {
    TWILIO.to_owned()
}

fn twilio_music() -> String {
    "https://com.twilio.music.classical.s3.amazonaws.com/BusyStrings.mp3".to_owned()
}

fn one_a_second() -> u32 {
    1
}

/// How long an agent's phone may ring at most: nobody waits for longer.
const LONGEST_RING: Duration = Duration::from_secs(120);

impl Telephony {
    /// # Errors
    /// A part that could never work. `public_url`: how a carrier would see this worker.
    pub(super) fn check(&self, public_url: &str) -> Result<()> {
        match self {
            Self::Agent { .. } | Self::AgentAmqp => Ok(()),
            Self::Bridge(carrier) => carrier.check(public_url),
            Self::RepFirst(rep_first) => rep_first.carrier.check(public_url),
        }
    }

    /// Who carries the calls that we hold, if we hold any.
    pub(super) fn carrier(&self) -> Option<&Carrier> {
        match self {
            Self::Agent { .. } | Self::AgentAmqp => None,
            Self::Bridge(carrier) => Some(carrier),
            Self::RepFirst(rep_first) => Some(&rep_first.carrier),
        }
    }

    /// The exchange that does.
    pub fn asterisk(&self) -> Option<&Asterisk> {
        match self.carrier()? {
            Carrier::Asterisk(asterisk) => Some(asterisk),
            Carrier::Twilio(_) => None,
        }
    }

    /// The account that does.
    pub fn twilio(&self) -> Option<&Twilio> {
        match self.carrier()? {
            Carrier::Asterisk(_) => None,
            Carrier::Twilio(twilio) => Some(twilio),
        }
    }

    /// Whether the voice platform is commanded over the broker.
    pub(super) fn needs_amqp(&self) -> bool {
        match self {
            Self::AgentAmqp => true,
            Self::RepFirst(rep_first) => matches!(rep_first.told, ToldBy::Amqp),
            Self::Agent { .. } | Self::Bridge(_) => false,
        }
    }
}

impl Carrier {
    fn check(&self, public_url: &str) -> Result<()> {
        match self {
            Self::Asterisk(asterisk) => asterisk.check(),
            Self::Twilio(twilio) => twilio.check(public_url),
        }
    }
}

impl Asterisk {
    fn check(&self) -> Result<()> {
        let Self { url, user, app, dial, dial_app, agent, commands, token, sounds, agent_within, .. } = self;
        let address = Url::parse(url).ok();
        let is_plain = address.as_ref().is_some_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.query().is_none()
        });
        ensure!(is_plain, "telephony.url is {url:?}; allowed: an address such as http://127.0.0.1:8088/ari");
        // Whoever reads an address in a log would have it.
        let names_login = address.is_some_and(|url| !url.username().is_empty() || url.password().is_some());
        ensure!(!names_login, "telephony.url holds a login; allowed: give it as telephony.user and telephony.password");
        ensure!(
            !is_blank(user) && !user.contains(':'),
            "telephony.user is {user:?}; allowed: the name of a section of Asterisk's ari.conf"
        );
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        ensure!(
            !app.is_empty() && app.chars().all(is_name),
            "telephony.app is {app:?}; allowed: letters, digits, '-', '_' and '.', as in Stasis({app},…) of the dialplan"
        );
        ensure!(
            is_template(dial, ["{phone}", "{digits}"]),
            "telephony.dial is {dial:?}; allowed: how Asterisk dials a rep's phone, with {{phone}} (+14155550142) or {{digits}} \
             (14155550142) in it, such as PJSIP/{{digits}}@trunk"
        );
        if let Some(dial_app) = dial_app {
            ensure!(
                is_template(dial_app, ["{app}", "{user}"]),
                "telephony.dial_app is {dial_app:?}; allowed: how Asterisk dials a rep's app, with {{app}} (ana@pbx.example) or \
                 {{user}} (ana) in it, such as PJSIP/{{user}}, or leave it out"
            );
        }
        if let Some(agent) = agent {
            ensure!(
                is_dialled(agent),
                "telephony.agent is {agent:?}; allowed: how Asterisk dials the voice agent, such as PJSIP/agent, or leave it out"
            );
        }
        if let Some(commands) = commands {
            ensure!(
                is_address(commands),
                "telephony.commands is {commands:?}; allowed: where the voice platform takes commands for calls that have not come \
                 here, such as https://voice.acme.example/baton, or leave it out"
            );
        }
        ensure!(
            token.is_none() || commands.is_some(),
            "telephony.token is for telephony.commands, and there is none: say where the platform takes commands, or leave it out"
        );
        ensure!(
            sounds.is_absolute(),
            "telephony.sounds is {}; allowed: a folder by its whole path, which Asterisk reads by the same",
            sounds.display()
        );
        ensure!(
            *agent_within <= LONGEST_RING,
            "telephony.agent_within is {} s; allowed: up to {} s",
            agent_within.as_secs(),
            LONGEST_RING.as_secs()
        );
        Ok(())
    }
}

impl Twilio {
    fn check(&self, public_url: &str) -> Result<()> {
        ensure!(
            is_sid(&self.account, "AC"),
            "telephony.account is {:?}; allowed: AC and 32 hexadecimal digits",
            self.account
        );
        ensure!(
            (1..=1000).contains(&self.calls_per_second),
            "telephony.calls_per_second is {}; allowed: 1 to 1000, as many as the account may begin",
            self.calls_per_second
        );
        if let Some(agent) = &self.agent {
            ensure!(
                is_agent(agent),
                "telephony.agent is {agent:?}; allowed: a number such as +14155550190, a SIP address such as \
                 sip:agent@voice.example, or the address at which the agent's platform takes the calls of a number, such as \
                 https://voice.example/twilio, or leave it out"
            );
        }
        ensure!(
            self.agent_within <= LONGEST_RING,
            "telephony.agent_within is {} s; allowed: up to {} s",
            self.agent_within.as_secs(),
            LONGEST_RING.as_secs()
        );
        ensure!(
            !public_url.is_empty(),
            "telephony.carrier is twilio and http.public_url is not set: Twilio asks us at that address what a caller hears \
             next; set it to an address that Twilio reaches, such as https://baton.example"
        );
        let Some(fallback) = &self.fallback else { return Ok(()) };
        let is_plain =
            Url::parse(fallback).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
        ensure!(
            is_plain,
            "telephony.fallback is {fallback:?}; allowed: where Twilio finds a document, such as \
             https://handler.twilio.com/twiml/EH0123456789abcdef0123456789abcdef, or leave it out"
        );
        let is_ours = fallback.starts_with(&format!("{}/v1/", public_url.trim_end_matches('/')));
        ensure!(
            !is_ours,
            "telephony.fallback is {fallback:?}, which a worker would have to answer; allowed: a document that lies elsewhere, such \
             as a TwiML Bin"
        );
        Ok(())
    }
}

/// Twilio's name of something, by what kinds of things begin with.
pub(super) fn is_sid(text: &str, kind: &str) -> bool {
    let rest = text.strip_prefix(kind);
    rest.is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A number, an address of SIP without parameters that go with it, or one of the web.
fn is_agent(agent: &str) -> bool {
    let of_sip = agent.strip_prefix("sip:").or_else(|| agent.strip_prefix("sips:"));
    if let Some((user, host)) = of_sip.and_then(|rest| rest.split_once('@')) {
        let is_plain = |text: &str| !text.is_empty() && !text.contains(['?', '@', ' ', '<', '>']);
        return is_plain(user) && is_plain(host);
    }
    PhoneE164::new(agent).is_ok() || is_address(agent)
}

/// Where something is asked over HTTP.
fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// A technology, a slash, and what it is to dial.
fn is_dialled(text: &str) -> bool {
    let is_seen = |c: char| !c.is_control() && !c.is_whitespace();
    text.split_once('/').is_some_and(|(technology, rest)| {
        !technology.is_empty() && technology.chars().all(|c| c.is_ascii_alphanumeric()) && !rest.is_empty()
    }) && text.chars().all(is_seen)
}

/// What is dialled, with one of these words in it, and no others in braces.
fn is_template(dial: &str, words: [&str; 2]) -> bool {
    let rest = words.iter().fold(dial.to_owned(), |rest, word| rest.replace(word, ""));
    is_dialled(dial) && rest != dial && !rest.contains(['{', '}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "mode = \"bridge\"\ncarrier = \"asterisk\"\nurl = \"http://127.0.0.1:8088/ari\"\nuser = \"baton\"\n\
                         password = \"env:ARI_PASSWORD\"\ndial = \"PJSIP/{digits}@trunk\"\nagent = \"PJSIP/agent\"\n\
                         caller_id = \"+15551230000\"\n";

    fn fault(text: &str) -> String {
        match toml::from_str::<Telephony>(text) {
            Ok(telephony) => telephony.check("").expect_err(text).to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_bridge_at_asterisk_is_read_with_what_it_leaves_out() {
        let Telephony::Bridge(Carrier::Asterisk(asterisk)) = toml::from_str(SOUND).expect("parses") else {
            panic!("another mode")
        };
        asterisk.check().expect("it is sound");
        assert_eq!((asterisk.app.as_str(), asterisk.agent_within), ("baton", Duration::from_secs(20)));
        assert_eq!(asterisk.sounds, PathBuf::from("/var/lib/baton/sounds"));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_allowed() {
        for (from, to, why) in [
            ("http://127.0.0.1:8088/ari", "127.0.0.1:8088", "telephony.url is \"127.0.0.1:8088\"; allowed: an address"),
            ("http://127", "http://baton:x@127", "give it as telephony.user"),
            ("user = \"baton\"", "user = \"a:b\"", "telephony.user is \"a:b\"; allowed: the name of a section"),
            ("{digits}@", "@", "with {phone} (+14155550142) or {digits}"),
            ("{digits}@", "{number}{digits}@", "with {phone} (+14155550142) or {digits}"),
            ("caller_id", "dial_app = \"PJSIP/ana\"\ncaller_id", "with {app} (ana@pbx.example) or {user} (ana) in it"),
            ("caller_id", "dial_app = \"PJSIP/{user}@{x}\"\ncaller_id", "telephony.dial_app is"),
            ("PJSIP/agent", "agent", "telephony.agent is \"agent\"; allowed: how Asterisk dials"),
            (
                "caller_id",
                "commands = \"voice\"\ncaller_id",
                "telephony.commands is \"voice\"; allowed: where the voice",
            ),
            ("caller_id", "token = \"env:VOICE_TOKEN\"\ncaller_id", "telephony.token is for telephony.commands"),
            ("+15551230000", "5551230000", "expected E.164"),
            ("caller_id", "agent_within = \"5m\"\ncaller_id", "telephony.agent_within is 300 s; allowed: up to 120 s"),
            ("caller_id", "agent_within = \"20\"\ncaller_id", "\"20\" is no span; allowed: a number with s, m, h or d"),
            (
                "caller_id",
                "sounds = \"sounds\"\ncaller_id",
                "telephony.sounds is sounds; allowed: a folder by its whole path",
            ),
            ("caller_id", "app = \"my app\"\ncaller_id", "telephony.app is \"my app\""),
            ("caller_id", "sound = \"x\"\ncaller_id", "unknown field `sound`"),
            ("\"asterisk\"", "\"freeswitch\"", "unknown variant `freeswitch`, expected `asterisk` or `twilio`"),
        ] {
            let told = fault(&SOUND.replacen(from, to, 1));
            assert!(told.contains(why), "{to}: {told}");
        }
    }
}
