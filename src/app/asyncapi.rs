//! What goes over the broker, for programs: AsyncAPI 3.0, made of the names that the broker is set up with and of the schemas of
//! what comes in and goes out.

use super::bus::COMMAND;
use crate::intake::amqp::{BINDINGS, Topology};
use crate::intake::event::EventKind;
use crate::intake::schema;
use crate::web::openapi_document;
use baton_core::domain::effect::Topic;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const SCHEMAS: &str = "#/components/schemas/";
/// What is answered to whoever gave an event a `reply_to`.
const ANSWER: &str = "EventAnswer";
const OWN_EVENT: &str = "OwnEvent";
const COMMAND_SCHEMA: &str = "Command";

/// AsyncAPI 3.0 of the exchanges that Baton reads from and publishes on.
pub fn asyncapi_document() -> Value {
    let topology = Topology::default();
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for kind in EventKind::ALL {
        let name = key(kind.as_str());
        channels.insert(
            name.clone(),
            channel(kind.as_str(), &topology.exchange_in, kind.as_str(), "Taken from the queue."),
        );
        operations.insert(format!("receive_{name}"), receives(&name));
    }
    for topic in Topic::ALL {
        let name = key(topic.as_str());
        let about =
            "Published when it has happened; ids and times only: whoever listens asks for the rest with a token.";
        channels.insert(name.clone(), channel(topic.as_str(), &topology.exchange_events, OWN_EVENT, about));
        operations.insert(format!("send_{name}"), sends(&name, false));
    }
    let about = "To the voice platform, where telephony.mode is agent_amqp, or rep_first and told_by = \"amqp\". A command of the same id is to be carried out once.";
    channels.insert(key(COMMAND), channel(COMMAND, &topology.exchange_events, COMMAND_SCHEMA, about));
    operations.insert(format!("send_{}", key(COMMAND)), sends(&key(COMMAND), true));
    channels.insert("replies".to_owned(), replies());
    channels.insert("dead".to_owned(), dead(&topology));
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Baton",
            "version": env!("CARGO_PKG_VERSION"),
            "description": about_queue(&topology),
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "localhost:5672",
                "protocol": "amqp",
                "protocolVersion": "0-9-1",
                "description": "RabbitMQ, as [amqp] of baton.toml names it.",
            },
        },
        "channels": channels,
        "operations": operations,
        "components": { "schemas": schemas() },
    })
}

fn about_queue(topology: &Topology) -> String {
    let Topology { exchange_in, queue, dead_exchange, max_length, .. } = topology;
    format!(
        "Events are published on the topic exchange {exchange_in} and lie in the quorum queue {queue}, which is bound for {}. \
         They are acknowledged once they are committed. What is delivered too often goes to {dead_exchange}; beyond \
         {max_length} messages the queue refuses. CloudEvents 1.0, structured or binary: the attributes then are headers \
         `cloudEvents:id`, `cloudEvents:source`, `cloudEvents:type`, `cloudEvents:specversion`.",
        BINDINGS.join(", ")
    )
}

/// Names of channels and operations have no dots.
fn key(address: &str) -> String {
    address.replace('.', "_")
}

fn channel(address: &str, exchange: &str, schema: &str, about: &str) -> Value {
    let message = json!({
        "name": address,
        "contentType": "application/json",
        "payload": { "$ref": format!("{SCHEMAS}{schema}") },
    });
    json!({
        "address": address,
        "description": about,
        "messages": { "message": message },
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": { "name": exchange, "type": "topic", "durable": true, "autoDelete": false },
                "bindingVersion": "0.3.0",
            },
        },
    })
}

fn receives(channel: &str) -> Value {
    json!({
        "action": "receive",
        "channel": { "$ref": format!("#/channels/{channel}") },
        "messages": [{ "$ref": format!("#/channels/{channel}/messages/message") }],
        "bindings": { "amqp": { "ack": true, "bindingVersion": "0.3.0" } },
        "reply": {
            "address": {
                "location": "$message.header#/reply_to",
                "description": "The property reply_to of the event; without it nothing is answered.",
            },
            "channel": { "$ref": "#/channels/replies" },
            "messages": [{ "$ref": "#/channels/replies/messages/answer" }],
        },
    })
}

/// `must_arrive`: a queue must be bound for it.
fn sends(channel: &str, must_arrive: bool) -> Value {
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{channel}") },
        "messages": [{ "$ref": format!("#/channels/{channel}/messages/message") }],
        "bindings": { "amqp": { "deliveryMode": 2, "mandatory": must_arrive, "bindingVersion": "0.3.0" } },
    })
}

fn replies() -> Value {
    json!({
        "address": null,
        "description": "The asker's own queue, through the default exchange.",
        "messages": {
            "answer": {
                "name": "answer",
                "contentType": "application/json",
                "correlationId": { "location": "$message.header#/correlation_id" },
                "payload": { "$ref": format!("{SCHEMAS}{ANSWER}") },
            },
        },
    })
}

fn dead(topology: &Topology) -> Value {
    json!({
        "address": topology.dead_queue,
        "description": "What was delivered too often without being committed, as it came. Nothing reads it but people.",
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": { "name": topology.dead_queue, "durable": true, "exclusive": false, "autoDelete": false },
                "bindingVersion": "0.3.0",
            },
        },
    })
}

/// The events, our own ones, commands, and the answer with all that it is made of, as the HTTP door describes it.
fn schemas() -> Map<String, Value> {
    let mut schemas = schema::components();
    let described = openapi_document();
    let mut open = vec![ANSWER.to_owned()];
    let mut known = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !known.insert(name.clone()) {
            continue;
        }
        let schema = described["components"]["schemas"][&name].clone();
        named_in(&schema, &mut open);
        schemas.insert(name, schema);
    }
    schemas.insert(OWN_EVENT.to_owned(), own_event());
    schemas.insert(COMMAND_SCHEMA.to_owned(), command());
    schemas
}

/// Names of the schemas that a schema refers to.
fn named_in(schema: &Value, into: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix(SCHEMAS));
            into.extend(target.map(str::to_owned));
            members.values().for_each(|member| named_in(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| named_in(item, into)),
        _ => {}
    }
}

fn own_event() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "description": "A CloudEvents 1.0 event of ours. A repetition has the same id.",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text,
            "source": { "const": "baton" },
            "type": { "enum": Topic::ALL.map(Topic::as_str) },
            "time": { "type": "string", "format": "date-time" },
            "data": {
                "type": "object",
                "required": ["lead", "decision", "handoff", "owner", "pool", "next_step"],
                "properties": {
                    "lead": text,
                    "decision": text,
                    "handoff": text,
                    "owner": { "type": "string", "description": "A rep's id in reps.csv." },
                    "pool": text,
                    "next_step": { "$ref": format!("{SCHEMAS}NextStep") },
                },
            },
        },
    })
}

/// As [`crate::connectors::agent`] words them.
fn command() -> Value {
    let text = json!({ "type": "string" });
    let instant = json!({ "type": "string", "format": "date-time" });
    let slots = json!({ "type": "array", "items": { "$ref": format!("{SCHEMAS}Slot") } });
    let record = json!({ "const": false, "description": "The caller does not agree to be recorded: do not." });
    let to = json!({ "type": "string", "description": "Where a rep waits: sip:USER@HOST or a number, good for this call alone." });
    let comfort = json!({ "const": "agent", "description": "The agent stays with the caller: no music." });
    let reason =
        json!({ "const": "answered_elsewhere", "description": "Another rep was quicker: nobody missed a call." });
    let rep = json!({ "type": "string", "description": "The leg of the rep who calls back, and has accepted." });
    let phone = json!({ "type": "string", "description": "The number to ring, in E.164; `sip` stands in its place for an app." });
    let language = json!({ "type": "string", "description": "Of `say`, such as `en`: one that the rep speaks, where there are words in it." });
    let sip = json!({ "type": "string", "description": "The SIP address to ring, such as ana@pbx.example." });
    let one = |kind: &str, properties: &[(&str, &Value)], optional: &[(&str, &Value)]| {
        let mut all = Map::from_iter([("type".to_owned(), json!({ "const": kind }))]);
        let required: Vec<&str> = std::iter::once("type").chain(properties.iter().map(|(name, _)| *name)).collect();
        all.extend(properties.iter().chain(optional).map(|(name, schema)| ((*name).to_owned(), (*schema).clone())));
        json!({ "type": "object", "required": required, "properties": all })
    };
    json!({
        "description": "What the voice platform is to do; it hears back from the platform as `call.event`.",
        "oneOf": [
            one("instruct", &[("id", &text), ("call", &text), ("kind", &text), ("say", &text)], &[("slots", &slots)]),
            one("hold", &[("id", &text), ("call", &text)], &[("record", &record), ("comfort", &comfort)]),
            one("ring", &[("call", &text), ("leg", &text), ("ring_until", &instant)], &[("phone", &phone), ("sip", &sip)]),
            one("whisper", &[("id", &text), ("leg", &text), ("say", &text), ("language", &language)], &[]),
            one("join", &[("id", &text), ("call", &text), ("leg", &text)], &[("record", &record)]),
            one(
                "dial_lead",
                &[("call", &rep), ("leg", &text), ("phone", &text), ("ring_until", &instant)],
                &[("record", &record)],
            ),
            one(
                "transfer",
                &[("id", &text), ("call", &text), ("leg", &text), ("to", &to), ("until", &instant)],
                &[("record", &record)],
            ),
            one("hang_up", &[("id", &text), ("leg", &text)], &[("reason", &reason)]),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'d>(value: &'d Value, into: &mut Vec<&'d str>) {
        match value {
            Value::Object(members) => {
                into.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, into));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, into)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = asyncapi_document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 60, "only {} references", found.len());
        for target in found {
            let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} leads out of the document"));
            assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
        }
    }

    /// Members of commands as [`crate::connectors::agent`] makes them; a platform that does not read one records who said no.
    #[test]
    fn a_command_that_begins_a_recording_can_say_that_there_is_none() {
        let document = asyncapi_document();
        let commands = document["components"]["schemas"][COMMAND_SCHEMA]["oneOf"].as_array().expect("commands");
        let says_so = commands.iter().filter(|command| command["properties"]["record"]["const"] == false);
        let kinds: Vec<&Value> = says_so.map(|command| &command["properties"]["type"]["const"]).collect();
        assert_eq!(kinds, ["hold", "join", "dial_lead", "transfer"]);
    }

    #[test]
    fn every_kind_and_every_topic_has_a_channel_on_its_exchange() {
        let document = asyncapi_document();
        let exchange = |name: &str| document["channels"][key(name)]["bindings"]["amqp"]["exchange"]["name"].clone();
        for kind in EventKind::ALL {
            assert_eq!(exchange(kind.as_str()), "baton.in", "{}", kind.as_str());
            let reaches = |binding: &str| kind.as_str().starts_with(binding.trim_end_matches('#'));
            assert!(BINDINGS.into_iter().any(reaches), "{} reaches the queue", kind.as_str());
        }
        for topic in Topic::ALL {
            assert_eq!(exchange(topic.as_str()), "baton.events", "{}", topic.as_str());
        }
        assert_eq!(exchange(COMMAND), "baton.events");
        let channels = document["channels"].as_object().expect("channels").len();
        assert_eq!(channels, EventKind::ALL.len() + Topic::ALL.len() + 3);
    }
}
