//! What a voice model is asked for, in short names: one table for what mappings take from tools, for the definition of the tool
//! itself, and for whoever else asks a model.

use crate::hear;
use serde_json::{Map, Value, json};

pub struct Fact {
    pub name: &'static str,
    /// Where it stands in the data of `lead.qualified`.
    pub path: &'static str,
    pub kind: Kind,
    /// One plain sentence, said to a model.
    pub about: &'static str,
    /// What others call it; case and separators do not count.
    other_names: &'static [&'static str],
}

/// What the model is to write. What it writes instead is taken as well, and read by whoever reads events.
#[derive(Clone, Copy)]
pub enum Kind {
    Text,
    Number,
    Flag,
    Choice(&'static [&'static str]),
    /// A text of several parts, with these between them.
    List(&'static [char]),
}

const fn fact(
    name: &'static str,
    path: &'static str,
    kind: Kind,
    about: &'static str,
    other_names: &'static [&'static str],
) -> Fact {
    Fact { name, path, kind, about, other_names }
}

/// In the order in which a conversation brings them up.
#[rustfmt::skip]
pub const FACTS: [Fact; 34] = [
    fact("name", "contact.name", Kind::Text, "First and last name of the caller.",
        &["full_name", "first_name", "caller_name", "contact_name", "customer_name", "lead_name"]),
    fact("email", "contact.email", Kind::Text, "E-mail address of the caller, as written: name@example.com.",
        &["mail", "email_address", "contact_email", "customer_email"]),
    fact("phone", "contact.phone", Kind::Text, "Number to call the caller back on, with the country code.",
        &["phone_number", "mobile", "telephone", "callback_number", "caller_id", "contact_phone", "customer_phone"]),
    fact("title", "contact.title", Kind::Text, "Job title of the caller.", &["role", "job_title", "position"]),
    fact("company", "company.name", Kind::Text, "Name of the caller's company.",
        &["company_name", "organization", "organisation", "business_name", "employer"]),
    fact("website", "company.domain", Kind::Text, "Web address of the company.",
        &["domain", "company_domain", "company_website"]),
    fact("industry", "company.industry", Kind::Text, "What the company does, in a word or two.", &["company_industry", "sector"]),
    fact("employees", "company.employees", Kind::Text, "How many people work at the company: a number, or a range such as 50-100.",
        &["headcount", "company_size", "company_employees", "employee_count", "number_of_employees"]),
    fact("country", "company.country", Kind::Text, "Country in which the company sits.", &["company_country"]),
    fact("state", "company.state", Kind::Text, "State or province in which the company sits.", &["company_state", "province"]),
    fact("postal", "company.postal", Kind::Text, "Postal code of the company.",
        &["postal_code", "zip", "zip_code", "postcode", "company_postal", "company_zip"]),
    fact("city", "company.city", Kind::Text, "City in which the company sits.", &["company_city", "town"]),
    fact("language", "contact.language", Kind::Text, "Language in which the caller wants to be spoken with.",
        &["preferred_language"]),
    fact("timezone", "preference.timezone", Kind::Text, "Time zone of the caller, such as Europe/Berlin.", &["tz"]),
    fact("score", "qualification.score", Kind::Number, "How well the caller fits, from 0 to 100.",
        &["lead_score", "qualification_score"]),
    fact("summary", "qualification.summary", Kind::Text, "The conversation so far in two or three sentences.",
        &["call_summary", "conversation_summary", "notes"]),
    fact("intent", "qualification.intent", Kind::Text, "What the caller wants.", &["reason_for_call"]),
    fact("timeline", "qualification.timeline", Kind::Text, "When the caller wants to start or to buy.", &["timeframe"]),
    fact("use_case", "qualification.use_case", Kind::Text, "What the caller wants to use the product for.", &[]),
    fact("budget", "qualification.budget", Kind::Text, "What the caller can spend, with the currency.", &[]),
    fact("products", "qualification.products", Kind::List(&[',', ';', '\n']), "Products that the caller asked about, with commas between them.",
        &["product", "product_interest", "interests"]),
    fact("pain", "qualification.pain", Kind::Text, "What troubles the caller today.", &["pain_point", "pain_points", "problem"]),
    fact("objections", "qualification.objections", Kind::List(&[';', '\n']), "What speaks against it in the caller's eyes, with semicolons between.",
        &["objection", "concerns"]),
    fact("urgency", "qualification.urgency", Kind::Text, "How urgent it is to the caller, and why.", &[]),
    fact("sentiment", "qualification.sentiment", Kind::Choice(&["positive", "neutral", "negative"]), "How the caller feels about the conversation.",
        &["user_sentiment"]),
    fact("tone", "qualification.tone", Kind::Choice(&["calm", "frustrated", "confused", "hesitant", "enthusiastic"]), "How the caller sounds.",
        &["caller_tone", "user_tone", "emotion", "caller_emotion", "user_emotion", "mood", "caller_mood"]),
    fact("satisfaction", "qualification.satisfaction", Kind::Number, "How satisfied the caller is with the conversation, from 1 to 5, if they say it.",
        &["csat", "csat_score", "caller_satisfaction", "customer_satisfaction", "user_satisfaction", "satisfaction_score"]),
    fact("next_action", "qualification.next_action", Kind::Text, "What was agreed to happen next.", &["next_step", "next_steps"]),
    fact("wish", "preference.handoff", Kind::Choice(&["transfer", "meeting", "callback"]), "What the caller wants now: a transfer to a person, a meeting, or a callback.",
        &["handoff", "preferred_handoff"]),
    fact("times", "preference.times", Kind::List(&[',', ';', '\n']), "Dates and times that suit the caller, such as 2026-03-04T14:00, with commas between them.",
        &["preferred_times", "preferred_time", "meeting_time"]),
    fact("recording_consent", "consent.recording", Kind::Flag, "Whether the caller agreed to be recorded.", &["consent_recording"]),
    fact("callback_consent", "consent.callback", Kind::Flag, "Whether the caller agreed to be called back.", &["consent_callback"]),
    fact("email_consent", "consent.email", Kind::Flag, "Whether the caller agreed to get mail.", &["consent_email"]),
    fact("sms_consent", "consent.sms", Kind::Flag, "Whether the caller agreed to get text messages.", &["consent_sms"]),
];

/// The fact that somebody calls so.
pub(crate) fn called(name: &str) -> Option<&'static Fact> {
    let is_so = |own: &str| letters(own).eq(letters(name));
    FACTS.iter().find(|fact| is_so(fact.name) || fact.other_names.iter().any(|other| is_so(other)))
}

/// The data of a lead that a model's arguments say, without its call; and what was left out of them, and why. What is not among
/// [`FACTS`] is under `custom`.
pub fn lead_data(arguments: &Map<String, Value>) -> (Map<String, Value>, Vec<(String, String)>) {
    hear::of_arguments(arguments)
}

/// A name without case and separators: `useCase`, `use-case` and `use_case` are one.
pub(crate) fn letters(text: &str) -> impl Iterator<Item = char> {
    text.trim().chars().flat_map(char::to_lowercase).filter(|c| !matches!(c, '_' | '-' | ' ' | '.'))
}

/// The arguments of a tool that asks for these facts, as JSON Schema. Flat, with one type each and nothing required, since models
/// and platforms refuse a tool for less; the same bytes each time, since some ask a person again when a tool has changed.
pub fn tool_schema() -> Value {
    let mut properties = Map::new();
    for Fact { name, kind, about, .. } in &FACTS {
        let property = match kind {
            Kind::Text | Kind::List(_) => json!({ "type": "string", "description": about }),
            Kind::Number => json!({ "type": "number", "description": about }),
            Kind::Flag => json!({ "type": "boolean", "description": about }),
            Kind::Choice(words) => json!({ "type": "string", "enum": words, "description": about }),
        };
        properties.insert((*name).to_owned(), property);
    }
    json!({ "type": "object", "properties": properties })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::paths::LEAD;
    use baton_core::domain::lead::Tone;
    use std::collections::BTreeSet;

    #[test]
    fn facts_are_found_by_any_of_their_names() {
        let path = |name| called(name).map(|fact| fact.path);
        assert_eq!(path("useCase"), Some("qualification.use_case"));
        assert_eq!(path("Company Name"), Some("company.name"));
        assert_eq!(path("role"), Some("contact.title"));
        assert_eq!(path("recordingConsent"), Some("consent.recording"));
        assert_eq!(path("seats"), None);
    }

    #[test]
    fn no_name_means_two_facts_and_every_path_is_one_of_a_lead() {
        let mut seen = BTreeSet::new();
        for fact in &FACTS {
            for name in std::iter::once(&fact.name).chain(fact.other_names) {
                assert!(seen.insert(letters(name).collect::<String>()), "{name} twice");
            }
            assert!(LEAD.contains(&fact.path), "{}", fact.path);
            assert!(fact.about.ends_with('.') && fact.about.len() <= 100, "{}", fact.about);
        }
    }

    #[test]
    fn the_model_is_asked_for_the_tones_that_there_are() {
        let Kind::Choice(words) = called("tone").unwrap().kind else { panic!("not a choice") };
        assert_eq!(words, Tone::ALL.map(Tone::as_str));
    }

    #[test]
    fn the_tool_asks_for_plain_values_only() {
        let schema = tool_schema();
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), FACTS.len());
        for (name, property) in properties {
            let allowed = ["type", "enum", "description"];
            assert!(property.as_object().unwrap().keys().all(|key| allowed.contains(&key.as_str())), "{name}");
            assert!(["string", "number", "boolean"].contains(&property["type"].as_str().unwrap()), "{name}");
        }
    }
}
