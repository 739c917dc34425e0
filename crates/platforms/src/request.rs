//! A request as it came in, before anybody believes it or looks into it.

use std::borrow::Cow;

/// Not `Debug`: bodies and headers hold what no log may hold.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// As the platform saw it: scheme, host, path and query, byte for byte. Vendors sign this text; a URL library that writes
    /// it anew breaks their signatures.
    pub url: &'a str,
    /// Names in lower case; a name may come twice.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Every value of a header that is not empty, as they came. `name` is in lower case.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The values of a parameter of the query, decoded, as they came.
    pub fn query(&self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        let (_, query) = self.url.split_once('?').unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).filter(move |(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether the body says of itself that it is a form, whatever the case and the charset.
    pub fn is_form(&self) -> bool {
        let kind = self.values("content-type").next().and_then(|value| value.split(';').next()).unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}
