use super::*;
use proptest::prelude::*;

fn told(text: &str, region: Option<&str>) -> Option<String> {
    read(text, region).map(|phone| phone.as_str().to_owned())
}

#[test]
fn phones_become_e164() {
    let table = [
        ("+1 415 555 0142", None, Some("+14155550142")),
        ("(+1) 415-555-0142", None, Some("+14155550142")),
        ("(415) 555-0142", Some("US"), Some("+14155550142")),
        ("415.555.0142", Some("CA"), Some("+14155550142")),
        ("1-415-555-0142 ext. 12", Some("US"), Some("+14155550142")),
        ("tel:+14155550142", None, Some("+14155550142")),
        ("+44 (0)20 7946 0123", None, Some("+442079460123")),
        ("0044 (0)20 7946 0123", None, Some("+442079460123")),
        ("020 7946 0123", Some("GB"), Some("+442079460123")),
        ("0044 20 7946 0123", None, Some("+442079460123")),
        ("030 23125 042", Some("DE"), Some("+493023125042")),
        ("+49 (0)30 23125-103", Some("US"), Some("+493023125103")),
        ("03-1234-5678", Some("JP"), Some("+81312345678")),
        ("+43 (0)1 12345-0", Some("AT"), Some("+431123450")),
        // The plan does not know area code 555, the number carries its country all the same.
        ("+1 555 123 0000", None, Some("+15551230000")),
        ("(415) 555-0142", None, None),
        ("12345", Some("US"), None),
        ("call me maybe", None, None),
        ("+15550100 x7", None, None),
        ("4.42079E+11", Some("GB"), None),
        ("'+442079460101", None, Some("+442079460101")),
        ("", None, None),
    ];
    for (text, region, expected) in table {
        assert_eq!(told(text, region).as_deref(), expected, "{text:?} in {region:?}");
    }
}

#[test]
fn each_country_dials_abroad_in_its_own_way() {
    for (text, region) in [
        ("0011 44 20 7946 0123", "AU"),
        ("011 44 20 7946 0123", "US"),
        ("010 44 20 7946 0123", "JP"),
        ("001 44 20 7946 0123", "HK"),
        ("00 44 20 7946 0123", "NZ"),
        ("00 44 20 7946 0123", "AU"),
        ("442079460123", "GB"),
        ("＋４４ ２０ ７９４６ ０１２３", "DE"),
    ] {
        assert_eq!(told(text, Some(region)).as_deref(), Some("+442079460123"), "{text} from {region}");
    }
    assert_eq!(told("14155550142", Some("US")).as_deref(), Some("+14155550142"));
    assert_eq!(told("442079460123", None), None, "whose number it is cannot be told");
}

/// Two callers who withhold their numbers would otherwise be one person with one owner.
#[test]
fn a_withheld_number_is_no_number() {
    for text in [
        "+266696687",
        "266696687",
        "+7378742833",
        "+86282452253",
        "+2562533",
        "+8656696",
        "+94844353",
        "+464-4336",
        "Anonymous",
        "RESTRICTED",
        "unavailable",
        "Blocked",
        "private",
        "unknown",
        "withheld",
        "sip:anonymous@anonymous.invalid",
        "No Caller ID",
        "+00000000",
        "0000000000",
    ] {
        assert_eq!(told(text, Some("US")), None, "{text}");
    }
}

#[test]
fn an_extension_is_told_apart() {
    let of = |text| parse(text, Some("US")).and_then(|phone| phone.extension);
    assert_eq!(of("+1 (415) 555-0142 ext. 12").as_deref(), Some("12"));
    assert_eq!(of("(415) 555-0142 x7").as_deref(), Some("7"));
    assert_eq!(of("(415) 555-0142, extension 4003").as_deref(), Some("4003"));
    assert_eq!(of("(415) 555-0142"), None);
}

#[test]
fn a_text_is_not_sent_to_what_is_known_as_no_mobile() {
    let mobile = |text| may_be_mobile(&PhoneE164::new(text).expect("a number"));
    for text in ["+4915112345678", "+447400123456", "+12125550142", "+999123456789"] {
        assert!(mobile(text), "{text}");
    }
    for text in ["+493012345678", "+442079460123", "+18005550142"] {
        assert!(!mobile(text), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", digits in "[+0-9()x. -]{0,30}", region in "(US|DE|JP|XX|)") {
        for text in [&text, &digits] {
            let _ = (parse(text, Some(&region)), parse(text, None), is_withheld(text));
        }
    }

    #[test]
    fn a_number_with_its_country_keeps_its_digits(national in "[2-9][0-9]{2}[2-9][0-9]{6}") {
        let number = told(&format!("+1 {national}"), Some("DE"));
        let expected = format!("+1{national}");
        prop_assert_eq!(number.as_deref(), Some(expected.as_str()));
    }
}
