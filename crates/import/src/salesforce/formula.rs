//! Formulas of entries, as far as they are made of tests that criteria know: AND, OR, NOT, equality, order, CONTAINS, BEGINS,
//! ISPICKVAL, INCLUDES and ISBLANK. Everything else is told and not guessed.

use super::asked::{Criteria, Criterion, DEEPEST, Operation, all, any};

/// # Errors
/// The formula holds something else; the message names it.
pub(super) fn parse(text: &str, line: u32) -> Result<Criteria, String> {
    let pieces = pieces(text)?;
    let mut parser = Parser { pieces: &pieces, at: 0, line };
    let found = parser.any(0)?;
    match parser.pieces.get(parser.at) {
        None => Ok(found),
        Some(left) => Err(format!("a formula that goes on with {}", left.in_words())),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// A field, a function, TRUE or FALSE.
    Name(String),
    Text(String),
    Number(String),
    Sign(&'static str),
}

impl Piece {
    fn in_words(&self) -> String {
        match self {
            Self::Name(word) | Self::Number(word) => word.clone(),
            Self::Text(text) => format!("{text:?}"),
            Self::Sign(sign) => (*sign).to_owned(),
        }
    }
}

/// Longer ones first.
const SIGNS: [&str; 12] = ["&&", "||", "<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ","];

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' || first == '\'' {
            let end = rest[1..].find(first).ok_or("a formula with a quote that does not close")?;
            pieces.push(Piece::Text(rest[1..=end].to_owned()));
            end + 2
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            pieces.push(Piece::Sign(sign));
            sign.len()
        } else {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$'))).unwrap_or(rest.len());
            let word = rest[..end].to_owned();
            if word.is_empty() {
                return Err(format!("a formula with {first:?}"));
            }
            let number = word.starts_with(|c: char| c.is_ascii_digit());
            pieces.push(if number { Piece::Number(word) } else { Piece::Name(word) });
            end
        };
        rest = rest[taken..].trim_start();
    }
    Ok(pieces)
}

struct Parser<'p> {
    pieces: &'p [Piece],
    at: usize,
    line: u32,
}

/// One side of a comparison.
enum Comparand {
    Field(String),
    Value(String),
}

impl Parser<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let takes = matches!(self.pieces.get(self.at), Some(Piece::Sign(next)) if *next == sign);
        self.at += usize::from(takes);
        takes
    }

    fn needs(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        let found = self.pieces.get(self.at).map_or("its end".to_owned(), Piece::in_words);
        Err(format!("a formula with {found} where {sign} should be"))
    }

    fn any(&mut self, depth: u32) -> Result<Criteria, String> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("||") {
            parts.push(self.all(depth)?);
        }
        Ok(any(parts))
    }

    fn all(&mut self, depth: u32) -> Result<Criteria, String> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("&&") {
            parts.push(self.one(depth)?);
        }
        Ok(all(parts))
    }

    fn one(&mut self, depth: u32) -> Result<Criteria, String> {
        if depth > DEEPEST {
            return Err("a formula that is nested too deep".to_owned());
        }
        if self.takes("(") {
            let inner = self.any(depth + 1)?;
            return self.needs(")").map(|()| inner);
        }
        let name = match self.pieces.get(self.at) {
            Some(Piece::Name(name)) => name.to_uppercase(),
            _ => String::new(),
        };
        let called = matches!(self.pieces.get(self.at + 1), Some(Piece::Sign("(")));
        match name.as_str() {
            "AND" | "OR" if called => {
                self.at += 2;
                let parts = self.arguments(depth + 1)?;
                Ok(if name == "AND" { all(parts) } else { any(parts) })
            }
            "NOT" if called => {
                self.at += 2;
                let inner = self.any(depth + 1)?;
                self.needs(")")?;
                Ok(Criteria::Not(Box::new(inner)))
            }
            "CONTAINS" if called => self.two(Operation::Contains, depth),
            "BEGINS" if called => self.two(Operation::StartsWith, depth),
            "ISPICKVAL" if called => self.two(Operation::Equals, depth),
            "INCLUDES" if called => self.two(Operation::Includes, depth),
            "ISBLANK" | "ISNULL" if called => {
                self.at += 2;
                let field = self.field(depth)?;
                self.needs(")")?;
                Ok(self.test(field, Operation::Equals, false, String::new()))
            }
            _ => self.comparison(depth),
        }
    }

    /// What stands between the brackets of AND and OR, with the closing one.
    fn arguments(&mut self, depth: u32) -> Result<Vec<Criteria>, String> {
        let mut parts = vec![self.any(depth)?];
        while self.takes(",") {
            parts.push(self.any(depth)?);
        }
        self.needs(")").map(|()| parts)
    }

    /// `NAME(field, "text")`.
    fn two(&mut self, operation: Operation, depth: u32) -> Result<Criteria, String> {
        self.at += 2;
        let field = self.field(depth)?;
        self.needs(",")?;
        let Comparand::Value(value) = self.side(depth)? else {
            return Err("a formula that compares two fields".to_owned());
        };
        self.needs(")")?;
        Ok(self.test(field, operation, false, value))
    }

    /// `field = "text"`, `field > 5`, or a checkbox by itself.
    fn comparison(&mut self, depth: u32) -> Result<Criteria, String> {
        let left = self.side(depth)?;
        const COMPARED: [(&str, Operation, Operation, bool); 7] = [
            ("=", Operation::Equals, Operation::Equals, false),
            ("<>", Operation::Equals, Operation::Equals, true),
            ("!=", Operation::Equals, Operation::Equals, true),
            ("<=", Operation::LessOrEqual, Operation::GreaterOrEqual, false),
            (">=", Operation::GreaterOrEqual, Operation::LessOrEqual, false),
            ("<", Operation::Less, Operation::Greater, false),
            (">", Operation::Greater, Operation::Less, false),
        ];
        let Some((_, operation, mirrored, negated)) = COMPARED.into_iter().find(|(sign, ..)| self.takes(sign)) else {
            return match left {
                Comparand::Field(field) => Ok(self.test(field, Operation::Equals, false, "true".to_owned())),
                Comparand::Value(value) => Err(format!("a formula with {value:?} where a test should be")),
            };
        };
        match (left, self.side(depth)?) {
            (Comparand::Field(field), Comparand::Value(value)) => Ok(self.test(field, operation, negated, value)),
            (Comparand::Value(value), Comparand::Field(field)) => Ok(self.test(field, mirrored, negated, value)),
            _ => Err("a formula that compares two fields, or none".to_owned()),
        }
    }

    fn field(&mut self, depth: u32) -> Result<String, String> {
        match self.side(depth)? {
            Comparand::Field(field) => Ok(field),
            Comparand::Value(value) => Err(format!("a formula with {value:?} where a field should be")),
        }
    }

    /// A field or a value; UPPER, LOWER, TRIM and TEXT around either change nothing, since texts compare without regard to case.
    fn side(&mut self, depth: u32) -> Result<Comparand, String> {
        if depth > DEEPEST {
            return Err("a formula that is nested too deep".to_owned());
        }
        let pieces = self.pieces;
        let piece = pieces.get(self.at).ok_or("a formula that ends too early")?;
        self.at += 1;
        match piece {
            Piece::Text(text) | Piece::Number(text) => Ok(Comparand::Value(text.clone())),
            Piece::Name(name) if self.takes("(") => {
                let outer = name.to_uppercase();
                if !matches!(outer.as_str(), "UPPER" | "LOWER" | "TRIM" | "TEXT") {
                    return Err(format!("a formula with {outer}, which has no counterpart here"));
                }
                let inner = self.side(depth + 1)?;
                self.needs(")").map(|()| inner)
            }
            Piece::Name(name) if matches!(name.to_uppercase().as_str(), "TRUE" | "FALSE") => {
                Ok(Comparand::Value(name.to_lowercase()))
            }
            Piece::Name(name) if name.starts_with('$') => Err(format!("a formula with {name}, which no lead has")),
            Piece::Name(name) => Ok(Comparand::Field(name.clone())),
            Piece::Sign(sign) => Err(format!("a formula with {sign} where a field or a value should be")),
        }
    }

    fn test(&self, field: String, operation: Operation, negated: bool, value: String) -> Criteria {
        Criteria::Test(Criterion { line: self.line, field, operation, negated, value, list: false })
    }
}

#[cfg(test)]
mod tests;
