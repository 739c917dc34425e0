//! Teams by its webhooks: the client for every answer, each card as strict as its stand-in reads it, and reps who are briefed there
//! by a running worker.

use super::{class, world};
use crate::eventually::{eventually, found};
use crate::program::{baton, code, edit, root, told};
use crate::rules::init::begun;
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::reads;
use crate::town::{self, Caller, Line};
use axum::http::StatusCode;
use baton::app::{self, Running};
use baton::cli;
use baton::config::Config;
use baton::connectors::http::Secret;
use baton::connectors::teams::Teams;
use baton::connectors::{Card, Chat, VendorError};
use baton::store::StepProblem;
use baton::web::LinkSigner;
use baton_clock::SharedClock;
use baton_sandbox::teams::{TeamsCard, TeamsState, connector, faults_of, routes, workflow};
use baton_sandbox::{Fault, World, serve};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

fn fixture(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join("fixtures/vendors/teams").join(name)).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn what_teams_would_not_show_is_told_and_what_it_shows_is_not() {
    let good = fixture("offer_card.json");
    assert_eq!(faults_of(&good), Vec::<String>::new());
    let bad = fixture("bad_cards.json");
    let bad = bad.as_array().expect("a list");
    assert_eq!(bad.len(), 6);
    for case in bad {
        let mut message = good.clone();
        message["attachments"][0]["content"] = case["card"].clone();
        assert_eq!(faults_of(&message).len(), 1, "{}: {:?}", case["why"], faults_of(&message));
    }
}

async fn stand_in(world: &Arc<World>) -> (Arc<TeamsState>, String) {
    let state = TeamsState::new();
    let address = serve(routes(Arc::clone(world), Arc::clone(&state))).await.expect("a port");
    (state, format!("http://{address}"))
}

/// The client alone, with workflows and connectors of these names, and a workflow whose address was cut.
struct Desk {
    world: Arc<World>,
    state: Arc<TeamsState>,
    chat: Teams,
}

impl Desk {
    async fn open() -> Self {
        let (_, world) = world();
        let (state, base) = stand_in(&world).await;
        let mut addresses = BTreeMap::new();
        for name in ["a", "b", "c", "d", "e", "f"] {
            addresses.insert(name.to_owned(), format!("{base}{}", workflow(name)));
        }
        addresses.insert(String::new(), format!("{base}{}", workflow("all")));
        addresses.insert("old".to_owned(), format!("{base}{}", connector("old")));
        let cut = workflow("cut").replace("&sig=made-up", "");
        addresses.insert("cut".to_owned(), format!("{base}{cut}"));
        let addresses = addresses.into_iter().map(|(name, address)| (name, Secret::new(address))).collect();
        Self { world, state, chat: Teams::new(&addresses).expect("a client") }
    }

    async fn posts(&self, channel: &str) -> Result<(), VendorError> {
        let card = Card {
            key: "k".into(),
            channel: channel.into(),
            title: "Live call: R&amp;D".into(),
            opening: Some("*Your phone is ringing.*".into()),
            briefing: "*Score* 82 of 100".into(),
            footer: "Why you: first · <https://baton.example/feedback/t|Rate this lead>".into(),
            acts: Vec::new(),
        };
        self.chat.post(&card).await.map(drop)
    }

    async fn posts_under(&self, channel: &str, fault: Fault) -> VendorError {
        self.world.arm("teams", "post", fault, 1);
        self.posts(channel).await.expect_err("it is refused")
    }
}

#[tokio::test]
async fn a_card_goes_to_the_webhook_of_its_channel() {
    let desk = Desk::open().await;
    for channel in ["teams", "teams:a", "teams:old"] {
        desk.posts(channel).await.expect("it is posted");
    }
    let cards = desk.state.cards();
    assert_eq!(cards.iter().map(|card| card.channel.as_str()).collect::<Vec<_>>(), ["all", "a", "old"]);
    let text = "Live call: R&D\nYour phone is ringing.\nScore 82 of 100\nWhy you: first";
    assert_eq!(cards[0].text(), text);
    let rate = ("Rate this lead".to_owned(), "https://baton.example/feedback/t".to_owned());
    assert_eq!(cards[0].buttons(), [rate]);
    for channel in ["teams:nowhere", "U0PRIYA001"] {
        assert_eq!(class(desk.posts(channel).await), "needs_person", "{channel}");
    }
    assert_eq!(desk.world.exchanges().len(), 3, "nothing is sent anywhere else");
}

#[tokio::test]
async fn every_answer_of_a_webhook_has_its_class() {
    let desk = Desk::open().await;
    for (channel, retry_after_s) in [("teams:a", Some(7)), ("teams:b", None)] {
        let limited = desk.posts_under(channel, Fault::RateLimit { retry_after_s }).await;
        let VendorError::RateLimited { after, .. } = limited else { panic!("{limited}") };
        assert_eq!(after, retry_after_s.map(Duration::from_secs));
    }
    assert_eq!(desk.posts_under("teams:c", Fault::Unavailable).await.class(), "retry");
    assert_eq!(desk.posts_under("teams:old", Fault::ErrorInside200).await.class(), "rate_limited");
    assert!(desk.state.cards().is_empty());
    assert_eq!(desk.posts_under("teams:d", Fault::DropAnswer).await.class(), "unknown");
    assert_eq!(desk.state.cards().len(), 1, "and it was posted");
    assert_eq!(class(desk.posts("teams:cut").await), "reauthenticate");
    for (channel, answer) in [("e", StatusCode::NOT_FOUND), ("f", StatusCode::GONE)] {
        desk.state.take_away(channel, answer);
        let gone = desk.posts(&format!("teams:{channel}")).await.expect_err("it is gone");
        assert!(gone.class() == "needs_person" && gone.to_string().contains("make a new one in Teams"), "{gone}");
    }
}

/// A worker whose reps of the West have a channel of their own, and all others one together.
struct Office {
    clock: SharedClock,
    db: Db,
    world: Arc<World>,
    state: Arc<TeamsState>,
    worker: Running,
    _folder: TempDir,
}

impl Office {
    async fn open() -> Self {
        let folder = town::founded(2);
        for (id, channel) in [("U0WEST0001", "teams:west"), ("U0WEST0002", "Teams: West"), ("U0EAST0001", "teams")] {
            edit(folder.path(), "rules/reps.csv", id, channel);
        }
        for id in ["U0EAST0002", "U0DESK0001", "U0DESK0002"] {
            edit(folder.path(), "rules/reps.csv", id, "");
        }
        let db = Db::open(sqlite_in(folder.path())).await;
        let clock: SharedClock = town::clock(6);
        let world = World::new(Arc::clone(&clock));
        let (state, base) = stand_in(&world).await;
        let secret = |name: &str, address: String| {
            let file = folder.path().join(name);
            std::fs::write(&file, format!("{base}{address}\n")).expect("a secret");
            format!("\"file:{}\"", file.display())
        };
        let (all, west) = (secret("all", workflow("all")), secret("west", workflow("west")));
        let config = format!("[teams]\nwebhook = {all}\n[teams.channels]\nwest = {west}\n");
        let config: Config = toml::from_str(&config).expect("a configuration");
        let mut vendors = app::connect(&config, &clock, None).expect("clients");
        vendors.telephony = Some(Line::slow(Duration::from_millis(10)));
        let links = LinkSigner::new("a secret of the links", "http://baton.example", 30);
        let worker = town::worker_of(folder.path(), &db.store, &clock, |setup| {
            setup.vendors = vendors;
            setup.links = Some(Arc::new(links));
        })
        .await;
        Self { clock, db, world, state, worker, _folder: folder }
    }

    async fn is_told(&self, event: &Value) {
        self.worker.decider.take(vec![town::inbox(event, self.clock.now())]).await.expect("it is taken");
    }

    /// The first card, once there is one.
    async fn card(&self) -> TeamsCard {
        found("a card", || async { self.state.cards().into_iter().next() }).await
    }

    /// What a person is to see to, once there is something.
    async fn failed(&self) -> StepProblem {
        found("a step has failed", || async {
            let failed = reads!(self.db.store, |tx| tx.steps_failed(10).await).await.expect("the steps");
            failed.into_iter().find(|step| step.kind == "brief_chat")
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_is_briefed_in_their_channel_with_links_of_their_own() {
    let office = Office::open().await;
    office.is_told(&Caller::gone(3).event).await;
    let card = office.card().await;
    assert_eq!(card.channel, "west");
    let text = card.text();
    assert!(text.starts_with("Call back: ") && text.contains("Company 3"), "{text}");
    assert!(text.contains("Wants to see it at work."), "{text}");
    let [(words, url)] = &card.buttons()[..] else { panic!("{:?}", card.buttons()) };
    assert_eq!(words, "Rate this lead");
    assert!(url.starts_with("http://baton.example/feedback/"), "{url}");
    // For the desk: whoever has no channel of their own.
    office.is_told(&Caller::gone(2).event).await;
    let is_there = || async { office.state.cards().iter().any(|card| card.channel == "all") };
    eventually("the second card", is_there).await;
    office.worker.stop().await;
    assert_eq!(office.world.duplicates(), BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_words_of_a_lead_are_words_in_teams() {
    let office = Office::open().await;
    let mut event = Caller::gone(3).event;
    event["data"]["contact"]["name"] = json!("[Dana](https://evil.example) <https://evil.example|x>");
    event["data"]["company"]["name"] = json!("<at>everybody</at> {{TIME(2026-11-29T14:05:00Z)}}");
    event["data"]["qualification"]["summary"] = json!("**Call** [now](https://evil.example) <https://evil.example>");
    office.is_told(&event).await;
    let card = office.card().await;
    let shown = card.content.to_string();
    assert!(shown.contains("[now](https://evil.example) <https://evil.example>"), "as it was said: {shown}");
    assert!(!shown.contains("{{") && shown.contains("<at>everybody</at>"), "{shown}");
    assert!(!shown.contains("\"url\":\"https://evil") && !shown.contains("entities"), "{shown}");
    for block in card.content["body"].as_array().expect("a body") {
        assert_eq!(block["type"], "RichTextBlock", "where no markdown is read");
    }
    office.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_whose_answer_is_lost_is_not_posted_again() {
    let office = Office::open().await;
    office.world.arm("teams", "post", Fault::DropAnswer, 1);
    office.is_told(&Caller::gone(3).event).await;
    assert!(office.failed().await.error.contains("may or may not have done it"), "a person sees it");
    assert_eq!((office.state.cards().len(), office.world.exchanges().len()), (1, 1));
    office.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_was_taken_away_is_told_of_once() {
    let office = Office::open().await;
    office.state.take_away("west", StatusCode::NOT_FOUND);
    office.is_told(&Caller::gone(3).event).await;
    let told = office.failed().await.error;
    assert!(told.contains("HTTP 404") && told.contains("make a new one in Teams"), "{told}");
    assert_eq!(office.world.exchanges().len(), 1, "it is not tried again by itself");
    office.worker.stop().await;
}

/// Nothing can be rewritten there, and a second message would be noise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_of_a_ring_stays_as_it_was() {
    let office = Office::open().await;
    office.is_told(&Caller::live(3).event).await;
    let done = "SELECT COUNT(*) FROM step WHERE kind = 'update_card' AND state = 'done'";
    eventually("the ring is over", || async { office.db.number(done).await > 0 }).await;
    let cards = office.state.cards();
    assert!(cards[0].text().starts_with("Live call: "), "{}", cards[0].text());
    assert!(cards.iter().all(|card| !card.text().contains("Not answered in time")));
    office.worker.stop().await;
}

#[test]
fn a_channel_that_nobody_has_named_is_refused_before_it_is_written_to() {
    let folder = begun("saas");
    let place = folder.path().to_str().expect("a plain path");
    let (blank, named) = (",US,,maya.brooks@", ",US,teams:emae,maya.brooks@");
    edit(folder.path(), "rules/reps.csv", blank, named);
    let both = "[slack]\nbot_token = \"env:T\"\n[teams]\nchannels = { emea = \"env:EMEA\" }\n";
    std::fs::write(folder.path().join("baton.toml"), both).expect("a configuration");
    let refused = baton(&["check", place]);
    let said = told(&refused);
    assert_eq!(code(&refused), cli::FAULTY, "{said}");
    assert!(said.contains("teams:emae: there is no teams.channels.emae in baton.toml; allowed: teams:emea"), "{said}");
    edit(folder.path(), "rules/reps.csv", "teams:emae", "teams:emea");
    let sound = baton(&["check", place]);
    assert_eq!(code(&sound), cli::OK, "{}", told(&sound));
}
