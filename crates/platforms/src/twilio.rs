//! Twilio as the carrier of a call: the addresses at which it asks us what comes next, and what its calls and rooms are called.
//!
//! Guarantees: each address that is given to a call has a mark that only whoever knows a secret of the account can make, of one page
//! and of one leg or call, so that nobody reaches a call by guessing; no name holds anything of a person.

use crate::signature::{Secret, is_mark, mark};

/// Where its requests come in, below the address at which it sees us.
pub const PATH: &str = "/v1/telephony/twilio";
/// What [`Page::Front`] is about: its address, `…/front/door`, is written into the account by hand, and has no mark.
const DOOR: &str = "door";
/// The same for calls that come to a lent address.
const COMES: &str = "call";
/// The parameter that holds the mark.
pub const MARK: &str = "t";
/// What was not answered is asked for again, up to three times, whatever went wrong. Twilio reads this part of an address, and
/// neither sends nor signs it.
const ASK_AGAIN: &str = "#rc=3&rp=all";

/// What Twilio asks for, or tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// A rep has picked up: what they hear.
    Whisper,
    /// What the rep pressed or said.
    Accept,
    /// The rep is no longer in the room.
    Left,
    /// How it stands with a rep's leg.
    Leg,
    /// Who, or what, has picked up.
    Machine,
    /// What the caller hears next.
    Next,
    /// What the caller hears in the room until somebody comes.
    Wait,
    /// Who comes into the room and leaves it.
    Room,
    /// How it stands with the caller's call.
    Call,
    /// Which of the times on offer the caller takes.
    Choose,
    /// Somebody calls a lent number of the account or a SIP user of its domain: at an address that stands in its console, with no mark.
    Incoming,
    /// A lead whom a rep calls back has picked up.
    Lead,
    /// How it stands with that lead's phone.
    Dialled,
    /// Somebody calls a number of ours, or has hung up there.
    Front,
    /// What came of the agent's phone, or how long it spoke.
    Agent,
    /// A rep whom the lead has left, or did not come to, is asked what came of it.
    Question,
    /// What they pressed.
    Said,
}

const PAGES: [(&str, Page); 17] = [
    ("whisper", Page::Whisper),
    ("accept", Page::Accept),
    ("left", Page::Left),
    ("leg", Page::Leg),
    ("machine", Page::Machine),
    ("next", Page::Next),
    ("wait", Page::Wait),
    ("room", Page::Room),
    ("call", Page::Call),
    ("choose", Page::Choose),
    ("incoming", Page::Incoming),
    ("lead", Page::Lead),
    ("dialled", Page::Dialled),
    ("front", Page::Front),
    ("agent", Page::Agent),
    ("question", Page::Question),
    ("said", Page::Said),
];

impl Page {
    pub fn named(name: &str) -> Option<Self> {
        PAGES.iter().find(|(known, _)| *known == name).map(|(_, page)| *page)
    }

    fn name(self) -> &'static str {
        PAGES.iter().find(|(_, page)| *page == self).map_or("", |(name, _)| name)
    }
}

/// The addresses of one account's calls.
#[derive(Debug, Clone)]
pub struct Pages {
    base_url: String,
    secret: Secret,
    others: Vec<Secret>,
}

impl Pages {
    /// `base_url`: how Twilio sees this worker. Marks are made with `secret`, and known by any of the `others` too, so that a
    /// secret can be changed while calls go on.
    pub fn new(base_url: &str, secret: Secret, others: Vec<Secret>) -> Self {
        Self { base_url: base_url.trim_end_matches('/').to_owned(), secret, others }
    }

    /// Scheme, host and, behind a proxy, the path before `/v1`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address of a page about a leg or a call; `more` is added to its query as it is.
    pub fn address(&self, page: Page, about: &str, more: &str) -> String {
        let (base_url, name, mark) = (&self.base_url, page.name(), mark(&self.secret, &marked(page, about)));
        format!("{base_url}{PATH}/{name}/{about}?{MARK}={mark}{more}{ASK_AGAIN}")
    }

    /// Whether an address with this mark is one of ours. Of callers who come to a number, no call is known before: who signs
    /// for the account may tell of any.
    pub fn is_ours(&self, page: Page, about: &str, said: &str) -> bool {
        let text = marked(page, about);
        match page {
            Page::Incoming => about == COMES,
            Page::Front => about == DOOR,
            _ => is_mark(&self.secret, &text, said) || self.others.iter().any(|other| is_mark(other, &text, said)),
        }
    }
}

fn marked(page: Page, about: &str) -> String {
    format!("baton/{}/{about}", page.name())
}

/// Whether this is Twilio's id of a call.
pub fn is_call(id: &str) -> bool {
    id.strip_prefix("CA").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The room in which this caller waits for a rep.
pub fn room_of(call: &str) -> String {
    format!("baton-{call}")
}

/// What the caller is called in the room.
pub const CALLER: &str = "caller";
/// What every rep is called there: of two of one name Twilio lets in the first (error 16025), so that never two reps are in it.
pub const REP: &str = "rep";

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text).expect("a secret")
    }

    fn mark_of(address: &str) -> &str {
        let (_, query) = address.split_once("?t=").expect("a mark");
        query.split(['&', '#']).next().expect("a first part")
    }

    #[test]
    fn an_address_is_of_one_page_and_one_leg() {
        let pages = Pages::new("https://baton.example/desk/", secret("first"), Vec::new());
        let address = pages.address(Page::Accept, "leg_1.1", "&n=2");
        assert!(address.starts_with("https://baton.example/desk/v1/telephony/twilio/accept/leg_1.1?t="), "{address}");
        assert!(address.ends_with("&n=2#rc=3&rp=all"), "{address}");
        let mark = mark_of(&address);
        assert_eq!(mark.len(), 32);
        assert!(pages.is_ours(Page::Accept, "leg_1.1", mark));
        for (page, about, said) in [
            (Page::Whisper, "leg_1.1", mark),
            (Page::Accept, "leg_1.2", mark),
            (Page::Accept, "leg_1.1", &mark[1..]),
            (Page::Accept, "leg_1.1", ""),
        ] {
            assert!(!pages.is_ours(page, about, said), "{page:?} {about} {said}");
        }
    }

    #[test]
    fn where_incoming_calls_are_told_of_stands_in_a_console() {
        let pages = Pages::new("https://baton.example", secret("first"), Vec::new());
        assert!(pages.is_ours(Page::Incoming, "call", ""));
    }

    #[test]
    fn addresses_outlive_the_change_of_a_secret() {
        let before = Pages::new("https://a.example", secret("first"), vec![secret("second")]);
        let after = Pages::new("https://a.example", secret("second"), vec![secret("first")]);
        let address = before.address(Page::Next, "CA1", "");
        assert!(after.is_ours(Page::Next, "CA1", mark_of(&address)));
        let others = Pages::new("https://a.example", secret("third"), Vec::new());
        assert!(!others.is_ours(Page::Next, "CA1", mark_of(&address)));
    }

    #[test]
    fn only_what_stands_in_the_account_is_found_without_a_mark() {
        let pages = Pages::new("https://baton.example", secret("first"), Vec::new());
        assert!(pages.is_ours(Page::Front, "door", "") && pages.is_ours(Page::Incoming, "call", ""));
        for (page, about) in
            [(Page::Front, "CA1"), (Page::Agent, "door"), (Page::Next, "door"), (Page::Incoming, "CA1")]
        {
            assert!(!pages.is_ours(page, about, ""), "{page:?} {about}");
        }
    }

    #[test]
    fn every_page_is_found_by_its_name() {
        for (name, page) in PAGES {
            assert_eq!((Page::named(name), page.name()), (Some(page), name));
        }
        assert_eq!(Page::named("nothing"), None);
    }

    #[test]
    fn only_a_call_of_twilio_is_one() {
        assert!(is_call("CA8f0a3b6c9d2e4f5061728394a5b6c7d8"));
        for other in ["", "CA", "call-1", "CA8f0a3b6c9d2e4f5061728394a5b6c7d", "SM8f0a3b6c9d2e4f5061728394a5b6c7d8"] {
            assert!(!is_call(other), "{other}");
        }
    }
}
