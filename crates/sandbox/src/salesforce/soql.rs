//! As much of SOQL as a stand-in needs: columns, one sub-select, `=`, `LIKE`, `IN`, and `<` and `>` of instants, joined by `AND`,
//! `OR` in brackets, `LIMIT`.

mod tokens;

use serde_json::Value;
use tokens::{SoqlToken, tokens};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Select {
    pub columns: Vec<String>,
    /// Relationship and columns: `(SELECT OwnerId FROM Opportunities …)`.
    pub children: Vec<Select>,
    pub object: String,
    /// All of them, each by any of its alternatives.
    pub conditions: Vec<Vec<Condition>>,
    /// In the order of `SystemModstamp`; otherwise in that of their creation.
    pub by_stamp: bool,
    pub limit: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    pub field: String,
    pub compares: Compares,
    pub value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compares {
    Equal,
    Like,
    Before,
    After,
}

/// Reads a query, or says what was not expected, as the vendor does in `MALFORMED_QUERY`.
pub(super) fn parse(text: &str) -> Result<Select, String> {
    let mut reader = SoqlReader { tokens: tokens(text)?, at: 0 };
    let select = reader.select()?;
    match reader.next() {
        None => Ok(select),
        Some(token) => Err(format!("unexpected token: {token:?}")),
    }
}

/// Reads what a SOSL search returns: `Contact(Id, Phone WHERE … LIMIT 5), Account(Id)`.
pub(super) fn returning(text: &str) -> Result<Vec<Select>, String> {
    let mut selections = Vec::new();
    for part in
        text.split_inclusive(')').map(|part| part.trim_start_matches([',', ' '])).filter(|part| !part.is_empty())
    {
        let inner = part.strip_suffix(')').and_then(|part| part.split_once('('));
        let (object, inner) = inner.ok_or("expecting an object with its fields in brackets")?;
        let end =
            ["WHERE ", "ORDER ", "LIMIT "].iter().filter_map(|word| inner.find(word)).min().unwrap_or(inner.len());
        let (columns, rest) = inner.split_at(end);
        selections.push(parse(&format!("SELECT {columns} FROM {object} {rest}"))?);
    }
    Ok(selections)
}

/// True if `text` fits a `LIKE` pattern with `%` at both ends, at its end or not at all; case does not matter.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.to_lowercase(), pattern.to_lowercase());
    match (pattern.strip_prefix('%'), pattern.strip_suffix('%')) {
        (Some(inner), Some(_)) => text.contains(inner.strip_suffix('%').unwrap_or(inner)),
        (None, Some(beginning)) => text.starts_with(beginning),
        (Some(end), None) => text.ends_with(end),
        (None, None) => text == pattern,
    }
}

struct SoqlReader {
    tokens: Vec<SoqlToken>,
    at: usize,
}

impl SoqlReader {
    fn next(&mut self) -> Option<SoqlToken> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is_next(&self, expected: &SoqlToken) -> bool {
        match (self.tokens.get(self.at), expected) {
            (Some(SoqlToken::Word(found)), SoqlToken::Word(expected)) => found.eq_ignore_ascii_case(expected),
            (found, expected) => found == Some(expected),
        }
    }

    fn take(&mut self, expected: &SoqlToken) -> bool {
        let found = self.is_next(expected);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.take(&SoqlToken::Word(word.to_owned()))
    }

    fn expect_word(&mut self, word: &str) -> Result<(), String> {
        if self.take_word(word) { Ok(()) } else { Err(format!("expecting {word}")) }
    }

    fn word(&mut self) -> Result<String, String> {
        match self.next() {
            Some(SoqlToken::Word(word)) => Ok(word),
            other => Err(format!("unexpected token: {other:?}")),
        }
    }

    fn select(&mut self) -> Result<Select, String> {
        self.expect_word("SELECT")?;
        let (mut columns, mut children) = (Vec::new(), Vec::new());
        loop {
            if self.take(&SoqlToken::Sign('(')) {
                children.push(self.select()?);
                if !self.take(&SoqlToken::Sign(')')) {
                    return Err("expecting )".to_owned());
                }
            } else {
                columns.push(self.word()?);
            }
            if !self.take(&SoqlToken::Sign(',')) {
                break;
            }
        }
        self.expect_word("FROM")?;
        let object = self.word()?;
        let conditions = if self.take_word("WHERE") { self.conditions()? } else { Vec::new() };
        let by_stamp = self.order()?;
        let limit = if self.take_word("LIMIT") { self.word()?.parse().map_err(|_| "bad limit")? } else { usize::MAX };
        Ok(Select { columns, children, object, conditions, by_stamp, limit })
    }

    fn conditions(&mut self) -> Result<Vec<Vec<Condition>>, String> {
        let mut conditions = Vec::new();
        loop {
            conditions.push(if self.take(&SoqlToken::Sign('(')) { self.alternatives()? } else { self.condition()? });
            if !self.take_word("AND") {
                return Ok(conditions);
            }
        }
    }

    /// `a = 'x' OR b LIKE 'y%')`: what follows an opening bracket.
    fn alternatives(&mut self) -> Result<Vec<Condition>, String> {
        let mut any = self.condition()?;
        while self.take_word("OR") {
            any.extend(self.condition()?);
        }
        if self.take(&SoqlToken::Sign(')')) { Ok(any) } else { Err("expecting )".to_owned()) }
    }

    /// One condition; `IN` is as many as its list has values.
    fn condition(&mut self) -> Result<Vec<Condition>, String> {
        let field = self.word()?;
        if self.take_word("IN") {
            return self.list(&field);
        }
        let signs = [('=', Compares::Equal), ('<', Compares::Before), ('>', Compares::After)];
        let signed = || signs.into_iter().find(|(sign, _)| self.is_next(&SoqlToken::Sign(*sign)));
        let compares = match signed() {
            Some((_, compares)) => compares,
            None if self.is_next(&SoqlToken::Word("LIKE".to_owned())) => Compares::Like,
            None => return Err(format!("expecting an operator after {field}")),
        };
        self.at += 1;
        let value = match self.next() {
            Some(SoqlToken::Text(text)) => Value::String(text),
            Some(SoqlToken::Word(word)) if matches!(compares, Compares::Before | Compares::After) => {
                Value::String(word)
            }
            Some(SoqlToken::Word(word)) if word == "true" || word == "false" => Value::Bool(word == "true"),
            other => return Err(format!("unexpected token: {other:?}")),
        };
        Ok(vec![Condition { field, compares, value }])
    }

    fn list(&mut self, field: &str) -> Result<Vec<Condition>, String> {
        let mut any = Vec::new();
        let mut sign = '(';
        while self.take(&SoqlToken::Sign(sign)) {
            let Some(SoqlToken::Text(text)) = self.next() else { return Err("expecting a text".to_owned()) };
            any.push(Condition { field: field.to_owned(), compares: Compares::Equal, value: Value::String(text) });
            sign = ',';
        }
        if !any.is_empty() && self.take(&SoqlToken::Sign(')')) { Ok(any) } else { Err("expecting a list".to_owned()) }
    }

    /// Whether it is by `SystemModstamp` first. All others are read as the order of creation, in which records are kept.
    fn order(&mut self) -> Result<bool, String> {
        if !self.take_word("ORDER") {
            return Ok(false);
        }
        self.expect_word("BY")?;
        let by_stamp = self.is_next(&SoqlToken::Word("SystemModstamp".to_owned()));
        loop {
            self.word()?;
            let _ = self.take_word("DESC") || self.take_word("ASC");
            if !self.take(&SoqlToken::Sign(',')) {
                return Ok(by_stamp);
            }
        }
    }
}

#[cfg(test)]
mod tests;
