//! What people read and hear, for one full lead, one bare lead and one hostile lead.
//!
//! Golden files lie in `fixtures/golden/briefing`; `UPDATE_GOLDEN=1 cargo test render` writes them anew.

use super::briefing::briefing;
use super::caller::CallerContext;
use super::context::{BriefContext, CardContext, CardState, NoteContext};
use super::{Templates, spoken};
use crate::connectors::Card;
use crate::domain::briefing::Briefing;
use crate::domain::effect::{BriefWhy, Confirmation, CrmNote, Instruction};
use crate::domain::id::RepId;
use crate::domain::known::{Known, Source};
use crate::domain::lead::{Headcount, Lead};
use crate::domain::outcome::Slot;
use crate::domain::phone::PhoneE164;
use crate::domain::rep::Rep;
use crate::domain::whereabouts::{Evidence, Whereabouts};
use crate::domain::zone::Zone;
use crate::routing::Decision;
use crate::routing::scenario::{Scenario, acme, scenario};
use crate::rules::condition::{Condition, IfUndecided, Test};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use std::sync::LazyLock;

const WHYS: [BriefWhy; 9] = [
    BriefWhy::Ringing,
    BriefWhy::Connected,
    BriefWhy::Booked,
    BriefWhy::Callback,
    BriefWhy::Reminder,
    BriefWhy::Escalation,
    BriefWhy::NeedsAttention,
    BriefWhy::HandedOver,
    BriefWhy::GivenAway,
];

/// Compiled once: it takes a while without optimisation.
fn built_in() -> &'static Templates {
    static BUILT_IN: LazyLock<Templates> = LazyLock::new(Templates::built_in);
    &BUILT_IN
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
        }
    }

    fn card(&self, why: BriefWhy, state: &CardState) -> Card {
        let context = CardContext { brief: self.brief(why), key: "7k2m.12-brief", channel: "U1", state };
        built_in().slack_card(&context)
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

/// A card as a person reads it: one line per block, then its text.
fn card_as_text(card: &Card) -> String {
    let mut text = format!("notification: {}\n", card.text);
    for block in card.blocks.as_array().expect("blocks are an array") {
        text += &format!("--- {}\n", block["type"].as_str().expect("a type"));
        for part in [&block["text"]["text"], &block["elements"][0]["text"]].into_iter().filter_map(|t| t.as_str()) {
            text += &format!("{part}\n");
        }
        for button in block["elements"].as_array().into_iter().flatten().filter(|e| e["type"] == "button") {
            text += &format!("[{}] {} {}\n", button["text"]["text"], button["action_id"], button["value"]);
        }
    }
    text
}

#[test]
fn the_whisper_is_short_and_ends_with_what_to_press() {
    let templates = built_in();
    let mut all = String::new();
    for (name, lead) in [("full", dana()), ("bare", acme()), ("hostile", mallory())] {
        let whisper = templates.whisper(&case(lead).briefing).0;
        assert!(spoken::words(&whisper) <= spoken::MAX_WORDS, "{name}: {whisper}");
        assert!(whisper.ends_with("Press 1 to accept."), "{name}: {whisper}");
        assert!(!whisper.contains(['<', '>', '{', '\u{0}', '\n']), "{name}: {whisper}");
        all += &format!("{name}: {whisper}\n");
    }
    golden("whisper.txt", &all);
}

#[test]
fn a_briefing_says_what_is_known_who_said_it_and_what_to_ask() {
    let full = case(dana()).briefing;
    assert_eq!(full.headline.0, "Dana Whitfield, Head of Operations, Acme");
    assert_eq!(full.ask_first, ["Is there a budget set aside for this?"]);
    let source = |label: &str| full.fields.iter().find(|f| f.label == label).map(|f| f.source);
    assert_eq!(source("Name"), Some(Source::Caller));
    assert_eq!(source("Employees"), Some(Source::Inferred));
    assert_eq!(source("Phone"), Some(Source::Platform), "the calling number was not said by the caller");

    let bare = case(acme()).briefing;
    assert_eq!(bare.headline.0, "Unknown caller, Acme");
    // Of the 106 points of a full briefing: company 10, phone 8, industry 5, employees 8, location 3.
    assert_eq!(bare.completeness_permille, 321, "34 of 106");
    assert_eq!(full.completeness_permille, 906, "all but the 10 of the budget");
    assert_eq!(bare.ask_first.len(), 5);
    assert_eq!(bare.ask_first[0], "Who am I speaking with?", "equal weights keep the table's order");
}

#[test]
fn a_tier_further_down_asks_for_less() {
    let of = |world: Scenario| briefing(&world.lead, &world.decide(), &world.rules);
    let never = Condition::Field { field: "lead.industry".to_owned(), test: Test::Known(false) };
    let last = of(scenario().tier("enterprise", never, IfUndecided::Skip, None));
    assert_eq!(last.completeness_permille, 351, "34 of 97 points of a basic briefing");
    assert_eq!(of(scenario()).completeness_permille, 343, "the only tier: 36 of 105 points of a standard one");
    assert_eq!(last.ask_first[1], "What would you use it for?");
}

#[test]
fn a_caller_without_name_or_company_is_known_by_the_number() {
    let mut lead = acme();
    lead.company = Default::default();
    assert_eq!(case(lead).briefing.headline.0, "Unknown caller, +14155550142");
}

#[test]
fn an_account_owner_sees_which_account_it_is() {
    let world = scenario().owner("ben");
    let decision = world.decide();
    let field = briefing(&world.lead, &decision, &world.rules).fields.pop().expect("the account comes last");
    assert_eq!((field.label.as_str(), field.source), ("Account", Source::Crm));
    assert!(field.value.0.contains("(matched by "), "{}", field.value.0);
}

/// What only a platform or a model can know is not put into the caller's mouth, whatever the event claims.
#[test]
fn the_caller_said_only_what_a_caller_says() {
    let mut lead = dana();
    lead.qualification.sentiment = said("annoyed");
    lead.qualification.urgency = said("high");
    lead.qualification.products_source = Some(Source::Inferred);
    lead.contact.phone = lead.call.as_ref().and_then(|call| call.from.clone()).map(Known::from_caller);
    let seen = case(lead.clone());
    lead.contact.phone = Some(Known::from_caller(PhoneE164::new("+442079460101").expect("a number")));
    let spoken = case(lead);
    let source = |case: &Case, label: &str| {
        let field = case.briefing.fields.iter().find(|field| field.label == label);
        field.map(|field| field.source)
    };
    for (label, expected) in [
        ("Tone", Source::Inferred),
        ("Urgency", Source::Inferred),
        ("Products", Source::Inferred),
        ("Phone", Source::Platform),
        ("Timeline", Source::Caller),
    ] {
        assert_eq!(source(&seen, label), Some(expected), "{label}");
    }
    assert_eq!(source(&spoken, "Phone"), Some(Source::Caller), "another number than the one they call from was said");
}

#[test]
fn the_card_of_a_ringing_phone() {
    golden("slack_ringing.txt", &card_as_text(&case(dana()).card(BriefWhy::Ringing, &CardState::Open)));
}

#[test]
fn a_card_for_every_reason_and_every_end() {
    let case = case(dana());
    let mut text = String::new();
    for why in WHYS {
        let card = case.card(why, &CardState::Open);
        text += &format!("{why:?}: {}\n  {}\n", card.text, card.blocks[1]["text"]["text"]);
    }
    let taken = CardState::TakenBy("Cy & Co".to_owned());
    for state in [CardState::Accepted, CardState::Declined, CardState::Missed, taken, CardState::CallerLeft] {
        let card = case.card(BriefWhy::Ringing, &state);
        text += &format!("{state:?}: {}\n", card.blocks[1]["text"]["text"]);
        let shown = card.blocks.to_string();
        assert!(!shown.contains("ringing"), "{state:?}: the phone does not ring any more");
        assert!(shown.contains("|Rate this lead>"), "{shown}");
    }
    golden("slack_reasons.txt", &text);
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
        CrmNote::Booked { slot },
        CrmNote::CallbackPromised { promised_at: at("2026-01-07T22:00:00Z") },
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

#[test]
fn the_caller_hears_a_first_name_and_a_time_and_nothing_else() {
    let case = case(mallory());
    let templates = built_in();
    let slot = case.slot();
    let later = Slot { from: at("2026-01-09T22:00:00Z"), ..slot.clone() };
    let instructions = [
        Instruction::Hold { rep: rep_id("ben") },
        Instruction::Connected { rep: rep_id("ben") },
        Instruction::OfferSlots { slots: vec![slot.clone(), later] },
        Instruction::ConfirmBooking { slot: slot.clone() },
        Instruction::PromiseCallback { rep: rep_id("ben"), promised_at: at("2026-01-07T21:00:00Z") },
        Instruction::Hold { rep: rep_id("gone") },
    ];
    let mut text = String::new();
    for zone in [Some(Zone::named("America/New_York")), None] {
        for instruction in &instructions {
            text += &format!("{}\n", templates.caller(instruction, &case.caller(zone)).0);
        }
    }
    for what in [
        Confirmation::Booking { slot },
        Confirmation::Callback { rep: rep_id("ben"), promised_at: at("2026-01-07T21:00:00Z") },
    ] {
        let mail = templates.caller_confirmation(&what, case.world.lead.contact.name.as_ref(), &case.caller(None));
        text += &format!("\nSubject: {}\n{}\n", mail.subject.0, mail.text.0);
        assert!(mail.html.0.contains("<p style=\"margin:0 0 12px\">Hello,</p>"));
        assert!(!mail.html.0.contains("Mallory") && !mail.html.0.contains("82"));
    }
    let event = templates.calendar_event(&rep_id("ben"), &case.caller(None));
    text += &format!("\n{}: {}\n", event.summary.0, event.description.0);
    assert!(!text.contains("Mallory") && !text.contains("Ortiz"));
    let known = said("Dana Whitfield");
    let what = Confirmation::Callback { rep: rep_id("ben"), promised_at: at("2026-01-07T21:00:00Z") };
    let mail = templates.caller_confirmation(&what, known.as_ref(), &case.caller(None));
    text += &format!("\nSubject: {}\n{}\n", mail.subject.0, mail.text.0);
    golden("caller.txt", &text);
}

#[test]
fn what_callers_say_cannot_break_out_of_any_channel() {
    let case = case(mallory());
    let templates = built_in();
    let card = case.card(BriefWhy::Ringing, &CardState::Open);
    within_slack_limits(&card);
    let slack = format!("{}\n{}", card.text, card.blocks);
    for bad in ["<!channel>", "<script", "<https://evil", "<img", "\u{202E}", "javascript:"] {
        assert!(!slack.contains(bad), "{bad} in {slack}");
    }
    assert!(slack.contains("&lt;!channel&gt;") && slack.contains("{{7*7}}"), "shown as it was said");

    let mail = templates.email(&case.brief(BriefWhy::Ringing));
    assert!(!mail.subject.0.contains(['\r', '\n']), "{}", mail.subject.0);
    assert!(mail.subject.0.starts_with("Live call now: Mallory <!channel> Bcc:"));
    for bad in ["<script", "<img", "<!channel", "<https", "href=\"javascript", "\u{202E}"] {
        assert!(!mail.html.0.contains(bad), "{bad}");
    }
    let subject = templates.task_subject(&case.note(&CrmNote::Routed));
    assert!(!subject.contains(['\r', '\n']) && subject.chars().count() <= 255);
    assert!(case.briefing.summary.as_ref().is_some_and(|s| s.0.chars().count() <= 1000));
    assert_eq!(case.briefing.objections.len(), 5);
}

/// The limits of Slack's Block Kit reference.
fn within_slack_limits(card: &Card) {
    let blocks = card.blocks.as_array().expect("blocks are an array");
    assert!((1..=50).contains(&blocks.len()));
    let count = |value: &serde_json::Value| value.as_str().expect("a text").chars().count();
    for block in blocks {
        match block["type"].as_str() {
            Some("header") => assert!((1..=150).contains(&count(&block["text"]["text"]))),
            Some("section") => assert!((1..=3000).contains(&count(&block["text"]["text"]))),
            Some("context") => assert!((1..=3000).contains(&count(&block["elements"][0]["text"]))),
            other => panic!("unexpected block {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_said_every_message_keeps_its_limits(name in "\\PC{0,300}", summary in "\\PC{0,3000}") {
        let mut lead = dana();
        lead.contact.name = said(&name);
        lead.qualification.summary = said(&summary);
        lead.qualification.objections = vec![summary.clone(); 7];
        lead.contact.title = said(&"&".repeat(300));
        let case = case(lead);
        for why in WHYS {
            within_slack_limits(&case.card(why, &CardState::Open));
        }
        let whisper = built_in().whisper(&case.briefing).0;
        prop_assert!(spoken::words(&whisper) <= spoken::MAX_WORDS);
        prop_assert!(whisper.ends_with("Press 1 to accept."));
    }
}

#[test]
fn a_workspace_may_bring_its_own_words() {
    let own = Templates::compile(&[("caller/hold.hbs", "Bleiben Sie dran,\n{{rep}} kommt.")]).expect("no fault");
    let case = case(dana());
    let text = own.caller(&Instruction::Hold { rep: rep_id("ben") }, &case.caller(None));
    assert_eq!(text.0, "Bleiben Sie dran, Ben kommt.");
}

/// Where it is not certain, the clock is named; it is never the rep's while something is known of the caller's.
#[test]
fn a_caller_whose_clock_is_not_certain_hears_which_clock_is_meant() {
    let case = case(mallory());
    let promise = Instruction::PromiseCallback { rep: rep_id("ben"), promised_at: at("2026-01-08T15:00:00Z") };
    let zones = |names: &[&str]| names.iter().map(|name| Zone::named(name)).collect::<Vec<_>>();
    for (names, by, told) in [
        (&["America/New_York"][..], Evidence::State, "10 in the morning your time"),
        (&["America/New_York"], Evidence::Number, "10 in the morning New York time"),
        (&["America/New_York", "America/Chicago"], Evidence::State, "10 in the morning New York time"),
        (&["Europe/London", "Europe/Berlin"], Evidence::NumberAndCountry, "3 in the afternoon London time"),
        (&[], Evidence::Nothing, "7 in the morning Los Angeles time"),
    ] {
        let caller = Whereabouts { zones: zones(names), place: None, by };
        let said = built_in().caller(&promise, &CallerContext { caller, ..case.caller(None) });
        assert!(said.0.contains(told), "{names:?} {by:?}: {}", said.0);
    }
}
