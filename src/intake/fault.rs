//! What is wrong with an event, said so that its sender can mend it.

pub use baton_core::domain::lead::EventFault;
use serde_json::Value;

/// Longest text that is quoted in a message.
const QUOTE: usize = 40;

/// Parts of an event that hold personal data; neither text nor numbers of theirs are quoted.
const PERSONAL: [&str; 4] = ["/data/contact/", "/data/call/from", "/data/call/to", "/data/custom/"];
/// What was said in the conversation: numbers (a score, a budget) name nobody, words may.
const SAID: &str = "/data/qualification/";

/// The value as a message may show it: its kind, and its content where that is not personal.
pub(super) fn describe(pointer: &str, value: &Value) -> String {
    let personal = PERSONAL.iter().any(|part| pointer.starts_with(part));
    match value {
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(_) if personal => "a number".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.trim().is_empty() => "empty text".into(),
        Value::String(text) if personal || pointer.starts_with(SAID) => {
            format!("a text of {} characters", text.chars().count())
        }
        Value::String(text) if text.chars().count() > QUOTE => {
            let start: String = text.chars().take(QUOTE).collect();
            format!("{:?}", format!("{start}…"))
        }
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".into(),
    }
}

/// Longer than any name of ours could be misspelt: what is longer is not compared.
const LONGEST_NAME: usize = 40;

/// The known name that was probably meant: the same but for case and separators, or a slip of the keyboard away.
///
/// One edit for every four letters, at least one; names of one or two letters are too short to tell.
pub(super) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let wanted = plain(name);
    let near = known.into_iter().filter(|candidate| candidate.len() > 2).filter_map(|candidate| {
        let distance = strsim::damerau_levenshtein(&wanted, &plain(candidate));
        (distance <= (candidate.len() / 4).max(1)).then_some((distance, candidate))
    });
    near.min().map(|(_, candidate)| candidate)
}

/// A name without case and separators: `useCase`, `use-case` and `use_case` are one.
fn plain(text: &str) -> String {
    letters(text).collect()
}

/// Whether two names are one but for case and separators.
pub(super) fn alike(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.trim().chars().flat_map(char::to_lowercase).filter(|c| !matches!(c, '_' | '-' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn personal_values_are_not_quoted() {
        let phone = json!("+1 415 555 0142");
        assert_eq!(describe("/data/contact/phone", &phone), "a text of 15 characters");
        assert_eq!(describe("/data/company/country", &json!("Atlantis")), "\"Atlantis\"");
        let long = json!("x".repeat(50));
        assert_eq!(describe("/source", &long).chars().count(), QUOTE + 3);
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["email", "name", "phone", "title", "id", "use_case"];
        assert_eq!(nearest("emial", known), Some("email"));
        assert_eq!(nearest("useCase", known), Some("use_case"));
        assert_eq!(nearest("phones", known), Some("phone"));
        assert_eq!(nearest("in", known), None);
        assert_eq!(nearest("nickname", known), None);
    }
}
