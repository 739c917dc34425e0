//! The line of a file that a fault is about, with a mark below its place.

use baton_core::rules::SourceFile;
use std::collections::BTreeMap;

/// Characters that are shown of a long line.
const SHOWN: usize = 100;
/// Characters that are shown before the place at most.
const BEFORE: usize = 60;

/// The lines of every file, by path: a file of very many faults is split once.
pub struct Lines<'s>(BTreeMap<&'s str, Vec<&'s str>>);

impl<'s> Lines<'s> {
    pub fn of(sources: &'s [SourceFile]) -> Self {
        Self(sources.iter().map(|file| (file.path.as_str(), file.text.lines().collect())).collect())
    }
}

/// Two lines of text; `None` where the file has no such line, or the fault is about the file as a whole.
pub fn excerpt(sources: &Lines<'_>, path: &str, line: u32, column: u32) -> Option<String> {
    let text = sources.0.get(path)?.get(usize::try_from(line).ok()?.checked_sub(1)?)?;
    if (line, column) == (1, 1) || text.trim().is_empty() {
        return None;
    }
    let place = usize::try_from(column).ok()?.saturating_sub(1);
    let skipped = place.saturating_sub(BEFORE);
    let shown: String =
        text.chars().skip(skipped).take(SHOWN).map(|letter| if letter == '\t' { ' ' } else { letter }).collect();
    let begins = if skipped > 0 { "…" } else { "" };
    let ends = if text.chars().count() > skipped + SHOWN { "…" } else { "" };
    let number = format!("{line:>6}");
    let margin = " ".repeat(place - skipped + begins.chars().count());
    Some(format!("{number} | {begins}{shown}{ends}\n{} | {margin}^", " ".repeat(number.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, line: u32, column: u32) -> Option<String> {
        let file = SourceFile { path: "rules/reps.csv".to_owned(), text: text.to_owned() };
        excerpt(&Lines::of(&[file]), "rules/reps.csv", line, column)
    }

    #[test]
    fn the_mark_stands_below_the_place() {
        let told = of("id,name\nänna,Anna\n", 2, 6).expect("the line is there");
        assert_eq!(told, "     2 | änna,Anna\n       |      ^");
        assert_eq!(of("id\n", 1, 1), None, "a fault of the whole file has no place");
        assert_eq!(of("id\n", 7, 1), None);
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let long = format!("id\n{}X{}", "a".repeat(200), "b".repeat(200));
        let told = of(&long, 2, 201).expect("the line is there");
        let (line, mark) = told.split_once('\n').expect("two lines");
        assert!(line.ends_with('…') && line.chars().count() < 115, "{line}");
        let at = mark.chars().position(|letter| letter == '^').expect("a mark");
        assert_eq!(line.chars().nth(at), Some('X'));
    }
}
