//! A number of employees, from whatever way people write it.

use crate::domain::lead::Headcount;

/// Words that change nothing.
const FILLER: [&str; 41] = [
    "about",
    "around",
    "approximately",
    "approx",
    "roughly",
    "circa",
    "environ",
    "etwa",
    "rund",
    "unos",
    "personen",
    "empleados",
    "ca",
    "some",
    "nearly",
    "between",
    "from",
    "employees",
    "employee",
    "people",
    "persons",
    "staff",
    "fte",
    "ftes",
    "full",
    "time",
    "headcount",
    "team",
    "of",
    "members",
    "workers",
    "we",
    "are",
    "mitarbeiter",
    "employés",
    "salariés",
    "dipendenti",
    "medewerkers",
    "人",
    "名",
    "명",
];
const AT_LEAST: [&str; 7] = ["over", "more", "least", "above", "plus", "minimum", "+"];
const AT_MOST: [&str; 7] = ["under", "less", "fewer", "most", "below", "up", "maximum"];
/// Parts of `more than`, `at least`, `up to`, and what stands between the ends of a range.
const JOINING: [&str; 7] = ["than", "at", "to", "and", "bis", "-", "or"];

#[derive(Debug, PartialEq)]
enum HeadcountToken {
    Number(u32),
    Word(String),
}

/// "50-100", "1k+", "about 200", "1,200", "10k-50k", "fewer than 20", "1 200". A sentence with any other word in it is not
/// understood: "200 people since 2015" must not become 2,015.
pub fn parse(text: &str) -> Option<Headcount> {
    let tokens = tokens(&text.trim().to_lowercase())?;
    let mut numbers = Vec::new();
    let (mut open, mut capped, mut joined) = (false, false, false);
    for token in &tokens {
        match token {
            HeadcountToken::Number(number) => numbers.push(*number),
            HeadcountToken::Word(word) if AT_LEAST.contains(&word.as_str()) => open = true,
            HeadcountToken::Word(word) if AT_MOST.contains(&word.as_str()) => capped = true,
            HeadcountToken::Word(word) if JOINING.contains(&word.as_str()) => joined = joined || numbers.len() == 1,
            HeadcountToken::Word(word) if FILLER.contains(&word.as_str()) => {}
            HeadcountToken::Word(_) => return None,
        }
    }
    match (numbers[..].as_ref(), open, capped) {
        ([number], false, false) => Some(exactly(*number)),
        ([number], true, false) => Some(Headcount { at_least: *number, at_most: None }),
        ([number], false, true) => Some(Headcount { at_least: 1.min(*number), at_most: Some(*number) }),
        ([low, high], false, false) if joined && low <= high => {
            Some(Headcount { at_least: *low, at_most: Some(*high) })
        }
        _ => None,
    }
}

/// A number as it stands.
pub fn exactly(number: u32) -> Headcount {
    Headcount { at_least: number, at_most: Some(number) }
}

/// `None` if a number cannot be read.
fn tokens(text: &str) -> Option<Vec<HeadcountToken>> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens: Vec<HeadcountToken> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c.is_ascii_digit() {
            let (number, next) = number(&chars, at)?;
            tokens.push(HeadcountToken::Number(number));
            at = next;
        } else if c.is_alphabetic() {
            let end = (at..chars.len()).find(|i| !chars[*i].is_alphabetic()).unwrap_or(chars.len());
            tokens.push(HeadcountToken::Word(chars[at..end].iter().collect()));
            at = end;
        } else {
            match c {
                '+' => tokens.push(HeadcountToken::Word("+".into())),
                '>' | '≥' => tokens.push(HeadcountToken::Word("over".into())),
                '<' | '≤' => tokens.push(HeadcountToken::Word("under".into())),
                '-' | '–' | '—' | '‑' => tokens.push(HeadcountToken::Word("-".into())),
                c if c.is_whitespace() || matches!(c, '~' | '≈' | '.' | ',' | '=' | '(' | ')') => {}
                _ => return None,
            }
            at += 1;
        }
    }
    lend_suffix(&chars, &mut tokens);
    Some(tokens)
}

/// "10-50k" means thousands at both ends.
fn lend_suffix(chars: &[char], tokens: &mut [HeadcountToken]) {
    let [HeadcountToken::Number(low), HeadcountToken::Word(dash), HeadcountToken::Number(high)] = tokens else {
        return;
    };
    let plain = chars.iter().take_while(|c| **c != '-' && **c != '–').all(|c| c.is_ascii_digit());
    if dash == "-" && plain && *low < 1_000 && chars.last() == Some(&'k') && *high / 1_000 > *low {
        *low *= 1_000;
    }
}

/// The number that starts at `at`, and where the text goes on.
fn number(chars: &[char], at: usize) -> Option<(u32, usize)> {
    let digits_until = |from: usize| (from..chars.len()).find(|i| !chars[*i].is_ascii_digit()).unwrap_or(chars.len());
    let mut end = digits_until(at);
    let mut groups = vec![chars[at..end].iter().collect::<String>()];
    while end + 1 < chars.len() && is_separator(chars[end]) && chars[end + 1].is_ascii_digit() {
        let next = digits_until(end + 1);
        // A blank separates thousands only before exactly three digits; otherwise it separates numbers.
        if chars[end].is_whitespace() && (next - end != 4 || groups[0].len() > 3) {
            break;
        }
        groups.push(chars[end + 1..next].iter().collect());
        end = next;
    }
    let (factor, end) = match chars.get(end) {
        Some('k') => (1_000.0, end + 1),
        Some('m') if chars.get(end + 1).is_none_or(|c| !c.is_alphabetic()) => (1_000_000.0, end + 1),
        _ => (1.0, end),
    };
    let value = if factor > 1.0 && groups.len() == 2 {
        groups.join(".").parse::<f64>().ok()? * factor
    } else if groups[1..].iter().all(|group| group.len() == 3) {
        groups.concat().parse::<f64>().ok()? * factor
    } else {
        return None;
    };
    // Checked to lie within u32, so that the cast keeps the value.
    (value <= f64::from(u32::MAX)).then(|| (value.round() as u32, end))
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | '.' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headcounts() {
        let table = [
            ("200", Some((200, Some(200)))),
            ("about 200", Some((200, Some(200)))),
            ("~200 employees", Some((200, Some(200)))),
            ("environ 90", Some((90, Some(90)))),
            ("1,200", Some((1_200, Some(1_200)))),
            ("1.200 Mitarbeiter", Some((1_200, Some(1_200)))),
            ("1 200", Some((1_200, Some(1_200)))),
            ("1'200", Some((1_200, Some(1_200)))),
            ("1k", Some((1_000, Some(1_000)))),
            ("1.5k", Some((1_500, Some(1_500)))),
            ("250人", Some((250, Some(250)))),
            ("120 salariés", Some((120, Some(120)))),
            ("50-100", Some((50, Some(100)))),
            ("50 – 100 people", Some((50, Some(100)))),
            ("50 to 100", Some((50, Some(100)))),
            ("between 50 and 100 staff", Some((50, Some(100)))),
            ("10k-50k", Some((10_000, Some(50_000)))),
            ("10-50k", Some((10_000, Some(50_000)))),
            ("1,001-5,000 employees", Some((1_001, Some(5_000)))),
            ("1k+", Some((1_000, None))),
            ("10,000+ employees", Some((10_000, None))),
            ("over 500", Some((500, None))),
            ("more than 1.5k people", Some((1_500, None))),
            ("at least 40", Some((40, None))),
            (">1000", Some((1_000, None))),
            ("fewer than 20", Some((1, Some(20)))),
            ("up to 50", Some((1, Some(50)))),
            ("2m", Some((2_000_000, Some(2_000_000)))),
            ("0", Some((0, Some(0)))),
            ("100-50", None),
            ("50 100", Some((50_100, Some(50_100)))),
            ("200 people since 2015", None),
            ("1,2,3", None),
            ("12.5", None),
            ("a dozen", None),
            ("99999999999", None),
            ("-", None),
            ("", None),
        ];
        for (text, expected) in table {
            let found = parse(text).map(|h| (h.at_least, h.at_most));
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
