//! What a template sees, as types.
//!
//! Pages for callers hold a rep's first name, times and what our company is called; a mail also the person's name, where it is
//! a name and nothing else. None of the caller's other words, since whoever calls could have us mail them to somebody
//! else's address. There is no way from a [`RepPage`] to a caller's page.

use super::briefing::{TABLE, UNNAMED};
use super::clean::first_sentence;
use super::consent;
use super::spoken;
use baton_core::domain::briefing::{Briefing, BriefingField};
use baton_core::domain::known::Source;
use baton_core::domain::rep::Rep;
use baton_core::domain::text::RepText;
use baton_core::routing::decision::Plan;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a rep-facing template sees.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RepPage {
    pub headline: RepText,
    /// Orders, such as "Do not call: write."; `None` for nearly everybody.
    pub do_not: Option<String>,
    pub summary: Option<RepText>,
    pub score: Option<u8>,
    pub next_action: Option<RepText>,
    pub why_you: String,
    pub objections: Vec<RepText>,
    pub ask_first: Vec<String>,
    pub fields: Vec<FieldView>,
    /// The same values by name; a name that is not known is empty.
    pub known: BTreeMap<&'static str, Option<RepText>>,
    pub transcript_url: Option<String>,
    pub completeness_percent: u16,
    pub rep_first_name: String,
    pub owner_name: String,
    pub pool: String,
    pub territory: Option<String>,
    pub tier: String,
    pub when: Option<String>,
    pub note: Option<RepText>,
    pub record_url: Option<String>,
    pub feedback_url: Option<String>,
    pub own_url: Option<String>,
    pub call_url: Option<String>,
    pub accept_url: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct FieldView {
    pub label: String,
    pub value: RepText,
    pub source: &'static str,
}

/// A rep's mail: the page inside a letter.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LetterPage {
    #[serde(flatten)]
    pub page: RepPage,
    pub title: String,
    pub opening: Vec<String>,
}

/// What the whisper may say: short forms only.
#[derive(Debug, Clone, Serialize)]
pub(super) struct WhisperPage {
    pub headline: RepText,
    /// The headline names nobody, and begins with English words for that.
    pub unnamed: bool,
    /// The headline without them.
    pub rest: Option<RepText>,
    pub do_not: Option<String>,
    /// The same in a word each, for other languages.
    pub orders: Vec<&'static str>,
    /// First sentence of the summary, else the intent.
    pub about: Option<RepText>,
    pub timeline: Option<RepText>,
    pub next_action: Option<RepText>,
    pub score: Option<u8>,
}

/// A card whose call is over for this rep.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ClosedPage {
    pub state: &'static str,
    pub by: Option<String>,
    pub quiet_until: Option<String>,
}

/// For the caller: who is being fetched, or is there.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerRepPage {
    pub rep: String,
}

/// For the caller: who is being fetched, and how long that takes at most, where it is to be told.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerHoldPage {
    pub rep: String,
    pub wait_seconds: Option<u64>,
}

/// For the caller: who is being fetched instead of whom, and why.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerInsteadPage {
    pub rep: String,
    pub instead_of: String,
    pub because: &'static str,
}

/// For the caller: words in which nobody is named.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerPlainPage {
    /// Ours.
    pub company: Option<String>,
}

/// For the caller: times to choose from, as one says them.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerSlotsPage {
    pub rep: String,
    pub slots: Vec<String>,
}

/// For the caller: times to choose from by a key.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerKeysPage {
    pub rep: String,
    pub keys: Vec<CallerKey>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerKey {
    pub key: usize,
    pub when: String,
}

/// For the caller: one time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerWhenPage {
    pub rep: String,
    pub when: String,
    pub when_written: String,
    /// Where a meeting is moved or called off, if it can be.
    pub change_url: Option<String>,
    /// Of the person, in mails only.
    pub name: Option<String>,
    /// Ours.
    pub company: Option<String>,
}

/// For the caller: the frame around a mail's paragraphs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallerLetterPage {
    pub title: String,
    pub opening: Vec<String>,
}

/// Something that a template can be rendered with.
pub(super) trait Page: Serialize {
    const KIND: PageKind;
}

/// Every page, by what the table of templates calls it.
macro_rules! pages {
    ($($kind:ident: $page:ident,)*) => {
        /// What a template may name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum PageKind {
            $($kind,)*
        }

        $(impl Page for $page {
            const KIND: PageKind = PageKind::$kind;
        })*
    };
}

pages! {
    Whisper: WhisperPage,
    Rep: RepPage,
    Letter: LetterPage,
    Closed: ClosedPage,
    CallerRep: CallerRepPage,
    CallerHold: CallerHoldPage,
    CallerInstead: CallerInsteadPage,
    CallerPlain: CallerPlainPage,
    CallerSlots: CallerSlotsPage,
    CallerKeys: CallerKeysPage,
    CallerWhen: CallerWhenPage,
    CallerLetter: CallerLetterPage,
}

impl RepPage {
    /// The briefing alone; what surrounds it is filled in by the contexts.
    pub(super) fn of(briefing: &Briefing, plan: &Plan) -> Self {
        Self {
            headline: briefing.headline.clone(),
            do_not: orders(briefing),
            summary: briefing.summary.clone(),
            score: briefing.score,
            next_action: briefing.next_action.clone(),
            why_you: briefing.why_you.clone(),
            objections: briefing.objections.clone(),
            ask_first: briefing.ask_first.clone(),
            fields: briefing.fields.iter().map(FieldView::of).collect(),
            known: TABLE.iter().map(|spec| (spec.key, value_of(briefing, spec.label))).collect(),
            transcript_url: briefing.transcript_url.clone(),
            completeness_percent: (briefing.completeness_permille + 5) / 10,
            rep_first_name: String::new(),
            owner_name: String::new(),
            pool: plan.pool.to_string(),
            territory: plan.territory.as_ref().map(ToString::to_string),
            tier: plan.tier.to_string(),
            when: None,
            note: None,
            record_url: None,
            feedback_url: None,
            own_url: None,
            call_url: None,
            accept_url: None,
        }
    }
}

impl FieldView {
    fn of(field: &BriefingField) -> Self {
        Self { label: field.label.clone(), value: field.value.clone(), source: source_in_words(field.source) }
    }
}

fn orders(briefing: &Briefing) -> Option<String> {
    (!briefing.do_not.is_empty()).then(|| briefing.do_not.join(" "))
}

fn value_of(briefing: &Briefing, label: &str) -> Option<RepText> {
    briefing.fields.iter().find(|field| field.label == label).map(|field| field.value.clone())
}

fn source_in_words(source: Source) -> &'static str {
    match source {
        Source::Caller => "caller said",
        Source::Crm => "CRM",
        Source::Inferred => "inferred",
        Source::Platform => "platform",
    }
}

impl WhisperPage {
    pub(super) fn of(briefing: &Briefing) -> Self {
        /// Spoken words of each part, so that what matters fits beside the others.
        const HEADLINE: usize = 11;
        const ABOUT: usize = 12;
        const SHORT: usize = 7;
        let said = |label| value_of(briefing, label);
        let cut = |text: &str, max| Some(RepText(spoken::cut(text, max))).filter(|cut| !cut.0.is_empty());
        // Half a timeline says something else than the whole: all of it or nothing.
        let whole = |text: &RepText| spoken::words(&text.0) <= SHORT;
        let summary = briefing.summary.as_ref().and_then(|s| cut(first_sentence(&s.0), ABOUT));
        let headline = spoken::cut(&briefing.headline.0, HEADLINE);
        let after = headline.strip_prefix(UNNAMED).filter(|after| after.is_empty() || after.starts_with(", "));
        Self {
            unnamed: after.is_some(),
            rest: after.and_then(|after| after.strip_prefix(", ")).map(|rest| RepText(rest.to_owned())),
            headline: RepText(headline),
            do_not: orders(briefing),
            orders: consent::in_a_word_each(&briefing.do_not),
            about: summary.or_else(|| said("Intent").and_then(|text| cut(&text.0, ABOUT))),
            timeline: said("Timeline").filter(whole),
            next_action: briefing.next_action.clone().filter(whole),
            score: briefing.score,
        }
    }
}

/// The name that callers hear: without titles such as "Dr.".
pub(super) fn first_name(rep: &Rep) -> String {
    let words = || rep.name.split_whitespace();
    words().find(|word| !word.ends_with('.')).or_else(|| words().next()).unwrap_or("a colleague").to_owned()
}
