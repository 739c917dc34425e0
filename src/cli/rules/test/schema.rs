//! The JSON Schema of `rules/tests/*.yaml`: what an editor completes and checks while a test is written.
//!
//! It says which keys there are and what kind of value each takes; whether a name exists is for `baton test` to say.

use baton_core::domain::lead::LeadChannel;
use baton_core::rules::expect::{LEAD_FIELDS, REASONS};
use serde_json::{Map, Value, json};

/// JSON Schema 2020-12.
pub(crate) fn expect_schema() -> Value {
    let given = given();
    let with = |more: [(&str, Value); 3]| {
        let mut properties = given.clone();
        properties.extend(more.map(|(name, schema)| (name.to_owned(), schema)));
        properties
    };
    let table = "Many tests at once: a header such as `country | state => territory | pool`, then one row per test.";
    let test = with([
        ("name", text("Told when the test fails.")),
        ("table", text(table)),
        ("expect", object("What is wanted; only what is given here is compared.", expected())),
    ]);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rules/tests/*.yaml",
        "description": "Given a lead and a world, what is expected of the rules. Run with `baton test`.",
        "type": "object",
        "required": ["tests"],
        "additionalProperties": false,
        "properties": {
            "defaults": object("Holds for every test of the file that does not say otherwise.", given),
            "tests": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "anyOf": [{ "required": ["expect"] }, { "required": ["table"] }],
                    "additionalProperties": false,
                    "properties": test,
                },
            },
        },
    })
}

fn given() -> Map<String, Value> {
    let lead = LEAD_FIELDS.map(|field| (field.to_owned(), lead_field(field)));
    let custom =
        json!({ "type": "object", "description": "Fields that your voice agent sends beside the known ones." });
    let lead = lead.into_iter().chain([("custom".to_owned(), custom)]).collect();
    let mut lead = object("The lead, in the words that people use: names or codes, numbers or ranges.", lead);
    lead["patternProperties"] = json!({ "^custom\\.": { "description": "custom.NAME: one of those fields." } });
    let account = [
        ("name", text("Name of the company.")),
        ("domain", text("Registrable domain.")),
        ("owner", text("The rep who owns it, by id.")),
        ("opportunity_owner", text("The rep who owns its open opportunity, by id.")),
        ("fields", json!({ "type": "object", "description": "Fields of the CRM that rules test as account.NAME." })),
    ];
    let person = [
        ("kind", json!({ "enum": ["lead", "contact"] })),
        ("owner", text("The rep who owns it, by id.")),
        ("active_ago", text("How long ago it was last active: 30d; a day if left out.")),
    ];
    let properties = [
        ("event", text("An event file to start from, relative to the workspace.")),
        ("lead", lead),
        ("at", text("When it is decided: 2026-03-03 10:00 Europe/London, or 2026-03-03T10:00:00Z.")),
        ("account", object("What the CRM knows of the company.", named(account))),
        ("person", object("An earlier lead or a contact of the same person.", named(person))),
        ("crm", json!({ "enum": ["up", "down"], "description": "down: the CRM does not answer." })),
        ("away", reps("Said that they are away.")),
        ("busy", reps("In a meeting for the next hour.")),
        ("out_of_office", reps("Out of office by the calendar, for two days.")),
        ("on_call", reps("Talking to another lead.")),
        ("calendar_unknown", reps("Their calendar cannot be read.")),
        ("taken_today", numbers("Leads that a rep has taken today.")),
        ("open", numbers("Leads that a rep owns and has not closed.")),
        (
            "ledger",
            json!({
                "type": "object",
                "description": "Balances by pool and rep, in turns.",
                "additionalProperties": numbers("Balances by rep, in turns: +0.5 is owed half a lead."),
            }),
        ),
    ];
    named(properties)
}

fn expected() -> Map<String, Value> {
    let reasons = json!({ "enum": REASONS });
    let rungs = json!({ "enum": ["warm_transfer", "booking", "callback"] });
    named([
        ("rep", text("Who is rung first; where nobody is rung, the owner.")),
        ("owner", text("Who owns the lead.")),
        ("ring", reps("Everybody who is rung, in order; [] or none: nobody is.")),
        ("pool", text("The pool that decides.")),
        ("territory", text("The territory, or none.")),
        ("tier", text("The tier.")),
        ("ladder", json!({ "type": "array", "items": rungs, "description": "What is tried, in order." })),
        ("route", text("Name of the route that decides, or none.")),
        ("reason", text("Stands somewhere in the sentence of the decision.")),
        (
            "rejected",
            json!({
                "type": "object",
                "description": "Why these reps may not take the lead.",
                "additionalProperties": reasons,
            }),
        ),
        (
            "degraded",
            json!({
                "enum": [true, false, "yes", "no"],
                "description": "A fact that would have been used was not to be had.",
            }),
        ),
    ])
}

fn lead_field(name: &str) -> Value {
    match name {
        "employees" => json!({ "type": ["integer", "string", "null"], "description": "250, 50-100 or 1k+." }),
        "score" => json!({ "type": ["number", "null"], "minimum": 0, "maximum": 100 }),
        "live" => json!({
            "enum": [true, false, "yes", "no"],
            "description": "The caller is on the line; yes if left out.",
        }),
        "satisfaction" => json!({ "type": ["number", "null"], "minimum": 1, "maximum": 5 }),
        name if name.starts_with("consent.") => json!({
            "enum": [true, false, "yes", "no", null],
            "description": "Whether the caller agreed to it.",
        }),
        "channel" => json!({
            "enum": LeadChannel::ALL.map(LeadChannel::as_str),
            "description": "How the lead came; call if left out.",
        }),
        "direction" => json!({ "enum": ["inbound", "outbound"] }),
        "handoff" => {
            json!({ "enum": ["transfer", "meeting", "callback", null], "description": "What the caller asked for." })
        }
        "products" => json!({ "type": ["array", "string", "null"], "items": { "type": "string" } }),
        _ => json!({ "type": ["string", "number", "null"] }),
    }
}

fn named<const N: usize>(properties: [(&str, Value); N]) -> Map<String, Value> {
    properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn text(description: &str) -> Value {
    json!({ "type": ["string", "number"], "description": description })
}

fn reps(description: &str) -> Value {
    json!({ "type": ["array", "string"], "items": { "type": "string" }, "description": description })
}

fn numbers(description: &str) -> Value {
    json!({ "type": "object", "additionalProperties": { "type": ["number", "string"] }, "description": description })
}

fn object(description: &str, properties: Map<String, Value>) -> Value {
    json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "properties": properties,
    })
}
