//! A carrier of our own beside the voice platform: a stand-in for Twilio, with numbers of ours, phones of reps, and a lead's.
//!
//! It asks the worker what each of its calls does next, and carries that out; what is told here is what it wrote down of it.

use super::scratch::Scratch;
use crate::app::stage::StandIns;
use crate::app::{self, Setup};
use crate::cli::say;
use crate::config::Config;
use anyhow::{Context, Result, bail, ensure};
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::phone::endpoint::{Address, Endpoint};
use baton_core::rules::RuleSet;
use baton_sandbox::serve;
use baton_sandbox::twilio::{self, Answer, Person, TwilioState};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
/// What reps and leads see, and to which callers are transferred.
const OURS: &str = "+15550001000";
const LENT: &str = "+15550001001";
/// Of a caller who comes.
const CALLER: &str = "CA00000000000000000000000000ca11e4";
/// Before somebody picks up.
const SOON: Duration = Duration::from_secs(2);
/// From when a key is asked for to when it is pressed.
const THINKS_FOR: Duration = Duration::from_secs(1);
/// Leads who are called back hang up after it.
const TALKS_FOR: Duration = Duration::from_secs(20);

pub(super) struct Carrier {
    twilio: Arc<TwilioState>,
    api: SocketAddr,
    commands: String,
    token: Scratch,
}

impl Carrier {
    /// Whoever is called picks up; who is asked for a key presses 1, at the whisper and at the question after the call.
    pub(super) async fn open(stage: &StandIns) -> Result<Self> {
        let token: [u8; 16] = baton_clock::random_bytes();
        let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
        let kept = Scratch::new("token");
        std::fs::write(kept.path(), &token).with_context(|| format!("writing {}", kept.path()))?;
        let twilio = TwilioState::new(Arc::clone(&stage.world), twilio::Account::new(ACCOUNT, &token));
        let answers = vec![(THINKS_FOR, Answer::Key("1")); 2];
        twilio.in_turn(&[Person { picks_up: Some(SOON), answers, ..Person::who_is_away() }]);
        let api = serve(twilio::routes(Arc::clone(&twilio))).await?;
        Ok(Self { twilio, api, commands: stage.commands(), token: kept })
    }

    /// Sets a worker up with it as a `baton.toml` does.
    pub(super) fn carries(&self, setup: &mut Setup, base_url: &str) -> Result<()> {
        let config: Config =
            toml::from_str(&self.toml(base_url)).context("reading the configuration of the carrier")?;
        let account = app::twilio_account(&config, &setup.store, &setup.clock)?.context("there is a carrier")?;
        setup.twilio = Some(account.connect(&config, None, &mut setup.vendors)?);
        Ok(())
    }

    fn toml(&self, base_url: &str) -> String {
        let (api, commands, token) = (self.api, &self.commands, self.token.path());
        format!(
            r#"
[http]
public_url = "{base_url}"

[telephony]
mode = "rep_first"
told_by = "commands"
commands = "{commands}"
numbers = ["{LENT}"]
carrier = "twilio"
base_url = "http://{api}"
account = "{ACCOUNT}"
key = "file:{token}"
caller_id = "{OURS}"
calls_per_second = 50
"#
        )
    }

    /// Somebody with this phone talks with whoever calls them.
    pub(super) fn has(&self, phone: &PhoneE164) {
        let talks = Person { picks_up: Some(SOON), talks_for: Some(TALKS_FOR), ..Person::who_is_away() };
        self.twilio.at(phone.as_str(), &[talks]);
    }

    /// A caller comes to a number of ours.
    pub(super) fn is_called(&self, from: &str, to: &str, base_url: &str) {
        self.twilio.calls_in(CALLER, from, to, &format!("{base_url}/v1/telephony/twilio/incoming/call"));
    }

    /// Each phone that rang, and what was heard on it. `leads`: by their numbers.
    ///
    /// # Errors
    /// Twilio would not have taken what the worker gave it.
    pub(super) fn tell(&self, rules: &RuleSet, leads: &BTreeMap<String, String>) -> Result<()> {
        let errors = self.twilio.errors();
        ensure!(errors.is_empty(), "Twilio would not take this: {}", errors.join("; "));
        for (call, phone) in self.twilio.rings() {
            let is_this = |one: &Endpoint| matches!(&one.address, Address::Number(number) if number.as_str() == phone);
            let rep = rules.reps.values().find(|rep| rep.phones.iter().any(is_this)).map(|rep| rep.name.as_str());
            let whose = rep.or_else(|| leads.get(&phone).map(String::as_str));
            let Some(whose) = whose else { bail!("{phone} rang at Twilio, and is nobody's") };
            let heard = self.twilio.heard(&call).join(" ");
            let heard = if heard.is_empty() { String::new() } else { format!(", and heard: \"{heard}\"") };
            say(&format!("            Twilio rang {phone}, {whose}{heard}"));
        }
        Ok(())
    }
}
