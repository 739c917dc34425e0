//! A card as Slack shows it: blocks within the limits of its Block Kit reference, which are a header of 150 characters, 3000 in
//! the text of a section, and 50 blocks.
//!
//! The marks of a card are Slack's own. A button carries the key of its card alone: who presses it is told by Slack, and what it
//! means by the database. Five fit: with more the last ones would not be seen. Text objects are `verbatim`, so that an address or a name in what a caller said does not turn
//! into a link or mention.

use crate::connectors::Card;
use crate::connectors::markup::escaped;
use baton_core::domain::outcome::OfferAct;
use serde_json::{Value, json};

/// Slack refuses a longer text; it shows about 4,000 characters.
const TEXT_LIMIT: usize = 40_000;
const HEADER_CHARS: usize = 150;
const SECTION_CHARS: usize = 3000;
/// Sections for the briefing; with header, opening and footer the card stays far below 50 blocks.
const SECTIONS_AT_MOST: usize = 5;

/// What a post and an update have in common. `parse: none`, since an update would otherwise turn bare addresses of web
/// pages and `#names` into links.
pub(super) fn content(channel: &str, card: &Card) -> Value {
    let text = cut(&card.title, TEXT_LIMIT);
    json!({ "channel": channel, "text": text, "parse": "none", "blocks": blocks(card) })
}

fn blocks(card: &Card) -> Value {
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": cut(&card.title, HEADER_CHARS), "emoji": false },
    })];
    blocks.extend(card.opening.as_deref().map(section));
    blocks.extend(sections(&card.briefing));
    if !card.acts.is_empty() {
        let elements: Vec<Value> = card.acts.iter().map(|act| button(*act, &card.key)).collect();
        blocks.push(json!({ "type": "actions", "block_id": "offer", "elements": elements }));
    }
    let footer = cut(&card.footer, SECTION_CHARS);
    blocks.push(json!({ "type": "context", "elements": [mrkdwn(&footer)] }));
    Value::Array(blocks)
}

fn button(act: OfferAct, offer: &str) -> Value {
    let label = match act {
        OfferAct::Take => "Take it",
        OfferAct::NotMe => "Not me",
        OfferAct::Reassign => "Reassign",
        OfferAct::Called => "I called",
        OfferAct::Rate => "Rate",
    };
    let mut button = json!({
        "type": "button", "action_id": act.as_str(), "value": offer,
        "text": { "type": "plain_text", "text": label, "emoji": false },
    });
    if act == OfferAct::Take {
        button["style"] = json!("primary");
    }
    button
}

/// Words that are nothing but words, whoever wrote them, cut to `max` characters.
pub fn plain(text: &str, max: usize) -> Value {
    let shown = match text.trim() {
        "" => "–".to_owned(),
        text => cut(&escaped(text, TEXT_LIMIT), max),
    };
    json!({ "type": "plain_text", "text": shown, "emoji": false })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": mrkdwn(&cut(text, SECTION_CHARS)) })
}

/// Splits between lines into sections that Slack takes; what does not fit into [`SECTIONS_AT_MOST`] is left out.
fn sections(text: &str) -> Vec<Value> {
    let mut parts: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = cut(line, SECTION_CHARS);
        match parts.last_mut() {
            Some(part) if part.chars().count() + 1 + line.chars().count() <= SECTION_CHARS => {
                part.push('\n');
                part.push_str(&line);
            }
            _ => parts.push(line),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts.truncate(SECTIONS_AT_MOST);
    parts.iter().map(|part| section(part)).collect()
}

/// Cuts escaped text to `max` characters without leaving half an entity or half a link.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(max - 1).collect();
    for (open, close) in [('<', '>'), ('&', ';')] {
        if let Some(at) = kept.rfind(open).filter(|at| !kept[*at..].contains(close)) {
            kept.truncate(at);
        }
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_card_is_a_header_its_opening_its_briefing_and_a_footer() {
        let card = Card {
            key: "k".into(),
            channel: "U1A".into(),
            title: "Live call: R&amp;D".into(),
            opening: Some("*Your phone is ringing.*".into()),
            briefing: "*Score* 82 of 100\n\n<https://a.example|Transcript>".into(),
            footer: "Why you: first".into(),
            acts: Vec::new(),
        };
        let text = |text: &str| json!({ "type": "mrkdwn", "text": text, "verbatim": true });
        let expected = json!([
            { "type": "header", "text": { "type": "plain_text", "text": "Live call: R&amp;D", "emoji": false } },
            { "type": "section", "text": text("*Your phone is ringing.*") },
            { "type": "section", "text": text("*Score* 82 of 100\n\n<https://a.example|Transcript>") },
            { "type": "context", "elements": [text("Why you: first")] },
        ]);
        assert_eq!(blocks(&card), expected);
        let asking = blocks(&Card { acts: vec![OfferAct::Take, OfferAct::NotMe], ..card.clone() });
        assert_eq!(asking[3]["elements"][0]["value"], "k", "the key alone");
        assert_eq!((&asking[3]["elements"][1]["action_id"], &asking[4]), (&json!("not_me"), &expected[3]));
        let plain = blocks(&Card { opening: None, ..card });
        assert_eq!(plain.as_array().map(Vec::len), Some(3));
        assert_eq!(plain[1], expected[2]);
    }

    #[test]
    fn a_cut_leaves_no_half_entity_or_link() {
        assert_eq!(cut("R&amp;D", 5), "R…");
        assert_eq!(cut("see <https://example.com|the page> now", 20), "see…");
        assert_eq!(cut("a &amp; b and more", 10), "a &amp; b…");
        assert_eq!(cut("short", 5), "short");
    }

    fn written() -> impl Strategy<Value = String> {
        let parts = ["&amp;", "&lt;", "<https://a.example/?x=1&amp;y=2|the page>", "*äöü* ", "\n"];
        let long = "long words ".repeat(300);
        let parts: Vec<String> = parts.map(str::to_owned).into_iter().chain([long]).collect();
        prop::collection::vec(prop::sample::select(parts), 1..80).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_a_card_says_slacks_limits_hold(
            title in written(),
            opening in prop::option::of(written()),
            briefing in written(),
            footer in written(),
        ) {
            let acts = vec![OfferAct::Take, OfferAct::NotMe, OfferAct::Reassign, OfferAct::Called, OfferAct::Rate];
            let shown = blocks(&Card { key: "k".into(), channel: String::new(), title, opening, briefing, footer, acts });
            let shown = shown.as_array().expect("blocks are an array");
            prop_assert!((2..=50).contains(&shown.len()));
            for block in shown {
                let (text, limit) = match block["type"].as_str() {
                    Some("header") => (&block["text"]["text"], 150),
                    Some("section") => (&block["text"]["text"], 3000),
                    Some("context") => (&block["elements"][0]["text"], 3000),
                    Some("actions") => (&block["elements"][4]["text"]["text"], 75),
                    other => panic!("unexpected block {other:?}"),
                };
                let text = text.as_str().expect("a text");
                prop_assert!((1..=limit).contains(&text.chars().count()));
                let whole = |open: char, close: char| text.rfind(open).is_none_or(|at| text[at..].contains(close));
                prop_assert!(whole('<', '>') && whole('&', ';'), "{text}");
            }
        }
    }
}
