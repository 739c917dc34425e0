//! `lead.qualified` data → [`Lead`].

mod channel;
mod company;
mod consent;
mod preference;

use super::envelope::Envelope;
use super::normalise;
use super::reader::{Object, UNKNOWN_FIELD, Unread};
use baton_core::domain::id::LeadId;
use baton_core::domain::known::{Known, Source};
use baton_core::domain::lead::{Call, Contact, Direction, FieldValue, Lead, Qualification, Tone};
use baton_core::domain::phone::PhoneE164;
use baton_core::rules::words::placeholder::is_placeholder;
use baton_core::rules::words::{language, phone};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// `None` where the event has no id or source; the findings say so.
pub(super) fn read(data: &mut Object<'_, '_>, envelope: &Envelope, received_at: DateTime<Utc>) -> Option<Lead> {
    let said_channel = channel::read(data);
    let company = company::read(data.object("company"));
    let spoken_in = company.country.as_ref().map(|country| country.value.as_str());
    let CallSection { mut call, language, theirs } = call(data.object("call"), spoken_in);
    let channel = channel::settle(said_channel, call.as_mut(), data);
    let region =
        spoken_in.map(str::to_owned).or_else(|| theirs.as_ref().and_then(|phone| phone::country(&phone.value)));
    let mut contact = contact(data.object("contact"), region.as_deref());
    contact.language = contact.language.or(language);
    if call.is_none() {
        // A call that nobody can name is none; the number it came from is still the caller's.
        contact.phone = contact.phone.or(theirs);
    }
    let company = company::with_domain_of_email(company, contact.email.as_ref());
    let qualification = qualification(data.object("qualification"));
    let transcript_url = link(data.object("transcript"));
    let recording_url = link(data.object("recording"));
    let occurred_at = envelope.time.unwrap_or(received_at);
    let consent = consent::read(data.object("consent"), channel, occurred_at.min(received_at));
    let disclosure = consent::disclosure(data.object("disclosure"), channel, occurred_at.min(received_at));
    let preference = preference::read(data.object("preference"), region.as_deref());
    let custom = custom(data.object("custom"));
    let (source, event_id) = (envelope.source.clone()?, envelope.id.clone()?);
    let lead = Lead {
        id: lead_id(&source, &event_id),
        source,
        event_id,
        occurred_at,
        received_at,
        channel,
        call,
        contact,
        company,
        qualification,
        transcript_url,
        recording_url,
        consent,
        disclosure,
        preference,
        custom,
        unread: Vec::new(),
    };
    check_reachable(&lead, data);
    Some(lead)
}

/// The id of the lead that an event brings: the same event is the same lead, for ever.
pub fn lead_id(source: &str, id: &str) -> LeadId {
    let digest = Sha256::digest(format!("{source}\n{id}"));
    LeadId::from_digest(std::array::from_fn(|i| digest[i]))
}

/// The same by the key under which the event lies in the inbox. What has none is named after its key.
pub fn lead_id_of_key(key: &str) -> LeadId {
    let (source, id) = key.split_once(' ').unwrap_or(("", key));
    lead_id(source, id)
}

/// The only fact about the person that is required: without it nobody can ever call or write. What tells of a call may belong to
/// a lead of that call, of whom more is known: that is found out where it is decided.
fn check_reachable(lead: &Lead, data: &Object<'_, '_>) {
    if lead.can_be_reached() || lead.call.is_some() {
        return;
    }
    let notes = data.findings.notes.borrow();
    let is_way = |pointer: &str| pointer.ends_with("/phone") || pointer.contains("/email");
    let tried = notes.iter().filter(|note| {
        is_way(&note.pointer) || note.pointer.starts_with("/data/contact/") && note.found == UNKNOWN_FIELD
    });
    let tried: Vec<&str> = tried.map(|note| note.pointer.as_str()).collect();
    let hint = (!tried.is_empty()).then(|| format!("{} is there, but cannot be read", tried.join(" and ")));
    let allowed =
        "contact.phone, contact.email, the caller's number in call.from (call.to if outbound), or a live call";
    data.findings.refuse("/data/contact".into(), "no way to reach the person".into(), allowed, hint);
}

/// What the part about the call says.
#[derive(Default)]
struct CallSection {
    call: Option<Call>,
    language: Option<Known<String>>,
    /// The caller's own number.
    theirs: Option<Known<PhoneE164>>,
}

fn call(mut call: Object<'_, '_>, region: Option<&str>) -> CallSection {
    if call.is_absent() {
        return CallSection::default();
    }
    let platform = call.required_text("platform").map(platform_name);
    let id = call.required_text("id").map(printed);
    let live = call.flag("live");
    let direction = call.choice("direction", &[("inbound", Direction::Inbound), ("outbound", Direction::Outbound)]);
    let from = call.known_digits("from", Source::Platform, PHONE, |text| phone::read(text, region));
    let to = call.known_digits("to", Source::Platform, PHONE, |text| phone::read(text, region));
    let language = call.known("language", Source::Platform, LANGUAGE, tag);
    let leg = call.text("leg").map(printed).filter(|leg| !leg.is_empty());
    let started_at = call.instant("started_at");
    let only_completes = call.flag("opens") == Some(false);
    call.finish();
    let theirs = if direction == Some(Direction::Outbound) { to.clone() } else { from.clone() };
    let number = |phone: Option<Known<PhoneE164>>| phone.map(|known| known.value);
    let read = |platform, id| Call {
        platform,
        id,
        // Absent is unknown, and nobody is kept waiting on a line that may not exist.
        live: live.unwrap_or(false),
        direction,
        from: number(from),
        to: number(to),
        leg,
        started_at,
        only_completes,
    };
    CallSection { call: platform.zip(id).map(|(platform, id)| read(platform, id)), language, theirs }
}

/// A platform is one however its name is written.
pub(super) fn platform_name(name: &str) -> String {
    printed(name).to_lowercase()
}

/// An id without what no database column takes.
pub(super) fn printed(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).collect()
}

fn contact(mut contact: Object<'_, '_>, region: Option<&str>) -> Contact {
    let read = Contact {
        name: contact.known("name", Source::Caller, "a name", normalise::name),
        email: contact.known("email", Source::Caller, "an e-mail address", normalise::email),
        phone: contact.known_digits("phone", Source::Caller, PHONE, |text| phone::read(text, region)),
        title: contact.known("title", Source::Caller, "a job title", normalise::name),
        language: contact.known("language", Source::Caller, LANGUAGE, tag),
    };
    contact.finish();
    read
}

fn qualification(mut said: Object<'_, '_>) -> Qualification {
    let read = Qualification {
        score: score(&mut said),
        summary: said.known("summary", Source::Caller, "text", normalise::prose),
        intent: said.known("intent", Source::Caller, "text", normalise::prose),
        timeline: said.known("timeline", Source::Caller, "text", normalise::prose),
        use_case: said.known("use_case", Source::Caller, "text", normalise::prose),
        budget: said.known_value("budget", Source::Caller, "a number or text", |value| match value {
            Value::Number(number) => Ok(Some(number.to_string())),
            Value::String(text) => Ok(normalise::prose(text)),
            _ => Err(Unread),
        }),
        products_source: said.source_of("products"),
        products: said.texts("products", normalise::name),
        pain: said.known("pain", Source::Caller, "text", normalise::prose),
        objections: said.texts("objections", normalise::prose),
        urgency: said.known("urgency", Source::Caller, "text", normalise::prose),
        sentiment: said.known("sentiment", Source::Caller, "text", normalise::prose),
        tone: said.known("tone", Source::Caller, TONE, Tone::heard),
        satisfaction: satisfaction(&mut said),
        next_action: said.known("next_action", Source::Caller, "text", normalise::prose),
    };
    said.finish();
    read
}

/// A bare score was concluded by a model, not said by the caller.
fn score(said: &mut Object<'_, '_>) -> Option<Known<u8>> {
    said.known_value("score", Source::Inferred, "a number from 0 to 100, or a share from 0.0 to 1.0", |value| {
        let read = match value {
            Value::String(text) if text.trim().is_empty() || is_placeholder(text) => return Ok(None),
            Value::String(text) => normalise::score_said(text),
            _ => value.as_f64().and_then(|number| normalise::score(number, value.is_i64() || value.is_u64())),
        };
        read.map(Some).ok_or(Unread)
    })
}

/// Points of five; a text may say out of how many.
fn satisfaction(said: &mut Object<'_, '_>) -> Option<Known<u8>> {
    said.known_value("satisfaction", Source::Caller, "a number from 1 to 5, such as 4 or \"4/5\"", |value| {
        let points = match value {
            Value::String(text) if text.trim().is_empty() || is_placeholder(text) => return Ok(None),
            Value::String(text) => {
                let text = text.trim();
                text.strip_suffix("/5").unwrap_or(text).trim().parse::<f64>().ok()
            }
            _ => value.as_f64(),
        };
        // Between 1 and 5 after the check, so that the cast keeps the value.
        points.filter(|points| (1.0..=5.0).contains(points)).map(|points| Some(points.round() as u8)).ok_or(Unread)
    })
}

/// Only http and https: the link is shown to people, who click it.
fn link(mut object: Object<'_, '_>) -> Option<String> {
    let text = object.text("url");
    let url = text.filter(|text| url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http")));
    if let (Some(text), None) = (text, url) {
        object.fault("url", &Value::from(text), "an https address", None);
    }
    object.finish();
    url.map(str::to_owned)
}

fn custom(mut custom: Object<'_, '_>) -> BTreeMap<String, FieldValue> {
    let mut fields = BTreeMap::new();
    for (name, value) in custom.take_all() {
        let inner = value.as_object().and_then(|given| given.get("value")).unwrap_or(value);
        match field_value(inner) {
            Ok(Some(field)) => {
                fields.insert(name.clone(), field);
            }
            Ok(None) => {}
            Err(()) => custom.fault(name, value, "text, a number, true or false, or a list of texts", None),
        }
    }
    fields
}

/// `Ok(None)`: null, which is unknown.
fn field_value(value: &Value) -> Result<Option<FieldValue>, ()> {
    let field = match value {
        Value::Null => return Ok(None),
        Value::Bool(flag) => FieldValue::Flag(*flag),
        Value::Number(number) => FieldValue::Number(number.as_f64().ok_or(())?),
        Value::String(text) => FieldValue::Text(text.trim().to_owned()),
        Value::Array(items) => {
            let text = |item: &Value| match item {
                Value::String(text) => Some(text.clone()),
                Value::Number(_) | Value::Bool(_) => Some(item.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            };
            FieldValue::List(items.iter().map(text).collect::<Option<_>>().ok_or(())?)
        }
        Value::Object(_) => return Err(()),
    };
    Ok(Some(field))
}

fn tag(text: &str) -> Option<String> {
    language::parse(text).map(str::to_owned)
}

const TONE: &str = "one of calm, frustrated, confused, hesitant, enthusiastic, or a word for one of them";
const PHONE: &str = "a phone number, best with its country code: +14155550142";
const LANGUAGE: &str = "a language tag or name, such as \"de\" or \"German\"";
