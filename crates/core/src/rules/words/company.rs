//! Company names as people write them, and how alike two of them are.
//!
//! "The Acme Corp." and "ACME" are one name: case, punctuation, accents, a leading "the" and the legal form say nothing. Spelling
//! slips are forgiven a little; digits are not, since "Area 51" and "Area 52" are two companies.

/// Legal forms, as they read after punctuation is gone; by country, as their company registers write them (November 2026).
const LEGAL_FORMS: &str = "
    inc incorporated corp corporation co company ltd limited llc llp lllp lp plc pllc pc cic cio unlimited
    gmbh ggmbh mbh ag kg kgaa ohg ug ek ev eg gbr partg partgmbb gesmbh haftungsbeschraenkt
    se sce eeig
    sa sas sasu sarl eurl snc sci scop selarl sl slu sll sau srl srls spa sapa sc scrl sprl asbl vzw
    bv bvba nv vof ab as asa ans enk aps ivs oy oyj tmi ehf
    pty pte pvt pteltd private opc bhd sdn kk gk yk
    kft bt zrt nyrt sro spzoo spj doo dd dno jdoo eood ood ead
    lda ltda eireli epp sadecv
    uab sia oue ou tov too ooo oao zao pao jsc pjsc cjsc ojsc
    sti sirketi epe
    fzco fze fzllc dmcc wll bsc kscc saoc saog
    tbk persero ооо оао зао пао ао тов 株式会社 有限会社 有限公司 股份有限公司 주식회사
";
/// Those that keep blanks in a normalised name, because people write them with dots: Sp. z o.o., S.A. de C.V.
const WRITTEN_APART: [&str; 10] = [
    " sp z oo",
    " sp z o o",
    " sa de cv",
    " s de rl de cv",
    " sapi de cv",
    " spol s ro",
    " co ltd",
    " a s",
    " s a",
    " s r o",
];
/// Words that say nothing where they come between others.
const FILLERS: [&str; 20] = [
    "and", "of", "the", "for", "und", "der", "die", "das", "et", "de", "du", "des", "la", "le", "les", "y", "e", "el",
    "da", "do",
];
const WORDS: &str = include_str!("company_words.txt");

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
    let mut text = text.trim_end();
    while let Some(rest) = WRITTEN_APART.iter().find_map(|form| text.strip_suffix(form)).filter(|rest| !rest.is_empty())
    {
        text = rest.trim_end();
    }
    let mut words: Vec<&str> = text.split_whitespace().collect();
    if words.len() > 1 && words[0] == "the" {
        words.remove(0);
    }
    // "and" is what is left of "& Co."; a name that is nothing but legal forms keeps its first word.
    while words.len() > 1 && words.last().is_some_and(|word| is_legal_form(word) || *word == "and") {
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

/// Whether two names that are alike differ in a word, not in a slip of the pen: North and South, Health and Wealth, a word
/// that one of them has in addition.
pub fn differ_by_a_word(one: &str, other: &str) -> bool {
    let (one, other) = (normal(one), normal(other));
    let (mut one, mut other): (Vec<&str>, Vec<&str>) = (one.split(' ').collect(), other.split(' ').collect());
    for list in [&mut one, &mut other] {
        list.retain(|word| !FILLERS.contains(word));
    }
    if one.concat() == other.concat() {
        return false;
    }
    let (only_one, only_other) = apart(&one, &other);
    match (only_one.len(), only_other.len()) {
        (0, 0) => one != other, // the same words in another order
        (0, _) | (_, 0) => true,
        (a, b) if a == b => only_one.iter().zip(&only_other).any(|(one, other)| is_another_word(one, other)),
        _ => is_another_word(&only_one.concat(), &only_other.concat()),
    }
}

/// What is left of both once the words that they share are gone.
fn apart<'a>(one: &[&'a str], other: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut rest = other.to_vec();
    let only_one = one.iter().copied().filter(|word| match rest.iter().position(|candidate| candidate == word) {
        Some(index) => {
            rest.remove(index);
            false
        }
        None => true,
    });
    (only_one.collect(), rest)
}

/// Below this, a word that has one letter for another is another word: Bolt and Bold.
const LETTERS_OF_A_SHORT_WORD: usize = 6;
/// A word may have so many slips of the pen.
const SLIPS: usize = 2;

fn is_another_word(one: &str, other: &str) -> bool {
    let letters = one.chars().count().min(other.chars().count());
    let slips = strsim::damerau_levenshtein(one, other);
    let same_length = one.chars().count() == other.chars().count();
    let transposed = same_length && slips == 1 && strsim::hamming(one, other).is_ok_and(|letters| letters == 2);
    one.chars().next() != other.chars().next()
        || slips > SLIPS.min(letters / 3)
        || (letters < LETTERS_OF_A_SHORT_WORD && same_length && !transposed)
        || both_known(one, other)
}

/// A plural is a slip, not another word.
fn both_known(one: &str, other: &str) -> bool {
    let singular = |word: &str| word.strip_suffix('s').unwrap_or(word).to_owned();
    let known = |word: &str| {
        let mut words = WORDS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
        words.any(|entry| entry == word)
    };
    singular(one) != singular(other) && known(one) && known(other)
}

fn is_legal_form(word: &str) -> bool {
    LEGAL_FORMS.split_whitespace().any(|form| form == word)
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
    fn a_word_that_is_another_word_is_no_slip_of_the_pen() {
        for (one, other) in [
            ("North Shore Logistics Partners", "South Shore Logistics Partners"),
            ("Northwest Regional Medical Center", "Northeast Regional Medical Center"),
            ("Harbor Health Advisors Group", "Harbor Wealth Advisors Group"),
            ("Bolt Industrial Fasteners", "Bold Industrial Fasteners"),
            ("Hale International Paper Mills", "Hale International Power Mills"),
            ("Kessel Marine Outfitters", "Martin Kessel Outfitters"),
            ("Saint Catherine Regional Medical Center", "Saint Catherine Regional Medical Center East"),
            ("Autohaus Nord Schleswig", "Autohaus Nord Schleswig Sued"),
            ("Pinewood Dental Laboratories", "Pinewood Mental Laboratories"),
        ] {
            assert!(differ_by_a_word(one, other) && differ_by_a_word(other, one), "{one} / {other}");
        }
        for (one, other) in [
            ("Northwind Foods", "Northwind Food Inc."),
            ("Halden Maritime", "Haldan Maritime"),
            ("Globex Systems", "Globex Sytsems"),
            ("Acme Software", "Acme Sofware LLC"),
            ("Bank of Lakeside", "Bank Lakeside"),
            ("Data Dog Monitoring", "DataDog Monitoring"),
            ("Kessel Logistik", "Kesel Logistik GmbH"),
            ("Tren Rail Works", "Tern Rail Works"),
        ] {
            assert!(!differ_by_a_word(one, other) && !differ_by_a_word(other, one), "{one} / {other}");
        }
    }

    #[test]
    fn legal_forms_of_many_countries_say_nothing() {
        for name in [
            "Tern S.A. de C.V.",
            "Tern, S. de R.L. de C.V.",
            "Tern UAB",
            "Tern SIA",
            "Tern a.s.",
            "Tern spol. s r.o.",
            "Tern Lda.",
            "Tern A.Ş.",
            "Tern EURL",
            "Tern Co., Ltd.",
            "Tern (Pty) Ltd",
            "Tern Sdn. Bhd.",
            "Tern FZE",
            "Tern ООО",
            "Tern gGmbH",
            "Tern Sp. z o.o.",
            "Tern 株式会社",
        ] {
            assert_eq!(normal(name), "tern", "{name}");
        }
        assert_eq!(normal("S.A."), "sa", "nothing but a legal form keeps its word");
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
