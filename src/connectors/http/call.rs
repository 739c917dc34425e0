//! One request and its answer, and what of them may appear in a message.

use super::secret::Secret;
use super::token::VendorToken;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// Characters of a vendor's body that a message may repeat.
pub const QUOTE_LIMIT: usize = 300;

/// Decides what a lost answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Changes nothing there, whatever its method: a search by POST is a read.
    Read,
    Write,
}

pub(super) enum Payload {
    None,
    Json(Value),
    Form(Vec<(&'static str, String)>),
    /// Of this media type.
    Text(&'static str, String),
}

/// A request, not yet sent. No `Debug`: it is made of personal data and credentials.
pub struct ApiCall {
    pub(super) operation: &'static str,
    pub(super) does: Does,
    pub(super) method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) payload: Payload,
    pub(super) bearer: Option<Secret>,
    /// Instead of the vendor's base address.
    pub(super) base: Option<Url>,
}

impl ApiCall {
    /// `operation` names the call in logs. Each segment is escaped, so that an id or address cannot leave its place;
    /// `.` and `..` cannot be escaped in a URL and must not come from outside.
    pub fn new(operation: &'static str, does: Does, method: Method, segments: &[&str]) -> Self {
        let path = segments.iter().map(|segment| format!("/{}", escape_segment(segment))).collect();
        let (query, headers, payload) = (Vec::new(), Vec::new(), Payload::None);
        Self { operation, does, method, path, query, headers, payload, bearer: None, base: None }
    }

    pub fn get(operation: &'static str, segments: &[&str]) -> Self {
        Self::new(operation, Does::Read, Method::GET, segments)
    }

    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.payload = Payload::Json(body);
        self
    }

    #[must_use]
    pub fn form(mut self, fields: Vec<(&'static str, String)>) -> Self {
        self.payload = Payload::Form(fields);
        self
    }

    #[must_use]
    pub fn text(mut self, media_type: &'static str, body: String) -> Self {
        self.payload = Payload::Text(media_type, body);
        self
    }

    /// With this token, if there is one.
    #[must_use]
    pub fn bearer<'s>(mut self, secret: impl Into<Option<&'s Secret>>) -> Self {
        self.bearer = secret.into().cloned();
        self
    }

    /// Instead of the vendor's base address; without segments of its own it is the whole, its query included.
    #[must_use]
    pub fn at(mut self, address: Url) -> Self {
        self.base = Some(address);
        self
    }

    #[must_use]
    pub(super) fn authorized(mut self, token: &VendorToken) -> Self {
        self.bearer = Some(token.secret.clone());
        if token.base.is_some() {
            self.base.clone_from(&token.base);
        }
        self
    }

    pub(super) fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if !self.path.is_empty() {
            url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), self.path));
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

fn escape_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A complete answer, of whatever status.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Of the call that it answers.
    pub does: Does,
    /// Its body is longer than is read.
    pub(super) is_cut: bool,
    pub(super) bearer: Option<Secret>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; [`Value::Null`] if it is none, which no vendor's table contains.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// # Errors
    /// The body does not have the expected shape; the text says where, without repeating it.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("HTTP {}: the body does not read as expected, at line {line} column {column}", self.status)
        })
    }

    /// Text of the vendor as it may appear in a message: cut, without our token, without e-mail addresses.
    pub fn quote(&self, text: &str) -> String {
        let text = match &self.bearer {
            Some(bearer) if !bearer.expose().is_empty() => text.replace(bearer.expose(), "[secret]"),
            _ => text.to_owned(),
        };
        cut(&without_addresses(&text), QUOTE_LIMIT)
    }
}

/// E-mail addresses are the personal data that vendors like to repeat in their messages.
fn without_addresses(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '_' | '%' | '+' | '-');
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if is_part(c) {
            word.push(c);
            continue;
        }
        out.push_str(if word.contains('@') { "[e-mail]" } else { &word });
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// At most `limit` characters; what was cut is marked by an ellipsis within them.
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bearer: &str) -> Answer {
        let (headers, body) = (HeaderMap::new(), Vec::new());
        Answer { status: 400, headers, body, does: Does::Read, is_cut: false, bearer: Some(Secret::new(bearer)) }
    }

    #[test]
    fn a_quote_holds_neither_token_nor_address_and_is_short() {
        let answer = answer("00Dxx!AR8AQ");
        let text = "token 00Dxx!AR8AQ of \"ada.l+x@example.org\", refused";
        assert_eq!(answer.quote(text), "token [secret] of \"[e-mail]\", refused");
        assert_eq!(answer.quote(&"ä".repeat(1000)).chars().count(), QUOTE_LIMIT);
        assert_eq!(format!("{:?}", Secret::new("x")), "[secret]");
    }

    #[test]
    fn segments_cannot_leave_their_place() {
        let base = Url::parse("https://a.example/base/").unwrap();
        let call = ApiCall::get("test", &["v1", "a/b?c#d", "ada@example.org"]).query("q", "a b&c+d");
        assert_eq!(call.url(&base).as_str(), "https://a.example/base/v1/a%2Fb%3Fc%23d/ada%40example.org?q=a+b%26c%2Bd");
    }

    #[test]
    fn an_address_of_its_own_is_taken_as_it_stands() {
        let whole = "https://b.example/7%2F8/control/?x=1";
        let call = ApiCall::new("test", Does::Write, Method::POST, &[]).at(Url::parse(whole).unwrap());
        assert_eq!(call.url(call.base.as_ref().unwrap()).as_str(), whole);
    }

    #[test]
    fn a_cut_counts_characters_and_leaves_a_mark() {
        assert_eq!(cut("Łódź", 4), "Łódź");
        assert_eq!(cut("Łódź GmbH", 6), "Łódź…");
    }
}
