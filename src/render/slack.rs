//! The Slack card: words from templates, structure and limits from here.
//!
//! Limits are Slack's (Block Kit reference): header 150 characters, section text 3000, 50 blocks. There are no buttons: nobody
//! here would hear them; a call is accepted on the phone, and a lead is rated by a link. Text objects are `verbatim`, so that
//! an address or a name in what a caller said does not turn into a link or mention.

use super::Templates;
use super::context::{CardContext, CardState, ClosedPage};
use super::notice::Notice;
use crate::connectors::Card;
use serde_json::{Value, json};

const HEADER_CHARS: usize = 150;
const SECTION_CHARS: usize = 3000;
/// Sections for the briefing; with header, opening or state, and footer the card stays far below 50 blocks.
const SECTIONS_AT_MOST: usize = 5;

impl Templates {
    pub fn slack_card(&self, context: &CardContext<'_>) -> Card {
        let page = context.brief.page();
        let notice = Notice::parse(&self.render(&format!("slack/{}", context.brief.file()), &page));
        let mut blocks = vec![json!({
            "type": "header",
            "text": { "type": "plain_text", "text": cut(&notice.title, HEADER_CHARS), "emoji": false },
        })];
        match closed(context.state) {
            // What the notice asks for is over.
            Some(closed) => blocks.push(section(&self.render("slack/closed.hbs", &closed))),
            None if notice.body.is_empty() => {}
            None => blocks.push(section(&notice.body)),
        }
        blocks.extend(sections(&self.render("slack/briefing.hbs", &page)));
        let footer = cut(&self.render("slack/footer.hbs", &page), SECTION_CHARS);
        blocks.push(json!({ "type": "context", "elements": [mrkdwn(&footer)] }));
        Card {
            key: context.key.to_owned(),
            channel: context.channel.to_owned(),
            text: notice.title,
            blocks: Value::Array(blocks),
        }
    }
}

fn closed(state: &CardState) -> Option<ClosedPage> {
    let (state, by) = match state {
        CardState::Open => return None,
        CardState::Accepted => ("accepted", None),
        CardState::Declined => ("declined", None),
        CardState::Missed => ("missed", None),
        CardState::TakenBy(name) => ("taken", Some(name.clone())),
        CardState::CallerLeft => ("caller_left", None),
    };
    Some(ClosedPage { state, by })
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

    #[test]
    fn a_cut_leaves_no_half_entity_or_link() {
        assert_eq!(cut("R&amp;D", 5), "R…");
        assert_eq!(cut("see <https://example.com|the page> now", 20), "see…");
        assert_eq!(cut("a &amp; b and more", 10), "a &amp; b…");
        assert_eq!(cut("short", 5), "short");
    }
}
