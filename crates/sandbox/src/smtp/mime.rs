//! Reads a mail as a person would see it: headers unfolded and decoded, the text and the HTML part. As much of MIME as
//! mail programs write; what is odd is kept as it stands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Parsed {
    pub headers: BTreeMap<String, String>,
    pub text: Option<String>,
    pub html: Option<String>,
}

pub(super) fn parse(content: &[u8]) -> Parsed {
    let content = String::from_utf8_lossy(content).replace("\r\n", "\n");
    let (headers, body) = split(&content);
    let mut parsed = Parsed { headers, ..Parsed::default() };
    let headers = parsed.headers.clone();
    collect(&headers, body, &mut parsed);
    parsed
}

fn split(entity: &str) -> (BTreeMap<String, String>, &str) {
    let (head, body) = match entity.strip_prefix('\n') {
        Some(body) => ("", body),
        None => entity.split_once("\n\n").unwrap_or((entity, "")),
    };
    let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
    let headers = unfolded
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), decode_words(value.trim())))
        .collect();
    (headers, body)
}

/// The first part of each kind counts.
fn collect(headers: &BTreeMap<String, String>, body: &str, parsed: &mut Parsed) {
    let content_type = headers.get("content-type").map_or("text/plain", String::as_str);
    if let Some(boundary) = boundary(content_type) {
        for part in parts(body, &boundary) {
            let (headers, body) = split(part);
            collect(&headers, body, parsed);
        }
        return;
    }
    let encoding = headers.get("content-transfer-encoding").map_or("", String::as_str);
    let slot = match content_type.split(';').next().unwrap_or_default().trim().to_lowercase().as_str() {
        "text/plain" => &mut parsed.text,
        "text/html" => &mut parsed.html,
        _ => return,
    };
    slot.get_or_insert_with(|| decode_body(encoding, body));
}

fn boundary(content_type: &str) -> Option<String> {
    if !content_type.to_lowercase().starts_with("multipart/") {
        return None;
    }
    let parameters = content_type.split(';').skip(1);
    let value =
        parameters.filter_map(|p| p.trim().split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    value.map(|(_, value)| value.trim_matches('"').to_owned())
}

fn parts<'a>(body: &'a str, boundary: &str) -> Vec<&'a str> {
    let marked = format!("--{boundary}");
    let pieces = body.split(&marked).skip(1).take_while(|piece| !piece.starts_with("--"));
    // The line end before a boundary belongs to the boundary.
    pieces.map(|piece| piece.strip_prefix('\n').unwrap_or(piece)).map(|p| p.strip_suffix('\n').unwrap_or(p)).collect()
}

fn decode_body(encoding: &str, body: &str) -> String {
    match encoding.to_lowercase().as_str() {
        "base64" => {
            let compact: String = body.split_whitespace().collect();
            STANDARD.decode(compact).map_or_else(|_| body.to_owned(), text_of)
        }
        "quoted-printable" => text_of(decode_quoted(&body.replace("=\n", ""))),
        _ => body.to_owned(),
    }
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}

fn decode_quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'=').then(|| tail.get(..2)).flatten().and_then(hex_byte);
        out.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    out
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// `=?utf-8?b?…?=` and `=?utf-8?q?…?=` (RFC 2047); white space between two of them falls away.
fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut after_word = false;
    for token in value.split_inclusive(' ') {
        match decode_word(token.trim_end()) {
            Some(word) => {
                if after_word {
                    out.truncate(out.trim_end().len());
                }
                out.push_str(&word);
                out.push_str(&token[token.trim_end().len()..]);
                after_word = true;
            }
            None => {
                out.push_str(token);
                after_word = false;
            }
        }
    }
    out
}

fn decode_word(token: &str) -> Option<String> {
    let inner = token.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut fields = inner.splitn(3, '?');
    let (charset, encoding, data) = (fields.next()?, fields.next()?, fields.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    match encoding {
        "b" | "B" => STANDARD.decode(data).ok().map(text_of),
        "q" | "Q" => Some(text_of(decode_quoted(&data.replace('_', " ")))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_told_apart_and_decoded() {
        let parsed = parse(
            b"Subject: =?utf-8?b?R3I=?=\r\n =?utf-8?q?=C3=BC=C3=9Fe_an?= Ana\r\nContent-Type: multipart/alternative;\r\n \
              boundary=\"b1\"\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: \
              quoted-printable\r\n\r\nGr=C3=BC=\r\n=C3=9Fe\r\n--b1\r\nContent-Type: text/html\r\n\
              Content-Transfer-Encoding: base64\r\n\r\nPGI+\r\nw7Y8L2I+\r\n--b1--\r\n",
        );
        assert_eq!(parsed.headers["subject"], "Grüße an Ana");
        assert_eq!(parsed.text.as_deref(), Some("Grüße"));
        assert_eq!(parsed.html.as_deref(), Some("<b>ö</b>"));
    }

    #[test]
    fn what_is_odd_is_kept() {
        let parsed = parse(b"Subject: =?utf-8?x?y?= =?koi8-r?b?zg==?=\n\nbody = 1\n");
        assert_eq!(parsed.headers["subject"], "=?utf-8?x?y?= =?koi8-r?b?zg==?=");
        assert_eq!(parsed.text.as_deref(), Some("body = 1\n"));
        assert_eq!(decode_quoted("=4"), b"=4");
        assert_eq!(decode_quoted("=C3=BC=zz"), "ü=zz".as_bytes());
        assert_eq!(parse(b"\nonly a body").text.as_deref(), Some("only a body"));
        assert_eq!(parse(b"").headers.len(), 0);
    }
}
