//! Whatever callers say, every channel keeps its form and its limits.

use super::*;
use proptest::prelude::*;

#[test]
fn what_callers_say_cannot_break_out_of_any_channel() {
    let case = case(mallory());
    let templates = built_in();
    let card = case.card(BriefWhy::Ringing, &CardState::Open);
    every_part_says_something(&card);
    let shown = card_as_text(&card);
    for bad in ["<!channel>", "<script", "<https://evil", "<img", "\u{202E}", "javascript:"] {
        assert!(!shown.contains(bad), "{bad} in {shown}");
    }
    assert!(shown.contains("&lt;!channel&gt;") && shown.contains("{{7\u{2217}7}}"), "shown as it was said");

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

/// A chat refuses a message with an empty part.
fn every_part_says_something(card: &Card) {
    for part in [Some(&card.title), card.opening.as_ref(), Some(&card.briefing), Some(&card.footer)] {
        assert!(part.is_none_or(|text| !text.trim().is_empty()), "{card:?}");
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
            every_part_says_something(&case.card(why, &CardState::Open));
        }
        let whisper = built_in().whisper(&case.briefing, &speaks(&[])).say.0;
        prop_assert!(spoken::words(&whisper) <= spoken::MAX_WORDS);
        prop_assert!(whisper.ends_with("Press 1 to accept."));
    }
}
