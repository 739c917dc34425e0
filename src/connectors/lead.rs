//! A lead in the words of CRMs, and what of their records is put into ours.

use super::CrmLead;
use baton_core::domain::known::Known;
use baton_core::domain::lead::Lead;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::text::{RepText, visible};
use sha2::{Digest, Sha256};
use url::Url;

/// 32 lower-case hexadecimal digits that stand for `text`: what every vendor takes as a key.
pub fn hex_key(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl CrmLead {
    /// All that the lead says of itself: without owner, description and task.
    pub fn of(lead: &Lead) -> Self {
        let known = |value: &Option<Known<String>>| {
            let text = visible(&value.as_ref()?.value).trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let phone = lead.reach_phone().map(|phone| phone.as_str().to_owned());
        let email = known(&lead.contact.email);
        let reach = || phone.clone().or_else(|| email.clone()).unwrap_or_else(|| "Unknown caller".to_owned());
        let (first_name, last_name) = match known(&lead.contact.name) {
            Some(name) => match name.rsplit_once(' ') {
                Some((first, last)) => (Some(first.to_owned()), last.to_owned()),
                None => (None, name),
            },
            None => (None, reach()),
        };
        Self {
            key: hex_key(lead.id.as_str()),
            first_name,
            last_name,
            company: known(&lead.company.name).or_else(|| known(&lead.company.domain)).unwrap_or_else(reach),
            email: email.clone(),
            phone: phone.clone(),
            title: known(&lead.contact.title),
            country: known(&lead.company.country),
            state: known(&lead.company.state),
            postal: known(&lead.company.postal),
            city: known(&lead.company.city),
            owner_crm_id: None,
            owner_email: None,
            keeps_owner: false,
            yields_owner: false,
            is_new: false,
            description: RepText(String::new()),
            task: None,
        }
    }
}

/// The host of a website as people type it: with or without scheme, `www.` and path. Lower case.
pub(super) fn host_of(website: &str) -> Option<String> {
    let website = website.trim();
    let with_scheme = if website.contains("://") { website.to_owned() } else { format!("https://{website}") };
    let url = Url::parse(&with_scheme).ok()?;
    let host = url.host_str()?.to_lowercase();
    Some(host.strip_prefix("www.").unwrap_or(&host).to_owned())
}

/// A stored phone as people type it, read as somebody in the country of `near` would dial it.
pub(super) fn phone_near(stored: &str, near: &PhoneE164) -> Option<PhoneE164> {
    let country = phonenumber::parse(None, near.as_str()).ok()?.country().id();
    let number = phonenumber::parse(country, stored).ok()?;
    PhoneE164::new(number.format().mode(phonenumber::Mode::E164).to_string()).ok()
}

/// The first word of a company's name that tells it from others, for a search by beginnings: without "the".
pub(super) fn first_word(name: &str) -> Option<&str> {
    let mut words = name.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    words.find(|word| word.chars().count() > 1 && !word.eq_ignore_ascii_case("the"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websites_are_read_as_people_type_them() {
        for (website, host) in [
            ("acme.com", "acme.com"),
            ("https://www.acme.com/en", "acme.com"),
            (" WWW.ACME.COM ", "acme.com"),
            ("shop.acme.com", "shop.acme.com"),
            ("https://example.org/acme.com", "example.org"),
        ] {
            assert_eq!(host_of(website).as_deref(), Some(host), "{website}");
        }
        assert_eq!(host_of(""), None);
    }

    #[test]
    fn stored_phones_are_read_as_dialled_near_the_caller() {
        let phone = PhoneE164::new("+4930901820").unwrap();
        for stored in ["+49 30 901820", "0049 (30) 901820", "030/901820", "(030) 90 18 20"] {
            assert_eq!(phone_near(stored, &phone), Some(phone.clone()), "{stored}");
        }
        for stored in ["+1 30 901820", "901820", "", "n/a"] {
            assert_ne!(phone_near(stored, &phone), Some(phone.clone()), "{stored}");
        }
        let us = PhoneE164::new("+14155550142").unwrap();
        assert_eq!(phone_near("(415) 555-0142", &us), Some(us));
    }

    #[test]
    fn the_first_word_of_a_name_that_tells_it_apart() {
        assert_eq!(first_word("The Northwind Foods Inc."), Some("Northwind"));
        assert_eq!(first_word("O'Neil & Sons"), Some("O'Neil"));
        assert_eq!(first_word("\"Acme\" GmbH"), Some("Acme"));
        assert_eq!(first_word(" the & "), None);
    }
}
