//! What is signed, as a text with places: `v0:{timestamp}:{body}`.

use super::{Refused, one};
use crate::Request;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Body,
    Timestamp,
    Method,
    Url,
    UrlDecoded,
    Header(String),
    /// What stands at this JSON pointer of the body.
    Pointer(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    #[error("{found:?} begins a place that does not end; write {{body}}")]
    Open { found: String },
    #[error(
        "{{{found}}} is nothing that can be signed; allowed: {{body}}, {{timestamp}}, {{method}}, {{url}}, {{url_decoded}}, \
         {{header:NAME}}, {{/json/pointer}}"
    )]
    Unknown { found: String },
}

/// What HubSpot decodes of an address before it signs it, and nothing else: `%20` stays.
const DECODED: &[u8] = b":/?@!$'()*,;";

impl Template {
    pub(super) fn ours(text: &str) -> Self {
        Self::parse(text).expect("the templates of this crate are all made in its tests")
    }

    /// Places are `{body}` (the raw bytes), `{timestamp}`, `{method}`, `{url}`, `{url_decoded}` (as HubSpot's guide wants
    /// it), `{header:NAME}` and `{/json/pointer}`; everything else stands for itself.
    ///
    /// # Errors
    /// A place is unknown, or its brace is not closed.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, left) = after.split_once('}').ok_or_else(|| BadTemplate::Open { found: after.to_owned() })?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::named(word)?);
            rest = left;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    pub(super) fn signs_body(&self) -> bool {
        self.0.contains(&Piece::Body)
    }

    pub(super) fn signs_timestamp(&self) -> bool {
        self.0.contains(&Piece::Timestamp)
    }

    /// # Errors
    /// The request has not what belongs into a place.
    pub(super) fn fill(&self, request: &Request, timestamp: &str) -> Result<Vec<u8>, Refused> {
        let mut filled = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
                Piece::Body => filled.extend_from_slice(request.body),
                Piece::Timestamp => filled.extend_from_slice(timestamp.as_bytes()),
                Piece::Method => filled.extend_from_slice(request.method.as_bytes()),
                Piece::Url => filled.extend_from_slice(request.url.as_bytes()),
                Piece::UrlDecoded => filled.extend(decoded(request.url)),
                Piece::Header(name) => filled.extend_from_slice(one(request, name)?.as_bytes()),
                Piece::Pointer(pointer) => filled.extend(pointed(request.body, pointer)?.into_bytes()),
            }
        }
        Ok(filled)
    }
}

impl Piece {
    fn named(word: &str) -> Result<Self, BadTemplate> {
        match word {
            "body" => Ok(Self::Body),
            "timestamp" => Ok(Self::Timestamp),
            "method" => Ok(Self::Method),
            "url" => Ok(Self::Url),
            "url_decoded" => Ok(Self::UrlDecoded),
            pointer if pointer.starts_with('/') => Ok(Self::Pointer(pointer.to_owned())),
            other => match other.strip_prefix("header:") {
                Some(name) if !name.is_empty() => Ok(Self::Header(name.to_ascii_lowercase())),
                _ => Err(BadTemplate::Unknown { found: other.to_owned() }),
            },
        }
    }
}

fn decoded(url: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| first == b'%').and_then(|digits| hex::decode(digits).ok());
        match escaped.as_deref() {
            Some([byte]) if DECODED.contains(byte) => {
                bytes.push(*byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    bytes
}

fn pointed(body: &[u8], pointer: &str) -> Result<String, Refused> {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    match body.as_ref().and_then(|body| body.pointer(pointer)) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(Refused::Absent { what: format!("{pointer} of the body, which is signed,") }),
    }
}
