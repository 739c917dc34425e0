//! The data of `lead.qualified`.

use super::leaf::{Agreed, ChannelWord, CustomValue, Given, Instant, NumberOrText, Satisfaction, Score, Text, Texts};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// A qualified lead. One way to reach the person is required: `contact.phone`, `contact.email`, the caller's number, or
/// a live call. `call.platform` and `call.id` name the call. Everything else is optional: absent is unknown, and so
/// is what cannot be read. Such a lead is taken, and the answer lists what was kept out under `notes`.
#[derive(JsonSchema)]
pub(super) struct LeadQualified {
    /// How the lead came; absent: by call. Nobody is put through but by call.
    channel: Option<ChannelWord>,
    call: Option<Call>,
    contact: Option<Contact>,
    company: Option<Company>,
    qualification: Option<Qualification>,
    transcript: Option<Link>,
    recording: Option<Link>,
    consent: Option<Consent>,
    disclosure: Option<Disclosure>,
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
    /// `false`: the event completes the lead of this call, and never begins one.
    opens: Option<bool>,
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
    /// How the caller sounds: `calm`, `frustrated`, `confused`, `hesitant`, `enthusiastic`, or a word for one of them.
    tone: Option<Given<Text>>,
    /// Of the caller with the conversation, 1 to 5; also as text (`"4/5"`).
    satisfaction: Option<Given<Satisfaction>>,
    next_action: Option<Given<Text>>,
}

#[derive(JsonSchema)]
struct Link {
    /// http or https.
    #[schemars(regex(pattern = "^[hH][tT][tT][pP][sS]?://"))]
    url: Option<String>,
}

/// What the caller agreed to. Absent is unknown, never yes. Of several events of one call the newest statement counts.
#[derive(JsonSchema)]
struct Consent {
    recording: Option<Agreed>,
    /// To being called. Whoever refuses it is promised a mail instead, where they agree to that.
    callback: Option<Agreed>,
    email: Option<Agreed>,
    sms: Option<Agreed>,
}

/// What the caller was told of the call. Absent is unknown, and counts as not told. Of several events of one call the newest
/// statement counts.
#[derive(JsonSchema)]
struct Disclosure {
    /// That an AI speaks with them.
    ai: Option<Agreed>,
    /// That the call is recorded.
    recording: Option<Agreed>,
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
