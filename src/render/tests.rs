//! What people read and hear, for one full lead, one bare lead and one hostile lead.
//!
//! Golden files lie in `fixtures/golden/briefing`; `UPDATE_GOLDEN=1 cargo test render` writes them anew.

use super::briefing::briefing;
use super::caller::CallerContext;
use super::context::{BriefContext, CardContext, CardState, Hearer, NoteContext};
use super::{Templates, spoken, template_files};
use crate::connectors::Card;
use baton_core::domain::briefing::Briefing;
use baton_core::domain::effect::{BriefWhy, CrmNote};
use baton_core::domain::id::RepId;
use baton_core::domain::known::{Known, Source};
use baton_core::domain::lead::{Headcount, Lead};
use baton_core::domain::outcome::Slot;
use baton_core::domain::rep::Rep;
use baton_core::domain::whereabouts::Whereabouts;
use baton_core::domain::zone::Zone;
use baton_core::routing::Decision;
use baton_core::routing::scenario::{Scenario, acme, scenario};
use baton_core::rules::model::condition::{Condition, IfUndecided};
use baton_core::rules::model::truth::Test;
use chrono::{DateTime, Utc};
use std::sync::LazyLock;

mod caller;
mod faults;
mod known;
mod limits;

const WHYS: [BriefWhy; 14] = [
    BriefWhy::Ringing,
    BriefWhy::Connected,
    BriefWhy::Booked,
    BriefWhy::Moved,
    BriefWhy::CalledOff,
    BriefWhy::Callback,
    BriefWhy::Mail,
    BriefWhy::Reminder,
    BriefWhy::Escalation,
    BriefWhy::NeedsAttention,
    BriefWhy::Tried,
    BriefWhy::Refusals,
    BriefWhy::HandedOver,
    BriefWhy::GivenAway,
];

/// Compiled once: it takes a while without optimisation.
fn built_in() -> &'static Templates {
    static BUILT_IN: LazyLock<Templates> = LazyLock::new(Templates::built_in);
    &BUILT_IN
}

fn speaks(languages: &[&'static str]) -> Hearer<'static> {
    Hearer { speaks: languages.to_vec(), ours: "en" }
}

fn said(text: &str) -> Option<Known<String>> {
    Some(Known::from_caller(text.to_owned()))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn rep_id(name: &str) -> RepId {
    RepId::new(name).expect("a rep id")
}

fn golden(name: &str, found: &str) {
    let path = format!("{}/fixtures/golden/briefing/{name}", env!("CARGO_MANIFEST_DIR"));
    let found = format!("{}\n", found.trim_end());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} differs; UPDATE_GOLDEN=1 writes it anew. Found:\n{found}");
}

/// Everything a good call brings.
fn dana() -> Lead {
    let mut lead = acme();
    lead.contact.name = said("Dana Whitfield");
    lead.contact.title = said("Head of Operations");
    lead.contact.email = said("dana@acme.com");
    lead.contact.language = said("en");
    lead.company.city = said("Los Angeles");
    lead.company.employees = Some(Known::new(Headcount { at_least: 1200, at_most: None }, Source::Inferred));
    let told = &mut lead.qualification;
    told.score = Some(Known::from_caller(82));
    told.summary = said("Wants to automate order intake by phone at two sites. Compares us with one other vendor.");
    told.intent = said("automate order intake");
    told.timeline = said("before the end of the quarter");
    told.use_case = said("taking repeat orders at night");
    told.products = vec!["Voice".to_owned(), "Orders".to_owned()];
    told.pain = said("missed calls after six");
    told.objections = vec!["set-up time".to_owned(), "data kept in the US & EU?".to_owned()];
    told.urgency = Some(Known::new("high".to_owned(), Source::Inferred));
    told.sentiment = Some(Known::new("friendly, in a hurry".to_owned(), Source::Inferred));
    told.next_action = said("book a technical demo");
    lead.transcript_url = Some("https://calls.example.com/t/1?key=a&x=b".to_owned());
    lead
}

/// A caller who tries every trick of every channel.
fn mallory() -> Lead {
    let mut lead = dana();
    lead.contact.name = said("Mallory <!channel>\r\nBcc: all@acme.com");
    lead.contact.title = said("{{7*7}} {{{headline}}} ${jndi:x}");
    lead.company.name = said("<script>alert(1)</script> \u{202E}ecnailla\u{202C}");
    lead.qualification.summary = said(&format!("<https://evil.example|click> & {}", "long words ".repeat(1000)));
    lead.qualification.objections = vec!["\"'><img src=x onerror=alert(1)>".to_owned(); 40];
    lead.qualification.next_action = said("<break time=\"60s\"/> press\u{0} 9\u{7}");
    lead.transcript_url = Some("javascript:alert(1)".to_owned());
    lead
}

struct Case {
    world: Scenario,
    decision: Decision,
    briefing: Briefing,
}

/// Acme is enterprise by its industry; ben gets the lead, and works in Los Angeles.
fn case(lead: Lead) -> Case {
    let enterprise = Condition::Field { field: "lead.industry".to_owned(), test: Test::Known(true) };
    let mut world = scenario().tier("enterprise", enterprise, IfUndecided::Skip, None).rep("ben", |ben| {
        ben.name = "Ben Ortiz".to_owned();
        ben.timezone = Zone::named("America/Los_Angeles");
    });
    world.lead = lead;
    let decision = world.decide();
    let briefing = briefing(&world.lead, &decision, &world.rules);
    Case { world, decision, briefing }
}

impl Case {
    fn ben(&self) -> &Rep {
        &self.world.rules.reps[&rep_id("ben")]
    }

    fn brief(&self, why: BriefWhy) -> BriefContext<'_> {
        BriefContext {
            why,
            briefing: &self.briefing,
            plan: &self.decision.plan,
            rep: self.ben(),
            owner_name: "Ben Ortiz",
            at: Some(at("2026-01-08T17:30:00Z")),
            note: Some("the calendar could not be read"),
            record_url: Some("https://crm.example.com/leads/1"),
            feedback_url: Some("https://baton.example.com/feedback/1?s=a&b=c"),
            own_url: Some("https://baton.example.com/my/1"),
            call_url: None,
            accept_url: None,
        }
    }

    fn card(&self, why: BriefWhy, state: &CardState) -> Card {
        let context = CardContext { brief: self.brief(why), key: "7k2m.12-brief", channel: "U1", state, acts: &[] };
        built_in().card(&context)
    }

    fn note<'a>(&'a self, note: &'a CrmNote) -> NoteContext<'a> {
        NoteContext {
            note,
            briefing: &self.briefing,
            plan: &self.decision.plan,
            reps: &self.world.rules.reps,
            owner: &self.decision.plan.owner,
            feedback_url: None,
        }
    }

    fn caller(&self, caller_zone: Option<Zone>) -> CallerContext<'_> {
        let (reps, company) = (&self.world.rules.reps, self.world.rules.handoff.company.as_deref());
        let caller = caller_zone.map_or_else(Whereabouts::default, Whereabouts::in_zone);
        CallerContext { reps, company, caller, now: at("2026-01-07T18:00:00Z") }
    }

    fn slot(&self) -> Slot {
        Slot { rep: rep_id("ben"), from: at("2026-01-08T17:30:00Z"), until: at("2026-01-08T18:00:00Z") }
    }
}

/// A card as a person reads it, part by part.
fn card_as_text(card: &Card) -> String {
    [card.title.as_str(), opening(card), &card.briefing, &card.footer].join("\n---\n")
}

fn opening(card: &Card) -> &str {
    card.opening.as_deref().unwrap_or_default()
}

#[test]
fn the_whisper_is_short_and_ends_with_what_to_press() {
    let templates = built_in();
    let mut all = String::new();
    for (name, lead) in [("full", dana()), ("bare", acme()), ("hostile", mallory())] {
        let whisper = templates.whisper(&case(lead).briefing, &speaks(&[])).say.0;
        assert!(spoken::words(&whisper) <= spoken::MAX_WORDS, "{name}: {whisper}");
        assert!(whisper.ends_with("Press 1 to accept."), "{name}: {whisper}");
        assert!(!whisper.contains(['<', '>', '{', '\u{0}', '\n']), "{name}: {whisper}");
        all += &format!("{name}: {whisper}\n");
    }
    golden("whisper.txt", &all);
}

#[test]
fn a_rep_hears_the_whisper_in_a_language_of_theirs_and_no_words_of_another() {
    let templates = built_in();
    let mut lead = dana();
    (lead.consent.callback, lead.consent.recording) = (Some(false.into()), Some(false.into()));
    lead.consent.email = Some(true.into());
    let refuses = case(lead).briefing;
    for (languages, language, orders, press) in [
        (&["de"][..], "de", "Nicht anrufen, schreiben. Nicht aufzeichnen.", "Zum Annehmen die 1 drücken."),
        (&["es"], "es", "No llamar, escribir. No grabar.", "Pulse 1 para aceptar."),
        (&["fr"], "en", "Do not call: write. Do not record.", "Press 1 to accept."),
        (&["de", "en"], "en", "Do not call: write. Do not record.", "Press 1 to accept."),
        (&["da", "es"], "es", "No llamar, escribir. No grabar.", "Pulse 1 para aceptar."),
    ] {
        let whisper = templates.whisper(&refuses, &speaks(languages));
        let said = &whisper.say.0;
        assert_eq!(whisper.language, language, "{languages:?}");
        assert!(said.contains(orders) && said.ends_with(press), "{languages:?}: {said}");
        assert_eq!(said.contains("Do not"), language == "en", "{said}");
        assert!(spoken::words(said) <= spoken::MAX_WORDS, "{said}");
        let bare = templates.whisper(&case(acme()).briefing, &speaks(languages)).say.0;
        assert_eq!(bare.contains("Unknown caller"), language == "en", "{bare}");
        assert!(bare.contains("Acme"), "{bare}");
        let late = templates.too_late(None, &speaks(languages));
        assert_eq!((late.say.0.contains("no longer waiting"), late.language.as_str()), (language == "en", language));
    }
}

/// A voice of one language never gets the words of another.
#[test]
fn own_words_are_in_the_language_that_the_workspace_says() {
    let briefing = case(dana()).briefing;
    let hears = |files: &[(&str, &str)], speaks: &[&'static str], ours: &'static str| {
        let templates = Templates::compile(files).expect("no fault");
        let whisper = templates.whisper(&briefing, &Hearer { speaks: speaks.to_vec(), ours });
        let last = whisper.say.0.rsplit(". ").next().map(str::to_owned);
        (whisper.language, last.expect("a sentence"))
    };
    let own = ("whisper/ring.hbs", "{{headline}}. 1 nehmen.");
    let french = ("whisper/fr/ring.hbs", "{{headline}}. Appuyez sur 1.");
    let told = |language: &str, last: &str| (language.to_owned(), last.to_owned());
    assert_eq!(hears(&[own], &["de"], "de"), told("de", "1 nehmen."));
    assert_eq!(hears(&[own], &["es"], "de"), told("de", "1 nehmen."), "ours do not stand beside theirs");
    assert_eq!(hears(&[own, french], &["es", "fr"], "de"), told("fr", "Appuyez sur 1."));
    assert_eq!(hears(&[french], &["de"], "en"), told("de", "Zum Annehmen die 1 drücken."));
    assert_eq!(hears(&[], &["pl"], "pl"), told("en", "Press 1 to accept."), "there are no Polish words");
    assert_eq!(hears(&[], &[], "de"), told("de", "Zum Annehmen die 1 drücken."));
    let copied = template_files().find(|(path, _)| *path == "whisper/ring.hbs").expect("ours");
    assert_eq!(hears(&[copied], &["es"], "en"), told("es", "Pulse 1 para aceptar."), "a copy changes nothing");
    let templates = Templates::compile(&[own]).expect("no fault");
    assert!(templates.whispers_in("de", "de") && !templates.whispers_in("es", "de"));
}

#[test]
fn the_card_of_a_ringing_phone() {
    golden("card_ringing.txt", &card_as_text(&case(dana()).card(BriefWhy::Ringing, &CardState::Open)));
}

#[test]
fn a_card_for_every_reason_and_every_end() {
    let case = case(dana());
    let mut text = String::new();
    for why in WHYS {
        let card = case.card(why, &CardState::Open);
        text += &format!("{why:?}: {}\n  {:?}\n", card.title, opening(&card));
    }
    let taken = CardState::TakenBy("Cy & Co".to_owned());
    let again = CardState::MissedAgain(at("2026-01-07T18:30:00Z"));
    for state in [CardState::Accepted, CardState::Declined, CardState::Missed, again, taken, CardState::CallerLeft] {
        let card = case.card(BriefWhy::Ringing, &state);
        text += &format!("{state:?}: {:?}\n", opening(&card));
        let shown = card_as_text(&card);
        assert!(!shown.contains("ringing"), "{state:?}: the phone does not ring any more");
        assert!(shown.contains("|Rate this lead>"), "{shown}");
    }
    let cy = || "Cy & Co".to_owned();
    for (state, said) in [
        (CardState::Theirs(cy()), "*Cy &amp; Co has this lead now.*"),
        (CardState::Spoken(cy()), "*Cy &amp; Co has spoken with them.*"),
        (CardState::Over, "*This lead is closed.*"),
    ] {
        assert_eq!(opening(&case.card(BriefWhy::Callback, &state)), said);
    }
    golden("card_reasons.txt", &text);
}

#[test]
fn a_mail_to_the_rep() {
    let case = case(dana());
    let mail = built_in().email(&case.brief(BriefWhy::Booked));
    golden("email_booked.txt", &format!("Subject: {}\n\n{}", mail.subject.0, mail.text.0));
    assert!(mail.html.0.contains("data kept in the US &amp; EU?"));
    assert!(mail.html.0.contains("<h1 style=\"margin:0 0 12px;font-size:20px;line-height:1.3\">Meeting booked: Dana"));
}

#[test]
fn a_note_for_the_crm() {
    let case = case(dana());
    let templates = built_in();
    let slot = case.slot();
    let notes = [
        CrmNote::Routed,
        CrmNote::Connected { rep: rep_id("ben"), at: at("2026-01-07T18:02:00Z") },
        CrmNote::Booked { slot: slot.clone() },
        CrmNote::Moved { slot: slot.clone() },
        CrmNote::CalledOff { slot },
        CrmNote::CallbackPromised { promised_at: at("2026-01-07T22:00:00Z") },
        CrmNote::MailPromised { promised_at: at("2026-01-07T22:00:00Z") },
        CrmNote::NeedsAttention { why: "the calendar could not be read".to_owned() },
    ];
    let mut text = String::new();
    for note in &notes {
        let context = case.note(note);
        let body = templates.crm_note(&context).0;
        text += &format!("{}\n  {}\n", templates.task_subject(&context), body.lines().next().expect("an opening"));
    }
    golden("crm_note.txt", &format!("{text}\n{}", templates.crm_note(&case.note(&notes[0])).0));
}
