//! Forms that bring files along (`multipart/form-data`, RFC 7578), as browsers send them: whole in memory, and bounded by whoever
//! has read them.

use axum::http::{HeaderMap, header};
use memchr::memmem;

/// Fields and files of one form.
const MOST_PARTS: usize = 1000;
const LONGEST_HEAD: usize = 4096;

/// A field, or a file that was chosen.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::web::console) struct Part<'b> {
    pub name: String,
    /// As the browser names it: with its folders, where a folder was chosen.
    pub file: Option<String>,
    pub body: &'b [u8],
}

/// What stands between the parts; `None`: it is another kind of form.
pub(super) fn boundary(headers: &HeaderMap) -> Option<&str> {
    let (kind, parameters) = headers.get(header::CONTENT_TYPE)?.to_str().ok()?.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut named = parameters.split(';').filter_map(|one| one.trim().split_once('='));
    let (_, boundary) = named.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let boundary = boundary.trim().trim_matches('"');
    (1..=70).contains(&boundary.len()).then_some(boundary)
}

/// # Errors
/// Why it is no such form, for whoever made it.
pub(super) fn parts<'b>(body: &'b [u8], boundary: &str) -> Result<Vec<Part<'b>>, String> {
    let between = format!("\r\n--{boundary}");
    let (first, between) = (&between.as_bytes()["\r\n".len()..], between.as_bytes());
    let cut_short = || "the form breaks off: send it again".to_owned();
    let mut rest = body.strip_prefix(first).ok_or("the form does not begin with its boundary")?;
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n").ok_or_else(cut_short)?;
        if parts.len() == MOST_PARTS {
            return Err(format!("the form has more than {MOST_PARTS} fields and files: send fewer files"));
        }
        let head = memmem::find(&rest[..rest.len().min(LONGEST_HEAD)], b"\r\n\r\n").ok_or_else(cut_short)?;
        let (head, after) = (&rest[..head], &rest[head + b"\r\n\r\n".len()..]);
        let end = memmem::find(after, between).ok_or_else(cut_short)?;
        let (name, file) = disposition(head)?;
        parts.push(Part { name, file, body: &after[..end] });
        rest = &after[end + between.len()..];
    }
    Ok(parts)
}

/// `Content-Disposition: form-data; name="files"; filename="rules/reps.csv"`
fn disposition(head: &[u8]) -> Result<(String, Option<String>), String> {
    let head = std::str::from_utf8(head).map_err(|_| "a name in the form is not UTF-8: rename that file")?;
    let told = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let told = told.ok_or("a part of the form has no name")?;
    let quoted = |name: &str| -> Option<String> {
        let (_, rest) = told.split_once(&format!("; {name}=\""))?;
        let (value, _) = rest.split_once('"')?;
        // What browsers write for what would end the text.
        Some(value.replace("%22", "\""))
    };
    Ok((quoted("name").ok_or("a part of the form has no name")?, quoted("filename")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--xyz\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--xyz\r\n\
        Content-Disposition: form-data; name=\"files\"; filename=\"w/rules/a.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        id\r\n--xy\r\n\r\n--xyz\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\r\n\r\n--xyz--\r\n";

    #[test]
    fn fields_and_files_are_told_apart_and_end_where_they_do() {
        let parts = parts(FORM.as_bytes(), "xyz").expect("a form");
        let file = |name: &str| Some(name.to_owned());
        let told: Vec<_> = parts.iter().map(|part| (part.name.as_str(), part.file.clone(), part.body)).collect();
        let expected = [
            ("csrf", None, &b"abc"[..]),
            ("files", file("w/rules/a.csv"), &b"id\r\n--xy\r\n"[..]),
            ("files", file(""), &b""[..]),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_breaks_off_or_has_no_name_is_refused_and_nothing_panics() {
        for end in 0..FORM.len() - "--\r\n".len() {
            assert!(parts(&FORM.as_bytes()[..end], "xyz").is_err(), "cut at {end}");
        }
        assert!(parts(b"--a\r\nContent-Type: text/plain\r\n\r\nx\r\n--a--", "a").is_err(), "no name");
        assert!(
            parts(b"--a\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\r\n--a--", "a").is_err(),
            "no text"
        );
        let one = "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--a";
        let many = format!("--a{}--", one.repeat(MOST_PARTS + 1));
        assert!(parts(many.as_bytes(), "a").is_err_and(|why| why.contains("more than 1000")));
    }

    #[test]
    fn the_boundary_is_that_of_a_form_with_files() {
        let of = |kind: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().expect("a header"));
            boundary(&headers).map(str::to_owned)
        };
        assert_eq!(of("multipart/form-data; boundary=----WebKit1"), Some("----WebKit1".to_owned()));
        assert_eq!(of("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\""), Some("a b".to_owned()));
        assert_eq!(of("multipart/form-data; boundary="), None);
        assert_eq!(of("application/x-www-form-urlencoded; boundary=x"), None);
    }
}
