//! The contract as types: what `baton schema event` prints, committed under `fixtures/schemas/`.
//!
//! The schema says what a sender should write; [`super::event::parse`] accepts exactly that and more: it also understands
//! text that no schema can describe, and takes a lead without what it cannot read. A test holds the two together, field by
//! field.

#![expect(dead_code, reason = "only the schemas of these types are used; the reader makes domain values directly")]

mod lead;
mod leaf;

use super::event::CallWord;
use super::kind::EventKind;
use lead::LeadQualified;
use leaf::{Instant, LeadName, OutcomeWord, RepName};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// JSON Schema 2020-12 of a `lead.qualified` event in structured form.
pub fn event_schema() -> Value {
    schema_of(EventKind::LeadQualified)
}

/// JSON Schema 2020-12 of one kind of event in structured form.
pub fn schema_of(kind: EventKind) -> Value {
    let mut schema = match kind {
        EventKind::LeadQualified => generate::<LeadQualified>(),
        EventKind::CallEvent => generate::<CallEvent>(),
        EventKind::CallEnded => generate::<CallEnded>(),
        EventKind::SlotChosen => generate::<SlotChosen>(),
        EventKind::RepPresence => generate::<RepPresence>(),
        EventKind::ContactMade => generate::<ContactMade>(),
        EventKind::OutcomeRecorded => generate::<OutcomeRecorded>(),
    };
    schema["title"] = json!(kind.as_str());
    schema["properties"]["type"]["const"] = json!(kind.as_str());
    schema
}

/// Where the schemas of [`components`] name each other.
const COMPONENTS: &str = "#/components/schemas/";

/// Every kind of event under its name, and what they are made of under `event.NAME`, as the components of a document that
/// describes an API.
pub fn components() -> Map<String, Value> {
    let mut components = Map::new();
    for kind in EventKind::ALL {
        let mut schema = schema_of(kind);
        let parts = schema.as_object_mut().and_then(|schema| {
            schema.shift_remove("$schema");
            schema.shift_remove("$defs")
        });
        lead_to_components(&mut schema);
        components.insert(kind.as_str().to_owned(), schema);
        if let Some(Value::Object(parts)) = parts {
            for (name, mut part) in parts {
                lead_to_components(&mut part);
                let name = format!("event.{name}");
                let before = components.insert(name.clone(), part.clone());
                assert!(before.is_none_or(|before| before == part), "{name} means one thing in all events");
            }
        }
    }
    components
}

fn lead_to_components(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().and_then(|target| target.strip_prefix("#/$defs/")) {
                    Some(part) if name == "$ref" => *member = format!("{COMPONENTS}event.{part}").into(),
                    _ => lead_to_components(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(lead_to_components),
        _ => {}
    }
}

fn generate<D: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<Envelope<D>>().to_value()
}

/// A CloudEvents 1.0 event. In binary mode the attributes are headers and the body is `data` alone.
#[derive(JsonSchema)]
struct Envelope<D> {
    /// Version of CloudEvents.
    #[schemars(extend("const" = "1.0"))]
    specversion: String,
    /// Names the event within its source. The same id from the same source is the same event, and is taken once.
    #[schemars(length(min = 1, max = 256))]
    id: String,
    /// Who sends: a platform and account, such as `vapi:acct_1`. No blanks.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^\S+$"))]
    source: String,
    #[schemars(rename = "type")]
    kind: String,
    /// When it happened. Absent: when it was received.
    time: Option<Instant>,
    datacontenttype: Option<String>,
    data: D,
}

/// What happened on a call, told by whoever drives it.
#[derive(JsonSchema)]
struct CallEvent {
    #[schemars(length(min = 1))]
    platform: String,
    /// The platform's id of the caller's call.
    #[schemars(length(min = 1))]
    call: String,
    /// The leg that Baton named when it asked to ring; required for every event of a rep's phone.
    leg: Option<String>,
    event: CallWord,
    /// Required when `event` is `slot_chosen`.
    slot: Option<Slot>,
    /// 0 to 9, * or #. Required when `event` is `pressed`.
    key: Option<String>,
    why: Option<String>,
}

/// Nobody is on the line any more.
#[derive(JsonSchema)]
struct CallEnded {
    #[schemars(length(min = 1))]
    platform: String,
    #[schemars(length(min = 1))]
    call: String,
    leg: Option<String>,
    slot: Option<Slot>,
    why: Option<String>,
}

/// The caller chose one of the offered times.
#[derive(JsonSchema)]
struct SlotChosen {
    #[schemars(length(min = 1))]
    platform: String,
    #[schemars(length(min = 1))]
    call: String,
    leg: Option<String>,
    slot: Slot,
    why: Option<String>,
}

#[derive(JsonSchema)]
struct Slot {
    rep: RepName,
    from: Instant,
    /// Exclusive; after `from`.
    until: Instant,
}

/// A rep says whether calls may come.
#[derive(JsonSchema)]
struct RepPresence {
    rep: RepName,
    presence: PresenceWord,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum PresenceWord {
    Available,
    Away,
}

/// A human of ours has spoken with the caller.
#[derive(JsonSchema)]
struct ContactMade {
    lead: LeadName,
    rep: RepName,
    at: Instant,
}

/// What came of a lead, for the reports.
#[derive(JsonSchema)]
struct OutcomeRecorded {
    lead: LeadName,
    kind: OutcomeWord,
    at: Instant,
    /// In the currency of the CRM.
    #[schemars(range(min = 0.0))]
    amount: Option<f64>,
}
