//! What an assistant gave with a question, and what it is told where that is of no use.

use crate::mcp::Told;
use anyhow::{Result, bail};
use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;

/// A text that says something; numbers are written as texts often enough.
///
/// # Errors
/// It is neither a text nor a number.
pub(super) fn text(arguments: &Map<String, Value>, name: &str) -> Result<Option<String>> {
    let text = match arguments.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => bail!("{name} is {other}; allowed: a text"),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// # Errors
/// It is no whole number of those that are allowed.
pub(super) fn number(arguments: &Map<String, Value>, name: &str, allowed: RangeInclusive<u32>) -> Result<Option<u32>> {
    let Some(said) = text(arguments, name)? else { return Ok(None) };
    // `7.0` is how some write it.
    let whole = said.strip_suffix(".0").unwrap_or(&said);
    match whole.parse() {
        Ok(number) if allowed.contains(&number) => Ok(Some(number)),
        _ => bail!("{name} is {said}; allowed: a whole number from {} to {}", allowed.start(), allowed.end()),
    }
}

/// # Errors
/// It is neither yes nor no.
pub(super) fn flag(value: &Value, name: &str) -> Result<bool> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if ["true", "yes"].contains(&text.trim()) => Ok(true),
        Value::String(text) if ["false", "no"].contains(&text.trim()) => Ok(false),
        other => bail!("{name} is {other}; allowed: true or false"),
    }
}

/// A sentence for whoever asked; nothing was done by then that could be half done.
pub(super) fn failed(error: &anyhow::Error) -> Told {
    let text = format!("There is no answer: {error:#}.");
    let structured = json!({ "error": format!("{error:#}") });
    Told { text, structured, failed: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T: std::fmt::Debug>(result: Result<T>) -> String {
        format!("{:#}", result.expect_err("a fault"))
    }

    #[test]
    fn arguments_are_read_as_models_write_them_and_others_are_refused() {
        let given = json!({ "days": "7", "more": 30.0, "half": 0.5, "none": null, "blank": " ", "list": [1] });
        let given = given.as_object().expect("an object");
        assert_eq!(number(given, "days", 1..=9).ok(), Some(Some(7)));
        assert_eq!(number(given, "more", 1..=99).ok(), Some(Some(30)));
        assert_eq!(number(given, "nothing", 1..=9).ok(), Some(None));
        assert_eq!(told(number(given, "more", 1..=9)), "more is 30.0; allowed: a whole number from 1 to 9");
        assert_eq!(told(number(given, "half", 0..=9)), "half is 0.5; allowed: a whole number from 0 to 9");
        assert_eq!(text(given, "none").ok().zip(text(given, "blank").ok()), Some((None, None)));
        assert_eq!(told(text(given, "list")), "list is [1]; allowed: a text");
        assert_eq!(flag(&json!("yes"), "live").ok().zip(flag(&json!(false), "live").ok()), Some((true, false)));
        assert_eq!(told(flag(&json!(1), "live")), "live is 1; allowed: true or false");
    }
}
