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
const WORDS: &str = include_str!("company/words.txt");

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
mod tests;
