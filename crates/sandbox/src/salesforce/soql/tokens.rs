//! Words, texts and signs of a query.

#[derive(Debug, Clone, PartialEq)]
pub(super) enum SoqlToken {
    Word(String),
    Text(String),
    Sign(char),
}

pub(super) fn tokens(text: &str) -> Result<Vec<SoqlToken>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '\'' => tokens.push(SoqlToken::Text(literal(&mut chars)?)),
            '(' | ')' | ',' | '=' | '<' | '>' => tokens.push(SoqlToken::Sign(c)),
            c if c.is_alphanumeric() => {
                // Instants stand without quotes.
                let of_instant = c.is_ascii_digit();
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| {
                    c.is_alphanumeric() || matches!(c, '_' | '.') || (of_instant && matches!(c, '-' | ':'))
                }) {
                    word.push(c);
                }
                tokens.push(SoqlToken::Word(word));
            }
            c => return Err(format!("unexpected token: '{c}'")),
        }
    }
    Ok(tokens)
}

/// The rest of a literal, up to its closing quote. An escaped `_` or `%` stands for itself.
fn literal(chars: &mut impl Iterator<Item = char>) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match chars.next() {
            Some('\'') => return Ok(text),
            Some('\\') => match chars.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some('u') => {
                    let digits: String = chars.take(4).collect();
                    let c = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    text.push(c.ok_or("illegal character escape")?);
                }
                Some(c @ ('\\' | '\'' | '"' | '_' | '%')) => text.push(c),
                _ => return Err("illegal character escape".to_owned()),
            },
            Some(c) => text.push(c),
            None => return Err("unterminated string literal".to_owned()),
        }
    }
}
