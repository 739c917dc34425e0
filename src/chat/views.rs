//! The forms, within Slack's limits: titles of 24 characters, 100 choices in a list, texts of 3,000 characters.

use crate::connectors::slack::plain;
use crate::deciding::owner::form::{LONGEST_NOTE, active};
use baton_core::rules::RuleSet;
use serde_json::{Value, json};

pub(super) const RATE: &str = "rate";
pub(super) const REASSIGN: &str = "reassign";
pub(super) const NOT_ME: &str = "not_me";
/// It stands in the lead's story.
pub(super) const LONGEST_REASON: usize = 500;
/// Choices of one list, and of each part of a longer one.
const CHOICES: usize = 100;
const CHOICE_CHARS: usize = 75;
const HEADLINE_CHARS: usize = 150;

/// What a form is about.
pub(super) struct About<'a> {
    /// Key of the card.
    pub offer: &'a str,
    pub channel: &'a str,
    pub headline: String,
}

pub(super) fn rate(about: &About<'_>, rules: &RuleSet) -> Value {
    let stars = || (1..=5).map(|number| (number.to_string(), number.to_string())).collect::<Vec<_>>();
    let misroute = [
        ("no", "Yes"),
        ("procedural", "No: wrong person"),
        ("clerical", "No: the data was incomplete"),
        ("definitional", "No: not a fit for us at all"),
    ];
    let misroute: Vec<_> = misroute.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect();
    let note = json!({
        "type": "plain_text_input", "action_id": "v", "multiline": true, "max_length": LONGEST_NOTE,
    });
    let blocks = vec![
        headline(about),
        input("quality", "Quality of the lead: 1 is poor, 5 is excellent", true, select(&stars())),
        input("completeness", "Was the briefing complete? 1: much was missing, 5: complete", true, select(&stars())),
        input("misroute", "Did it reach the right person?", true, select(&misroute)),
        input("right_rep", "If not: who should have had it?", true, select(&people(rules))),
        input("note", "Anything else?", true, note),
    ];
    modal(RATE, "Rate this lead", about, blocks)
}

pub(super) fn reassign(about: &About<'_>, rules: &RuleSet) -> Value {
    let to = input("to", "Who is to have it?", false, select(&people(rules)));
    modal(REASSIGN, "Reassign this lead", about, vec![headline(about), to, reason()])
}

pub(super) fn not_me(about: &About<'_>) -> Value {
    modal(NOT_ME, "Hand this lead on", about, vec![headline(about), reason()])
}

fn reason() -> Value {
    let element = json!({ "type": "plain_text_input", "action_id": "v", "max_length": LONGEST_REASON });
    input("reason", "Why? It stands in the lead's story.", false, element)
}

fn people(rules: &RuleSet) -> Vec<(String, String)> {
    active(rules).into_iter().map(|(rep, label)| (rep.id.to_string(), label)).collect()
}

fn headline(about: &About<'_>) -> Value {
    json!({ "type": "section", "text": plain(&about.headline, HEADLINE_CHARS) })
}

fn input(field: &str, label: &str, optional: bool, element: Value) -> Value {
    json!({ "type": "input", "block_id": field, "optional": optional, "label": plain(label, 150), "element": element })
}

/// Value and words of each choice; a list that is too long for one is shown in parts.
fn select(choices: &[(String, String)]) -> Value {
    let options = |choices: &[(String, String)]| {
        let option = |(value, words): &(String, String)| json!({ "text": plain(words, CHOICE_CHARS), "value": value });
        choices.iter().map(option).collect::<Vec<Value>>()
    };
    let mut element = json!({ "type": "static_select", "action_id": "v" });
    if choices.len() <= CHOICES {
        element["options"] = json!(options(choices));
        return element;
    }
    let part = |part: &[(String, String)]| {
        let (first, last) = (&part[0].1, &part[part.len() - 1].1);
        json!({ "label": plain(&format!("{first} to {last}"), CHOICE_CHARS), "options": options(part) })
    };
    element["option_groups"] = json!(choices.chunks(CHOICES).take(CHOICES).map(part).collect::<Vec<Value>>());
    element
}

fn modal(form: &str, title: &str, about: &About<'_>, blocks: Vec<Value>) -> Value {
    json!({
        "type": "modal", "callback_id": form, "private_metadata": format!("{} {}", about.offer, about.channel),
        "title": plain(title, 24), "submit": plain("Send", 24), "close": plain("Cancel", 24), "blocks": blocks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_shown_in_parts_and_a_short_one_is_not() {
        let many = |count: usize| (0..count).map(|n| (format!("rep-{n}"), format!("Rep {n}"))).collect::<Vec<_>>();
        assert_eq!(select(&many(100))["options"].as_array().map(Vec::len), Some(100));
        let parts = select(&many(250));
        let parts: Vec<usize> = parts["option_groups"]
            .as_array()
            .expect("parts")
            .iter()
            .filter_map(|part| part["options"].as_array().map(Vec::len))
            .collect();
        assert_eq!(parts, [100, 100, 50]);
    }

    #[test]
    fn what_somebody_said_is_words_and_nothing_else() {
        let about =
            About { offer: "7k2m.9-brief_chat", channel: "D1", headline: "<!channel> *R&D* <http://x|y>".into() };
        let shown = not_me(&about)["blocks"][0]["text"].clone();
        assert_eq!(shown["type"], "plain_text");
        assert_eq!(shown["text"], "&lt;!channel&gt; *R&amp;D* &lt;http://x|y&gt;");
    }
}
