//! The card in the chat: words from templates. How they are laid out and cut is the chat's own.

use super::Templates;
use super::context::{CardContext, CardState};
use super::notice::Notice;
use super::page::ClosedPage;
use super::when;
use crate::connectors::Card;
use baton_core::domain::zone::Zone;

impl Templates {
    pub fn card(&self, context: &CardContext<'_>) -> Card {
        let page = context.brief.page();
        let notice = Notice::parse(&self.render(&format!("chat/{}", context.brief.file()), &page));
        let opening = match closed(context.state, context.brief.rep.timezone) {
            // What the notice asks for is over.
            Some((file, closed)) => Some(self.render(file, &closed)),
            None => Some(notice.body).filter(|body| !body.is_empty()),
        };
        Card {
            key: context.key.to_owned(),
            channel: context.channel.to_owned(),
            title: notice.title,
            opening,
            briefing: self.render("chat/briefing.hbs", &page),
            footer: self.render("chat/footer.hbs", &page),
            acts: context.acts.to_vec(),
        }
    }
}

/// Whether what the card asks for is over, and in which file that is said.
fn closed(state: &CardState, zone: Zone) -> Option<(&'static str, ClosedPage)> {
    const RING: &str = "chat/closed.hbs";
    const LEAD: &str = "chat/standing.hbs";
    let quiet_until = match state {
        CardState::MissedAgain(until) => Some(when::short(*until, zone)),
        _ => None,
    };
    let (file, state, by) = match state {
        CardState::Open => return None,
        CardState::Accepted => (RING, "accepted", None),
        CardState::Declined => (RING, "declined", None),
        CardState::Missed | CardState::MissedAgain(_) => (RING, "missed", None),
        CardState::TakenBy(name) => (RING, "taken", Some(name.clone())),
        CardState::CallerLeft => (RING, "caller_left", None),
        CardState::Theirs(name) => (LEAD, "theirs", Some(name.clone())),
        CardState::Spoken(name) => (LEAD, "spoken", Some(name.clone())),
        CardState::Over => (LEAD, "over", None),
    };
    Some((file, ClosedPage { state, by, quiet_until }))
}
