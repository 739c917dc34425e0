//! Where a rep can be rung: a phone with a number, or an app with an address of its own.
//!
//! Guarantee: an address that exists holds no sign by which a dial string could be made to say more than an address.

use super::PhoneE164;
use crate::domain::id::InvalidId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of a rep's phones, as `reps.csv` writes it: `+14155550142`, `mobile:+14155550142`, `app:ana@pbx.example`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint {
    pub kind: PhoneKind,
    pub address: Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneKind {
    /// A number of which nothing else is said.
    Phone,
    /// Any SIP softphone, on whatever the rep has at hand.
    App,
    Desk,
    Mobile,
}

/// What is dialled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    Number(PhoneE164),
    Sip(SipAddress),
}

impl PhoneKind {
    /// Those that are written before an address.
    pub const NAMED: [Self; 3] = [Self::App, Self::Desk, Self::Mobile];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::App => "app",
            Self::Desk => "desk",
            Self::Mobile => "mobile",
        }
    }

    /// The kind that a word names, if it is one.
    pub fn named(word: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What may stand behind it: an app has an address, a mobile a number, a desk one of the two.
    pub fn allows(self) -> &'static str {
        match self {
            Self::Phone | Self::Mobile => "a number such as +14155550142",
            Self::App => "an address such as ana@pbx.example",
            Self::Desk => "a number such as +14155550142, or an address such as 101@pbx.example",
        }
    }
}

impl Endpoint {
    /// # Errors
    /// The address is none, or not of the sort that the kind has.
    pub fn new(kind: PhoneKind, address: &str) -> Result<Self, InvalidId> {
        let number = || PhoneE164::new(address).map(Address::Number);
        let sip = || SipAddress::new(address).map(Address::Sip);
        let address = match kind {
            PhoneKind::Phone | PhoneKind::Mobile => number()?,
            PhoneKind::App => sip()?,
            PhoneKind::Desk => number().or_else(|_| sip())?,
        };
        Ok(Self { kind, address })
    }
}

impl Address {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Sip(address) => address.as_str(),
        }
    }
}

impl TryFrom<String> for Endpoint {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        match text.split_once(':').and_then(|(word, rest)| Some((PhoneKind::named(word)?, rest))) {
            Some((kind, address)) => Self::new(kind, address),
            None => Self::new(PhoneKind::Phone, &text),
        }
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> String {
        match endpoint.kind {
            PhoneKind::Phone => endpoint.address.as_str().to_owned(),
            kind => format!("{}:{}", kind.as_str(), endpoint.address.as_str()),
        }
    }
}

/// `ana@pbx.example`, without `sip:`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SipAddress(String);

impl SipAddress {
    /// # Errors
    /// Anything but a name and a host, joined by `@`, in the signs that a dial string can hold.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
        let text = text.into();
        let is_one = text.split_once('@').is_some_and(|(user, host)| is_user(user) && is_host(host));
        if is_one {
            Ok(Self(text))
        } else {
            Err(InvalidId { kind: "SIP address", found: text, expected: "a name and a host, such as ana@pbx.example" })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `ana` of `ana@pbx.example`.
    pub fn user(&self) -> &str {
        self.0.split_once('@').map_or(self.as_str(), |(user, _)| user)
    }
}

fn is_user(user: &str) -> bool {
    (1..=64).contains(&user.len())
        && user.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+'))
}

/// A name or an IPv4 address, with a port where it has one.
fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_name = (1..=253).contains(&name.len())
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    is_name && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Personal data, as a number is: `Debug` shows the host only.
impl fmt::Debug for SipAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.split_once('@').map_or("", |(_, host)| host);
        write!(f, "…@{host}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Endpoint, InvalidId> {
        Endpoint::try_from(text.to_owned())
    }

    #[test]
    fn an_endpoint_is_read_as_it_is_written() {
        for text in
            ["+14155550142", "mobile:+14155550142", "desk:+493090182", "desk:101@pbx.example:5070", "app:ana@pbx"]
        {
            assert_eq!(String::from(read(text).unwrap()), text);
        }
    }

    /// What earlier versions stored: a number alone.
    #[test]
    fn a_number_alone_is_stored_as_it_always_was() {
        let number = Endpoint::new(PhoneKind::Phone, "+14155550142").unwrap();
        assert_eq!(serde_json::to_value(number).unwrap(), "+14155550142");
    }

    #[test]
    fn an_app_has_no_number_and_a_mobile_no_address() {
        for text in
            ["app:+14155550142", "mobile:ana@pbx.example", "app:", "desk:101", "ana@pbx.example", "fax:+14155550142"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    /// A dial string is a little language of its own: `&` rings another phone, `,` and `)` end the argument.
    #[test]
    fn an_address_says_nothing_but_itself() {
        for text in [
            "a&b@pbx",
            "a@pbx&PJSIP",
            "a,b@pbx",
            "a)@pbx",
            "a@pbx/x",
            "a@",
            "@pbx",
            "a@p..x",
            "a@pbx:0",
            "a@b@c",
            "é@pbx",
        ] {
            assert!(SipAddress::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_log_shows_whose_phone_it_is() {
        assert_eq!(format!("{:?}", read("app:ana@pbx.example").unwrap().address), "Sip(…@pbx.example)");
    }
}
