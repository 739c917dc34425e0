//! Two samples per kind of page, made up: one with everything, one with the least there can be.

use super::page::{
    CallerHoldPage, CallerInsteadPage, CallerKey, CallerKeysPage, CallerLetterPage, CallerPlainPage, CallerRepPage,
    CallerSlotsPage, CallerWhenPage, ClosedPage, LetterPage, PageKind, RepPage, WhisperPage,
};
use baton_core::domain::briefing::{Briefing, BriefingField};
use baton_core::domain::id::{PoolId, RepId, TerritoryId, TierId};
use baton_core::domain::known::Source;
use baton_core::domain::text::RepText;
use baton_core::routing::decision::Plan;
use baton_core::routing::reason::PlanReason;
use serde::Serialize;
use serde_json::Value;

/// Full and bare.
pub(super) fn of(kind: PageKind) -> [Value; 2] {
    match kind {
        PageKind::Whisper => [value(&WhisperPage::of(&full())), value(&WhisperPage::of(&bare()))],
        PageKind::Rep => [value(&full_page()), value(&bare_page())],
        PageKind::Letter => [
            value(&LetterPage {
                page: full_page(),
                title: "A title".to_owned(),
                opening: vec!["An opening.".to_owned()],
            }),
            value(&LetterPage { page: bare_page(), title: "A title".to_owned(), opening: Vec::new() }),
        ],
        PageKind::Closed => [
            value(&ClosedPage {
                state: "taken",
                by: Some("Priya Nair".to_owned()),
                quiet_until: Some("Tue 4 Aug, 10:30 Berlin time".to_owned()),
            }),
            value(&ClosedPage { state: "missed", by: None, quiet_until: None }),
        ],
        PageKind::CallerRep => ["Priya", "a colleague"].map(|rep| value(&CallerRepPage { rep: rep.to_owned() })),
        PageKind::CallerHold => [("Priya", Some(45)), ("a colleague", None)]
            .map(|(rep, wait_seconds)| value(&CallerHoldPage { rep: rep.to_owned(), wait_seconds })),
        PageKind::CallerInstead => [("Tom", "Priya", "busy"), ("a colleague", "a colleague", "not_reached")].map(
            |(rep, instead_of, because)| {
                value(&CallerInsteadPage { rep: rep.to_owned(), instead_of: instead_of.to_owned(), because })
            },
        ),
        PageKind::CallerPlain => {
            [Some("Fernhill Software".to_owned()), None].map(|company| value(&CallerPlainPage { company }))
        }
        PageKind::CallerSlots => [slots("Priya", 3), slots("a colleague", 1)],
        PageKind::CallerKeys => [keys("Priya", 3), keys("a colleague", 1)],
        PageKind::CallerWhen => {
            let known = ["Dana Whitfield", "Fernhill Software"].map(|text| Some(text.to_owned()));
            [("Priya", known), ("a colleague", [None, None])].map(|(rep, [name, company])| {
                let change_url = name.as_ref().map(|_| "https://baton.example.com/meeting/1".to_owned());
                value(&CallerWhenPage {
                    rep: rep.to_owned(),
                    when: WHEN.to_owned(),
                    when_written: "Wednesday, 5 August 2026, 10:30 (your time)".to_owned(),
                    change_url,
                    name,
                    company,
                })
            })
        }
        PageKind::CallerLetter => [vec!["A paragraph.".to_owned()], Vec::new()]
            .map(|opening| value(&CallerLetterPage { title: "A title".to_owned(), opening })),
    }
}

fn value(page: &impl Serialize) -> Value {
    serde_json::to_value(page).expect("pages hold text, numbers and lists, which JSON can all say")
}

const WHEN: &str = "tomorrow at 10:30 in the morning your time";

fn slots(rep: &str, count: usize) -> Value {
    value(&CallerSlotsPage { rep: rep.to_owned(), slots: vec![WHEN.to_owned(); count] })
}

fn keys(rep: &str, count: usize) -> Value {
    let keys = (1..=count).map(|key| CallerKey { key, when: WHEN.to_owned() });
    value(&CallerKeysPage { rep: rep.to_owned(), keys: keys.collect() })
}

fn full_page() -> RepPage {
    RepPage {
        rep_first_name: "Priya".to_owned(),
        owner_name: "Priya Nair".to_owned(),
        when: Some("Wed 5 Aug, 10:30 Berlin time".to_owned()),
        note: Some(text("the calendar could not be read")),
        record_url: Some("https://crm.example.com/leads/1".to_owned()),
        feedback_url: Some("https://baton.example.com/feedback/1".to_owned()),
        own_url: Some("https://baton.example.com/my/1".to_owned()),
        call_url: Some("https://baton.example.com/feedback/1/call".to_owned()),
        accept_url: Some("https://baton.example.com/feedback/1/accept".to_owned()),
        ..RepPage::of(&full(), &plan())
    }
}

fn bare_page() -> RepPage {
    let plan = Plan { territory: None, ..plan() };
    RepPage { rep_first_name: "Priya".to_owned(), owner_name: "Priya Nair".to_owned(), ..RepPage::of(&bare(), &plan) }
}

fn text(text: &str) -> RepText {
    RepText(text.to_owned())
}

fn full() -> Briefing {
    let field =
        |label: &str, value: &str, source| BriefingField { label: label.to_owned(), value: text(value), source };
    let mut fields: Vec<BriefingField> =
        super::briefing::TABLE.iter().map(|spec| field(spec.label, "as the caller put it", Source::Caller)).collect();
    fields.push(field("Account", "Northwind Foods (matched by domain)", Source::Crm));
    Briefing {
        headline: text("Dana Whitfield, Head of Operations, Northwind Foods"),
        do_not: vec!["Do not call: write.".to_owned(), "Do not record.".to_owned()],
        fields,
        summary: Some(text("Wants to automate order intake by phone at two sites. Compares two vendors.")),
        objections: vec![text("worried about the time it takes to set up")],
        score: Some(82),
        next_action: Some(text("book a technical demo")),
        why_you: "turn in pool emea-enterprise: DACH, enterprise".to_owned(),
        transcript_url: Some("https://calls.example.com/1".to_owned()),
        completeness_permille: 920,
        ask_first: vec!["Is there a budget set aside for this?".to_owned()],
    }
}

fn bare() -> Briefing {
    Briefing {
        headline: text("Unknown caller, +4930555010"),
        do_not: Vec::new(),
        fields: Vec::new(),
        summary: None,
        objections: Vec::new(),
        score: None,
        next_action: None,
        why_you: "catch-all".to_owned(),
        transcript_url: None,
        completeness_permille: 0,
        // Never empty where nothing is known.
        ask_first: vec!["Who am I speaking with?".to_owned()],
    }
}

fn plan() -> Plan {
    Plan {
        owner: RepId::new("priya.nair").expect("a rep id"),
        pool: PoolId::new("emea-enterprise").expect("a pool name"),
        territory: Some(TerritoryId::new("DACH").expect("a territory name")),
        tier: TierId::new("enterprise").expect("a tier name"),
        targets: Vec::new(),
        rungs: Vec::new(),
        waits: false,
        reason: PlanReason::NoPool,
    }
}
