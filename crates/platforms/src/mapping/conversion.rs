//! The changes that a mapping may ask for by name. Nothing else changes a value: what a phone number, a size or a country is,
//! the reader of events knows.

use crate::pointer::{json_in, plain};
use baton_core::rules::words::values;
use serde_json::{Number, Value, json};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Conversion {
    Number,
    Score,
    /// Of the number that is all of it, in per cent.
    OutOf(f64),
    /// A span in a unit of so many seconds, in seconds.
    Span(f64),
    YesNo,
    List,
    Text,
    Present,
    /// A moment is that of a consent which was given then.
    AgreedAt,
}

/// By the words of a mapping.
pub(crate) const CONVERSIONS: [(&str, Conversion); 13] = [
    ("number", Conversion::Number),
    ("score", Conversion::Score),
    ("share", Conversion::OutOf(1.0)),
    ("out_of_5", Conversion::OutOf(5.0)),
    ("out_of_10", Conversion::OutOf(10.0)),
    ("minutes", Conversion::Span(60.0)),
    ("seconds", Conversion::Span(1.0)),
    ("milliseconds", Conversion::Span(0.001)),
    ("yes_no", Conversion::YesNo),
    ("list", Conversion::List),
    ("text", Conversion::Text),
    ("present", Conversion::Present),
    ("agreed_at", Conversion::AgreedAt),
];

impl Conversion {
    /// # Errors
    /// What the value is not.
    pub(crate) fn of(self, value: Value) -> Result<Value, &'static str> {
        match self {
            Self::Number => numeral(&value).map(Value::Number).ok_or("no number"),
            Self::Score => is_score(&value).then_some(value).ok_or("no score"),
            Self::OutOf(whole) => {
                number(&value).and_then(|number| rounded(number / whole * 100.0, 1)).ok_or("no number")
            }
            Self::Span(unit) => number(&value).and_then(|number| rounded(number * unit, 0)).ok_or("no length of time"),
            Self::YesNo => {
                plain(&value).and_then(|text| values::flag(text.trim())).map(Value::Bool).ok_or("neither yes nor no")
            }
            Self::List => Ok(list(value)),
            // What is JSON has places of its own; nothing is lost.
            Self::Text => Ok(text(&value).unwrap_or_default()),
            Self::Present => Ok(Value::Bool(true)),
            Self::AgreedAt => Ok(json!({ "given": true, "at": value })),
        }
    }
}

/// Without the signs around it: `86 %`, `$60`.
fn numeral(value: &Value) -> Option<Number> {
    let Value::String(text) = value else { return value.as_number().cloned() };
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '%' | '$' | '€' | '£'));
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| text.parse().ok().and_then(Number::from_f64))
}

fn number(value: &Value) -> Option<f64> {
    numeral(value)?.as_f64()
}

fn rounded(number: f64, digits: i32) -> Option<Value> {
    let scale = 10f64.powi(digits);
    let number = (number * scale).round() / scale;
    // Whole numbers are written as such; the cast keeps them, since they are small.
    let is_whole = number.fract() == 0.0 && number.abs() < 1e15;
    if is_whole { Some(Value::from(number as i64)) } else { Number::from_f64(number).map(Value::Number) }
}

/// `8/10`, `85 %`, `0.86`; `true` and `Pass` are none.
fn is_score(value: &Value) -> bool {
    let text = value.as_str().map(str::trim);
    value.is_number() || text.is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}

fn list(value: Value) -> Value {
    match value {
        Value::String(text) => split(&text, &[',', ';', '\n']),
        Value::Array(_) => value,
        one => Value::Array(vec![one]),
    }
}

/// The parts of a text that say something.
pub(crate) fn split(text: &str, at: &[char]) -> Value {
    text.split(at).map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
}

fn text(value: &Value) -> Option<Value> {
    let text = plain(value)?;
    let is_json = json_in(&text).is_some_and(|inner| !inner.is_string());
    (!is_json).then(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conversion_does_what_its_name_says_or_says_why_not() {
        let table = [
            ("number", json!(" 86 % "), Ok(json!(86))),
            ("number", json!("0.5"), Ok(json!(0.5))),
            ("number", json!(40), Ok(json!(40))),
            ("number", json!("about forty"), Err("no number")),
            ("score", json!("8/10"), Ok(json!("8/10"))),
            ("score", json!("Pass"), Err("no score")),
            ("share", json!(0.86), Ok(json!(86))),
            ("share", json!("1"), Ok(json!(100))),
            ("out_of_10", json!("8"), Ok(json!(80))),
            ("minutes", json!("5.8"), Ok(json!(348))),
            ("milliseconds", json!(349_700), Ok(json!(350))),
            ("seconds", json!(true), Err("no length of time")),
            ("yes_no", json!("Yes"), Ok(json!(true))),
            ("yes_no", json!(0), Ok(json!(false))),
            ("yes_no", json!("perhaps"), Err("neither yes nor no")),
            ("list", json!("planning, forecast;"), Ok(json!(["planning", "forecast"]))),
            ("list", json!(["a"]), Ok(json!(["a"]))),
            ("text", json!(40), Ok(json!("40"))),
            ("text", json!("{\"a\": 1}"), Ok(Value::Null)),
            ("text", json!({ "a": 1 }), Ok(Value::Null)),
            ("present", json!("2026-11-21T04:38:11Z"), Ok(json!(true))),
            ("agreed_at", json!(1_795_235_891), Ok(json!({ "given": true, "at": 1_795_235_891 }))),
        ];
        for (name, value, expected) in table {
            let (_, conversion) = CONVERSIONS.iter().find(|(word, _)| *word == name).unwrap();
            assert_eq!(conversion.of(value.clone()), expected, "{name}: {value}");
        }
    }
}
