//! Postal codes as each country writes them: one reader for leads, territories and imports.
//!
//! The form is upper case without blanks and hyphens: `SW1A1AA`, `94105`, `1008001`. Where the country is known, its letters
//! and signs in front go (`F-75008`, `〒100-8001`), a zero that a spreadsheet ate is put back (2139 in the United States), and a
//! code of a length that the country does not have is none.
//!
//! Lengths: Universal Postal Union, addressing sheets by country, as of November 2026. A country that is not here is not
//! judged.

use crate::rules::words::phone::ascii;
use crate::rules::words::place;

/// Digits of a code, and whether codes of the country may begin with a zero.
#[rustfmt::skip]
const DIGITS: [(&str, usize, bool); 67] = [
    ("US", 5, true), ("PR", 5, true), ("DE", 5, true), ("FR", 5, true), ("IT", 5, true), ("ES", 5, true), ("FI", 5, true), ("TR", 5, true),
    ("MX", 5, true), ("KR", 5, true), ("UA", 5, true), ("MY", 5, true), ("PL", 5, true), ("LT", 5, true), ("EE", 5, false),
    ("GR", 5, false), ("SE", 5, false), ("CZ", 5, false), ("SK", 5, true), ("HR", 5, false), ("TH", 5, false), ("ID", 5, false),
    ("SA", 5, false), ("EG", 5, false), ("MA", 5, false), ("VN", 5, false), ("RS", 5, false), ("PK", 5, false), ("LK", 5, true),
    ("UY", 5, false), ("PE", 5, true), ("CR", 5, false), ("BA", 5, false), ("ME", 5, false), ("JO", 5, false), ("KE", 5, true),
    ("AT", 4, false), ("CH", 4, false), ("BE", 4, false), ("LU", 4, false), ("LI", 4, false), ("DK", 4, true), ("NO", 4, true), ("HU", 4, false),
    ("BG", 4, false), ("SI", 4, false), ("LV", 4, false), ("CY", 4, false), ("AU", 4, true), ("NZ", 4, true), ("ZA", 4, true),
    ("PH", 4, true), ("BD", 4, false), ("TN", 4, false), ("GE", 4, true), ("MK", 4, false), ("AL", 4, false),
    ("CN", 6, true), ("IN", 6, false), ("SG", 6, true), ("RU", 6, false), ("RO", 6, true), ("KZ", 6, true), ("CO", 6, true),
    ("JP", 7, true), ("BR", 8, true), ("PT", 7, false),
];

/// What people write before the digits apart from the alpha-2 and alpha-3 codes: the letters on cars.
#[rustfmt::skip]
const LETTERS: [(&str, &str); 14] = [
    ("DE", "D"), ("FR", "F"), ("AT", "A"), ("BE", "B"), ("IT", "I"), ("ES", "E"), ("PT", "P"), ("SE", "S"), ("NO", "N"),
    ("LU", "L"), ("HU", "H"), ("FI", "FIN"), ("LI", "FL"), ("SI", "SLO"),
];

/// Upper case, no blanks, no hyphens, nothing that stands before a code in every country.
pub fn plain(text: &str) -> String {
    let kept = text.chars().map(ascii).filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | '\u{3012}'));
    kept.flat_map(char::to_uppercase).collect()
}

/// The code that somebody gave as theirs, complete; `None` is unknown. Two to twelve letters and digits.
pub fn read(country: Option<&str>, text: &str) -> Option<String> {
    let code = plain(text);
    let shaped = (2..=12).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !shaped || !code.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let Some(country) = country else { return Some(code) };
    match digits_of(country) {
        Some((length, zeros)) => complete(country, &bare(country, &code)?, length, zeros),
        None => letters_and_digits(country, &code).then_some(code),
    }
}

/// How many digits the codes of a country have, and whether they may begin with a zero.
pub fn digits_of(country: &str) -> Option<(usize, bool)> {
    DIGITS.iter().find(|(code, ..)| *code == country).map(|(_, length, zeros)| (*length, *zeros))
}

/// The digits alone, without the letters of the country; `None` if there is anything else.
fn bare(country: &str, code: &str) -> Option<String> {
    let at = code.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = code.split_at(at);
    let on_cars = LETTERS.iter().any(|(of, sign)| *of == country && *sign == letters);
    let fine = letters.is_empty() || on_cars || place::country(letters) == Some(country);
    (fine && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.to_owned())
}

/// The digits with the zero that was lost; `None` for a length that the country does not have.
fn complete(country: &str, digits: &str, length: usize, zeros: bool) -> Option<String> {
    let extended = match country {
        "US" | "PR" => 9,
        // Portugal's first four digits, and Taiwan's first three, are in use alone.
        "PT" => 4,
        _ => length,
    };
    if digits.len() == length || digits.len() == extended {
        return Some(digits.to_owned());
    }
    let lost_one = zeros && (digits.len() + 1 == length || digits.len() + 1 == extended);
    // Puerto Rico, and one town in New York, begin with two.
    let lost_two = matches!(country, "US" | "PR") && digits.len() == 3 && digits.as_bytes()[0] >= b'5';
    match (lost_one, lost_two) {
        (true, _) => Some(format!("0{digits}")),
        (false, true) => Some(format!("00{digits}")),
        (false, false) => None,
    }
}

/// Codes that mix letters and digits; countries without an entry have whatever they write.
fn letters_and_digits(country: &str, code: &str) -> bool {
    let shape: String = code.chars().map(|c| if c.is_ascii_digit() { '9' } else { 'A' }).collect();
    match country {
        "NL" => ["9999", "9999AA"].contains(&shape.as_str()),
        "CA" => ["A9A", "A9A9A9"].contains(&shape.as_str()),
        "GB" => shape.starts_with('A') && (2..=7).contains(&code.len()),
        "IE" => shape.starts_with('A') && [3, 7].contains(&code.len()),
        "TW" => !shape.contains('A') && [3, 5, 6].contains(&code.len()),
        "IL" => !shape.contains('A') && [5, 7].contains(&code.len()),
        _ => true,
    }
}

/// What a word of a table stands for: a code, or the beginning of one. In Britain `E1*` is E1 and E10 to E19, since `E1` alone is
/// that district, see [`takes`].
///
/// # Errors
/// It is no beginning of a code of the country, or a zero is missing in front: then what was probably meant.
pub fn beginnings(country: &str, text: &str) -> Result<Vec<String>, Option<String>> {
    let open = text.trim_end().ends_with('*');
    let code = plain(text.trim_end_matches('*'));
    if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(None);
    }
    let Some((length, zeros)) = digits_of(country) else {
        return Ok(if open && country == "GB" { districts(&code) } else { vec![code] });
    };
    let digits = bare(country, &code).ok_or(None)?;
    let longest = if matches!(country, "US" | "PR") { 9 } else { length };
    if digits.len() > longest {
        return Err(None);
    }
    // A beginning that is one digit short of a whole code is that code without its zero: nobody cuts the last digit alone.
    if zeros && digits.len() + 1 == length && !digits.starts_with('0') && !open {
        return Err(Some(format!("0{digits}")));
    }
    Ok(vec![digits])
}

/// Everything in Britain that begins with these letters and digits.
fn districts(beginning: &str) -> Vec<String> {
    let longer =
        |signs: std::ops::RangeInclusive<char>| signs.map(|sign| format!("{beginning}{sign}")).collect::<Vec<_>>();
    let rest = match beginning.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => longer('A'..='Z'),
        [.., before, digit] if before.is_ascii_alphabetic() && digit.is_ascii_digit() => longer('0'..='9'),
        _ => Vec::new(),
    };
    std::iter::once(beginning.to_owned()).chain(rest).collect()
}

/// The outward code of a British postal code, complete (`E145AB`) or not (`E14`).
pub fn outcode(code: &str) -> &str {
    let inward = code.len().checked_sub(3).filter(|at| *at >= 2 && code.is_char_boundary(*at));
    let is_whole = |at: usize| {
        let inward = &code.as_bytes()[at..];
        inward[0].is_ascii_digit() && inward[1..].iter().all(u8::is_ascii_alphabetic)
    };
    inward.filter(|at| is_whole(*at)).map_or(code, |at| &code[..at])
}

/// Whether a beginning written in a table takes this code. In Britain `E1` takes E1 and E1W, and leaves E14 alone.
pub fn takes(country: Option<&str>, beginning: &str, code: &str) -> bool {
    let Some(rest) = code.strip_prefix(beginning) else { return false };
    if country != Some("GB") || beginning.len() >= outcode(code).len() {
        return true;
    }
    let next_is_digit = rest.starts_with(|c: char| c.is_ascii_digit());
    // An area (`E`) goes on with a digit, a district (`E1`) with none.
    beginning.ends_with(|c: char| c.is_ascii_digit()) != next_is_digit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_their_country_writes_them() {
        let table = [
            (Some("US"), "02139", Some("02139")),
            (Some("US"), "2139", Some("02139")),
            (Some("US"), "02139-1234", Some("021391234")),
            (Some("US"), "2139-1234", Some("021391234")),
            (Some("US"), "601", Some("00601")),
            (Some("US"), "941052", None),
            (Some("US"), "SW1A 1AA", None),
            (Some("DE"), "D-70173", Some("70173")),
            (Some("DE"), "DE 1067", Some("01067")),
            (Some("FR"), "F-75008", Some("75008")),
            (Some("FR"), "6000", Some("06000")),
            (Some("AT"), "A-1010", Some("1010")),
            (Some("CH"), "CH-8001", Some("8001")),
            (Some("CH"), "80011", None),
            (Some("JP"), "〒100-8001", Some("1008001")),
            (Some("JP"), "１００－８００１", Some("1008001")),
            (Some("PL"), "00-950", Some("00950")),
            (Some("SE"), "S-111 22", Some("11122")),
            (Some("NO"), "150", Some("0150")),
            (Some("NL"), "1011 ab", Some("1011AB")),
            (Some("NL"), "101", None),
            (Some("GB"), "sw1a 1aa", Some("SW1A1AA")),
            (Some("GB"), "E14", Some("E14")),
            (Some("CA"), "m5v 3l9", Some("M5V3L9")),
            (Some("PT"), "1000-205", Some("1000205")),
            (Some("HK"), "999077", Some("999077")),
            (None, "94105", Some("94105")),
            (None, "downtown", None),
            (None, "7", None),
            (None, "", None),
        ];
        for (country, text, expected) in table {
            assert_eq!(read(country, text).as_deref(), expected, "{text:?} in {country:?}");
        }
    }

    #[test]
    fn a_district_does_not_take_its_longer_neighbours() {
        let table = [
            ("E1", "E16AN", true),
            ("E1", "E1W1AA", true),
            ("E1", "E145AB", false),
            ("E1", "E14", false),
            ("E", "E145AB", true),
            ("E", "EC1A1BB", false),
            ("EC1", "EC1A1BB", true),
            ("SW1A", "SW1A1AA", true),
            ("SW1A1", "SW1A1AA", true),
            ("M1", "M11AE", true),
            ("M1", "M114AA", false),
        ];
        for (beginning, code, expected) in table {
            assert_eq!(takes(Some("GB"), beginning, code), expected, "{beginning} and {code}");
        }
        assert!(takes(Some("US"), "94", "94105"));
        let open = beginnings("GB", "E*").expect("an area");
        for code in ["E145AB", "EC1A1BB", "EX11AA"] {
            assert!(open.iter().any(|beginning| takes(Some("GB"), beginning, code)), "{code}");
        }
        let tens = beginnings("GB", "e1*").expect("districts");
        assert!(tens.iter().any(|beginning| takes(Some("GB"), beginning, "E145AB")));
        assert!(!tens.iter().any(|beginning| takes(Some("GB"), beginning, "E25AB")));
    }

    #[test]
    fn a_beginning_that_lost_its_zero_is_told_with_it() {
        let beginning = |country, text| beginnings(country, text).map(|found| found.join(";"));
        assert_eq!(beginning("US", "2139"), Err(Some("02139".to_owned())));
        assert_eq!(beginning("DE", "1067"), Err(Some("01067".to_owned())));
        assert_eq!(beginning("NO", "150"), Err(Some("0150".to_owned())));
        assert_eq!(beginning("US", "941").as_deref(), Ok("941"));
        assert_eq!(beginning("US", "9410*").as_deref(), Ok("9410"));
        assert_eq!(beginning("US", "0213").as_deref(), Ok("0213"));
        assert_eq!(beginning("DE", "D-80331").as_deref(), Ok("80331"));
        assert_eq!(beginning("CH", "800").as_deref(), Ok("800"));
        assert_eq!(beginning("CH", "80012"), Err(None));
        assert_eq!(beginning("US", "02139-1234").as_deref(), Ok("021391234"));
        assert_eq!(beginning("US", "94000..94999"), Err(None));
    }
}
