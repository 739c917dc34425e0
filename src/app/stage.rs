//! The sandbox as a workspace's vendors: the same clients as in production, pointed at the stand-ins.

use crate::connectors::agent::AgentTelephony;
use crate::connectors::calendar::google::{GoogleCalendar, GoogleConfig};
use crate::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use crate::connectors::http::{Answer, ApiCall, Does, Limits, Secret, VendorHttp, retry_after};
use crate::connectors::mail::{SmtpConfig, SmtpMailer, SmtpTls};
use crate::connectors::slack::{Slack, SlackConfig};
use crate::outbox::Vendors;
use anyhow::{Context, Result, bail};
use baton_clock::SharedClock;
use baton_sandbox::google::{self, CalendarState, SANDBOX_KEY_PEM};
use baton_sandbox::salesforce::{self, SalesforceState};
use baton_sandbox::slack::{self, SlackState};
use baton_sandbox::smtp::{self, SmtpState};
use baton_sandbox::voice::{self, Deliver, VoiceState};
use baton_sandbox::{World, serve};
use reqwest::Method;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The stand-ins of one world, and where they listen.
pub struct StandIns {
    pub world: Arc<World>,
    pub salesforce: SalesforceState,
    pub calendars: Arc<CalendarState>,
    pub slack: Arc<SlackState>,
    pub smtp: Arc<SmtpState>,
    pub voice: Arc<VoiceState>,
    at: Addresses,
}

struct Addresses {
    salesforce: SocketAddr,
    google: SocketAddr,
    slack: SocketAddr,
    smtp: SocketAddr,
    voice: SocketAddr,
}

impl StandIns {
    /// # Errors
    /// No loopback port could be bound.
    pub async fn open(clock: SharedClock) -> Result<Self> {
        let world = World::new(clock);
        let salesforce = SalesforceState::new();
        let calendars = CalendarState::new();
        let slack = SlackState::new();
        let smtp = SmtpState::new();
        let voice = VoiceState::new(Arc::clone(&world));
        let at = Addresses {
            salesforce: serve(salesforce::routes(Arc::clone(&world), salesforce.clone())).await?,
            google: serve(google::routes(Arc::clone(&world), Arc::clone(&calendars))).await?,
            slack: serve(slack::routes(Arc::clone(&world), Arc::clone(&slack))).await?,
            smtp: smtp::serve(Arc::clone(&world), Arc::clone(&smtp)).await?,
            voice: serve(voice::routes(Arc::clone(&voice))).await?,
        };
        Ok(Self { world, salesforce, calendars, slack, smtp, voice, at })
    }

    /// Clients for the stand-ins.
    ///
    /// # Errors
    /// A client could not be set up.
    pub fn vendors(&self) -> Result<Vendors> {
        let clock = || Arc::clone(&self.world.clock);
        let salesforce = SalesforceConfig {
            base_url: format!("http://{}", self.at.salesforce),
            api_version: "v66.0".to_owned(),
            auth: SalesforceAuth::ClientCredentials {
                client_id: "sandbox".to_owned(),
                client_secret: Secret::new("sandbox"),
            },
            notification_type: None,
        };
        let mut google = GoogleConfig::new("baton@sandbox.example", Secret::new(SANDBOX_KEY_PEM));
        google.base_url = format!("http://{}", self.at.google);
        google.token_url = format!("http://{}/token", self.at.google);
        let mut slack = SlackConfig::new(Secret::new("xoxb-sandbox"));
        slack.base_url = self.slack_url();
        // The stand-in's clock runs faster than ours: pacing by the second of real time would slow the story down.
        slack.posts_per_second = 50;
        let mut mail = SmtpConfig::new(self.at.smtp.ip().to_string(), SmtpTls::None, "Baton <baton@sandbox.example>");
        mail.port = self.at.smtp.port();
        Ok(Vendors {
            crm: Some(Arc::new(Salesforce::new(salesforce, clock()).context("setting up Salesforce")?)),
            chat: Some(Arc::new(Slack::new(slack).context("setting up Slack")?)),
            mailer: Some(Arc::new(SmtpMailer::new(mail, clock()).context("setting up mail")?)),
            calendar: Some(Arc::new(GoogleCalendar::new(google, clock()).context("setting up the calendar")?)),
            telephony: Some(Arc::new(
                AgentTelephony::over_http(&self.commands(), None).context("setting up telephony")?,
            )),
            ..Vendors::default()
        })
    }
}

impl StandIns {
    /// Where the voice platform takes commands.
    pub fn commands(&self) -> String {
        format!("http://{}", self.at.voice)
    }

    pub fn slack_url(&self) -> String {
        format!("http://{}", self.at.slack)
    }

    /// The sections of a `baton.toml` that point a worker of its own process at the stand-ins. It finds its secrets in
    /// [`StandIns::secrets`].
    pub fn config_toml(&self) -> String {
        let Addresses { salesforce, google, smtp, .. } = &self.at;
        let (host, port, commands, slack) = (smtp.ip(), smtp.port(), self.commands(), self.slack_url());
        format!(
            r#"
[crm]
vendor = "salesforce"
base_url = "http://{salesforce}"
auth = {{ flow = "client_credentials", client_id = "sandbox", client_secret = "env:SANDBOX_CRM" }}

[slack]
base_url = "{slack}"
bot_token = "env:SANDBOX_SLACK"

[mail]
host = "{host}"
port = {port}
tls = "none"
from = "Baton <baton@sandbox.example>"

[calendar]
base_url = "http://{google}"
token_url = "http://{google}/token"
client_email = "baton@sandbox.example"
private_key = "env:SANDBOX_CALENDAR"

[telephony]
mode = "agent"
commands = "{commands}"
"#
        )
    }

    /// Environment of a worker with [`StandIns::config_toml`]; good for nothing but the stand-ins.
    pub fn secrets() -> [(&'static str, &'static str); 3] {
        [("SANDBOX_CRM", "sandbox"), ("SANDBOX_SLACK", "xoxb-sandbox"), ("SANDBOX_CALENDAR", SANDBOX_KEY_PEM)]
    }
}

/// One CloudEvent to a worker's door, and what it was answered; answered 2xx once it is committed.
///
/// # Errors
/// The door did not take it.
pub async fn post_event(base: &str, event: &Value) -> Result<Value> {
    let door = VendorHttp::new("baton", base, DOOR).context("setting up the way to the worker")?;
    let call = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]).query("wait", "1500ms");
    let answer = answered(&door, &call.json(event.clone())).await?;
    if !(200..300).contains(&answer.status) {
        bail!("the worker answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    serde_json::from_slice(&answer.body).context("reading the worker's answer")
}

/// Sent again while the worker is busy, or has not decided yet: it may be, since an event counts once, and has one answer.
async fn answered(door: &VendorHttp, call: &ApiCall) -> Result<Answer> {
    let until = Instant::now() + BUSY_AT_MOST;
    loop {
        let answer = door.send(call).await?;
        let after = retry_after(&answer.headers).unwrap_or(AGAIN_AFTER);
        if !matches!(answer.status, 202 | 503) || Instant::now() + after > until {
            return Ok(answer);
        }
        sleep(after).await;
    }
}

/// Lets the voice platform tell a worker what happens on the line.
pub fn deliver_over_http(base: String) -> Deliver {
    Arc::new(move |event| {
        let base = base.clone();
        Box::pin(async move { post_event(&base, &event).await.is_ok() })
    })
}

/// How long a worker may be busy, and how soon it is asked again where it does not say.
const BUSY_AT_MOST: Duration = Duration::from_secs(10);
const AGAIN_AFTER: Duration = Duration::from_millis(500);

const DOOR: Limits = Limits { timeout: Duration::from_secs(10), per_second: 10_000, concurrency: 64 };
