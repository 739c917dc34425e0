//! The Slack card: words from templates, structure and limits from here.
//!
//! Limits are Slack's (Block Kit reference): header 150 characters, section text 3000, 50 blocks, button value 2000.
//! Text objects are `verbatim`, so that an address or a name in what a caller said does not turn into a link or mention.

use super::Templates;
use super::context::{CardContext, CardState, ClosedPage};
use super::notice::Notice;
use crate::connectors::Card;
use crate::domain::id::{HandoffId, LegId};
use serde_json::{Value, json};

const HEADER_CHARS: usize = 150;
const SECTION_CHARS: usize = 3000;
/// Sections for the briefing; with header, opening, state, footer and buttons the card stays far below 50 blocks.
const SECTIONS_AT_MOST: usize = 5;

pub const ACCEPT: &str = "baton.accept";
pub const DECLINE: &str = "baton.decline";
/// Opens the feedback page.
pub const RATE: &str = "baton.rate";

/// What a button of a card says when it is pressed: its `value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    pub handoff: HandoffId,
    pub leg: Option<LegId>,
}

impl Pressed {
    /// `hnd_…` or `hnd_… leg_….1`.
    pub fn value(&self) -> String {
        match &self.leg {
            Some(leg) => format!("{} {leg}", self.handoff),
            None => self.handoff.to_string(),
        }
    }

    /// `None`: not one of ours, or a leg of another handoff.
    pub fn parse(value: &str) -> Option<Self> {
        let (handoff, leg) = value.split_once(' ').map_or((value, None), |(handoff, leg)| (handoff, Some(leg)));
        let handoff = HandoffId::new(handoff).ok()?;
        let leg = leg.map(LegId::new).transpose().ok()?;
        let same = leg.as_ref().is_none_or(|leg| leg.handoff().as_ref() == Some(&handoff));
        same.then_some(Self { handoff, leg })
    }
}

impl Templates {
    pub fn slack_card(&self, context: &CardContext<'_>) -> Card {
        let page = context.brief.page();
        let notice = Notice::parse(&self.render(&format!("slack/{}", context.brief.file()), &page));
        let mut blocks = vec![json!({
            "type": "header",
            "text": { "type": "plain_text", "text": cut(&notice.title, HEADER_CHARS), "emoji": false },
        })];
        if let Some(closed) = closed(context.state) {
            blocks.push(section(&self.render("slack/closed.hbs", &closed)));
        }
        if !notice.body.is_empty() {
            blocks.push(section(&notice.body));
        }
        blocks.extend(sections(&self.render("slack/briefing.hbs", &page)));
        let footer = cut(&self.render("slack/footer.hbs", &page), SECTION_CHARS);
        blocks.push(json!({ "type": "context", "elements": [mrkdwn(&footer)] }));
        let buttons = buttons(context);
        if !buttons.is_empty() {
            blocks.push(json!({ "type": "actions", "elements": buttons }));
        }
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

/// Accept and Decline while a phone rings; Rate wherever there is a page to rate on.
fn buttons(context: &CardContext<'_>) -> Vec<Value> {
    let pressed = Pressed { handoff: context.handoff.clone(), leg: context.leg.cloned() };
    let button = |action: &str, label: &str| {
        json!({
            "type": "button",
            "action_id": action,
            "text": { "type": "plain_text", "text": label, "emoji": false },
            "value": pressed.value(),
        })
    };
    let mut buttons = Vec::new();
    if context.leg.is_some() && *context.state == CardState::Open {
        let mut accept = button(ACCEPT, "Accept");
        accept["style"] = json!("primary");
        buttons.push(accept);
        buttons.push(button(DECLINE, "Decline"));
    }
    if let Some(url) = context.brief.feedback_url {
        let mut rate = button(RATE, "Rate this lead");
        rate["url"] = json!(url);
        buttons.push(rate);
    }
    buttons
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

    #[test]
    fn what_a_button_says_can_be_read_back() {
        let handoff = HandoffId::new("hnd_7k2m").unwrap();
        let pressed = Pressed { leg: Some(LegId::of(&handoff, 2)), handoff };
        assert_eq!(pressed.value(), "hnd_7k2m leg_7k2m.2");
        assert_eq!(Pressed::parse(&pressed.value()), Some(pressed));
        assert_eq!(Pressed::parse("hnd_7k2m").and_then(|p| p.leg), None);
        for bad in ["", "hnd_7k2m leg_other.1", "hnd_7k2m leg_7k2m.1 more", "lead_7k2m"] {
            assert_eq!(Pressed::parse(bad), None, "{bad:?}");
        }
    }
}
