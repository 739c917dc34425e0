//! A town whose worker has an account of Twilio, and callers who are on the line there.

use crate::eventually::{eventually, found};
use crate::store::server::{Db, sqlite_in};
use crate::town;
use crate::vendors::contract;
use baton::app::{self, Running};
use baton::config::{Config, Limits};
use baton::connectors::calendar::google::{GoogleCalendar, GoogleConfig};
use baton::connectors::http::Secret;
use baton_clock::SharedClock;
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::lead::CARRIER;
use baton_core::domain::leg::LegState;
use baton_core::handoff::{Handoff, Stage};
use baton_sandbox::google::{self, CalendarState, SANDBOX_KEY_PEM};
use baton_sandbox::twilio::{self, Answer, Person, TwilioState};
use baton_sandbox::voice::{self, VoiceState};
use baton_sandbox::{World, serve};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const TOKEN: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
/// The voice agent.
pub const AGENT: &str = "sip:agent@voice.example";
/// What reps see, and callers of the front door dial.
pub const OURS: &str = "+15550000000";
pub const SECOND: Duration = Duration::from_secs(1);
/// Fast enough for tests; slow enough that a busy machine answers within the seconds that a phone rings.
const SPEED: u32 = 4;

/// Calls that are in the account are taken over.
const BRIDGE: &str = "mode = \"bridge\"\n";

/// Of the call of this caller.
pub fn caller_sid(number: usize) -> String {
    format!("CAca11e4{number:026x}")
}

pub struct Account {
    pub clock: SharedClock,
    pub world: Arc<World>,
    pub twilio: Arc<TwilioState>,
    /// The platform whose agent speaks with callers elsewhere.
    pub voice: Arc<VoiceState>,
    pub worker: Running,
    pub db: Db,
    folder: TempDir,
    /// Without the address at which the worker is reached.
    toml: String,
    calendar: SocketAddr,
}

fn with_front_door(week: &str) -> TempDir {
    let folder = town::founded(2);
    let rules = folder.path().join("rules");
    let hours = std::fs::read_to_string(rules.join("hours.yaml")).expect("the hours");
    let hours = hours.replacen("weeks:\n", "weeks:\n  never: { mon: [] }\n", 1);
    std::fs::write(rules.join("hours.yaml"), hours).expect("the hours are written");
    let number = format!("numbers:\n  \"{OURS}\": {{ hours: {week}, timezone: UTC, ring: west, for: 15s }}\n");
    std::fs::write(rules.join("front_door.yaml"), number).expect("a rule file");
    folder
}

/// A caller and the lead that they are.
pub struct OnTheLine {
    pub call: String,
    pub lead: LeadId,
}

async fn worker(folder: &Path, db: &Db, clock: &SharedClock, setting: (TcpListener, &str, SocketAddr)) -> Running {
    let (listener, toml, calendar) = setting;
    let public_url = format!("http://{}", listener.local_addr().expect("an address"));
    town::worker_of(folder, &db.store, clock, |setup| {
        let toml = format!("[http]\npublic_url = \"{public_url}\"\n{toml}");
        let config: Config = toml::from_str(&toml).expect("a configuration");
        let account = app::twilio_account(&config, &setup.store, &setup.clock).expect("it is set up");
        let account = account.expect("a carrier");
        setup.listener = listener.into();
        setup.twilio = Some(account.connect(&config, None, &mut setup.vendors).expect("it is connected"));
        let mut google = GoogleConfig::new("baton@sandbox.example", Secret::new(SANDBOX_KEY_PEM));
        google.base_url = format!("http://{calendar}");
        google.token_url = format!("http://{calendar}/token");
        let calendar = GoogleCalendar::new(google, Arc::clone(&setup.clock)).expect("a client");
        setup.vendors.calendar = Some(Arc::new(calendar));
        // Leases are written in the world's time: as long in ours as in production.
        let (lease_s, vendor_timeout_s) = (25 * u64::from(SPEED), 10 * u64::from(SPEED));
        setup.limits = Limits { lease_s, vendor_timeout_s, ..Limits::default() };
    })
    .await
}

impl Account {
    pub async fn open() -> Self {
        Self::with("", twilio::Account::new(ACCOUNT, TOKEN)).await
    }

    /// With more in `handoff.yaml`.
    pub async fn by_plan(more: &str) -> Self {
        let folder = town::founded(2);
        let path = folder.path().join("rules/handoff.yaml");
        let text = std::fs::read_to_string(&path).expect("the rules");
        std::fs::write(&path, format!("{text}{more}")).expect("the rules are written");
        Self::of(folder, BRIDGE, twilio::Account::new(ACCOUNT, TOKEN)).await
    }

    /// Whose reps speak this language and no other.
    pub async fn speaking(language: &str) -> Self {
        let folder = town::founded(2);
        let path = folder.path().join("rules/reps.csv");
        let text = std::fs::read_to_string(&path).expect("the roster");
        let cell = |number: usize| if number == 0 { "languages" } else { language };
        let rows = text.lines().enumerate().map(|(number, row)| format!("{row},{}\n", cell(number)));
        std::fs::write(&path, rows.collect::<String>()).expect("the roster is written");
        Self::of(folder, BRIDGE, twilio::Account::new(ACCOUNT, TOKEN)).await
    }

    /// Whose number two reps answer in this week, `always` or `never`, before the agent does.
    pub async fn at_front_door(week: &str) -> Self {
        let mode = format!("{BRIDGE}agent = \"{AGENT}\"\n");
        Self::of(with_front_door(week), &mode, twilio::Account::new(ACCOUNT, TOKEN)).await
    }

    /// The same where there is no agent.
    pub async fn without_agent() -> Self {
        Self::of(with_front_door("never"), BRIDGE, twilio::Account::new(ACCOUNT, TOKEN)).await
    }

    /// With more in `[telephony]`, and signing otherwise.
    pub async fn with(more: &str, signing: twilio::Account) -> Self {
        Self::of(town::founded(2), &format!("{BRIDGE}{more}"), signing).await
    }

    /// Whose callers speak with an agent elsewhere until a rep has accepted; `reached` is a line of `[telephony]`.
    pub async fn rep_first(reached: &str, join_within: &str) -> Self {
        let folder = town::founded(2);
        let path = folder.path().join("rules/handoff.yaml");
        let mut text = std::fs::read_to_string(&path).expect("the rules");
        let join_within = format!("join_within: {join_within}");
        for (from, to) in [
            ("patience: 20s", "patience: 60s"),
            ("bridge_within: 24s", "bridge_within: 80s"),
            ("join_within: 4s", join_within.as_str()),
        ] {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        std::fs::write(&path, text).expect("the rules are written");
        let mode = format!("mode = \"rep_first\"\ntold_by = \"commands\"\n{reached}\n");
        Self::of(folder, &mode, twilio::Account::new(ACCOUNT, TOKEN)).await
    }

    /// `mode`: what `[telephony]` says beside the account; where the platform takes commands is added in *rep-first* mode.
    async fn of(folder: TempDir, mode: &str, signing: twilio::Account) -> Self {
        let db = Db::open(sqlite_in(folder.path())).await;
        let clock: SharedClock = town::clock(SPEED);
        let world = World::new(Arc::clone(&clock));
        let twilio = TwilioState::new(Arc::clone(&world), signing);
        let api = serve(twilio::routes(Arc::clone(&twilio))).await.expect("a port");
        let calendar = serve(google::routes(Arc::clone(&world), CalendarState::new())).await.expect("a port");
        let voice = VoiceState::new(Arc::clone(&world));
        let platform = serve(voice::routes(Arc::clone(&voice))).await.expect("a port");
        let commands = format!("told_by = \"commands\"\ncommands = \"http://{platform}\"\n");
        let mode = mode.replace("told_by = \"commands\"\n", &commands);
        let token = folder.path().join("token");
        std::fs::write(&token, TOKEN).expect("a secret");
        let toml = format!(
            "[telephony]\ncarrier = \"twilio\"\nbase_url = \"http://{api}\"\naccount = \"{ACCOUNT}\"\n\
             key = \"file:{}\"\ncaller_id = \"{OURS}\"\ncalls_per_second = 50\n{mode}",
            token.display()
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let worker = worker(folder.path(), &db, &clock, (listener, &toml, calendar)).await;
        Self { clock, world, twilio, voice, worker, db, folder, toml, calendar }
    }

    /// The worker dies as it stands, and another one comes up where Twilio asks.
    pub async fn with_another_worker(self) -> Self {
        let address = self.worker.url().replace("http://", "");
        drop(self.worker);
        let listener = found("the port is free", || async { TcpListener::bind(&address).await.ok() }).await;
        let setting = (listener, self.toml.as_str(), self.calendar);
        let worker = worker(self.folder.path(), &self.db, &self.clock, setting).await;
        Self { worker, ..self }
    }

    /// A caller for west, who is qualified on the line; `answers` are to what they are asked here.
    pub async fn caller(&self, number: usize, answers: &[(Duration, Answer)]) -> OnTheLine {
        let mut caller = town::Caller::live(number * 3);
        let call = caller_sid(number);
        caller.event["data"]["call"]["leg"] = json!(call);
        self.twilio.call_comes_in(&call, "+18005550100", answers);
        self.worker.decider.take(vec![town::inbox(&caller.event, self.clock.now())]).await.expect("it is taken");
        OnTheLine { call, lead: caller.lead() }
    }

    /// Somebody dials our number.
    pub fn dials(&self, call: &str, from: &str) {
        let address = format!("{}/v1/telephony/twilio/front/door#rc=3&rp=all", self.worker.url());
        self.twilio.dials_in(call, from, OURS, &address);
    }

    /// Whoever is on this call, once they are a lead.
    pub async fn lead_of(&self, call: &str) -> OnTheLine {
        let lead = || async {
            let found = self.db.store.handoff_of_call(CARRIER, call).await.ok().flatten();
            found.map(|handoff| handoff.lead())
        };
        OnTheLine { call: call.to_owned(), lead: found(format!("a lead of {call}"), lead).await }
    }

    /// The agent's phone that rings as the n-th, from one, once it does.
    pub async fn agent_rings(&self, nth: usize) -> String {
        found(format!("the agent's ring {nth}"), || async {
            self.twilio.put_through().get(nth - 1).map(|(sid, _)| sid.clone())
        })
        .await
    }

    /// One caller, and what the reps do who are rung for them, in turn.
    pub async fn caller_for(&self, reps: &[Person]) -> OnTheLine {
        self.twilio.in_turn(reps);
        self.caller(1, &[]).await
    }

    pub async fn handoff(&self, caller: &OnTheLine) -> Option<Handoff> {
        self.db.store.handoff(&HandoffId::of(&caller.lead)).await.ok()
    }

    /// The handoff once it stands so.
    pub async fn once(&self, caller: &OnTheLine, what: &str, stands: impl Fn(&Stage) -> bool) -> Handoff {
        found(what, || async { self.handoff(caller).await.filter(|handoff| stands(&handoff.stage)) }).await
    }

    /// How each leg ended, or stands, once there are so many and the last one stands so.
    pub async fn legs(&self, caller: &OnTheLine, expected: &[LegState]) {
        let what = format!("legs {expected:?}");
        eventually(what, || async {
            let handoff = self.handoff(caller).await;
            handoff.is_some_and(|handoff| handoff.legs.iter().map(|leg| leg.state).eq(expected.iter().copied()))
        })
        .await;
    }

    /// The calls to reps, in order.
    pub fn rings(&self) -> Vec<String> {
        self.twilio.rings().into_iter().map(|(sid, _)| sid).collect()
    }

    /// The call to the rep who is rung as the n-th, from one, once it is made.
    pub async fn ring(&self, nth: usize) -> String {
        found(format!("ring {nth}"), || async { self.rings().get(nth - 1).cloned() }).await
    }

    pub async fn has_status(&self, call: &str, status: &str) {
        eventually(format!("{call} is {status}"), || async { self.twilio.status(call) == Some(status) }).await;
    }

    pub async fn hears(&self, call: &str, part: &str) {
        eventually(format!("{call} hears {part:?}"), || async {
            self.twilio.heard(call).iter().any(|words| words.contains(part))
        })
        .await;
    }

    pub async fn are_together(&self, caller: &OnTheLine) {
        let room = format!("baton-{}", caller.call);
        eventually("both are in the room", || async { self.twilio.together(&room) == ["caller", "rep"] }).await;
    }

    /// How often an operation was asked for, by the beginning of its request line.
    pub fn asked(&self, method: &str, path: &str) -> usize {
        let about = format!("/2010-04-01/Accounts/{ACCOUNT}/{path}");
        let asked = self.world.exchanges();
        asked.iter().filter(|exchange| exchange.method == method && exchange.target.starts_with(&about)).count()
    }

    /// Every document was one that Twilio takes, and every request one that it describes.
    pub async fn ends_well(self) {
        assert_eq!(self.twilio.errors(), Vec::<String>::new());
        assert!(contract::check_all("twilio", &self.world.exchanges()) > 0);
        self.worker.stop().await;
    }
}
