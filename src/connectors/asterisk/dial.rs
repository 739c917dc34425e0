//! How phones are called, and what they show. Nothing that an event brings gets into either but the digits of a number, or the
//! signs of an address.

use crate::connectors::rep_first::MADE;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::phone::endpoint::Address;

/// How reps are dialled, by the templates of the configuration.
pub(super) struct Dial {
    /// A number: `{phone}` is +14155550142, `{digits}` the same without +.
    pub phone: String,
    /// An app: `{app}` is ana@pbx.example, `{user}` what stands before the @. `None`: apps are not dialled.
    pub app: Option<String>,
}

impl Dial {
    pub(super) fn number(&self, number: &PhoneE164) -> String {
        let phone = number.as_str();
        self.phone.replace("{phone}", phone).replace("{digits}", phone.trim_start_matches('+'))
    }

    /// `None`: there is no way to dial it.
    pub(super) fn string(&self, address: &Address) -> Option<String> {
        Some(match address {
            Address::Number(number) => self.number(number),
            Address::Sip(app) => self.app.as_ref()?.replace("{app}", app.as_str()).replace("{user}", app.user()),
        })
    }
}

/// Whether it is a SIP user that was made for one caller: what Asterisk does with them, its dialplan says.
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
    use baton_core::domain::phone::endpoint::SipAddress;

    #[test]
    fn a_phone_is_called_as_the_template_says() {
        let phone = Address::Number(PhoneE164::new("+4930901820").unwrap());
        for (template, dialled) in [
            ("PJSIP/{digits}@trunk", "PJSIP/4930901820@trunk"),
            ("PJSIP/trunk/sip:{phone}@carrier.example", "PJSIP/trunk/sip:+4930901820@carrier.example"),
            ("Local/00{digits}@from-internal/n", "Local/004930901820@from-internal/n"),
        ] {
            let dial = Dial { phone: template.to_owned(), app: None };
            assert_eq!(dial.string(&phone).as_deref(), Some(dialled));
        }
    }

    #[test]
    fn an_app_is_called_by_its_own_template_or_not_at_all() {
        let app = Address::Sip(SipAddress::new("ana@pbx.example").unwrap());
        let dial = |app: Option<&str>| Dial { phone: "PJSIP/{digits}@trunk".to_owned(), app: app.map(str::to_owned) };
        for (template, dialled) in
            [("PJSIP/{user}", "PJSIP/ana"), ("PJSIP/pbx/sip:{app}", "PJSIP/pbx/sip:ana@pbx.example")]
        {
            assert_eq!(dial(Some(template)).string(&app).as_deref(), Some(dialled));
        }
        assert_eq!(dial(None).string(&app), None);
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
