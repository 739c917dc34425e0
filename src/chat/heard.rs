//! What Slack sends, read into what somebody did. What is not of a form that we know is of no concern.

use crate::connectors::slack::AnswerTo;
use baton_core::domain::outcome::OfferAct;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest text of a form, and of whatever else is read.
const LONGEST: usize = 12_000;

/// By which of its ways Slack sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Interaction,
    Command,
    Event,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Pressed(Pressed),
    Sent(Sent),
    Asked(Asked),
    HomeOpened { person: String },
}

/// A button of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pressed {
    /// Whose finger it was, by Slack's id.
    pub person: String,
    /// Key of the card.
    pub offer: String,
    pub act: OfferAct,
    /// Tells this press from every other one.
    pub at: String,
    /// A form can be opened by it.
    pub trigger: String,
    pub channel: String,
    pub answer_to: AnswerTo,
}

/// A form that was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub person: String,
    /// Tells this form from every other one.
    pub view: String,
    /// Which form it is.
    pub form: String,
    pub offer: String,
    /// Where the card is.
    pub channel: String,
    /// By field; what was left open is empty.
    pub fields: BTreeMap<String, String>,
}

/// The command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub person: String,
    pub text: String,
    /// Tells this command from every other one.
    pub trigger: String,
    pub answer_to: AnswerTo,
}

impl Heard {
    pub(super) fn read(kind: Kind, payload: &Value) -> Option<Self> {
        match kind {
            Kind::Interaction => match payload["type"].as_str()? {
                "block_actions" => pressed(payload).map(Self::Pressed),
                "view_submission" => sent(payload).map(Self::Sent),
                _ => None,
            },
            Kind::Command => asked(payload).map(Self::Asked),
            Kind::Event => {
                let event = &payload["event"];
                let is_home = event["type"] == "app_home_opened" && event["tab"] == "home";
                is_home.then(|| text(&event["user"])).flatten().map(|person| Self::HomeOpened { person })
            }
        }
    }
}

impl Sent {
    /// To whoever sent it, where the card is that they came from.
    pub(super) fn answer_to(&self) -> AnswerTo {
        AnswerTo::Seat { channel: self.channel.clone(), person: self.person.clone() }
    }

    /// Empty where it was left open.
    pub(super) fn field(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }
}

fn pressed(payload: &Value) -> Option<Pressed> {
    let action = payload["actions"].get(0)?;
    let person = text(&payload["user"]["id"])?;
    let channel = text(&payload["channel"]["id"]).or_else(|| text(&payload["container"]["channel_id"]))?;
    Some(Pressed {
        offer: text(&action["value"])?,
        act: OfferAct::named(action["action_id"].as_str()?)?,
        at: text(&action["action_ts"])?,
        trigger: text(&payload["trigger_id"]).unwrap_or_default(),
        answer_to: answer_to(payload, &channel, &person),
        person,
        channel,
    })
}

fn sent(payload: &Value) -> Option<Sent> {
    let view = &payload["view"];
    let about = text(&view["private_metadata"])?;
    let (offer, channel) = about.split_once(' ')?;
    let mut fields = BTreeMap::new();
    for (field, inputs) in view["state"]["values"].as_object()? {
        let input = inputs.as_object()?.values().next()?;
        let chosen = text(&input["selected_option"]["value"]).or_else(|| text(&input["value"]));
        fields.insert(field.clone(), chosen.unwrap_or_default());
    }
    Some(Sent {
        person: text(&payload["user"]["id"])?,
        view: text(&view["id"])?,
        form: text(&view["callback_id"])?,
        offer: offer.to_owned(),
        channel: channel.to_owned(),
        fields,
    })
}

fn asked(payload: &Value) -> Option<Asked> {
    let person = text(&payload["user_id"])?;
    let channel = text(&payload["channel_id"]).unwrap_or_default();
    Some(Asked {
        text: text(&payload["text"]).unwrap_or_default(),
        trigger: text(&payload["trigger_id"])?,
        answer_to: answer_to(payload, &channel, &person),
        person,
    })
}

fn answer_to(payload: &Value, channel: &str, person: &str) -> AnswerTo {
    match text(&payload["response_url"]) {
        Some(url) => AnswerTo::Url(url),
        None => AnswerTo::Seat { channel: channel.to_owned(), person: person.to_owned() },
    }
}

/// Which every database holds.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.replace('\0', "");
    (!text.is_empty() && text.len() <= LONGEST).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_press_is_read_with_its_card_its_person_and_its_time() {
        let mut payload = json!({
            "type": "block_actions", "user": { "id": "U0REP1", "name": "mira" }, "trigger_id": "1.2",
            "channel": { "id": "C0LEADS" }, "response_url": "https://hooks.slack.com/actions/1",
            "actions": [{ "type": "button", "action_id": "take", "value": "7k2m.9-brief_chat", "action_ts": "1.000200" }],
        });
        let Some(Heard::Pressed(pressed)) = Heard::read(Kind::Interaction, &payload) else { panic!("it is a press") };
        assert_eq!((pressed.person.as_str(), pressed.offer.as_str()), ("U0REP1", "7k2m.9-brief_chat"));
        assert_eq!((pressed.act, pressed.at.as_str()), (OfferAct::Take, "1.000200"));
        assert_eq!(pressed.answer_to, AnswerTo::Url("https://hooks.slack.com/actions/1".to_owned()));
        payload["actions"][0]["action_id"] = json!("another");
        assert_eq!(Heard::read(Kind::Interaction, &payload), None);
        assert_eq!(Heard::read(Kind::Event, &payload), None);
        assert_eq!(Heard::read(Kind::Interaction, &json!({ "type": "block_actions", "actions": 7 })), None);
    }

    #[test]
    fn what_was_left_open_is_empty() {
        let payload = json!({
            "type": "view_submission", "user": { "id": "U0REP1" },
            "view": { "id": "V1", "callback_id": "rate", "private_metadata": "7k2m.9-brief_chat D0REP1", "state": { "values": {
                "quality": { "v": { "type": "static_select", "selected_option": { "value": "4" } } },
                "misroute": { "v": { "type": "static_select", "selected_option": null } },
                "note": { "v": { "type": "plain_text_input", "value": "nice\u{0}" } },
            } } },
        });
        let Some(Heard::Sent(sent)) = Heard::read(Kind::Interaction, &payload) else { panic!("it is a form") };
        let fields = ["quality", "misroute", "note", "right_rep"].map(|name| sent.field(name));
        assert_eq!(fields, ["4", "", "nice", ""]);
        assert_eq!((sent.offer.as_str(), sent.channel.as_str()), ("7k2m.9-brief_chat", "D0REP1"));
    }
}
