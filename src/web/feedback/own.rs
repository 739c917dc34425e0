//! A rep's own page: what they promised, their newest leads, and each of them rated, or marked as called, in two taps.
//!
//! Guarantees: `GET` has no effect; what is sent goes by a link of one lead, as from that lead's mail, which is good no longer than
//! this page is. Nobody else's leads are here. If the process dies here, the page is asked for again.

use super::link::{LinkSigner, LinkedRep};
use super::page::{escape, page_in};
use super::refuse;
use crate::deciding::owner::form::LONGEST_NOTE;
use crate::render::when;
use crate::store::{LeadQuery, LeadSummary, PromisedStep, StoreError, next_step_name};
use crate::web::console::words::Language;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::{Feedback, NextStepKind};
use baton_core::domain::rep::Rep;
use baton_core::domain::text::visible;
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// Leads that are shown, and promises of each kind.
const SHOWN: usize = 30;

pub(in crate::web) async fn show(
    State(door): State<Door>,
    Path(token): Path<String>,
    Extension(linked): Extension<LinkedRep>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let rules = door.rules();
    let (Some(rep), Some(links)) = (rules.reps.get(&linked.rep), &door.links) else {
        return refuse(StatusCode::NOT_FOUND, "It is of nobody in the roster.").into_response();
    };
    let now = door.clock.now();
    match Leads::read(&door, &rep.id, now).await {
        Ok(leads) => {
            let language = Language::asked(&uri, &headers);
            let is_done = uri.query().is_some_and(|query| query.split('&').any(|part| part == "done=1"));
            let own = OwnPage { rep, links, linked: &linked, token: &token, language, now };
            Html(own.html(&leads, is_done)).into_response()
        }
        Err(error) => Problem::ours(&error).into_response(),
    }
}

struct Leads {
    promised: Vec<PromisedStep>,
    /// The newest first.
    newest: Vec<LeadSummary>,
    /// What the rep said of them, the newest first.
    said: Vec<(LeadId, Feedback)>,
}

impl Leads {
    async fn read(door: &Door, rep: &RepId, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let rep = rep.clone();
        let read = door.store.read("feedback.own", move |tx| {
            let rep = rep.clone();
            Box::pin(async move {
                let promised = tx.promised_by(&rep, SHOWN, now).await?;
                let query = LeadQuery { owner: Some(rep.clone()), ..LeadQuery::default() };
                let mut newest = tx.leads_find(&query, SHOWN).await?;
                newest.retain(|lead| lead.erased_at.is_none());
                let ids: Vec<&LeadId> = newest.iter().map(|lead| &lead.lead).collect();
                let said = tx.feedbacks_by(&rep, &ids).await?;
                Ok(Self { promised, newest, said })
            })
        });
        read.await
    }

    /// The stars that were given last.
    fn quality(&self, lead: &LeadId) -> Option<u8> {
        self.said.iter().filter(|(of, _)| of == lead).find_map(|(_, said)| said.quality)
    }
}

struct OwnPage<'a> {
    rep: &'a Rep,
    links: &'a LinkSigner,
    linked: &'a LinkedRep,
    /// Of this page, to which its forms lead back.
    token: &'a str,
    language: Language,
    now: DateTime<Utc>,
}

impl OwnPage<'_> {
    fn w(&self, key: &str) -> &'static str {
        self.language.word(key)
    }

    fn html(&self, leads: &Leads, is_done: bool) -> String {
        let title = self.w("your_leads");
        let mut body = format!("<h1>{title}</h1><p class=\"sub\">{}</p>", escape(&visible(&self.rep.name)));
        if is_done {
            let _infallible = write!(body, "<p class=\"told\" role=\"status\">{}</p>", self.w("done"));
        }
        let _infallible = write!(body, "<h2>{}</h2>", self.w("promises"));
        if leads.promised.is_empty() {
            let _infallible = write!(body, "<p class=\"sub\">{}</p>", self.w("no_promises"));
        }
        for promised in &leads.promised {
            self.promise(&mut body, promised);
        }
        let _infallible = write!(body, "<h2>{}</h2>", self.w("leads"));
        if leads.newest.is_empty() {
            let _infallible = write!(body, "<p class=\"sub\">{}</p>", self.w("no_leads"));
        }
        for lead in &leads.newest {
            self.lead(&mut body, lead, leads.quality(&lead.lead));
        }
        body.push_str("<p>");
        for one in Language::ALL.map(Language::code) {
            let _infallible = write!(body, "<a href=\"?lang={one}\" lang=\"{one}\" hreflang=\"{one}\">{one}</a> ");
        }
        body.push_str("</p>");
        page_in(self.language.code(), title, &body)
    }

    fn promise(&self, body: &mut String, promised: &PromisedStep) {
        let at = when::short(promised.step.at, self.rep.timezone);
        let late = if promised.step.at <= self.now { self.w("late") } else { "" };
        let what = next_step_name(promised.step.what).replace('_', " ");
        let who = called(promised.name.as_deref(), &promised.lead);
        let _infallible = write!(body, "<p>{at} <strong>{late}</strong><br>{what}: {}</p>", escape(&who));
        if promised.step.what == NextStepKind::Callback {
            self.called(body, &promised.lead);
        }
    }

    /// Opened by the first tap, rated by the second.
    fn lead(&self, body: &mut String, lead: &LeadSummary, quality: Option<u8>) {
        let who = escape(&called(lead.name.as_deref(), &lead.lead));
        let (status, at) = (lead.status.replace('_', " "), when::short(lead.decided_at, self.rep.timezone));
        let rated = quality.map_or_else(String::new, |stars| format!(" · {stars}/5"));
        let _infallible =
            write!(body, "<details><summary>{who}<br><span class=\"sub\">{status} · {at}{rated}</span></summary>");
        let (address, question) = (self.address(&lead.lead, ""), self.w("how_good"));
        let _infallible = write!(
            body,
            "<form method=\"post\" action=\"{address}\"><fieldset class=\"taps\"><legend>{question}</legend>"
        );
        for stars in 1..=5 {
            let _infallible = write!(body, "<button name=\"quality\" value=\"{stars}\">{stars}</button>");
        }
        body.push_str("</fieldset>");
        self.choice(body, "completeness", "was_complete", &["", "1", "2", "3", "4", "5"].map(|stars| (stars, stars)));
        let misroutes = [("", "right_person"), ("procedural", "wrong_person"), ("clerical", "data_incomplete")];
        let misroutes = misroutes.into_iter().chain([("definitional", "not_a_fit")]);
        let misroutes: Vec<(&str, &str)> = misroutes.map(|(value, key)| (value, self.w(key))).collect();
        self.choice(body, "misroute", "was_right", &misroutes);
        let _infallible = write!(
            body,
            "<p><label>{} <textarea name=\"note\" rows=\"2\" maxlength=\"{LONGEST_NOTE}\"></textarea></label></p>\
             <p><button>{}</button> <a href=\"{address}\">{}</a></p></form>",
            self.w("note"),
            self.w("send"),
            self.w("more")
        );
        if lead.next_step.what != NextStepKind::FollowUp {
            self.called(body, &lead.lead);
        }
        body.push_str("</details>");
    }

    fn choice(&self, body: &mut String, name: &str, question: &str, choices: &[(&str, &str)]) {
        let _infallible = write!(body, "<p><label>{} <select name=\"{name}\">", self.w(question));
        for (value, text) in choices {
            let _infallible = write!(body, "<option value=\"{value}\">{text}</option>");
        }
        body.push_str("</select></label></p>");
    }

    fn called(&self, body: &mut String, lead: &LeadId) {
        let (address, text) = (self.address(lead, "/called"), self.w("call_made"));
        let _infallible = write!(body, "<form method=\"post\" action=\"{address}\"><button>{text}</button></form>");
    }

    /// Of a page of one lead, from which one comes back here. A proxy may have put a path before ours.
    fn address(&self, lead: &LeadId, act: &str) -> String {
        format!("../feedback/{}{act}?own={}", self.links.token_of(lead, self.linked), self.token)
    }
}

/// As the rep knows them.
fn called(name: Option<&str>, lead: &LeadId) -> String {
    name.map_or_else(|| lead.to_string(), visible)
}
