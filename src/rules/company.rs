//! Company names as people write them, and how alike two of them are.
//!
//! "The Acme Corp." and "ACME" are one name: case, punctuation, accents, a leading "the" and the legal form say nothing. Spelling
//! slips are forgiven a little; digits are not, since "Area 51" and "Area 52" are two companies.

/// Legal forms, as they read after punctuation is gone.
const LEGAL_FORMS: [&str; 59] = [
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "co",
    "company",
    "ltd",
    "limited",
    "llc",
    "llp",
    "lp",
    "plc",
    "pllc",
    "gmbh",
    "mbh",
    "ag",
    "kg",
    "kgaa",
    "ohg",
    "ug",
    "ek",
    "ev",
    "eg",
    "se",
    "sa",
    "sas",
    "sasu",
    "sarl",
    "sl",
    "slu",
    "srl",
    "spa",
    "bv",
    "nv",
    "vof",
    "ab",
    "as",
    "asa",
    "aps",
    "oy",
    "oyj",
    "pty",
    "pte",
    "pvt",
    "private",
    "kk",
    "kft",
    "zrt",
    "nyrt",
    "sro",
    "spzoo",
    "doo",
    "dd",
    "eood",
    "ood",
    "sdn",
    "bhd",
    "ltda",
    "haftungsbeschraenkt",
];

/// Case, punctuation, accents, a leading "the" and legal forms at the end are gone; words are apart by one blank.
pub fn normal(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => text.push_str(letters),
            // S.A. is SA, and O'Neil is ONeil.
            None if matches!(c, '.' | '\'' | '’' | '`' | '\u{301}' | '\u{308}') => {}
            None if matches!(c, '&' | '+') => text.push_str(" and "),
            None if c.is_alphanumeric() => text.push(c),
            None => text.push(' '),
        }
    }
    // The one legal form of several words: Sp. z o.o.
    let text = text.trim_end().trim_end_matches(" sp z oo");
    let mut words: Vec<&str> = text.split_whitespace().collect();
    if words.len() > 1 && words[0] == "the" {
        words.remove(0);
    }
    // "and" is what is left of "& Co."; a name that is nothing but legal forms keeps its first word.
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL_FORMS.contains(word) || *word == "and") {
        words.pop();
    }
    words.join(" ")
}

/// 0 to 1000: 1000 if they are one name after [`normal`], otherwise by the slips of the pen between them. 0 if either is
/// empty or their digits differ.
pub fn alike_permille(one: &str, other: &str) -> u16 {
    let (one, other) = (normal(one), normal(other));
    if one.is_empty() || other.is_empty() || digits(&one) != digits(&other) {
        return 0;
    }
    let (solid_one, solid_other) = (one.replace(' ', ""), other.replace(' ', ""));
    if solid_one == solid_other {
        return 1000;
    }
    let apart = strsim::normalized_damerau_levenshtein(&one, &other);
    let solid = strsim::normalized_damerau_levenshtein(&solid_one, &solid_other);
    // Below 1000: whatever is not one name stays short of an exact key.
    ((apart.max(solid) * 1000.0) as u16).min(999)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A letter without its accent, as it is written where keyboards have none; `None` for all others.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'å' | 'à' | 'á' | 'â' | 'ã' | 'ą' | 'ă' => "a",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ț' | 'ţ' => "t",
        'ù' | 'ú' | 'û' | 'ű' | 'ů' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_name_in_many_spellings() {
        for (one, other) in [
            ("Acme", "ACME, Inc."),
            ("The Acme Corporation", "Acme Corp"),
            ("Müller Maschinenbau GmbH & Co. KG", "Mueller Maschinenbau"),
            ("Société Générale S.A.", "Societe Generale"),
            ("O'Neil Pty Ltd", "ONeil"),
            ("Johnson & Johnson", "Johnson and Johnson Inc"),
            ("Data Dog", "DataDog B.V."),
            ("Kaffee-Rösterei Huber UG (haftungsbeschränkt)", "Kaffee Rösterei Huber"),
            ("Łódź Stal Sp. z o.o.", "Lodz Stal"),
            ("AG", "AG"),
        ] {
            assert_eq!(alike_permille(one, other), 1000, "{} / {}", normal(one), normal(other));
        }
    }

    #[test]
    fn slips_of_the_pen_count_little_in_long_names() {
        for (one, other) in [
            ("Northwind Foods", "Northwind Food"),
            ("Halden Maritime", "Haldan Maritime"),
            ("Globex Systems", "Globex Sytsems"),
        ] {
            assert!(
                (900..1000).contains(&alike_permille(one, other)),
                "{one} / {other}: {}",
                alike_permille(one, other)
            );
        }
    }

    #[test]
    fn other_companies_are_other_companies() {
        for (one, other) in [
            ("Acme", "Acne"),
            ("International Paper", "International Power"),
            ("Northwind Foods", "Northwind Trading"),
            ("Area 51 Labs", "Area 52 Labs"),
            ("3M", "4M"),
            ("First National Bank", "First Regional Bank"),
            ("", "Acme"),
            ("...", "..."),
        ] {
            assert!(alike_permille(one, other) < 900, "{one} / {other}: {}", alike_permille(one, other));
        }
    }

    proptest! {
        #[test]
        fn likeness_does_not_depend_on_the_order(one in "[a-zA-Zäß0-9 &.]{0,24}", other in "[a-zA-Zäß0-9 &.]{0,24}") {
            prop_assert_eq!(alike_permille(&one, &other), alike_permille(&other, &one));
        }

        #[test]
        fn any_text_is_borne(name in any::<String>()) {
            let once = normal(&name);
            prop_assert!(!once.starts_with(' ') && !once.contains("  "));
        }
    }
}
