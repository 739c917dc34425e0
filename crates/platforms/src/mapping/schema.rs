//! The shape of a mapping as JSON Schema, for editors: completion, hover, and the first faults while typing.
//!
//! It takes its words from the tables that the reader reads with, and is never stricter than the reader.

use super::Means;
use super::conversion::CONVERSIONS;
use super::read::{ALGORITHMS, BODIES, ENCODINGS, KEYS, MEANS, METHODS};
use crate::signature::Proof;
use serde_json::{Map, Value, json};

/// JSON Schema 2020-12 of `platforms/NAME.yaml`.
pub fn mapping_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Baton: platforms/NAME.yaml",
        "description": "What the requests of a voice platform mean. Try one with `baton platforms try`.",
        "type": "object",
        "required": ["version", "messages"],
        "additionalProperties": false,
        "properties": {
            "version": about("Of this file's shape.", json!({ "enum": ["1", 1] })),
            "about": text("What it is for."),
            "proof": about("What shows that a request comes from the platform; any one is enough.", one_or_more(json!({ "$ref": "#/$defs/proof" }))),
            "body": about("How bodies are written; otherwise each request says it.", choice(&BODIES)),
            "account": place("Where the platform says which account it speaks for: events are then of NAME/ACCOUNT."),
            "live": about("How something is said on a call that is going on, once it is known.", json!({ "$ref": "#/$defs/live" })),
            "messages": about(
                "Kinds of requests; the first that fits counts.",
                json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/message" } }),
            ),
        },
        "$defs": { "message": message(), "way": way(), "when": when(), "proof": proof(), "facts": facts(), "answer": answer(), "live": live() },
    })
}

fn message() -> Value {
    let key = |what: &str| json!({ "$ref": format!("#/$defs/{what}") });
    let rows = |means: Means| {
        let rows = means.paths().iter().map(|path| ((*path).to_owned(), one_or_more(key("way"))));
        let mut schema =
            json!({ "type": "object", "additionalProperties": false, "properties": rows.collect::<Map<_, _>>() });
        if means == Means::Lead {
            schema["patternProperties"] = json!({ "^custom\\.": one_or_more(key("way")) });
        }
        schema
    };
    let event = json!({ "anyOf": [rows(Means::CallEnded), rows(Means::SlotChosen), rows(Means::RepAnswer)] });
    json!({
        "type": "object",
        "required": ["name", "means"],
        "additionalProperties": false,
        "properties": {
            "name": text("Names the message in logs, and its events."),
            "means": about("What it says.", choice(&MEANS)),
            "live": about("Somebody on the line waits for words.", flag()),
            "opens": about("no: it completes the lead of its call, and never begins one.", flag()),
            "each": place("A list, each item of which is looked at by itself, as item:/…"),
            "when": key("when"),
            "time": about("When it happened.", one_or_more(key("way"))),
            "id": about(
                "The same for a request that is sent again; joined by colons. Left out: the call and the message's name.",
                one_or_more(word()),
            ),
            "lead": about("Paths of lead.qualified, and where their values stand.", rows(Means::Lead)),
            "event": about("The same of call.ended, of slot.chosen, and of a rep's answer.", event),
            "facts": about("Objects whose members are facts.", one_or_more(key("facts"))),
            "remedy": text("What to do on the platform where a request names no call, or is refused."),
            "answer": key("answer"),
        },
    })
}

fn way() -> Value {
    json!({ "anyOf": [
        place("/call/id, header:x-call-id, query:call_id, item:/id, or a text with {/call/id} in it."),
        {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "at": about("One place or several; the first that says something counts.", one_or_more(word())),
                "value": about("A text that is always the same.", one_or_more(word())),
                "when": { "$ref": "#/$defs/when" },
                "words": about("Words of the platform, and ours.", json!({ "type": "object", "additionalProperties": word() })),
                "as": about("A change of the value.", choice(&CONVERSIONS)),
            },
        },
    ] })
}

fn when() -> Value {
    about(
        "What must stand in the request: place: word, list of words, present or absent. All must hold.",
        json!({ "type": "object", "additionalProperties": one_or_more(word()) }),
    )
}

fn proof() -> Value {
    let hmac = json!({
        "header": text("The header that has the signature."),
        "prefix": text("What stands before it."),
        "timestamp": text("The header that has the time of signing."),
        "signed": text("What is signed: {timestamp}.{body}"),
        "algorithm": choice(&ALGORITHMS),
        "encoding": choice(&ENCODINGS),
        "key": choice(&KEYS),
        "within": text("How far the time may lie from ours: 5m."),
    });
    let object =
        |properties: Value| json!({ "type": "object", "additionalProperties": false, "properties": properties });
    let settings = json!({
        "header": text("The header that has the secret itself."),
        "prefix": text("What stands before it."),
        "query": text("The parameter of the address that has the secret."),
        "hmac": object(hmac),
    });
    json!({ "anyOf": [{ "enum": Proof::NAMES }, object(settings)] })
}

fn facts() -> Value {
    json!({ "anyOf": [
        place("An object whose members are facts, or a text that is one."),
        {
            "type": "object",
            "required": ["at"],
            "additionalProperties": false,
            "properties": {
                "at": place("The object, or a list of objects."),
                "name": text("The member of each entry that says how the fact is called."),
                "member": text("The member of each entry that is the value."),
                "without": about("Members that are no facts.", one_or_more(word())),
            },
        },
    ] })
}

fn answer() -> Value {
    json!({ "anyOf": [
        { "const": "none" },
        {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "json": { "description": "Any shape; {say} stands for the words, {transfer_to} for where the caller is to be transferred, left out where that is nowhere." },
                "twiml": text("For Twilio and those who do alike: <Response><Say>{say}</Say></Response>"),
                "text": text("The words alone: {say}"),
                "each": place("A list, each item of which gets an entry."),
                "into": text("Where the entries stand: /results"),
                "entry": { "description": "The shape of one entry, with item:/… of its item." },
            },
        },
    ] })
}

fn live() -> Value {
    json!({
        "type": "object",
        "required": ["url", "say"],
        "additionalProperties": false,
        "properties": {
            "url": about(
                "Where each call's address stands in its requests; or one address with {call.id} or {call.leg} in it.",
                one_or_more(word()),
            ),
            "hosts": about("Hosts at which such an address may be: .acme.example for all below it.", one_or_more(word())),
            "method": choice(&METHODS),
            "say": { "description": "The body, of any shape; {say} stands for the words, {key} for an id of the command." },
            "transfer": {
                "type": "object",
                "description": "How it is told to connect the caller with somebody else; {transfer_to} stands for a SIP address or a \
                                number.",
                "additionalProperties": false,
                "properties": {
                    "url": text("One address with {call.id} or {call.leg} in it, where it is not that of sentences."),
                    "sip": { "description": "The body for a SIP address, of any shape." },
                    "number": { "description": "The body for a number, of any shape." },
                },
            },
            "needs": text("What must be switched on at the platform."),
        },
    })
}

fn about(what: &str, mut schema: Value) -> Value {
    schema["description"] = Value::from(what);
    schema
}

fn text(what: &str) -> Value {
    about(what, word())
}

/// Whatever YAML makes of a word.
fn word() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn place(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

fn flag() -> Value {
    json!({ "type": ["boolean", "string", "number"] })
}

fn choice<T>(words: &[(&str, T)]) -> Value {
    json!({ "enum": words.iter().map(|(word, _)| word).collect::<Vec<_>>() })
}

fn one_or_more(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "array", "items": schema }] })
}
