//! A platform's own way to have a sentence said on a call that is going on: where it is reached, and what is sent there.
//!
//! Values only: nothing is sent here. Whoever has the address that came with a request can speak on its call: it is told by its
//! host alone, and counts only on a host that the mapping names, over https. Plain http is for this machine alone.

use crate::hear::scene::Scene;
use crate::pointer::{Place, plain};
use serde_json::{Map, Value};
use std::fmt;

/// Longest address that is taken from a request.
const LONGEST: usize = 2048;
/// What the mapping may name in plain http.
const THIS_MACHINE: [&str; 2] = ["127.0.0.1", "localhost"];

/// How a platform is told to say something.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    pub(crate) reached: Reached,
    pub(crate) method: &'static str,
    pub(crate) body: Body,
    pub(crate) transfer: Option<Transfer>,
    /// What must be switched on at the platform; may be empty.
    pub needs: String,
}

/// How it is told to connect the caller with somebody else.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Transfer {
    /// One for all calls, by POST; `None`: where sentences go.
    pub url: Option<Template>,
    /// For a SIP address.
    pub sip: Option<Body>,
    /// For a number.
    pub number: Option<Body>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reached {
    /// Each call has an address of its own, which comes with its requests.
    Sent { places: Vec<Place>, hosts: Vec<Host> },
    /// One for all calls, made of the ids of each. It needs a key.
    Known(Template),
}

/// What a command is made of.
#[derive(Clone, Copy)]
pub struct LiveWords<'a> {
    /// As it came with a request of the call.
    pub address: Option<&'a str>,
    pub call: &'a str,
    pub leg: Option<&'a str>,
    /// The same for a command that is sent again.
    pub key: &'a str,
    pub say: &'a str,
    /// Of a transfer: `sip:…` or a number.
    pub transfer_to: Option<&'a str>,
}

/// One request to the platform. Not `Debug`: it is made of what was said, and of an address that nobody else is to have.
pub struct LiveCommand {
    /// `POST`, `PATCH` or `PUT`.
    pub method: &'static str,
    pub address: String,
    pub body: Value,
}

/// Where one call is spoken on, as a request said.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveAddress(String);

impl LiveAddress {
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// For people and logs.
    pub fn host(&self) -> &str {
        Authority::of(&self.0).map_or("no host that can be read", |to| to.host)
    }
}

impl fmt::Debug for LiveAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[an address on {}]", self.host())
    }
}

impl Live {
    /// Whether each call's address comes with its requests; otherwise there is one for all, and a key of `baton.toml` opens it.
    pub fn is_sent(&self) -> bool {
        matches!(self.reached, Reached::Sent { .. })
    }

    /// Where it may be, for people.
    pub fn hosts(&self) -> String {
        match &self.reached {
            Reached::Sent { hosts, .. } => hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Reached::Known(address) => {
                let text = address.as_written();
                Authority::of(&text).map_or_else(String::new, |to| to.host.to_owned())
            }
        }
    }

    /// Whether the mapping lets us ask there.
    pub fn allows(&self, address: &str) -> bool {
        match &self.reached {
            Reached::Sent { hosts, .. } => {
                Authority::of(address).is_some_and(|to| hosts.iter().any(|host| host.admits(&to)))
            }
            Reached::Known(_) => false,
        }
    }

    /// `None`: it needs something that is not known of this call, or may not be asked there.
    pub fn command(&self, words: &LiveWords<'_>) -> Option<LiveCommand> {
        Some(LiveCommand { method: self.method, address: self.address(words)?, body: self.body.filled(words)? })
    }

    /// The command that connects the caller with `transfer_to`; `None`: the platform cannot be told so.
    pub fn transfer(&self, words: &LiveWords<'_>) -> Option<LiveCommand> {
        let transfer = self.transfer.as_ref()?;
        let is_sip = words.transfer_to?.starts_with("sip:");
        let body = if is_sip { transfer.sip.as_ref() } else { transfer.number.as_ref() };
        let (method, address) = match &transfer.url {
            Some(address) => ("POST", address.filled(words, segment)?),
            None => (self.method, self.address(words)?),
        };
        Some(LiveCommand { method, address, body: body?.filled(words)? })
    }

    fn address(&self, words: &LiveWords<'_>) -> Option<String> {
        match &self.reached {
            Reached::Sent { .. } => words.address.filter(|address| self.allows(address)).map(str::to_owned),
            Reached::Known(address) => address.filled(words, segment),
        }
    }

    /// What a request says of its call's address.
    pub(crate) fn sent(&self, scene: Scene<'_>) -> Option<LiveAddress> {
        let Reached::Sent { places, .. } = &self.reached else { return None };
        let said = places.iter().find_map(|place| plain(scene.said(place)?.as_ref()));
        said.map(|text| LiveAddress(text.trim().to_owned()))
    }
}

/// A host that a mapping names: `.vapi.ai` for all below it, `api.acme.example` for itself, a port of its own where it has one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    /// `None` for what is no host, and for all hosts of a whole top-level domain.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let labels: Vec<&str> = name.strip_prefix('.').unwrap_or(name).split('.').collect();
        let is_whole = |label: &&str| !label.is_empty() && label.bytes().all(is_of_name);
        let is_one = labels.len() > 1 || name == "localhost";
        (is_one && labels.iter().all(is_whole)).then(|| Self { name: name.to_owned(), port })
    }

    fn admits(&self, to: &Authority<'_>) -> bool {
        let is_named = if self.name.starts_with('.') {
            to.host.len() > self.name.len() && to.host.ends_with(&self.name)
        } else {
            to.host == self.name
        };
        is_named && to.is_safe() && to.port() == self.port.unwrap_or(HTTPS)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

const HTTPS: u16 = 443;
const HTTP: u16 = 80;

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// Whom an address asks. Read narrowly: what another reader could take for another host is no address here.
pub(crate) struct Authority<'a> {
    is_https: bool,
    pub host: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    pub(crate) fn of(address: &'a str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#');
        if address.len() > LONGEST || !address.bytes().all(is_plain) {
            return None;
        }
        let secure = address.strip_prefix("https://").map(|rest| (true, rest));
        let (is_https, rest) = secure.or_else(|| Some((false, address.strip_prefix("http://")?)))?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, port) = match rest[..end].split_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (&rest[..end], None),
        };
        let is_host = !host.is_empty() && host.bytes().all(|byte| is_of_name(byte) || byte == b'.');
        is_host.then_some(Self { is_https, host, port })
    }

    pub(crate) fn is_safe(&self) -> bool {
        self.is_https || THIS_MACHINE.contains(&self.host)
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(if self.is_https { HTTPS } else { HTTP })
    }
}

/// A text with blanks, such as `{say}`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Blank(Blank),
}

/// What is filled in when something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blank {
    Say,
    Call,
    Leg,
    Key,
    TransferTo,
}

/// By the names of the mapping.
pub(crate) const BLANKS: [(&str, Blank); 5] = [
    ("say", Blank::Say),
    ("call.id", Blank::Call),
    ("call.leg", Blank::Leg),
    ("key", Blank::Key),
    ("transfer_to", Blank::TransferTo),
];

impl Template {
    /// # Errors
    /// What stands between braces is none of [`BLANKS`]; it is given as it was found.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, left) = after.split_once('}').ok_or_else(|| after.to_owned())?;
            let known = BLANKS.iter().find(|(name, _)| *name == inside);
            let (_, blank) = known.ok_or_else(|| inside.to_owned())?;
            parts.extend([Part::Text(before.to_owned()), Part::Blank(*blank)]);
            rest = left;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    pub(crate) fn blanks(&self) -> impl Iterator<Item = Blank> {
        self.0.iter().filter_map(|part| match part {
            Part::Blank(blank) => Some(*blank),
            Part::Text(_) => None,
        })
    }

    /// With its blanks unfilled.
    pub(crate) fn as_written(&self) -> String {
        let name = |blank: &Blank| BLANKS.iter().find(|(_, known)| known == blank).map_or("", |(name, _)| *name);
        let written = |part: &Part| match part {
            Part::Text(own) => own.clone(),
            Part::Blank(blank) => format!("{{{}}}", name(blank)),
        };
        self.0.iter().map(written).collect()
    }

    fn filled(&self, words: &LiveWords<'_>, write: fn(&str) -> Option<String>) -> Option<String> {
        let word = |part: &Part| match part {
            Part::Text(own) => Some(own.clone()),
            Part::Blank(Blank::Say) => write(words.say),
            Part::Blank(Blank::Call) => write(words.call),
            Part::Blank(Blank::Leg) => write(words.leg?),
            Part::Blank(Blank::Key) => write(words.key),
            Part::Blank(Blank::TransferTo) => write(words.transfer_to?),
        };
        self.0.iter().map(word).collect()
    }
}

/// A part of an address; `None` for what would leave its place there.
fn segment(text: &str) -> Option<String> {
    if text.bytes().all(|byte| byte == b'.') {
        return None;
    }
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(escaped)
}

/// JSON whose texts have blanks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Text(Template),
    Value(Value),
    List(Vec<Body>),
    Map(Vec<(String, Body)>),
}

impl Body {
    pub(crate) fn has(&self, what: Blank) -> bool {
        match self {
            Self::Text(template) => template.blanks().any(|blank| blank == what),
            Self::Value(_) => false,
            Self::List(items) => items.iter().any(|item| item.has(what)),
            Self::Map(members) => members.iter().any(|(_, body)| body.has(what)),
        }
    }

    fn filled(&self, words: &LiveWords<'_>) -> Option<Value> {
        Some(match self {
            Self::Text(template) => Value::from(template.filled(words, |text| Some(text.to_owned()))?),
            Self::Value(value) => value.clone(),
            Self::List(items) => Value::Array(items.iter().map(|item| item.filled(words)).collect::<Option<_>>()?),
            Self::Map(members) => {
                let member = |(name, body): &(String, Self)| Some((name.clone(), body.filled(words)?));
                Value::Object(members.iter().map(member).collect::<Option<Map<_, _>>>()?)
            }
        })
    }
}

#[cfg(test)]
mod tests;
