//! How phones are called, and what they show. Nothing that an event brings gets into either but the digits of a number.

use baton_core::domain::phone::PhoneE164;

/// A rep's phone at the carrier, by the template of the configuration: `{phone}` is +14155550142, `{digits}` the same without +.
pub(super) fn dial_string(template: &str, phone: &PhoneE164) -> String {
    let phone = phone.as_str();
    template.replace("{phone}", phone).replace("{digits}", phone.trim_start_matches('+'))
}

/// SIP users that are made for one caller each begin so: what Asterisk does with them, its dialplan says.
pub(super) const MADE: &str = "baton-";

pub(super) fn is_made(user: &str) -> bool {
    user.starts_with(MADE)
}

/// With a name and a number: many phones refuse a call that lacks one of them.
pub(super) fn caller_id(number: &PhoneE164) -> String {
    shown(number.as_str())
}

/// What a carrier said of the caller, for the voice agent: in whatever form, or nothing where it is withheld or no number.
pub(super) fn passed_on(number: &str, withheld: bool) -> String {
    let is_number = (3..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit() || b == b'+');
    if is_number && !withheld { shown(number) } else { "\"Anonymous\" <anonymous>".to_owned() }
}

fn shown(number: &str) -> String {
    format!("\"Caller\" <{number}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_called_as_the_template_says() {
        let phone = PhoneE164::new("+4930901820").unwrap();
        for (template, dialled) in [
            ("PJSIP/{digits}@trunk", "PJSIP/4930901820@trunk"),
            ("PJSIP/trunk/sip:{phone}@carrier.example", "PJSIP/trunk/sip:+4930901820@carrier.example"),
            ("Local/00{digits}@from-internal/n", "Local/004930901820@from-internal/n"),
        ] {
            assert_eq!(dial_string(template, &phone), dialled);
        }
    }

    #[test]
    fn a_phone_shows_a_name_and_a_number() {
        let number = PhoneE164::new("+14155550142").unwrap();
        assert_eq!(caller_id(&number), "\"Caller\" <+14155550142>");
        assert_eq!(passed_on("4155550142", false), "\"Caller\" <4155550142>");
        for (number, withheld) in [("+14155550142", true), ("anonymous", false), ("1\" <911>", false), ("", false)] {
            assert_eq!(passed_on(number, withheld), "\"Anonymous\" <anonymous>", "{number}");
        }
    }
}
