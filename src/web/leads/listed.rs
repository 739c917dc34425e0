//! What `GET /v1/leads` may be asked: by call, by contact, by how things stand, and for the next page.

use crate::intake::normalise;
use crate::store::LeadQuery;
use crate::web::Problem;
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::NextStepKind;
use baton_core::rules::words::phone;
use chrono::{DateTime, Utc};
use serde::Deserialize;

const LONGEST_PAGE: usize = 500;
pub(in crate::web) const STATUSES: [&str; 10] = [
    "handoff",
    "connected",
    "booked",
    "called",
    "left_to_agent",
    "called_off",
    "shadow",
    "callback",
    "mail",
    "needs_attention",
];

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Listed {
    /// Leads of a page; 50 if it is left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// What the page before gave as `next`.
    cursor: Option<String>,
    /// The platform's id of the call.
    call: Option<String>,
    /// Whose id it is; only with `call`.
    platform: Option<String>,
    /// With its country, such as `+14155550142`.
    phone: Option<String>,
    email: Option<String>,
    /// The rep who has it now, by id.
    #[param(pattern = "^[a-z0-9._-]{1,64}$")]
    owner: Option<String>,
    #[param(
        pattern = "^(handoff|connected|booked|called|left_to_agent|called_off|shadow|callback|mail|needs_attention)$"
    )]
    status: Option<String>,
    #[param(value_type = Option<String>, pattern = "^(handoff|meeting|callback|mail|follow_up|needs_attention)$")]
    next_step: Option<NextStepKind>,
    /// The `source` of the event that brought it.
    source: Option<String>,
    /// The `id` of the event that brought it.
    event: Option<String>,
}

impl Listed {
    /// What a person types into one field: an address, a number with its country, or the platform's id of a call.
    pub(in crate::web) fn sought(typed: &str, status: Option<String>, cursor: Option<String>) -> Self {
        let typed = typed.trim();
        let listed = Self { status, cursor, ..Self::default() };
        let is_number = |c: char| c.is_ascii_digit() || " +-.()/".contains(c);
        match typed {
            "" => listed,
            _ if typed.contains('@') => Self { email: Some(typed.to_owned()), ..listed },
            _ if typed.starts_with('+') && typed.chars().all(is_number) => {
                Self { phone: Some(typed.to_owned()), ..listed }
            }
            _ => Self { call: Some(typed.to_owned()), ..listed },
        }
    }

    pub(in crate::web) fn check(self) -> Result<(LeadQuery, usize), Problem> {
        let limit = self.limit.unwrap_or(50);
        if !(1..=LONGEST_PAGE).contains(&limit) {
            return Err(Problem::bad_request(format!("limit is {limit}; allowed: 1 to {LONGEST_PAGE}, then cursor=")));
        }
        if self.platform.is_some() && self.call.is_none() {
            return Err(Problem::bad_request("platform is given without call: give both, or the call alone"));
        }
        for (name, text) in
            [("call", &self.call), ("platform", &self.platform), ("source", &self.source), ("event", &self.event)]
        {
            if text.as_ref().is_some_and(|text| text.contains('\0')) {
                return Err(Problem::bad_request(format!("{name} holds a NUL; allowed: text as it was sent")));
            }
        }
        let query = LeadQuery {
            call: self.call,
            platform: self.platform,
            phone: self.phone.as_deref().map(phone).transpose()?,
            email: self.email.as_deref().map(email).transpose()?,
            owner: self.owner.map(RepId::new).transpose().map_err(|fault| Problem::bad_request(fault.to_string()))?,
            status: self.status.map(status).transpose()?,
            next_step: self.next_step,
            source: self.source,
            event: self.event,
            after: self.cursor.as_deref().map(place).transpose()?,
        };
        Ok((query, limit))
    }
}

/// In an address `+` stands for a blank, and few think of writing %2B.
fn phone(text: &str) -> Result<String, Problem> {
    let digits = text.strip_prefix(' ').map_or_else(|| text.to_owned(), |rest| format!("+{rest}"));
    let read = phone::read(&digits, None).map(|phone| phone.as_str().to_owned());
    read.ok_or_else(|| {
        Problem::bad_request(format!("phone is {text:?}; allowed: with its country, such as +14155550142"))
    })
}

fn email(text: &str) -> Result<String, Problem> {
    let read = normalise::email(text);
    read.ok_or_else(|| Problem::bad_request(format!("email is {text:?}; allowed: an address such as ana@example.com")))
}

fn status(text: String) -> Result<String, Problem> {
    if STATUSES.contains(&text.as_str()) {
        return Ok(text);
    }
    Err(Problem::bad_request(format!("status is {text:?}; allowed: {}", STATUSES.join(", "))))
}

/// The place behind a lead, for the next page.
pub(in crate::web) fn cursor(at: DateTime<Utc>, lead: &LeadId) -> String {
    format!("{}.{lead}", at.timestamp_micros())
}

fn place(text: &str) -> Result<(DateTime<Utc>, LeadId), Problem> {
    let read = text.split_once('.').and_then(|(at, lead)| {
        let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
        Some((at, LeadId::new(lead).ok()?))
    });
    read.ok_or_else(|| Problem::bad_request(format!("cursor is {text:?}; allowed: what a page before gave as next")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<LeadQuery, String> {
        let url = format!("http://x/?{query}").parse().expect("an address");
        let listed = axum::extract::Query::<Listed>::try_from_uri(&url).map_err(|refused| refused.body_text())?;
        listed.0.check().map(|(query, _)| query).map_err(|problem| problem.body())
    }

    #[test]
    fn a_number_is_found_however_it_is_written_in_an_address() {
        for written in ["%2B14155550142", "+14155550142", "+1+415-555-0142", "0014155550142", "tel:%2B1(415)5550142"] {
            let found = asked(&format!("phone={written}")).expect("a number").phone;
            assert_eq!(found.as_deref(), Some("+14155550142"), "{written}");
        }
    }

    #[test]
    fn the_description_allows_every_word_that_is_taken() {
        use utoipa::IntoParams as _;
        let told = serde_json::to_string(&Listed::into_params(|| None)).expect("JSON");
        let steps = ["handoff", "meeting", "callback", "mail", "follow_up", "needs_attention"];
        for words in [&STATUSES[..], &steps[..]] {
            assert!(told.contains(&format!("^({})$", words.join("|"))), "{words:?}: {told}");
        }
        for what in steps {
            assert!(asked(&format!("next_step={what}")).is_ok(), "{what}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told_and_never_left_out() {
        let told = [
            ("phone=anonymous", "phone is"),
            ("phone=5550142", "with its country"),
            ("email=ana", "email is"),
            ("limit=0", "1 to 500"),
            ("limit=501", "1 to 500"),
            ("limit=-1", "invalid digit"),
            ("status=won", "needs_attention"),
            ("next_step=ring", "follow_up"),
            ("owner=A%20B", "is not valid"),
            ("platform=vapi", "without call"),
            ("cursor=1", "a page before"),
            ("cursor=99999999999999999999.lead", "a page before"),
            ("call=a%00b", "call holds a NUL"),
            ("event=%00", "event holds a NUL"),
            ("dayz=3", "unknown field `dayz`"),
        ];
        for (query, why) in told {
            let refused = asked(query).expect_err(query);
            assert!(refused.contains(why), "{query}: {refused}");
        }
    }

    #[test]
    fn leads_that_are_answered_by_mail_can_be_asked_for() {
        let query = asked("status=mail&next_step=mail").expect("both are known");
        assert_eq!((query.status.as_deref(), query.next_step), (Some("mail"), Some(NextStepKind::Mail)));
    }

    #[test]
    fn a_cursor_is_the_place_that_it_was_made_of() {
        let (at, lead) = (DateTime::UNIX_EPOCH, LeadId::from_digest([7; 16]));
        assert_eq!(place(&cursor(at, &lead)).ok(), Some((at, lead)));
    }
}
