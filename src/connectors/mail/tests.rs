use super::errors::is_enhanced_code;
use super::message::{SUBJECT_LIMIT, message_id, subject};
use super::*;
use baton_clock::FakeClock;

fn mailer() -> SmtpMailer {
    let config = SmtpConfig::new("localhost", SmtpTls::None, "Baton <baton@sender.example>");
    SmtpMailer::new(config, FakeClock::new("2026-11-23T09:00:00Z".parse().unwrap())).unwrap()
}

fn mail() -> Mail {
    Mail {
        key: "7k2m.12-brief_email".into(),
        to: "ana@rep.example".into(),
        reply_to: None,
        subject: "Neuer Lead: Łódź Sp. z o.o.".into(),
        text: "Grüße".into(),
        html: None,
    }
}

fn written(mail: &Mail) -> String {
    String::from_utf8(mailer().message(mail).unwrap().formatted()).unwrap()
}

#[test]
fn an_answer_reaches_whoever_is_named_for_it() {
    assert!(!written(&mail()).contains("Reply-To:"), "the sender reads it");
    let named = Mail { reply_to: Some("ben@rep.example".into()), ..mail() };
    assert!(written(&named).contains("Reply-To: ben@rep.example\r\n"), "{}", written(&named));
    let injected = Mail { reply_to: Some("ben@rep.example\r\nBcc: all@rep.example".into()), ..mail() };
    assert!(mailer().message(&injected).is_err(), "a header is no place for two");
}

#[test]
fn the_same_key_makes_the_same_message() {
    assert_eq!(written(&mail()), written(&mail()));
    let other = Mail { key: "7k2m.13-brief_email".into(), ..mail() };
    assert_ne!(written(&mail()), written(&other));
    let from = "Baton <baton@sender.example>".parse().unwrap();
    let id = message_id("any key, even <odd>\r\nones", &from);
    assert!(id.starts_with("<baton.") && id.ends_with("@sender.example>"), "{id}");
    assert!(id.bytes().all(|b| b.is_ascii_graphic()), "{id}");
}

#[test]
fn lead_data_cannot_add_a_header_or_a_recipient() {
    let text = written(&Mail { subject: "Hi\r\nBcc: eve@evil.example\u{0}\u{2028}".into(), ..mail() });
    let head = text.split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(head.contains("Subject: Hi Bcc: eve@evil.example"), "{head}");
    for to in ["ana@rep.example, eve@evil.example", "ana@rep.example\r\nBcc: eve@evil.example", "Eve <e@evil.example>"]
    {
        let refused = mailer().message(&Mail { to: to.into(), ..mail() });
        assert!(matches!(refused, Err(VendorError::NeedsPerson { .. })), "{to}");
    }
}

#[test]
fn the_head_says_that_a_machine_wrote_it_and_when_by_our_clock() {
    let text = written(&mail());
    assert!(text.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{text}");
    assert!(text.contains("Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n"), "{text}");
    assert!(text.is_ascii(), "encoded, so that every server takes it");
}

#[test]
fn a_subject_is_one_line_of_bounded_length() {
    assert_eq!(subject("  a\tb\r\n c "), "a b c");
    assert_eq!(subject(&"ä".repeat(1000)).chars().count(), SUBJECT_LIMIT);
}

#[test]
fn a_wrong_sender_is_refused_at_the_start() {
    let config = SmtpConfig::new("localhost", SmtpTls::None, "nobody");
    let clock = FakeClock::new("2026-11-23T09:00:00Z".parse().unwrap());
    let Err(error) = SmtpMailer::new(config, clock) else { panic!("accepted") };
    assert!(error.to_string().contains("\"nobody\""), "{error}");
}

#[test]
fn enhanced_codes_are_told_from_words() {
    assert!(is_enhanced_code("5.1.1") && is_enhanced_code("4.7.28"));
    assert!(!is_enhanced_code("10.0.0.1") && !is_enhanced_code("ana@rep.example") && !is_enhanced_code("5.1."));
}
