//! What single cells say: addresses, phones, ids of the chat and of the CRM, several names as one.

use crate::domain::address::ChatAddress;
use crate::domain::phone::endpoint::{PhoneKind, SipAddress};
use crate::rules::fault::Word;
use crate::rules::words::phone;
use std::collections::BTreeSet;

/// How to write what stands where a phone is to be dialled, if it can be told.
pub(super) fn address_meant(kind: PhoneKind, text: &str) -> String {
    match (kind, SipAddress::new(text)) {
        (PhoneKind::Phone, Ok(_)) => format!("write app:{text}"),
        (PhoneKind::Mobile, Ok(_)) => format!("a mobile has a number: write app:{text}"),
        (PhoneKind::App, _) if phone::read(text, None).is_some() => {
            "an app is rung at its address: write a number without app:".to_owned()
        }
        (PhoneKind::App, _) => "write the name and the host of its SIP account, without sip: and parameters".to_owned(),
        (PhoneKind::Phone | PhoneKind::Mobile | PhoneKind::Desk, _) => phone_meant(text),
    }
}

/// How to write a number that was written otherwise, or what a spreadsheet has done to it.
fn phone_meant(text: &str) -> String {
    let rounded = text.to_lowercase().contains("e+");
    if rounded && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | 'e' | 'E' | '+')) {
        return "a spreadsheet has rounded it: format the column as text, then write the whole number".to_owned();
    }
    match phone::read(text, None).or_else(|| phone::without_plus(text)) {
        Some(number) => format!("write {}", number.as_str()),
        None if text.chars().filter(char::is_ascii_digit).count() < 8 => "the number is too short".to_owned(),
        None => "write + and the country code, no blanks".to_owned(),
    }
}

pub(super) fn email(text: &str) -> Option<String> {
    let (name, domain) = text.split_once('@')?;
    let fine = !name.is_empty()
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
        && !text.contains(char::is_whitespace)
        && !domain.contains('@');
    fine.then(|| text.to_lowercase())
}

/// Of a member in Slack, or of a channel in Teams.
pub(super) fn chat_address(text: &str) -> Option<String> {
    slack_id(text).or_else(|| ChatAddress::teams(text))
}

pub(super) fn slack_id(text: &str) -> Option<String> {
    let rest = text.strip_prefix(['U', 'W'])?;
    let fine = rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    fine.then(|| text.to_owned())
}

pub(super) fn crm_id(text: &str) -> Option<()> {
    (text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(())
}

/// Several names as one, whatever their order in the cell.
pub(super) fn together(words: &[Word]) -> String {
    let names: BTreeSet<&str> = words.iter().map(|word| word.text.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(crate::rules::files::hours::AND)
}
