//! Phone numbers, from however people, forms and carriers write them: one reader for leads, rosters and imports.
//!
//! A number that cannot be told for sure is none. What carriers send for a caller who withholds the number is none either:
//! two such callers are not one person.

use crate::domain::phone::PhoneE164;
use phonenumber::Type;
use std::str::FromStr;

/// Longer than any way of writing a phone number; what is longer is prose.
const LONGEST: usize = 40;

/// What stands in place of a withheld number. Carriers also spell it on the keys of a phone, as if it were a number:
/// +266696687 is "anonymous" (Twilio's list of such callers, seen in November 2026, has five of these).
const WITHHELD: [&str; 13] = [
    "anonymous",
    "restricted",
    "unavailable",
    "blocked",
    "private",
    "unknown",
    "withheld",
    "no caller id",
    "private number",
    "number withheld",
    "hidden",
    "not available",
    "unbekannt",
];

/// A number and the extension behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    pub number: PhoneE164,
    pub extension: Option<String>,
}

/// E.164. `region` is the country whose national form may be meant, as alpha-2.
pub fn read(text: &str, region: Option<&str>) -> Option<PhoneE164> {
    parse(text, region).map(|phone| phone.number)
}

/// As [`read`], with the extension.
///
/// A number that carries its own country code is taken even if the numbering plan does not list it (plans age, private
/// ones exist); a national one must be valid in its country, since otherwise the country was guessed wrongly.
pub fn parse(text: &str, region: Option<&str>) -> Option<Phone> {
    if text.len() > 3 * LONGEST {
        return None;
    }
    let plain = plain(text);
    let (text, extension) = split_extension(&plain);
    if text.len() > LONGEST || text.chars().any(char::is_alphabetic) || is_withheld(text) {
        return None;
    }
    number(text, region).filter(|number| !is_withheld(number.as_str())).map(|number| Phone { number, extension })
}

fn number(text: &str, region: Option<&str>) -> Option<PhoneE164> {
    // The zero of the national form, which nobody dials behind a country code.
    let without_trunk = text.replace("(0)", "");
    let code = region.and_then(|code| phonenumber::country::Id::from_str(code).ok());
    // A country code in brackets is one all the same.
    let without_trunk = match without_trunk.strip_prefix("(+") {
        Some(rest) => format!("+{}", rest.replacen(')', "", 1)),
        None => without_trunk,
    };
    if without_trunk.starts_with('+') {
        return valid(None, &without_trunk).or_else(|| unlisted(&without_trunk));
    }
    // The country's own way of dialling abroad comes first: 0011 in Australia, 010 in Japan, 011 in America.
    if let Some(found) = code.and_then(|code| valid(Some(code), text)) {
        return Some(found);
    }
    if let Some(rest) = without_trunk.strip_prefix("00") {
        let abroad = format!("+{rest}");
        return valid(None, &abroad).or_else(|| unlisted(&abroad));
    }
    // The plus was lost, as in a spreadsheet: only where the code is that of the country.
    let found = valid(None, &format!("+{without_trunk}"))?;
    (region.is_some() && country(&found).as_deref() == region).then_some(found)
}

fn valid(region: Option<phonenumber::country::Id>, text: &str) -> Option<PhoneE164> {
    let number = phonenumber::parse(region, text).ok().filter(phonenumber::PhoneNumber::is_valid)?;
    PhoneE164::new(format!("+{}{}", number.code().value(), number.national())).ok()
}

/// A number of any country that has lost its plus, if some country has such numbers: a suggestion, since it may be a national one
/// of another.
pub fn without_plus(text: &str) -> Option<PhoneE164> {
    valid(None, &format!("+{}", plain(text)))
}

/// A number that its country's plan does not list. North America has ten digits behind the one, always.
fn unlisted(text: &str) -> Option<PhoneE164> {
    let digits = digits(text);
    let fits = !digits.starts_with("+1") || digits.len() == "+14155550142".len();
    fits.then(|| PhoneE164::new(digits).ok())?
}

/// The country that a number belongs to, as alpha-2.
pub fn country(phone: &PhoneE164) -> Option<String> {
    let number = phonenumber::parse(None, phone.as_str()).ok()?;
    number.country().id().map(|id| id.as_ref().to_owned())
}

/// Whether a text may arrive there, as far as its country's plan tells: not where it is a fixed line's, or a service's. Where the
/// plan does not tell fixed lines from mobiles, as in North America, it may.
pub fn may_be_mobile(phone: &PhoneE164) -> bool {
    let Ok(number) = phonenumber::parse(None, phone.as_str()) else { return true };
    !matches!(
        number.number_type(&phonenumber::metadata::DATABASE),
        Type::FixedLine | Type::TollFree | Type::PremiumRate | Type::SharedCost | Type::Uan | Type::Voicemail
    )
}

/// Whether this is what stands in place of a number that the caller withholds, in words or spelt on the keys.
pub fn is_withheld(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let user = text.strip_prefix("sip:").unwrap_or(&text).split('@').next().unwrap_or_default();
    let number = digits(user);
    let number = number.strip_prefix('+').unwrap_or(&number);
    let same = number.len() > 5 && number.bytes().all(|digit| number.starts_with(char::from(digit)));
    same || WITHHELD.iter().any(|word| *word == user || on_the_keys(word).eq(number.chars()))
}

/// `266696687` for "anonymous".
fn on_the_keys(word: &str) -> impl Iterator<Item = char> {
    const KEYS: &[u8; 26] = b"22233344455566677778889999";
    word.bytes().filter(u8::is_ascii_lowercase).map(|letter| char::from(KEYS[usize::from(letter - b'a')]))
}

/// Without what a spreadsheet, a link or a keyboard of another script adds.
fn plain(text: &str) -> String {
    let text = text.trim().trim_start_matches('\'');
    let text = text.strip_prefix("tel:").unwrap_or(text);
    text.chars().map(ascii).collect::<String>().trim().to_owned()
}

/// Full-width digits and signs, and the dashes of typesetters, as ASCII has them.
pub(in crate::rules) fn ascii(c: char) -> char {
    match c {
        // Full-width forms lie at a fixed distance, and so inside of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// `ext. 12`, `x7`, `extension 4`: the only letters that a number may have, and digits behind them.
fn split_extension(text: &str) -> (&str, Option<String>) {
    let Some(at) = text.find(|c: char| c.is_alphabetic() || c == '#') else { return (text, None) };
    let (number, rest) = text.split_at(at);
    let letters: String = rest.chars().filter(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
    let extension: String = rest.chars().filter(char::is_ascii_digit).collect();
    let fine = ["", "ext", "x", "extension"].contains(&letters.as_str());
    let wanted = rest.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '.' | ':' | '#'));
    if fine && wanted && (1..=6).contains(&extension.len()) {
        (number.trim_end_matches([' ', ',', ';']), Some(extension))
    } else {
        (text, None)
    }
}

/// The digits with a leading plus; anything else that does not belong into a number stays, and is refused later.
fn digits(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect()
}

#[cfg(test)]
mod tests;
