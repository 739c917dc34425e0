//! Postal codes and their ranges, as territory sheets write them, in the spelling of `territories.csv`.
//!
//! A range is written out as the fewest beginnings that cover it, or it is refused: never taken for one long code.

use super::BadCell;
use baton_core::rules::words::postal::{beginnings, digits_of, plain};

/// What stands between the ends of a range, the plainest last: it also stands inside of codes (`00-950`).
const BETWEEN: [&str; 7] = ["..", " to ", " bis ", " - ", "\u{2013}", "\u{2014}", "-"];

/// `country` is empty where none or several are named; `told` takes what was mended.
pub(crate) fn postal(country: &str, text: &str, told: &mut Vec<BadCell>) -> Result<String, BadCell> {
    // 941xx and 941* are the beginning 941; a British E1* is more than E1.
    let text = if digits_of(country).is_some() || country.is_empty() {
        text.trim_end_matches(['x', 'X', '*', '%'])
    } else {
        text
    };
    if let Some((low, high)) = ends(country, text) {
        return range(country, low, high, told).ok_or_else(|| {
            let todo = "write out the beginnings that it covers, such as 941;942".to_owned();
            (format!("postal codes {text:?}"), todo)
        });
    }
    one(country, text, told).ok_or_else(|| {
        let of = if country.is_empty() { "its country" } else { country };
        (format!("postal code {text:?}"), format!("write a code of {of}, or the beginning of one"))
    })
}

fn one(country: &str, text: &str, told: &mut Vec<BadCell>) -> Option<String> {
    match beginnings(country, text) {
        Ok(found) => Some(found.join(";")),
        Err(Some(whole)) => {
            told.push((
                format!("postal code {text:?} lost a zero"),
                format!("it was written as {whole}: is that right?"),
            ));
            Some(whole)
        }
        Err(None) => None,
    }
}

/// Both ends of a range; `None` for what is one code.
fn ends<'t>(country: &str, text: &'t str) -> Option<(&'t str, &'t str)> {
    let (between, (low, high)) = BETWEEN.iter().find_map(|sign| Some((*sign, text.split_once(sign)?)))?;
    // 00-001-00-999: the hyphen in the middle.
    let hyphens: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    if let ("-", [_, middle, _]) = (between, &hyphens[..]) {
        return Some((&text[..*middle], &text[middle + 1..]));
    }
    let (a, b) = (plain(low), plain(high));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // A country's letters in front: D-80331.
    let lettered = !a.bytes().any(|byte| byte.is_ascii_digit());
    // The halves of one code: 100-8001, 01310-100, 02139-1234.
    let whole = digits_of(country).map(|(length, _)| if country == "US" { 9 } else { length });
    let halves =
        is_digits(&a) && is_digits(&b) && whole == Some(a.len() + b.len()) && between == "-" && a.len() != b.len();
    (!lettered && !halves).then_some((low.trim(), high.trim()))
}

fn range(country: &str, low: &str, high: &str, told: &mut Vec<BadCell>) -> Option<String> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mut a, mut b) = (plain(low), plain(high));
    if digits_of(country).is_some() {
        // Letters of the country, and the zero of a whole code.
        (a, b) = (one(country, &a, told)?, one(country, &b, told)?);
    }
    if is_digits(&a) && is_digits(&b) {
        let fits = a.len() == b.len() && a.len() <= 9 && a <= b;
        return fits.then(|| prefixes(&a, &b).join(";"));
    }
    districts(&a, &b).or_else(|| canadian(&a, &b))
}

/// `SW1-SW9`, `D01-D24`: the same letters, and numbers that are counted.
fn districts(low: &str, high: &str) -> Option<String> {
    let apart = |text: &str| {
        let at = text.find(|c: char| c.is_ascii_digit())?;
        let (letters, number) = text.split_at(at);
        Some((letters.to_owned(), number.len(), number.parse::<u32>().ok().filter(|number| *number < 1000)?))
    };
    let ((letters, width, from), (others, _, until)) = (apart(low)?, apart(high)?);
    let padded = low[letters.len()..].starts_with('0');
    if letters.is_empty() || letters != others || from > until {
        return None;
    }
    let name = |number: u32| if padded { format!("{letters}{number:0width$}") } else { format!("{letters}{number}") };
    Some((from..=until).map(name).collect::<Vec<_>>().join(";"))
}

/// `M1A-M9Z`: every letter behind each of the numbers.
fn canadian(low: &str, high: &str) -> Option<String> {
    let ([first, from, b'A'], [letter, until, b'Z']) = (low.as_bytes(), high.as_bytes()) else { return None };
    let numbers = from.is_ascii_digit() && until.is_ascii_digit() && from <= until;
    let same = first == letter && first.is_ascii_alphabetic();
    let names = (*from..=*until).map(|number| format!("{}{}", char::from(*first), char::from(number)));
    (numbers && same).then(|| names.collect::<Vec<_>>().join(";"))
}

/// The fewest prefixes that cover the codes from `low` to `high`, both of one length.
fn prefixes(low: &str, high: &str) -> Vec<String> {
    let all = |text: &str, digit: char| text.chars().all(|c| c == digit);
    let common = low.bytes().zip(high.bytes()).take_while(|(a, b)| a == b).count();
    let (head, low_rest, high_rest) = (&low[..common], &low[common..], &high[common..]);
    if all(low_rest, '0') && all(high_rest, '9') {
        return vec![head.to_owned()];
    }
    let (first, last) = (low_rest.as_bytes()[0], high_rest.as_bytes()[0]);
    let rest = low_rest.len() - 1;
    let mut covered = Vec::new();
    for digit in first..=last {
        let head = format!("{head}{}", char::from(digit));
        let low = if digit == first { low_rest[1..].to_owned() } else { "0".repeat(rest) };
        let high = if digit == last { high_rest[1..].to_owned() } else { "9".repeat(rest) };
        covered.extend(prefixes(&format!("{head}{low}"), &format!("{head}{high}")));
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(country: &str, text: &str) -> Result<String, String> {
        postal(country, text, &mut Vec::new()).map_err(|(found, _)| found)
    }

    #[test]
    fn ranges_become_the_fewest_prefixes() {
        assert_eq!(prefixes("94000", "94999"), ["94"]);
        assert_eq!(prefixes("94100", "94299"), ["941", "942"]);
        assert_eq!(prefixes("08998", "09001"), ["08998", "08999", "09000", "09001"]);
        assert_eq!(prefixes("000", "999"), [""]);
    }

    #[test]
    fn ranges_and_codes_with_hyphens_are_told_apart() {
        for (country, text, wanted) in [
            ("GB", "SW1-SW9", "SW1;SW2;SW3;SW4;SW5;SW6;SW7;SW8;SW9"),
            ("IE", "D01-D04", "D01;D02;D03;D04"),
            ("CA", "M1A-M3Z", "M1;M2;M3"),
            ("CZ", "110 00-120 00", "11;12000"),
            ("SE", "111 22 \u{2013} 111 29", "11122;11123;11124;11125;11126;11127;11128;11129"),
            ("TW", "106-107", "106;107"),
            ("PL", "00-950", "00950"),
            (
                "PL",
                "00-001\u{2013}00-999",
                "00001;00002;00003;00004;00005;00006;00007;00008;00009;0001;0002;0003;0004;0005;0006;0007;0008;0009;001;002;003;004;005;006;007;008;009",
            ),
            ("JP", "100-8001", "1008001"),
            ("BR", "01310-100", "01310100"),
            ("PT", "1000-205", "1000205"),
            ("US", "02139-1234", "021391234"),
            ("US", "94100 to 94299", "941;942"),
            ("US", "941xx", "941"),
            ("NL", "1000-1099", "10"),
            ("NL", "1011 AB", "1011AB"),
            ("DE", "D-80331", "80331"),
            ("DE", "80333-80335", "80333;80334;80335"),
        ] {
            assert_eq!(read(country, text).as_deref(), Ok(wanted), "{text} in {country}");
        }
        for (country, text) in
            [("GB", "SW9-SW1"), ("CA", "M1B-M9Z"), ("US", "94299-94100"), ("GB", "SW1-W9"), ("DE", "803311")]
        {
            assert!(read(country, text).is_err(), "{text} in {country}");
        }
    }

    #[test]
    fn a_lost_zero_is_put_back_and_told() {
        let mut told = Vec::new();
        assert_eq!(postal("US", "2139", &mut told).as_deref(), Ok("02139"));
        assert_eq!(told[0].0, "postal code \"2139\" lost a zero");
        assert_eq!(postal("DE", "1067", &mut told).as_deref(), Ok("01067"));
        assert_eq!(postal("AU", "800", &mut told).as_deref(), Ok("0800"));
    }
}
