//! What is wrong with the rule files: where, what was found, what is allowed, and how to mend it.

pub mod codes;
mod faults;

pub use faults::Faults;

use crate::rules::model::witness::Witness;
use std::fmt;

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub path: &'static str,
    pub line: u32,
    pub column: u32,
}

impl At {
    pub fn start_of(path: &'static str) -> Self {
        Self { path, line: 1, column: 1 }
    }
}

/// A word as somebody wrote it, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The rules do not load.
    Error,
    /// They load, and probably do not do what was meant.
    Warning,
    /// They may well be meant; whoever wrote them should know.
    Info,
}

impl Level {
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub level: Level,
    /// Stable name of the kind of fault, such as `territory-unknown-country`.
    pub code: &'static str,
    pub path: String,
    pub line: u32,
    pub column: u32,
    pub found: String,
    pub allowed: String,
    pub hint: Option<String>,
    /// A lead that shows it.
    pub witness: Option<Witness>,
}

impl Fault {
    /// All but its place, level and code.
    pub fn message(&self) -> String {
        let mut message = format!("found {}; allowed: {}", self.found, self.allowed);
        message.extend(self.hint.iter().map(|hint| format!("; hint: {hint}")));
        message.extend(self.witness.iter().map(|witness| format!("; {witness}")));
        message
    }

    /// Adds a lead that shows it.
    pub fn example(&mut self, witness: Witness) -> &mut Self {
        self.witness = Some(witness);
        self
    }

    /// Adds how to mend it, if that is known.
    pub fn hint(&mut self, hint: Option<String>) {
        self.hint = hint;
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level.as_str();
        let Self { code, path, line, column, .. } = self;
        write!(f, "{path}:{line}:{column} {level} {code}: {}", self.message())
    }
}

/// Longest piece of a file that is repeated in a message, in characters.
const FOUND_LENGTH: usize = 60;
/// Most names that are listed in a message.
const NAMES_LISTED: usize = 12;

/// The text in quotes, cut if it is long.
pub fn quoted(text: &str) -> String {
    if text.chars().count() <= FOUND_LENGTH {
        return format!("\"{text}\"");
    }
    let start: String = text.chars().take(FOUND_LENGTH).collect();
    format!("\"{start}…\"")
}

/// `a, b, c`, or the first of them and how many there are.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return "(there is none)".to_owned();
    }
    if names.len() <= NAMES_LISTED {
        return names.join(", ");
    }
    format!("{} … ({} in all)", names[..NAMES_LISTED].join(", "), names.len())
}

/// Longer than any name that could be misspelt: what is longer is not compared.
const LONGEST_NAME: usize = 64;

/// `did you mean "Software"?` if one of the names is close to what was found.
pub fn did_you_mean<'a>(found: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let name = nearest(found, names)?;
    Some(if opposite(found, name) {
        format!("\"{name}\" says the opposite: write it only with what it then should be")
    } else {
        format!("did you mean \"{name}\"?")
    })
}

/// Words that are near in letters and turn what is said round.
const OPPOSITES: [(&str, &str); 9] = [
    ("after", "before"),
    ("least", "most"),
    ("min", "max"),
    ("from", "until"),
    ("in", "out"),
    ("on", "off"),
    ("with", "without"),
    ("include", "exclude"),
    ("known", "unknown"),
];

fn opposite(found: &str, name: &str) -> bool {
    let (found, name) = (found.to_lowercase(), name.to_lowercase());
    let (found, name): (Vec<&str>, Vec<&str>) = (found.split(['_', '-']).collect(), name.split(['_', '-']).collect());
    found.len() == name.len()
        && found.iter().zip(&name).any(|(a, b)| OPPOSITES.contains(&(a, b)) || OPPOSITES.contains(&(b, a)))
}

/// The name that is fewest slips of the pen away: one slip in short words, a third of the letters in long ones.
pub fn nearest<'a>(found: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.trim().to_lowercase();
    let length = found.chars().count();
    if length > LONGEST_NAME {
        return None;
    }
    let slips = (length / 3).max(1);
    names
        // Each slip adds or takes away one letter at most: most names need no comparing.
        .filter(|name| name.chars().count().abs_diff(length) <= slips)
        .map(|name| (strsim::damerau_levenshtein(&found, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_one_line() {
        let mut faults = Faults::default();
        let at = At { path: "rules/reps.csv", line: 4, column: 12 };
        faults
            .error("rep-bad-phone", at, quoted("12345"), "E.164 such as +14155550142")
            .hint(Some("write the country code".into()));
        assert_eq!(
            faults.into_sorted()[0].to_string(),
            "rules/reps.csv:4:12 error rep-bad-phone: found \"12345\"; allowed: E.164 such as +14155550142; \
             hint: write the country code"
        );
    }

    #[test]
    fn the_nearest_name_is_hinted_and_a_far_one_is_not() {
        let names = ["Software", "Retail", "UKI"];
        assert_eq!(nearest("Sofware", names.into_iter()), Some("Software"));
        assert_eq!(nearest("software", names.into_iter()), Some("Software"));
        assert_eq!(nearest("UK", names.into_iter()), Some("UKI"));
        assert_eq!(nearest("Mining", names.into_iter()), None);
        assert_eq!(nearest(&"x".repeat(1000), ["x"].into_iter()), None, "what is too long is not compared");
    }

    #[test]
    fn the_opposite_of_what_was_written_is_no_remedy() {
        let hint = |found: &str, name: &'static str| did_you_mean(found, [name].into_iter());
        for (found, name) in [
            ("escalate_after", "escalate_before"),
            ("ring_at_least", "ring_at_most"),
            ("remind_after", "remind_before"),
        ] {
            let told = hint(found, name).unwrap_or_default();
            assert!(!told.contains("did you mean"), "{found}: {told}");
        }
        assert_eq!(hint("escalate_befor", "escalate_before").as_deref(), Some("did you mean \"escalate_before\"?"));
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert!(listed(names.iter().map(String::as_str)).ends_with("11 … (20 in all)"));
        assert_eq!(listed(std::iter::empty()), "(there is none)");
    }
}
