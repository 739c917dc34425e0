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
            Some(closed) => Some(self.render("chat/closed.hbs", &closed)),
            None => Some(notice.body).filter(|body| !body.is_empty()),
        };
        Card {
            key: context.key.to_owned(),
            channel: context.channel.to_owned(),
            title: notice.title,
            opening,
            briefing: self.render("chat/briefing.hbs", &page),
            footer: self.render("chat/footer.hbs", &page),
        }
    }
}

fn closed(state: &CardState, zone: Zone) -> Option<ClosedPage> {
    let quiet_until = match state {
        CardState::MissedAgain(until) => Some(when::short(*until, zone)),
        _ => None,
    };
    let (state, by) = match state {
        CardState::Open => return None,
        CardState::Accepted => ("accepted", None),
        CardState::Declined => ("declined", None),
        CardState::Missed | CardState::MissedAgain(_) => ("missed", None),
        CardState::TakenBy(name) => ("taken", Some(name.clone())),
        CardState::CallerLeft => ("caller_left", None),
    };
    Some(ClosedPage { state, by, quiet_until })
}
