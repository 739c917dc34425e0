//! What browsers send: forms, queries and cookies, each of names and texts; and files beside them.

mod multipart;

pub(super) use multipart::Part;

use axum::http::{HeaderMap, Uri, header};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

/// A large workspace: ten thousand territory rows and their reps are a tenth of it.
const LARGEST_WITH_FILES: usize = 4 * 1024 * 1024;

pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// As its kind says; of one that brings files along, the texts. One that cannot be read has none.
    pub(super) fn sent(headers: &HeaderMap, body: &[u8]) -> Self {
        let Some(boundary) = multipart::boundary(headers) else { return Self::read(body) };
        let parts = multipart::parts(body, boundary).unwrap_or_default();
        let texts = parts.into_iter().filter(|part| part.file.is_none());
        Self(texts.map(|part| (part.name, String::from_utf8_lossy(part.body).into_owned())).collect())
    }

    pub(super) fn of_query(uri: &Uri) -> Self {
        Self::read(uri.query().unwrap_or_default().as_bytes())
    }

    /// Empty where it was not sent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// `None` where nothing was filled in.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Whether it was made for the session that has this token.
    pub(super) fn is_of_session(&self, csrf: &str) -> bool {
        self.text("csrf").as_bytes().ct_eq(csrf.as_bytes()).into()
    }
}

/// How large a form may be: `usual`, unless it brings files along.
pub(super) fn largest(headers: &HeaderMap, usual: usize) -> usize {
    if multipart::boundary(headers).is_some() { LARGEST_WITH_FILES } else { usual }
}

/// The files that a form brings along, of fields that were filled in.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn files<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Vec<Part<'b>>, String> {
    let Some(boundary) = multipart::boundary(headers) else { return Ok(Vec::new()) };
    let parts = multipart::parts(body, boundary)?;
    Ok(parts.into_iter().filter(|part| part.file.as_ref().is_some_and(|name| !name.is_empty())).collect())
}

/// A query of one name.
pub(super) fn query(name: &str, text: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, text).finish()
}

/// The first cookie of this name.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|sent| sent.to_str().ok());
    let mut pairs = sent.flat_map(|sent| sent.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}
