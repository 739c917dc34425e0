//! The fence before the grammar: what is too long, too deep or made of unknown signs never reaches a parser.
//!
//! One walk over the characters, no recursion, memory for the brackets that are open.

use super::source::ExpressionText;
use crate::rules::fault::{Fault, Faults, quoted};

/// Bytes of one expression: several times the longest sensible one. What is longer wants to be data or segments.
pub(super) const LENGTH: usize = 1_000;
/// Brackets and signs inside each other.
pub(super) const DEPTH: usize = 16;
/// Words, numbers, texts and signs.
pub(super) const PIECES: usize = 200;

/// What CEL writes as a call and means as a loop.
const LOOPS: [&str; 9] =
    ["all", "exists", "exists_one", "existsOne", "map", "filter", "transformList", "transformMap", "transformMapEntry"];
const PATTERNS: [&str; 4] = ["matches", "regex", "find", "findAll"];
/// Signs, longer ones first.
const SIGNS: [&str; 23] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "-", "+", "*", "/", "?", ":", ",", ".", "(", ")", "[", "]", "{",
    "}",
];
/// What people write who know another language.
const FOREIGN: [(&str, &str); 9] = [
    ("&", "&&"),
    ("|", "||"),
    ("=", "=="),
    ("and", "&&"),
    ("or", "||"),
    ("not", "!"),
    ("AND", "&&"),
    ("OR", "||"),
    ("NOT", "!"),
];

pub(super) fn check(source: &ExpressionText<'_>, faults: &mut Faults) -> Option<()> {
    if source.text.trim().is_empty() {
        source.fault(faults, "expression-empty", 0, "nothing", "an expression such as lead.score > 90");
        return None;
    }
    if source.text.len() > LENGTH {
        let found = format!("{} bytes: {}", source.text.len(), quoted(source.text));
        source
            .fault(faults, "expression-too-long", 0, found, format!("{LENGTH} bytes at most"))
            .hint(Some("write the parts as data, or as segments".to_owned()));
        return None;
    }
    Walk { source, rest: source.text, at: 0, open: Vec::new(), signs: 0, choices: 0, pieces: 0 }.walk(faults)
}

struct Walk<'s> {
    source: &'s ExpressionText<'s>,
    rest: &'s str,
    /// Character at which `rest` begins.
    at: usize,
    /// Brackets that wait for their end, with their places.
    open: Vec<(char, usize)>,
    /// Signs in a row that bind to what follows: `!!!x`.
    signs: usize,
    /// `?` nest to the right.
    choices: usize,
    pieces: usize,
}

impl<'s> Walk<'s> {
    fn walk(&mut self, faults: &mut Faults) -> Option<()> {
        loop {
            self.skip_blanks();
            let Some(first) = self.rest.chars().next() else { break };
            self.pieces += 1;
            if self.pieces > PIECES {
                let found = format!("more than {PIECES} words and signs");
                let hint = "a long list belongs into data, as in lead.country: [DE, FR]";
                self.fault(faults, "expression-too-large", found, format!("{PIECES} at most"))
                    .hint(Some(hint.to_owned()));
                return None;
            }
            match first {
                '"' | '\'' => self.text(first, faults)?,
                'a'..='z' | 'A'..='Z' | '_' => self.word(faults)?,
                '0'..='9' => self.number(),
                _ => self.sign(faults)?,
            }
        }
        let Some((bracket, at)) = self.open.last().copied() else { return Some(()) };
        let found = format!("{} that is never closed", quoted(&bracket.to_string()));
        self.source.fault(faults, "expression-syntax", at, found, "a bracket that closes it");
        None
    }

    fn fault<'f>(
        &self,
        faults: &'f mut Faults,
        code: &'static str,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> &'f mut Fault {
        self.source.fault(faults, code, self.at, found, allowed)
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        // Blanks are one byte each, so bytes are characters.
        self.at += self.rest.len() - rest.len();
        self.rest = rest;
    }

    fn take(&mut self, bytes: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.at += taken.chars().count();
        self.rest = rest;
        taken
    }

    /// A text in single or double quotes; `\\`, `\"` and `\'` are its only escapes.
    fn text(&mut self, quote: char, faults: &mut Faults) -> Option<()> {
        self.signs = 0;
        let mut escaped = false;
        for (index, found) in self.rest.char_indices().skip(1) {
            match found {
                '\\' | '"' | '\'' if escaped => escaped = false,
                _ if escaped => {
                    let escape = self.at + self.rest[..index].chars().count() - 1;
                    let found = quoted(&format!("\\{found}"));
                    let allowed = "\\\\, \\\" or \\' as the only escapes in a text";
                    self.source.fault(faults, "expression-syntax", escape, found, allowed);
                    return None;
                }
                '\\' => escaped = true,
                _ if found == quote => {
                    self.take(index + 1);
                    return Some(());
                }
                '\n' | '\r' => break,
                _ => {}
            }
        }
        let found = format!("{}, without its end", quoted(self.rest));
        self.fault(faults, "expression-syntax", found, "a text in quotes, on one line");
        None
    }

    /// A name with its dots, and what it must not be.
    fn word(&mut self, faults: &mut Faults) -> Option<()> {
        self.signs = 0;
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
        let word = &self.rest[..end.unwrap_or(self.rest.len())];
        let name = word.rsplit('.').next().unwrap_or(word);
        let after = self.rest[word.len()..].trim_start();
        if after.starts_with(['"', '\'']) && matches!(word, "r" | "R" | "b" | "B" | "br" | "rb") {
            self.fault(faults, "expression-syntax", quoted(word), "texts in plain quotes");
            return None;
        }
        if let Some((_, sign)) = FOREIGN.iter().find(|(foreign, _)| *foreign == word) {
            self.fault(faults, "expression-syntax", quoted(word), format!("{sign} for {}", word.to_lowercase()));
            return None;
        }
        if after.starts_with('(') && LOOPS.contains(&name) {
            let found = format!("{}, a loop", quoted(name));
            let hint = "a list is tested by \"Voice\" in lead.products, or by one of: lead.country in [\"DE\", \"FR\"]";
            self.fault(faults, "expression-loop", found, "no loops: an expression takes one look at each field")
                .hint(Some(hint.to_owned()));
            return None;
        }
        if after.starts_with('(') && PATTERNS.contains(&name) {
            let found = format!("{}, a pattern", quoted(name));
            let hint = "combine startsWith, endsWith and contains with || and &&";
            self.fault(faults, "expression-pattern", found, "no patterns: their cost has no bound")
                .hint(Some(hint.to_owned()));
            return None;
        }
        self.take(word.len());
        Some(())
    }

    fn number(&mut self) {
        self.signs = 0;
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
        self.take(end.unwrap_or(self.rest.len()));
    }

    fn sign(&mut self, faults: &mut Faults) -> Option<()> {
        if self.rest.starts_with("//") {
            self.fault(faults, "expression-syntax", "\"//\"", "no comments: YAML has them, after #");
            return None;
        }
        let Some(sign) = SIGNS.into_iter().find(|sign| self.rest.starts_with(sign)) else {
            return self.unknown(faults);
        };
        match sign {
            "!" | "-" => self.signs += 1,
            "?" => self.choices += 1,
            "(" | "[" | "{" => self.open.push((sign.chars().next().unwrap_or_default(), self.at)),
            ")" | "]" | "}" => self.close(sign, faults)?,
            _ => self.signs = 0,
        }
        if self.open.len() + self.signs + self.choices > DEPTH {
            let found = format!("more than {DEPTH} brackets and signs inside each other");
            self.fault(faults, "expression-too-deep", found, format!("{DEPTH} at most"));
            return None;
        }
        self.take(sign.len());
        Some(())
    }

    fn close(&mut self, sign: &str, faults: &mut Faults) -> Option<()> {
        let opened = match self.open.last() {
            Some(('(', _)) => ")",
            Some(('[', _)) => "]",
            Some(_) => "}",
            None => "",
        };
        if opened != sign {
            let allowed = if opened.is_empty() { "an opening bracket before it" } else { opened };
            self.fault(faults, "expression-syntax", quoted(sign), allowed);
            return None;
        }
        self.open.pop();
        self.signs = 0;
        Some(())
    }

    fn unknown(&mut self, faults: &mut Faults) -> Option<()> {
        let character = self.rest.chars().next().unwrap_or_default().to_string();
        let instead = FOREIGN.iter().find(|(foreign, _)| *foreign == character);
        let allowed = match (instead, character.as_str()) {
            (Some((_, sign)), _) => (*sign).to_owned(),
            (None, "%") => "no remainders: + - * / only".to_owned(),
            (None, "`") => "names of letters, digits and _; other fields are tested as data".to_owned(),
            (None, "“" | "”" | "„" | "‘" | "’") => "straight quotes: \" or '".to_owned(),
            (None, _) => "fields, numbers, texts in quotes, && || ! == != < <= > >= in + - * / ? : ( ) [ ]".to_owned(),
        };
        self.fault(faults, "expression-syntax", quoted(&character), allowed);
        None
    }
}
