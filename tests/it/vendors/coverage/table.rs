//! What is told of each vendor: a file of rows for each.

use super::{google, hubspot, microsoft, salesforce, slack, twilio};

/// Operations that are held, and fail, alike.
pub struct Row {
    /// As the connector names them.
    pub operations: &'static [&'static str],
    /// The test that holds request and answers against the vendor's description.
    pub held: &'static str,
    pub faults: Faults,
}

/// A failure, by its name in `source`, and a test that plays it.
pub type Faults = &'static [(&'static str, &'static str)];

/// A vendor, where its connector begins below `src/connectors`, and its rows.
pub const VENDORS: &[(&str, &str, &[Row])] = &[
    ("salesforce", "crm/salesforce", salesforce::ROWS),
    ("hubspot", "crm/hubspot", hubspot::ROWS),
    ("slack", "slack", slack::ROWS),
    ("google", "calendar/google", google::ROWS),
    ("microsoft", "calendar/graph", microsoft::ROWS),
    ("twilio", "telephony/twilio", twilio::ROWS),
];

/// Below `src/connectors`, and why it has no rows.
pub const ELSEWHERE: &[(&str, &str)] = &[
    (
        "mail.rs",
        "a server that keeps to RFC 5321 answers; what goes wrong at which stage is played in `vendors::chat::mail`",
    ),
    ("mail", "the same"),
    (
        "calendar/caldav",
        "a real Radicale and a real xandikos answer in `vendors::calendar::caldav`, and servers that can do less in the folder beside it; one \
         that fails, and answers that are lost, are played in `vendors::calendar::caldav::faults`",
    ),
    (
        "calendar/ics.rs",
        "whoever publishes a feed has no description but RFC 5545; what publishers answer is played in `vendors::calendar::ics`",
    ),
    (
        "asterisk",
        "a real Asterisk answers in every test of `calls`, and is killed, stopped and cut off there; what it tells is held against calls that were recorded",
    ),
    (
        "agent.rs",
        "what a voice platform is told is a contract of our own (`docs/agent-mode.md`), which the stand-in refuses to break",
    ),
    (
        "live.rs",
        "what is sent is written by the platform's mapping, and held against the platform's own examples in `platforms::live`",
    ),
    (
        "teams",
        "Microsoft describes no API of webhooks; cards are held against what Teams shows of them by the stand-in, and every answer is played in `vendors::chat::teams`",
    ),
    ("speech", "a program or an engine of the workspace; each is played in the tests beside the clients"),
    ("webhook", "whoever is told of our events: a contract of our own"),
    ("http", "the way to all of them"),
    ("http.rs", "the same"),
];
