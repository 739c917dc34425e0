//! A worker of a town, its vendors, and the ways to them.

use super::way::Way;
use super::{Run, Vendor};
use crate::eventually::{SOON, found};
use crate::store::server::{Db, sqlite_in};
use crate::town::{self, Caller};
use crate::worker::webhooks::receiver::{Receiver, Says};
use crate::worker::webhooks::webhook_to;
use baton::app::stage::deliver_over_http;
use baton::app::{self, Running};
use baton::connectors::agent::AgentTelephony;
use baton::connectors::calendar::google::{GoogleCalendar, GoogleConfig};
use baton::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::connectors::http::{ApiCall, Does, Secret, VendorHttp};
use baton::connectors::mail::{SmtpConfig, SmtpMailer, SmtpTls};
use baton::connectors::slack::{Slack, SlackConfig};
use baton::deciding::answer::Answer;
use baton::outbox::Vendors;
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::effect::Topic;
use baton_core::domain::id::LeadId;
use baton_sandbox::google::{self, CalendarState, SANDBOX_KEY_PEM};
use baton_sandbox::salesforce::{self, SalesforceState};
use baton_sandbox::slack::{self, SlackState};
use baton_sandbox::smtp::{self, SmtpState};
use baton_sandbox::voice::{self, VoiceState};
use baton_sandbox::{World, serve};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// So that somebody is always free.
const REPS_PER_DESK: usize = 12;

pub struct Office {
    pub world: Arc<World>,
    pub salesforce: SalesforceState,
    pub calendars: Arc<CalendarState>,
    pub slack: Arc<SlackState>,
    pub smtp: Arc<SmtpState>,
    pub voice: Arc<VoiceState>,
    pub receiver: Receiver,
    pub clock: Arc<ScaledClock>,
    pub db: Db,
    pub run: Run,
    ways: BTreeMap<Vendor, Way>,
    door: VendorHttp,
    _folder: TempDir,
}

/// Somebody whose lead was decided.
pub struct Told {
    pub number: usize,
    pub lead: LeadId,
    pub posted_at: DateTime<Utc>,
    /// In real time.
    pub answered_in: Duration,
}

/// Of which leads the vendors have something.
pub struct Seen {
    /// By the callers' addresses.
    pub records: BTreeSet<String>,
    /// By what all names of a lead's effects begin with.
    pub cards: BTreeSet<String>,
    /// Who was sent a mail.
    pub mailed: BTreeSet<String>,
    pub heard: BTreeSet<String>,
}

impl Office {
    /// With the worker, which works until it is dropped.
    pub async fn open(run: Run) -> (Arc<Self>, Running) {
        let folder = town::founded(REPS_PER_DESK);
        let clock = town::clock(run.speed);
        let shared = Arc::clone(&clock) as SharedClock;
        let world = World::new(Arc::clone(&shared));
        let (salesforce, calendars, slack) = (SalesforceState::new(), CalendarState::new(), SlackState::new());
        let (smtp, voice) = (SmtpState::new(), VoiceState::new(Arc::clone(&world)));
        let receiver = Receiver::open(&[], Says::Status(200)).await;
        let routes = [
            (Vendor::Crm, salesforce::routes(Arc::clone(&world), salesforce.clone())),
            (Vendor::Calendar, google::routes(Arc::clone(&world), Arc::clone(&calendars))),
            (Vendor::Chat, slack::routes(Arc::clone(&world), Arc::clone(&slack))),
            (Vendor::Voice, voice::routes(Arc::clone(&voice))),
        ];
        let mut ways = BTreeMap::new();
        for (vendor, routes) in routes {
            ways.insert(vendor, Way::to(serve(routes).await.expect("a port")).await);
        }
        let mail_server = smtp::serve(Arc::clone(&world), Arc::clone(&smtp)).await.expect("a port");
        ways.insert(Vendor::Mail, Way::to(mail_server).await);
        ways.insert(Vendor::Webhook, Way::to(([127, 0, 0, 1], receiver.port()).into()).await);

        let db = Db::open(sqlite_in(folder.path())).await;
        let mut setup = town::setup(folder.path(), &db.store, &shared).await;
        let address = setup.listener.address().expect("its number");
        setup.vendors = vendors(&ways, &shared);
        if let Some((lease_s, vendor_timeout_s)) = run.limits_s {
            (setup.limits.lease_s, setup.limits.vendor_timeout_s) = (lease_s, vendor_timeout_s);
        }
        let running = app::start(setup).await.expect("a worker");
        voice.connect(deliver_over_http(format!("http://{address}")));
        let door = town::door(address, Duration::from_secs(10));
        let office = Self {
            world,
            salesforce,
            calendars,
            slack,
            smtp,
            voice,
            receiver,
            clock,
            db,
            run,
            ways,
            door,
            _folder: folder,
        };
        (Arc::new(office), running)
    }

    pub fn swallows(&self, vendor: Vendor, all: bool) {
        self.ways[&vendor].swallows(all);
    }

    /// One caller after the other, until told to stop.
    pub async fn callers(self: Arc<Self>, stop: watch::Receiver<bool>) -> Vec<Told> {
        let mut calls = JoinSet::new();
        let mut number = 0;
        while !*stop.borrow() {
            calls.spawn(Arc::clone(&self).call(number));
            number += 1;
            sleep(self.run.one_every).await;
        }
        calls.join_all().await
    }

    async fn call(self: Arc<Self>, number: usize) -> Told {
        let caller = super::caller(number);
        if let Some(script) = &caller.script {
            self.voice.call(caller.call(), script.clone());
        }
        let (posted_at, began) = (self.clock.now(), Instant::now());
        let (office, caller) = (&*self, &caller);
        let lead = found("the lead is decided", || office.decided(caller)).await;
        Told { number, lead, posted_at, answered_in: began.elapsed() }
    }

    async fn decided(&self, caller: &Caller) -> Option<LeadId> {
        let call = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]).query("wait", "1500ms");
        let answer = self.door.send(&call.json(caller.event.clone())).await.expect("the door answers");
        match serde_json::from_slice(&answer.body) {
            Ok(Answer::Decided(decided)) => Some(decided.lead),
            _ => None,
        }
    }

    /// How much has come to a vendor.
    pub fn reached(&self, vendor: Vendor) -> usize {
        let requests = |name: &str| self.world.exchanges().iter().filter(|exchange| exchange.vendor == name).count();
        match vendor {
            Vendor::Crm => requests("salesforce"),
            Vendor::Calendar => requests("google"),
            Vendor::Chat => requests("slack"),
            Vendor::Voice => requests("voice"),
            Vendor::Mail => self.smtp.mails().len(),
            Vendor::Webhook => self.receiver.came().len(),
        }
    }

    pub fn seen(&self) -> Seen {
        let leads = self.salesforce.leads();
        let (messages, mails, routed) = (self.slack.messages(), self.smtp.mails(), self.routed());
        Seen {
            records: leads.iter().filter_map(|lead| Some(lead.get("Email")?.as_str()?.to_owned())).collect(),
            cards: messages.iter().filter_map(|message| Some(message.key().split_once('.')?.0.to_owned())).collect(),
            mailed: mails.into_iter().flat_map(|mail| mail.to).collect(),
            heard: routed.into_iter().map(|(_, lead)| lead).collect(),
        }
    }

    /// What the receiver of webhooks was told of routed leads: the event, and the lead; as often as it came.
    pub fn routed(&self) -> Vec<(String, String)> {
        let came = self.receiver.came().into_iter().filter(|came| came.topic() == Topic::LeadRouted.as_str());
        let read = came.map(|came| {
            let lead = came.json()["data"]["lead"].as_str().expect("a lead").to_owned();
            (came.header("webhook-id").to_owned(), lead)
        });
        read.collect()
    }

    /// When the first phone rang for each call.
    pub fn rung(&self) -> BTreeMap<String, DateTime<Utc>> {
        let mut rung = BTreeMap::new();
        for effect in self.world.accepted().into_iter().filter(|one| (one.vendor, one.kind) == ("voice", "ring")) {
            let call = effect.detail["call"].as_str().expect("a call").to_owned();
            rung.entry(call).or_insert(effect.at);
        }
        rung
    }

    /// Waits until nothing is left to be done but what is for later: owners are looked for, and promises kept, by and by.
    pub async fn until_quiet(&self) {
        let under_way = "SELECT COUNT(*) FROM lead WHERE next_step = 'handoff'";
        self.until("every call has ended", async || self.number(under_way).await == 0).await;
        self.until("every step has ended", async || self.steps_left().await == 0).await;
        self.until("everybody has heard of it", async || self.has_told_all().await).await;
        self.until("what became due meanwhile has ended", async || self.steps_left().await == 0).await;
    }

    async fn steps_left(&self) -> i64 {
        let now = self.clock.now().timestamp_micros();
        let sql = format!(
            "SELECT COUNT(*) FROM step WHERE kind NOT IN ('timer', 'read_owner') \
             AND (state = 'leased' OR state = 'due' AND (attempts > 0 OR run_at <= {now}))"
        );
        self.db.number(sql).await
    }

    /// Tries at webhooks are minutes apart, and hours at last: nobody waits for them here.
    async fn has_told_all(&self) -> bool {
        let (now, open) = (self.clock.now(), "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'open'");
        let micros = now.timestamp_micros();
        let under_way = self.db.number(format!("{open} AND (held = 1 OR run_at <= {micros})")).await;
        if under_way == 0 && self.db.number(open).await > 0 {
            self.clock.skip_to(now + TimeDelta::minutes(1));
            return false;
        }
        under_way == 0
    }

    pub async fn number(&self, sql: &str) -> i64 {
        self.db.number(sql).await
    }

    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(SOON + self.run.real_hole(), async {
            while !holds().await {
                sleep(Duration::from_millis(200)).await;
            }
        });
        assert!(waited.await.is_ok(), "gave up waiting: {what}");
    }
}

fn vendors(ways: &BTreeMap<Vendor, Way>, clock: &SharedClock) -> Vendors {
    let url = |vendor: Vendor| format!("http://{}", ways[&vendor].address);
    let secret = || Secret::new("sandbox");
    let crm = SalesforceConfig {
        base_url: url(Vendor::Crm),
        api_version: "v66.0".to_owned(),
        auth: SalesforceAuth::ClientCredentials { client_id: "sandbox".to_owned(), client_secret: secret() },
        notification_type: None,
    };
    let mut calendar = GoogleConfig::new("baton@sandbox.example", Secret::new(SANDBOX_KEY_PEM));
    (calendar.base_url, calendar.token_url) = (url(Vendor::Calendar), format!("{}/token", url(Vendor::Calendar)));
    let mut chat = SlackConfig::new(Secret::new("xoxb-sandbox"));
    chat.base_url = url(Vendor::Chat);
    chat.posts_per_second = 50;
    let server = ways[&Vendor::Mail].address;
    let mut mail = SmtpConfig::new(server.ip().to_string(), SmtpTls::None, "Baton <baton@sandbox.example>");
    mail.port = server.port();
    let hooks = format!("{}/hooks/baton", url(Vendor::Webhook));
    Vendors {
        crm: Some(Arc::new(Salesforce::new(crm, Arc::clone(clock)).expect("a client"))),
        calendar: Some(Arc::new(GoogleCalendar::new(calendar, Arc::clone(clock)).expect("a client"))),
        chat: Some(Arc::new(Slack::new(chat).expect("a client"))),
        mailer: Some(Arc::new(SmtpMailer::new(mail, Arc::clone(clock)).expect("a client"))),
        telephony: Some(Arc::new(AgentTelephony::over_http(&url(Vendor::Voice), None).expect("a client"))),
        webhooks: vec![webhook_to("hooks", &hooks, &[Topic::LeadRouted])],
        ..Vendors::default()
    }
}
