use super::*;

fn sought(phone: &str, email: &str) -> Sought {
    let reads_mail: ReadsMail = |text| {
        let text = text.trim().trim_start_matches("mailto:").to_lowercase();
        text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.')).then_some(text)
    };
    let person = Person {
        phone: Some(PhoneE164::new(phone).expect("a number")),
        email: Some(email.to_owned()),
        ..Person::default()
    };
    Sought::asked(&person, reads_mail)
}

#[test]
fn a_number_is_found_however_it_is_written() {
    let american = sought("+14155550142", "dana@acme.example");
    for text in [
        "+14155550142",
        "call me at (415) 555-0142, please",
        "1-415-555-0142",
        "415.555.0142 ext. 7",
        "tel:+1-415-555-0142",
        "+1\u{a0}415\u{2011}555\u{2011}0142",
        "\u{ff14}\u{ff11}\u{ff15}5550142",
        "2026-03-03 415-555-0142",
        "+14155550142 +14155550143",
    ] {
        assert!(american.is_in_text(text), "{text}");
    }
    for text in ["+14155550143", "(415) 555-0143", "+441415550142", "14155550", "order 5550142", ""] {
        assert!(!american.is_in_text(text), "{text}");
    }
    let german = sought("+4930901820", "dana@acme.example");
    assert!(german.is_in_text("030 / 90 18 20") && german.is_in_text("0049 30 901820"));
    assert!(!german.is_in_text("030 / 90 18 21"));
}

#[test]
fn an_instant_is_no_number() {
    let danish = sought("+4520261123", "dana@acme.example");
    assert!(danish.is_in_text("20 26 11 23"));
    assert!(!danish.is_in_text("2026-11-23T10:00:00Z"));
    assert!(!danish.is_in(br#"{ "time": "2026-11-23T10:00:00.5+01:00" }"#));
}

#[test]
fn an_address_is_found_in_sentences_links_and_documents() {
    let sought = sought("+14155550142", "dana@acme.example");
    for text in [
        "Write to Dana@Acme.example.",
        "<mailto:dana@acme.example>",
        "https://x.example/?to=dana%40acme.example&more=1",
        "it is dana@acme.example, or so",
    ] {
        assert!(sought.is_in_text(text), "{text}");
    }
    for text in ["xdana@acme.example", "dana@acme.example.org", "dana at acme dot example", "@"] {
        assert!(!sought.is_in_text(text), "{text}");
    }
    assert!(sought.is_in(br#"{ "a": [1, { "b": "dana\u0040acme.example" }] }"#), "escapes are read");
    assert!(sought.is_in(br#"{ "phone": 4155550142 }"#), "a number is one");
    assert!(sought.is_in(b"not JSON: 415 555 0142") && !sought.is_in(b"{}"));
}

#[test]
fn a_text_with_the_person_in_it_is_taken_out_whole() {
    let sought = sought("+14155550142", "dana@acme.example");
    let mut value = serde_json::json!({ "a": ["ask dana@acme.example", "this stays"], "b": 4155550142_i64, "c": 7 });
    assert!(sought.take_out_of(&mut value, "-"));
    assert_eq!(value, serde_json::json!({ "a": ["-", "this stays"], "b": "-", "c": 7 }));
    assert!(!sought.take_out_of(&mut value, "-"), "nothing is left");
}
