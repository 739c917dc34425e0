mod answers;

use super::{at, class, world};
use crate::vendors::contract;
use baton::connectors::http::Secret;
use baton::connectors::slack::{Slack, SlackConfig};
use baton::connectors::{Card, Chat, VendorError};
use baton_clock::{Clock, FakeClock};
use baton_sandbox::slack::{SlackState, routes};
use baton_sandbox::{Fault, World, serve};
use std::sync::Arc;
use std::time::Duration;

const CHANNEL: &str = "C0SALES";

struct Desk {
    clock: Arc<FakeClock>,
    world: Arc<World>,
    state: Arc<SlackState>,
    chat: Slack,
    url: String,
}

impl Desk {
    async fn open() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut SlackConfig)) -> Self {
        let (clock, world) = world();
        let state = SlackState::new();
        let address = serve(routes(Arc::clone(&world), Arc::clone(&state))).await.expect("a port");
        let mut config = SlackConfig::new(Secret::new("xoxb-sandbox"));
        let url = format!("http://{address}");
        config.base_url = url.clone();
        config.posts_per_second = 1_000;
        config.limits.per_second = 1_000;
        change(&mut config);
        Self { clock, world, state, chat: Slack::new(config).expect("a client"), url }
    }

    /// How often a method was called.
    fn calls(&self, method: &str) -> usize {
        self.world.exchanges().iter().filter(|exchange| exchange.target.contains(method)).count()
    }

    fn holds_to_the_contract(&self, exchanges: usize) {
        assert_eq!(contract::check_all("slack", &self.world.exchanges()), exchanges);
    }
}

fn card(key: &str, channel: &str) -> Card {
    Card {
        key: key.into(),
        channel: channel.into(),
        title: "New lead: &lt;!channel&gt; &amp; Sons".into(),
        opening: Some("*Your phone is ringing.*".into()),
        briefing: "*Score* 82 of 100".into(),
        footer: "Why you: first".into(),
        acts: Vec::new(),
    }
}

#[tokio::test]
async fn a_card_is_posted_rewritten_and_still_found() {
    let desk = Desk::open().await;
    let posted = desk.chat.post(&card("k1", CHANNEL)).await.unwrap();
    let message = desk.state.messages().remove(0);
    assert_eq!((message.channel.as_str(), message.key()), (CHANNEL, "k1"));
    assert_eq!(message.text, "New lead: &lt;!channel&gt; &amp; Sons");
    assert_eq!(message.blocks[1]["text"]["text"], "*Your phone is ringing.*");

    let taken = Card { title: "Taken by Ana".into(), opening: None, ..card("k1-update", CHANNEL) };
    desk.chat.update(&posted, &taken).await.unwrap();
    let messages = desk.state.messages();
    assert_eq!((messages.len(), messages[0].text.as_str(), messages[0].updates), (1, "Taken by Ana", 1));
    assert_eq!(desk.chat.find(CHANNEL, "k1", desk.clock.now()).await.unwrap(), Some(posted));

    let accepted = desk.world.accepted();
    assert_eq!((accepted.len(), accepted[0].natural_key.as_str()), (1, "C0SALES/k1"));
    desk.holds_to_the_contract(3);
}

#[tokio::test]
async fn after_a_lost_answer_the_message_is_found_and_not_posted_again() {
    let desk = Desk::open().await;
    let before = desk.clock.now();
    desk.world.arm("slack", "chat.postMessage", Fault::DropAnswer, 1);
    assert_eq!(class(desk.chat.post(&card("k1", CHANNEL)).await), "unknown");
    let found = desk.chat.find(CHANNEL, "k1", before).await.unwrap().expect("posted all the same");
    assert_eq!(found.ts, desk.state.messages()[0].ts);
    assert_eq!(desk.chat.find(CHANNEL, "k2", before).await.unwrap(), None);
    assert_eq!(desk.chat.find("C0OTHER", "k1", before).await.unwrap(), None);
    assert!(desk.world.duplicates().is_empty());
    desk.holds_to_the_contract(4);
}

#[tokio::test]
async fn a_message_before_the_time_asked_for_is_not_looked_at() {
    let desk = Desk::open().await;
    desk.chat.post(&card("k1", CHANNEL)).await.unwrap();
    desk.clock.advance(Duration::from_secs(3_600));
    assert_eq!(desk.chat.find(CHANNEL, "k1", desk.clock.now()).await.unwrap(), None);
    assert!(desk.chat.find(CHANNEL, "k1", at("2026-11-23T09:00:30Z")).await.unwrap().is_some(), "clocks may differ");
}

#[tokio::test]
async fn what_history_does_not_show_yet_is_found_later() {
    let desk = Desk::open().await;
    let before = desk.clock.now();
    desk.chat.post(&card("k1", CHANNEL)).await.unwrap();
    desk.world.arm("slack", "conversations.history", Fault::SearchLags(Duration::from_secs(10)), 2);
    assert_eq!(desk.chat.find(CHANNEL, "k1", before).await.unwrap(), None);
    desk.clock.advance(Duration::from_secs(10));
    assert!(desk.chat.find(CHANNEL, "k1", before).await.unwrap().is_some());
}

#[tokio::test]
async fn a_user_is_written_to_in_their_direct_channel() {
    let desk = Desk::open().await;
    let before = desk.clock.now();
    assert_eq!(desk.chat.find("U0ANA", "k1", before).await.unwrap(), None);
    let posted = desk.chat.post(&card("k1", "U0ANA")).await.unwrap();
    assert_eq!(posted.channel, "D0ANA");
    assert_eq!(desk.chat.find("U0ANA", "k1", before).await.unwrap(), Some(posted));
    assert_eq!(desk.calls("conversations.open"), 1, "the channel is remembered");

    desk.chat.post(&card("k2", "U0BEN")).await.unwrap();
    assert!(desk.chat.find("U0BEN", "k2", before).await.unwrap().is_some());
    assert_eq!(desk.calls("conversations.open"), 1, "the answer to the post named it");
    desk.holds_to_the_contract(6);
}

#[tokio::test]
async fn a_long_history_is_read_page_by_page() {
    let desk = Desk::open().await;
    let before = desk.clock.now();
    let posts = 205;
    for index in 0..posts {
        desk.chat.post(&card(&format!("k{index}"), CHANNEL)).await.unwrap();
    }
    assert!(desk.chat.find(CHANNEL, "k0", before).await.unwrap().is_some());
    assert_eq!(desk.calls("conversations.history"), 2);
    desk.holds_to_the_contract(posts + 2);
}

#[tokio::test]
async fn slack_says_how_long_to_wait() {
    let desk = Desk::open().await;
    for (retry_after_s, expected) in [(Some(30), Some(Duration::from_secs(30))), (None, None)] {
        desk.world.arm("slack", "chat.postMessage", Fault::RateLimit { retry_after_s }, 1);
        let error = desk.chat.post(&card("k1", CHANNEL)).await.unwrap_err();
        assert!(matches!(error, VendorError::RateLimited { after, .. } if after == expected), "{error:?}");
    }
    assert!(desk.state.messages().is_empty());
    desk.holds_to_the_contract(2);
}

#[tokio::test]
async fn our_own_pace_is_kept_per_channel() {
    // Less than the second after which the channel takes the next one.
    let patience = Duration::from_millis(900);
    let desk = Desk::with(|config| (config.posts_per_second, config.limits.timeout) = (1, patience)).await;
    let (early, late) = (card("k1", CHANNEL), card("k2", CHANNEL));
    let (first, second) = tokio::join!(desk.chat.post(&early), desk.chat.post(&late));
    first.unwrap();
    let error = second.unwrap_err();
    assert!(matches!(error, VendorError::RateLimited { after: Some(after), .. } if after > patience), "{error:?}");
    desk.chat.post(&card("k3", "C0OTHER")).await.unwrap();
    assert_eq!(desk.calls("chat.postMessage"), 2, "what is too early is not sent");
}

/// Slack's error, then what it means for a post and for a search.
const ERRORS: [(&str, &str, &str); 22] = [
    ("ratelimited", "rate_limited", "rate_limited"),
    ("rate_limited", "rate_limited", "rate_limited"),
    ("message_limit_exceeded", "rate_limited", "rate_limited"),
    ("service_unavailable", "retry", "retry"),
    ("request_timeout", "retry", "retry"),
    // Part of it may have been done before the error.
    ("internal_error", "unknown", "retry"),
    ("fatal_error", "unknown", "retry"),
    ("token_expired", "reauthenticate", "reauthenticate"),
    ("token_revoked", "reauthenticate", "reauthenticate"),
    ("invalid_auth", "reauthenticate", "reauthenticate"),
    ("not_authed", "reauthenticate", "reauthenticate"),
    ("account_inactive", "reauthenticate", "reauthenticate"),
    ("message_not_found", "gone", "gone"),
    ("channel_not_found", "needs_person", "needs_person"),
    ("not_in_channel", "needs_person", "needs_person"),
    ("is_archived", "needs_person", "needs_person"),
    ("invalid_blocks", "needs_person", "needs_person"),
    ("msg_too_long", "needs_person", "needs_person"),
    ("user_not_found", "needs_person", "needs_person"),
    ("restricted_action", "needs_person", "needs_person"),
    ("missing_scope", "needs_person", "needs_person"),
    ("an_error_of_next_year", "needs_person", "needs_person"),
];

#[tokio::test]
async fn every_error_inside_a_200_has_its_class() {
    let desk = Desk::open().await;
    for (error, posting, searching) in ERRORS {
        desk.state.refuse_next("chat.postMessage", error);
        assert_eq!(class(desk.chat.post(&card("k1", CHANNEL)).await), posting, "{error}");
        desk.state.refuse_next("conversations.history", error);
        assert_eq!(class(desk.chat.find(CHANNEL, "k1", desk.clock.now()).await), searching, "{error}");
    }
    assert!(desk.state.messages().is_empty());
    desk.holds_to_the_contract(2 * ERRORS.len());
}

#[tokio::test]
async fn an_error_on_cue_and_an_outage_have_their_classes() {
    let desk = Desk::open().await;
    desk.world.arm("slack", "*", Fault::ErrorInside200, 1);
    assert_eq!(class(desk.chat.post(&card("k1", CHANNEL)).await), "unknown");
    desk.world.arm("slack", "chat.postMessage", Fault::Unavailable, 1);
    assert_eq!(class(desk.chat.post(&card("k1", CHANNEL)).await), "retry");
    desk.holds_to_the_contract(2);
}

#[tokio::test]
async fn a_message_that_was_deleted_cannot_be_rewritten() {
    let desk = Desk::open().await;
    let nowhere = baton::connectors::MessageRef { channel: CHANNEL.into(), ts: "1795424400.000001".into() };
    assert_eq!(class(desk.chat.update(&nowhere, &card("k1", CHANNEL)).await), "gone");
}

#[tokio::test]
async fn the_check_names_what_is_missing() {
    let desk = Desk::open().await;
    desk.chat.check().await.unwrap();
    desk.state.lack_scope_next("auth.test", "im:history");
    let error = desk.chat.check().await.unwrap_err().to_string();
    assert!(error.contains("missing_scope (needs the scope im:history)"), "{error}");

    let stranger = Desk::with(|config| config.bot_token = Secret::new("xoxp-of-a-person")).await;
    let error = stranger.chat.check().await.unwrap_err();
    assert_eq!(error.class(), "reauthenticate");
    assert!(!error.to_string().contains("xoxp"), "{error}");
    desk.holds_to_the_contract(2);
}

#[tokio::test]
async fn what_cannot_be_posted_is_not_sent() {
    let desk = Desk::open().await;
    let error = desk.chat.post(&card("k1", "#sales")).await.unwrap_err();
    assert!(error.to_string().contains("\"#sales\" is not an id"), "{error}");
    assert_eq!(desk.world.exchanges().len(), 0);
}

#[tokio::test]
async fn members_are_looked_up_page_by_page_and_channels_are_not() {
    let desk = Desk::open().await;
    desk.state.add_member("U0ANA");
    desk.state.deactivate("U0BEN");
    let asked = ["U0ANA", "U0BEN", "U0NOBODY", "C0SALES"].map(str::to_owned);
    let found = desk.chat.look_up(&asked).await.unwrap();
    assert_eq!((found.len(), &found["U0ANA"]), (3, &Ok(())));
    for (id, why) in [("U0BEN", "deactivated"), ("U0NOBODY", "no such member")] {
        assert!(found[id].as_ref().is_err_and(|told| told.contains(why)), "{id}: {found:?}");
    }
    desk.state.lack_scope_next("users.list", "users:read");
    assert_eq!(class(desk.chat.look_up(&asked).await), "needs_person");
    desk.world.arm("slack", "users.list", Fault::RateLimit { retry_after_s: Some(30) }, 1);
    assert_eq!(class(desk.chat.look_up(&asked).await), "rate_limited");
    assert_eq!(desk.chat.look_up(&[]).await, Ok(baton::connectors::LookedUp::new()), "nobody is asked about");
    desk.holds_to_the_contract(3);
}

#[tokio::test]
async fn every_call_tells_an_outage_a_limit_and_a_lost_answer_apart() {
    let desk = Desk::open().await;
    let posted = desk.chat.post(&card("k0", CHANNEL)).await.unwrap();
    let mut asked = 0;
    for (fault, read, written) in [
        (Fault::Unavailable, "retry", "retry"),
        (Fault::RateLimit { retry_after_s: Some(9) }, "rate_limited", "rate_limited"),
        (Fault::DropAnswer, "retry", "unknown"),
    ] {
        let methods = [
            "auth.test",
            "conversations.open",
            "conversations.history",
            "users.list",
            "chat.postMessage",
            "chat.update",
        ];
        for method in methods {
            asked += 1;
            desk.world.arm("slack", method, fault.clone(), 1);
            // Somebody who has not been written to yet.
            let somebody = format!("U0NEW{asked}");
            let (failed, expected) = match method {
                "auth.test" => (class(desk.chat.check().await), read),
                "conversations.open" => (class(desk.chat.find(&somebody, "k0", desk.clock.now()).await), read),
                "conversations.history" => (class(desk.chat.find(CHANNEL, "k0", desk.clock.now()).await), read),
                "users.list" => (class(desk.chat.look_up(&[somebody]).await), read),
                "chat.postMessage" => (class(desk.chat.post(&card(&somebody, CHANNEL)).await), written),
                _ => (class(desk.chat.update(&posted, &card("k0", CHANNEL)).await), written),
            };
            assert_eq!(failed, expected, "{method}, {fault:?}");
        }
    }
    desk.holds_to_the_contract(1 + asked);
}
