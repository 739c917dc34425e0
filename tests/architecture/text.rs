//! Rust read as text: what is code, what stands in quotes, where tests begin and end, which modules are declared.

/// First and last line of each `#[cfg(test)] mod name { … }`, and of a use or declaration for tests only.
pub fn test_modules(code: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    for (at, mark) in code.match_indices("#[cfg(test)]") {
        let rest = &code[at + mark.len()..];
        let Some(open) = rest.find(['{', ';']).filter(|open| rest[*open..].starts_with('{')) else { continue };
        let mut depth = 0usize;
        let close = rest[open..].char_indices().find_map(|(i, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(open + i)
        });
        let line = |upto: usize| code[..upto].matches('\n').count() + 1;
        spans.push((line(at), line(at + mark.len() + close.unwrap_or(rest.len()))));
    }
    spans
}

/// `mod name;` with `#[cfg(test)]` above or not.
pub fn children(code: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut for_tests = false;
    for line in code.lines().map(str::trim) {
        let declared = line.strip_suffix(';').and_then(|line| line.rsplit_once("mod "));
        if let Some((_, name)) = declared.filter(|(before, _)| before.is_empty() || before.starts_with("pub")) {
            found.push((name.to_owned(), for_tests));
        }
        let cfg = ["#[cfg(test)]", "#[cfg(any(test, "].iter().any(|cfg| line.starts_with(cfg));
        for_tests = cfg || (for_tests && line.starts_with("#["));
    }
    found
}

/// Blanks comments and the insides of literals; gives the string literals with their lines.
pub fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let (mut code, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (kept, length) = token(rest, c, code.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        if kept == Kept::Quotes && c != '\'' {
            let inside = rest[..length].trim_start_matches(['b', 'r', '#']).trim_end_matches('#').trim_matches('"');
            literals.push((code.matches('\n').count() + 1, inside.to_owned()));
        }
        match kept {
            Kept::All => code.push_str(&rest[..length]),
            Kept::Nothing => code.extend(rest[..length].chars().filter(|c| *c == '\n')),
            Kept::Quotes => {
                code.push('"');
                code.extend(rest[..length].chars().filter(|c| *c == '\n'));
                code.push('"');
            }
        }
        rest = &rest[length..];
    }
    (code, literals)
}

#[derive(PartialEq)]
enum Kept {
    All,
    Quotes,
    Nothing,
}

/// How the next token is kept, and its length in bytes.
fn token(rest: &str, first: char, in_name: bool) -> (Kept, usize) {
    if rest.starts_with("//") {
        return (Kept::Nothing, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kept::Nothing, rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    let after_prefix = rest.trim_start_matches(['b', 'r']);
    let prefix = if in_name || rest.len() - after_prefix.len() > 2 { 0 } else { rest.len() - after_prefix.len() };
    let body = &rest[prefix..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    if rest[..prefix].contains('r') && body[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix + hashes + 1;
        return (Kept::Quotes, rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()));
    }
    if body.starts_with('"') {
        return (Kept::Quotes, prefix + quoted(body, '"'));
    }
    let is_char = first == '\'' && (rest[1..].starts_with('\\') || rest[1..].chars().nth(1) == Some('\''));
    if is_char { (Kept::Quotes, quoted(rest, '\'')) } else { (Kept::All, first.len_utf8()) }
}

/// Length of a literal with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
