//! The language a caller speaks, as a primary tag.

use super::place::fold;

/// Primary tag, ISO 639-2 codes, English name and what the language calls itself, folded. The languages in which leads are
/// qualified in practice; one that is missing here is unknown, since a wrong guess would send the caller to a rep who
/// does not understand them.
const LANGUAGES: [(&str, &[&str]); 52] = [
    ("af", &["afr", "afrikaans"]),
    ("ar", &["ara", "arabic", "العربية"]),
    ("bg", &["bul", "bulgarian"]),
    ("bn", &["ben", "bengali", "bangla"]),
    ("ca", &["cat", "catalan", "catala"]),
    ("cs", &["ces", "cze", "czech", "cestina"]),
    ("cy", &["cym", "wel", "welsh"]),
    ("da", &["dan", "danish", "dansk"]),
    ("de", &["deu", "ger", "german", "deutsch", "swiss german"]),
    ("el", &["ell", "gre", "greek", "ελληνικα"]),
    ("en", &["eng", "english", "american english", "british english"]),
    ("es", &["spa", "spanish", "espanol", "castilian", "castellano"]),
    ("et", &["est", "estonian"]),
    ("fa", &["fas", "per", "persian", "farsi"]),
    ("fi", &["fin", "finnish", "suomi"]),
    ("fr", &["fra", "fre", "french", "francais"]),
    ("ga", &["gle", "irish"]),
    ("gu", &["guj", "gujarati"]),
    ("he", &["heb", "hebrew", "iw"]),
    ("hi", &["hin", "hindi"]),
    ("hr", &["hrv", "croatian", "hrvatski"]),
    ("hu", &["hun", "hungarian", "magyar"]),
    ("id", &["ind", "indonesian", "bahasa indonesia"]),
    ("is", &["isl", "ice", "icelandic", "islenska"]),
    ("it", &["ita", "italian", "italiano"]),
    ("ja", &["jpn", "japanese", "日本語"]),
    ("kn", &["kan", "kannada"]),
    ("ko", &["kor", "korean", "한국어"]),
    ("lt", &["lit", "lithuanian"]),
    ("lv", &["lav", "latvian"]),
    ("ml", &["mal", "malayalam"]),
    ("mr", &["mar", "marathi"]),
    ("ms", &["msa", "may", "malay", "bahasa melayu"]),
    ("nl", &["nld", "dut", "dutch", "nederlands", "flemish"]),
    ("no", &["nor", "norwegian", "norsk", "nb", "nn", "nob", "nno"]),
    ("pa", &["pan", "punjabi"]),
    ("pl", &["pol", "polish", "polski"]),
    ("pt", &["por", "portuguese", "portugues", "brazilian portuguese"]),
    ("ro", &["ron", "rum", "romanian"]),
    ("ru", &["rus", "russian", "русский"]),
    ("sk", &["slk", "slo", "slovak"]),
    ("sl", &["slv", "slovenian", "slovene"]),
    ("sr", &["srp", "serbian"]),
    ("sv", &["swe", "swedish", "svenska"]),
    ("sw", &["swa", "swahili"]),
    ("ta", &["tam", "tamil"]),
    ("te", &["tel", "telugu"]),
    ("th", &["tha", "thai"]),
    ("tr", &["tur", "turkish", "turkce"]),
    ("uk", &["ukr", "ukrainian"]),
    ("vi", &["vie", "vietnamese", "tieng viet"]),
    ("zh", &["zho", "chi", "cmn", "yue", "chinese", "mandarin", "cantonese", "中文"]),
];

/// The primary tag of `en-US`, `pt_BR`, `deu`, `German` or `Español`.
pub fn parse(text: &str) -> Option<&'static str> {
    let folded = fold(text);
    find(&folded).or_else(|| {
        // `fold` made blanks of the separators of a tag: `zh-Hant-TW` is now `zh hant tw`.
        let is_tag = !text.trim().contains(char::is_whitespace) && text.contains(['-', '_']);
        if is_tag { find(folded.split(' ').next()?) } else { None }
    })
}

/// How to write a language that somebody wrote as a name: `write "en" for English`.
pub fn hint(text: &str) -> Option<String> {
    let tag = parse(text)?;
    (tag != text.trim().to_lowercase()).then(|| format!("write \"{tag}\" for {}", text.trim()))
}

fn find(name: &str) -> Option<&'static str> {
    LANGUAGES.iter().find(|(tag, names)| *tag == name || names.contains(&name)).map(|(tag, _)| *tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_from_tags_and_names() {
        let table = [
            ("en", Some("en")),
            ("en-US", Some("en")),
            ("de_AT", Some("de")),
            ("zh-Hant-TW", Some("zh")),
            ("deu", Some("de")),
            ("German", Some("de")),
            ("Español", Some("es")),
            ("nb-NO", Some("no")),
            ("日本語", Some("ja")),
            ("Klingon", None),
            ("english please", None),
            ("xx-YY", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_name_is_met_with_its_tag() {
        assert_eq!(hint("German").as_deref(), Some("write \"de\" for German"));
        assert_eq!(hint("EN"), None, "it is one already");
        assert_eq!(hint("Klingon"), None);
    }

    #[test]
    fn names_are_written_folded_and_name_one_language() {
        let mut seen = std::collections::BTreeSet::new();
        for (tag, names) in LANGUAGES {
            assert!(seen.insert(tag), "{tag} twice");
            for name in names {
                assert_eq!(fold(name), *name);
                assert!(seen.insert(name), "{name} twice");
            }
        }
    }
}
