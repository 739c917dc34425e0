//! The contract as types: what `baton schema event` prints, committed under `fixtures/schemas/`.
//!
//! The schema says what a sender should write; [`super::event::parse`] accepts exactly that and more: it also understands
//! text that no schema can describe, and takes a lead without what it cannot read. A test holds the two together, field by
//! field.

#![expect(dead_code, reason = "only the schemas of these types are used; the reader makes domain values directly")]

use super::event::CallWord;
use super::kind::EventKind;
use baton_core::domain::outcome::OutcomeKind;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

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

/// A qualified lead. One way to reach the person is required: `contact.phone`, `contact.email`, the caller's number, or
/// a live call. `call.platform` and `call.id` name the call. Everything else is optional: absent is unknown, and so
/// is what cannot be read. Such a lead is taken, and the answer lists what was kept out under `notes`.
#[derive(JsonSchema)]
struct LeadQualified {
    call: Option<Call>,
    contact: Option<Contact>,
    company: Option<Company>,
    qualification: Option<Qualification>,
    transcript: Option<Link>,
    recording: Option<Link>,
    consent: Option<Consent>,
    preference: Option<Preference>,
    /// Any further fact; routable as `lead.custom.NAME`.
    custom: Option<BTreeMap<String, CustomValue>>,
}

#[derive(JsonSchema)]
struct Call {
    /// `vapi`, `retell`, `twilio`, `sandbox` …
    #[schemars(length(min = 1))]
    platform: String,
    /// The platform's id of the call.
    #[schemars(length(min = 1))]
    id: String,
    /// The caller is on the line now. Absent: not live.
    live: Option<bool>,
    direction: Option<Direction>,
    /// Calling number.
    from: Option<Given<NumberOrText>>,
    /// Called number.
    to: Option<Given<NumberOrText>>,
    /// What is spoken: `de`, `de-AT` or `German`.
    language: Option<Given<Text>>,
    /// The carrier's id of the caller's leg.
    leg: Option<String>,
    started_at: Option<Instant>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Direction {
    Inbound,
    Outbound,
}

/// The person.
#[derive(JsonSchema)]
struct Contact {
    name: Option<Given<Text>>,
    email: Option<Given<Text>>,
    /// Best with its country code; otherwise read as a number of the company's or the caller's country.
    phone: Option<Given<NumberOrText>>,
    /// Job title.
    title: Option<Given<Text>>,
    /// Overrides `call.language`.
    language: Option<Given<Text>>,
}

#[derive(JsonSchema)]
struct Company {
    name: Option<Given<Text>>,
    /// Website, domain or e-mail address of the company.
    domain: Option<Given<Text>>,
    industry: Option<Given<Text>>,
    /// `120`, `"50-100"`, `"1k+"`, `"about 200"`.
    employees: Option<Given<NumberOrText>>,
    /// Name or ISO 3166-1 code.
    country: Option<Given<Text>>,
    /// Sales region, such as `EMEA`.
    region: Option<Given<Text>>,
    /// Name or ISO 3166-2 code, with `country`.
    state: Option<Given<Text>>,
    /// As text, since leading zeros count; one that a number lost is put back where the country is known.
    postal: Option<Given<NumberOrText>>,
    city: Option<Given<Text>>,
}

/// What the conversation brought to light.
#[derive(JsonSchema)]
struct Qualification {
    /// 0 to 100, or a share from 0.0 to 1.0 (`0.86` is 86, `1` is 1); also as text (`"85%"`).
    score: Option<Given<Score>>,
    /// Two or three sentences.
    summary: Option<Given<Text>>,
    intent: Option<Given<Text>>,
    timeline: Option<Given<Text>>,
    use_case: Option<Given<Text>>,
    budget: Option<Given<NumberOrText>>,
    products: Option<Given<Texts>>,
    pain: Option<Given<Text>>,
    objections: Option<Given<Texts>>,
    urgency: Option<Given<Text>>,
    sentiment: Option<Given<Text>>,
    next_action: Option<Given<Text>>,
}

#[derive(JsonSchema)]
struct Link {
    /// http or https.
    #[schemars(regex(pattern = "^[hH][tT][tT][pP][sS]?://"))]
    url: Option<String>,
}

/// What the caller agreed to. Absent is unknown, never yes.
#[derive(JsonSchema)]
struct Consent {
    recording: Option<bool>,
    callback: Option<bool>,
    email: Option<bool>,
    sms: Option<bool>,
}

#[derive(JsonSchema)]
struct Preference {
    handoff: Option<PreferredHandoff>,
    /// When a meeting would suit: RFC 3339, or wall-clock time in `timezone`. One that cannot be read is kept out by itself.
    #[schemars(inner(regex(pattern = r"^\s*\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")))]
    times: Option<Vec<String>>,
    /// IANA name, such as `Europe/Berlin`.
    timezone: Option<Given<Text>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum PreferredHandoff {
    Transfer,
    Meeting,
    Callback,
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

/// Declares a leaf of the contract: a name and the JSON schema it stands for.
macro_rules! leaf {
    ($name:ident, $schema:tt) => {
        struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

leaf!(Text, { "type": "string" });
leaf!(NumberOrText, { "type": ["number", "string"] });
leaf!(Score, { "type": ["number", "string"], "minimum": 0, "maximum": 100 });
leaf!(Texts, { "type": ["array", "string"], "items": { "type": ["string", "null"] } });
leaf!(Instant, {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\s*\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})\s*$",
});
leaf!(RepName, { "type": "string", "pattern": "^[a-z0-9._-]{1,64}$", "description": "A rep's id in `reps.csv`." });
leaf!(LeadName, { "type": "string", "pattern": "^lead_[A-Za-z0-9.]{1,64}$", "description": "Baton's id of the lead." });
/// The words of [`OutcomeKind`].
struct OutcomeWord;

impl JsonSchema for OutcomeWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OutcomeWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": OutcomeKind::ALL.map(OutcomeKind::as_str) })
    }
}

leaf!(CustomValue, {
    "anyOf": [
        { "type": ["string", "number", "boolean", "null"] },
        { "type": "array", "items": { "type": "string" } },
        {
            "type": "object",
            "required": ["value"],
            "properties": {
                "value": {
                    "type": ["string", "number", "boolean", "null", "array"],
                    "items": { "type": "string" },
                },
            },
        },
    ],
});

/// A bare value, or one with where it came from.
struct Given<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Given{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let bare = generator.subschema_for::<T>();
        json_schema!({
            "anyOf": [
                bare,
                {
                    "type": "object",
                    "description": "A value with where it came from.",
                    "required": ["value"],
                    "properties": {
                        "value": { "anyOf": [bare, { "type": "null" }] },
                        "source": {
                            "description": "Who said it. Absent: the caller; the platform for numbers and language of the call; inferred for the score.",
                            "enum": ["caller", "crm", "inferred", "platform", null],
                        },
                        "confidence": { "type": ["number", "null"], "minimum": 0, "maximum": 1 },
                    },
                },
            ],
        })
    }
}
