//! What a value must be to stand at a path of the event, as far as no rule of the mapping and no reader of ours says it.

use crate::hear::scene::is_unknown;
use crate::pointer::plain;
use baton_core::rules::words::phone::is_withheld;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

pub(super) enum Fit {
    Known(Value),
    /// Why it says nothing.
    Unknown(&'static str),
    /// An address that cannot be dialled from the telephone network.
    Sip(String),
}

/// Phone numbers that are none, moments that are numbers, ids that are no texts, and what no path can hold; all else is as it came.
pub(super) fn fit(path: &str, value: Value) -> Fit {
    let is_statement = path.starts_with("consent.") || path.starts_with("disclosure.");
    if let (true, Value::Object(said)) = (is_statement, &value) {
        return statement(said);
    }
    let Some(value) = flat(value) else { return Fit::Unknown("neither a value nor a list of values") };
    match path {
        "call.from" | "call.to" | "contact.phone" => match plain(&value).map(|text| number(&text)) {
            Some(fit) if value.is_string() || !matches!(fit, Fit::Known(_)) => fit,
            _ => Fit::Known(value),
        },
        "contact.name" if plain(&value).is_some_and(|text| is_withheld(&text)) => Fit::Unknown("a word for nobody"),
        "time" | "call.started_at" => moment(value),
        "call" | "call.id" | "call.leg" | "call.platform" | "platform" => {
            plain(&value).map_or(Fit::Unknown("no text"), |text| Fit::Known(text.into()))
        }
        _ => Fit::Known(value),
    }
}

/// One statement about a consent or a disclosure, with no more in it than the event has of one.
fn statement(said: &Map<String, Value>) -> Fit {
    let Some(given) = said.get("given").filter(|given| plain(given).is_some()) else {
        return Fit::Unknown("no word on whether it is given");
    };
    let mut statement = json!({ "given": given });
    if let Some(Fit::Known(at)) = said.get("at").filter(|at| !is_unknown(at)).cloned().map(moment) {
        statement["at"] = at;
    }
    if let Some(source) = said.get("source").filter(|source| source.is_string()) {
        statement["source"] = source.clone();
    }
    Fit::Known(statement)
}

/// One value, or a list of values without what is unknown in it.
fn flat(value: Value) -> Option<Value> {
    match value {
        Value::Array(items) => {
            let known: Vec<Value> = items.into_iter().filter(|item| !is_unknown(item)).collect();
            known.iter().all(|item| plain(item).is_some()).then_some(Value::Array(known))
        }
        Value::Object(_) => None,
        one => Some(one),
    }
}

/// Fewest digits that are a phone number and no extension of a house.
const FEWEST_DIGITS: usize = 7;

fn number(text: &str) -> Fit {
    let Some(address) = sip(text) else {
        return if is_withheld(text) { WITHHELD } else { Fit::Known(Value::from(text)) };
    };
    let user = address.split('@').next().unwrap_or_default();
    let digits = user.strip_prefix('+').unwrap_or(user);
    if user.is_empty() || is_withheld(user) {
        return WITHHELD;
    }
    if digits.len() >= FEWEST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Fit::Known(Value::from(user));
    }
    Fit::Sip(format!("sip:{address}"))
}

const WITHHELD: Fit = Fit::Unknown("the caller withholds the number");

/// What is behind `sip:` or `tel:`, also in `"Dana" <sip:dana@example.org>;tag=1`, without parameters.
fn sip(text: &str) -> Option<&str> {
    let inside = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(inside, _)| inside);
    let (scheme, rest) = inside.trim().split_once(':')?;
    let known = ["sip", "sips", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known.then(|| rest.split([';', '?']).next().unwrap_or_default())
}

/// A number of seconds as large as this would be in the year 5138.
const SURELY_MILLISECONDS: f64 = 1e11;

/// Unix time in seconds or milliseconds, as a number or a text that is one, as RFC 3339; a date stays as it is.
fn moment(value: Value) -> Fit {
    let number = match &value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    };
    let Some(number) = number else { return Fit::Known(value) };
    let milliseconds = if number < SURELY_MILLISECONDS { number * 1000.0 } else { number };
    // A cast of what is too large ends at the largest number, which is no moment.
    let moment = DateTime::from_timestamp_millis(milliseconds.round() as i64).filter(|_| number > 0.0);
    moment.map_or(Fit::Unknown("no moment since 1970"), |moment| {
        Fit::Known(Value::from(moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
    })
}
