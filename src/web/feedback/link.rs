//! Signed, expiring links: whoever holds one may speak for one rep about one lead, accept its call for that rep, and have that rep call
//! it back where a call is owed, or say that they have; and nothing else. A rep's own link is good for all of that rep's leads, and goes
//! to the rep alone. A lead's own link is good for one meeting at one time.

use crate::deciding::meeting::MeetingTime;
use crate::outbox::FeedbackLinks;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use baton_core::domain::id::{LeadId, RepId};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub struct LinkSigner {
    secret: Vec<u8>,
    base_url: String,
    valid_for: TimeDelta,
}

/// What a valid link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    pub lead: LeadId,
    pub rep: RepId,
}

/// Begins what a lead's link says: no lead's id does.
const MEETING: &str = "meeting";

/// What a lead's link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct LinkedMeeting {
    pub lead: LeadId,
    pub time: MeetingTime,
}

/// Begins what a rep's own link says: no lead's id does.
const OWN: &str = "own";

/// What a rep's own link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct LinkedRep {
    pub rep: RepId,
    /// Seconds since 1970.
    until: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    #[error("this link is not one of ours, or was cut short: open it again from the briefing")]
    Forged,
    #[error("this link has expired: ask for a new one, or send the feedback through your team lead")]
    Expired,
}

impl LinkSigner {
    pub fn new(secret: &str, base_url: &str, days: u32) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self { secret: secret.as_bytes().to_vec(), base_url, valid_for: TimeDelta::days(i64::from(days)) }
    }

    /// The address that goes into a briefing.
    pub fn url(&self, lead: &LeadId, rep: &RepId, now: DateTime<Utc>) -> String {
        format!("{}/feedback/{}", self.base_url, self.token(lead, rep, now))
    }

    fn token(&self, lead: &LeadId, rep: &RepId, now: DateTime<Utc>) -> String {
        self.signed(&format!("{lead}|{rep}|{}", (now + self.valid_for).timestamp()))
    }

    fn meeting_token(&self, lead: &LeadId, time: MeetingTime) -> String {
        self.signed(&format!("{MEETING}|{lead}|{}|{}", time.moves, time.from.timestamp()))
    }

    /// Of the page of one of the rep's leads; it is good no longer than the own link.
    pub(super) fn token_of(&self, lead: &LeadId, LinkedRep { rep, until }: &LinkedRep) -> String {
        self.signed(&format!("{lead}|{rep}|{until}"))
    }

    fn signed(&self, claim: &str) -> String {
        let mut mac = self.mac();
        mac.update(claim.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{}.{tag}", URL_SAFE_NO_PAD.encode(claim))
    }

    /// # Errors
    /// The signature does not fit.
    fn claim(&self, token: &str) -> Result<String, LinkFault> {
        let (claim, tag) = token.split_once('.').ok_or(LinkFault::Forged)?;
        let claim = URL_SAFE_NO_PAD.decode(claim).map_err(|_| LinkFault::Forged)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| LinkFault::Forged)?;
        let mut mac = self.mac();
        mac.update(&claim);
        // Compares in constant time.
        mac.verify_slice(&tag).map_err(|_| LinkFault::Forged)?;
        String::from_utf8(claim).map_err(|_| LinkFault::Forged)
    }

    /// # Errors
    /// The signature does not fit, or the time is over.
    pub fn open(&self, token: &str, now: DateTime<Utc>) -> Result<Linked, LinkFault> {
        let claim = self.claim(token)?;
        let mut parts = claim.split('|');
        let (lead, rep, until) = (parts.next(), parts.next(), parts.next());
        let lead = lead.and_then(|lead| LeadId::new(lead).ok()).ok_or(LinkFault::Forged)?;
        let rep = rep.and_then(|rep| RepId::new(rep).ok()).ok_or(LinkFault::Forged)?;
        let until: i64 = until.and_then(|until| until.parse().ok()).ok_or(LinkFault::Forged)?;
        if now.timestamp() > until {
            return Err(LinkFault::Expired);
        }
        Ok(Linked { lead, rep })
    }

    /// # Errors
    /// The signature does not fit, or the meeting has begun.
    pub(super) fn open_meeting(&self, token: &str, now: DateTime<Utc>) -> Result<LinkedMeeting, LinkFault> {
        let claim = self.claim(token)?;
        let mut parts = claim.split('|');
        if parts.next() != Some(MEETING) {
            return Err(LinkFault::Forged);
        }
        let (lead, moves, from) = (parts.next(), parts.next(), parts.next());
        let lead = lead.and_then(|lead| LeadId::new(lead).ok()).ok_or(LinkFault::Forged)?;
        let moves = moves.and_then(|moves| moves.parse().ok()).ok_or(LinkFault::Forged)?;
        let from = from.and_then(|from| DateTime::from_timestamp(from.parse().ok()?, 0)).ok_or(LinkFault::Forged)?;
        if from <= now {
            return Err(LinkFault::Expired);
        }
        Ok(LinkedMeeting { lead, time: MeetingTime { moves, from } })
    }

    /// # Errors
    /// The signature does not fit, or the time is over.
    pub(super) fn open_own(&self, token: &str, now: DateTime<Utc>) -> Result<LinkedRep, LinkFault> {
        let claim = self.claim(token)?;
        let mut parts = claim.split('|');
        if parts.next() != Some(OWN) {
            return Err(LinkFault::Forged);
        }
        let rep = parts.next().and_then(|rep| RepId::new(rep).ok()).ok_or(LinkFault::Forged)?;
        let until: i64 = parts.next().and_then(|until| until.parse().ok()).ok_or(LinkFault::Forged)?;
        if now.timestamp() > until {
            return Err(LinkFault::Expired);
        }
        Ok(LinkedRep { rep, until })
    }

    fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.secret).expect("HMAC takes a key of any length")
    }
}

impl FeedbackLinks for LinkSigner {
    fn link(&self, lead: &LeadId, rep: &RepId, now: DateTime<Utc>) -> String {
        self.url(lead, rep, now)
    }

    fn meeting_link(&self, lead: &LeadId, moves: u32, from: DateTime<Utc>) -> String {
        format!("{}/meeting/{}", self.base_url, self.meeting_token(lead, MeetingTime { moves, from }))
    }

    fn own_link(&self, rep: &RepId, now: DateTime<Utc>) -> String {
        let until = (now + self.valid_for).timestamp();
        format!("{}/my/{}", self.base_url, self.signed(&format!("{OWN}|{rep}|{until}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> (LinkSigner, Linked, DateTime<Utc>) {
        let linked = Linked { lead: LeadId::from_digest([3; 16]), rep: RepId::new("ana").expect("slug") };
        (LinkSigner::new("secret", "https://baton.example/", 30), linked, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_link_opens_until_it_expires() {
        let (signer, linked, now) = signed();
        let url = signer.url(&linked.lead, &linked.rep, now);
        let token = url.strip_prefix("https://baton.example/feedback/").expect("the base, once");
        assert_eq!(signer.open(token, now + TimeDelta::days(30)), Ok(linked));
        assert_eq!(signer.open(token, now + TimeDelta::days(31)), Err(LinkFault::Expired));
    }

    #[test]
    fn a_leads_link_opens_until_the_meeting_begins_and_is_no_reps() {
        let (signer, linked, now) = signed();
        let (from, lead) = (now + TimeDelta::days(2), &linked.lead);
        let url = signer.meeting_link(lead, 3, from);
        let token = url.strip_prefix("https://baton.example/meeting/").expect("the base, once");
        let time = MeetingTime { moves: 3, from };
        assert_eq!(signer.open_meeting(token, now), Ok(LinkedMeeting { lead: lead.clone(), time }));
        assert_eq!(signer.open_meeting(token, from), Err(LinkFault::Expired));
        assert_eq!(signer.open(token, now), Err(LinkFault::Forged));
        let of_rep = signer.token(lead, &linked.rep, now);
        assert_eq!(signer.open_meeting(&of_rep, now), Err(LinkFault::Forged));
    }

    #[test]
    fn a_reps_own_link_opens_until_it_expires_and_what_it_leads_to_expires_with_it() {
        let (signer, linked, now) = signed();
        let (lead, rep) = (&linked.lead, &linked.rep);
        let url = signer.own_link(rep, now);
        let token = url.strip_prefix("https://baton.example/my/").expect("the base, once");
        let end = now + TimeDelta::days(30);
        let own = signer.open_own(token, end).expect("it is good until then");
        assert_eq!(&own.rep, rep);
        assert_eq!(signer.open_own(token, end + TimeDelta::seconds(1)), Err(LinkFault::Expired));
        let of_lead = signer.token_of(lead, &own);
        assert_eq!(signer.open(&of_lead, end), Ok(linked.clone()));
        assert_eq!(signer.open(&of_lead, end + TimeDelta::seconds(1)), Err(LinkFault::Expired));
        assert_eq!(signer.open(token, now), Err(LinkFault::Forged));
        assert_eq!(signer.open_own(&of_lead, now), Err(LinkFault::Forged));
        assert_eq!(signer.open_meeting(token, now), Err(LinkFault::Forged));
    }

    #[test]
    fn no_changed_or_foreign_link_opens() {
        let (signer, linked, now) = signed();
        let token = signer.token(&linked.lead, &linked.rep, now);
        let other = LinkSigner::new("another", "https://baton.example", 30);
        assert_eq!(other.open(&token, now), Err(LinkFault::Forged));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            // The last character of each part may hold bits that base64 does not use.
            if changed != token && signer.open(&changed, now).is_ok() {
                panic!("a link changed at {at} opened");
            }
        }
    }
}
