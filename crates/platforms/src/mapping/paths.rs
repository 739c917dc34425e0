//! The paths of the events that mappings write.

/// Of `lead.qualified`, but for `call.live` and `call.opens`, which the message's own `live` and `opens` say, and `custom.NAME`.
pub(crate) const LEAD: [&str; 48] = [
    "channel",
    "call.id",
    "call.platform",
    "call.direction",
    "call.from",
    "call.to",
    "call.language",
    "call.leg",
    "call.started_at",
    "contact.name",
    "contact.email",
    "contact.phone",
    "contact.title",
    "contact.language",
    "company.name",
    "company.domain",
    "company.industry",
    "company.employees",
    "company.country",
    "company.region",
    "company.state",
    "company.postal",
    "company.city",
    "qualification.score",
    "qualification.summary",
    "qualification.intent",
    "qualification.timeline",
    "qualification.use_case",
    "qualification.budget",
    "qualification.products",
    "qualification.pain",
    "qualification.objections",
    "qualification.urgency",
    "qualification.sentiment",
    "qualification.tone",
    "qualification.satisfaction",
    "qualification.next_action",
    "transcript.url",
    "recording.url",
    "consent.recording",
    "consent.callback",
    "consent.email",
    "consent.sms",
    "disclosure.ai",
    "disclosure.recording",
    "preference.handoff",
    "preference.times",
    "preference.timezone",
];

/// By which somebody can be reached, beside a line that is open.
pub(crate) const WAYS: [&str; 4] = ["call.from", "call.to", "contact.phone", "contact.email"];

pub(crate) const CALL_ENDED: [&str; 3] = ["call", "platform", "why"];
pub(crate) const SLOT_CHOSEN: [&str; 6] = ["call", "platform", "slot.rep", "slot.from", "slot.until", "why"];
/// `said` is no part of the event: the rep's own words go before what the model made of them.
pub(crate) const REP_ANSWER: [&str; 6] = ["call", "platform", "leg", "event", "said", "why"];

/// Longest name of a custom field.
const LONGEST_NAME: usize = 64;

/// `custom.NAME`, where NAME is one that rules can ask for.
pub(crate) fn is_custom(path: &str) -> bool {
    path.strip_prefix("custom.").is_some_and(|name| custom_name(name).as_deref() == Some(name))
}

/// A name as a custom field has it: letters, digits and `_`, everything else as `_`. `None` where nothing is left.
pub(crate) fn custom_name(name: &str) -> Option<String> {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let plain: String = plain.trim_matches('_').chars().take(LONGEST_NAME).collect();
    (!plain.is_empty()).then_some(plain)
}
