//! How long a file, how full a folder and how long a function may be, so that each can be read at one go.
//!
//! Files are read as text. A function ends with the brace that stands under its `fn`, where `rustfmt` puts it.

use super::none;
use super::text::blank;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

const FILE_LINES: usize = 400;
const FOLDER_ENTRIES: usize = 20;
const FUNCTION_LINES: usize = 75;
/// What nine in ten files of the program stay within.
const MOST_FILES_LINES: usize = 250;

/// Folders that may be fuller, with all that is in them, and why.
const FULLER: [(&str, &str); 5] = [
    ("", "tools look for their files at the root, and so do readers"),
    ("fixtures", "samples of one kind stand side by side, each named after what it shows"),
    ("fuzz/seeds", "so do seeds"),
    ("migrations", "an applied one is never moved"),
    ("templates/caller", "the names are those under which people write words of their own"),
];

/// Made by tools, here or there.
const NOT_OURS: [&str; 3] = ["target", "corpus", "node_modules"];

/// By path with slashes: how many entries each folder has, and the text of each Rust file.
#[derive(Default)]
struct Tree {
    folders: BTreeMap<String, usize>,
    files: BTreeMap<String, String>,
}

fn tree() -> &'static Tree {
    static TREE: LazyLock<Tree> = LazyLock::new(|| {
        let mut tree = Tree::default();
        tree.read(Path::new(env!("CARGO_MANIFEST_DIR")), "");
        tree
    });
    &TREE
}

impl Tree {
    fn read(&mut self, folder: &Path, path: &str) {
        let mut entries = 0;
        for entry in fs::read_dir(folder).expect("a folder of the tree") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || NOT_OURS.contains(&name.as_str()) {
                continue;
            }
            entries += 1;
            let inside = if path.is_empty() { name } else { format!("{path}/{name}") };
            if entry.file_type().expect("what it is").is_dir() {
                self.read(&entry.path(), &inside);
            } else if inside.ends_with(".rs") {
                self.files.insert(inside, fs::read_to_string(entry.path()).expect("UTF-8 source"));
            }
        }
        self.folders.insert(path.to_owned(), entries);
    }
}

// ---- the checks on this tree ---------------------------------------------------------------------------------------

#[test]
fn no_file_is_longer_than_one_reads() {
    none(long_files(&tree().files));
}

#[test]
fn most_files_are_short() {
    none(longer_as_a_rule(&tree().files));
}

#[test]
fn no_folder_is_fuller_than_one_sees() {
    none(full_folders(&tree().folders));
}

#[test]
fn no_function_is_longer_than_one_page() {
    none(tree().files.iter().flat_map(|(path, text)| long_functions(path, text)));
}

// ---- the checks as functions of source text ------------------------------------------------------------------------

fn long_files(files: &BTreeMap<String, String>) -> Vec<String> {
    let sized = files.iter().map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > FILE_LINES);
    sized
        .map(|(path, lines)| format!("{path}: {lines} lines, of {FILE_LINES} at most: take a part of it out"))
        .collect()
}

fn longer_as_a_rule(files: &BTreeMap<String, String>) -> Option<String> {
    let of_program = files.iter().filter(|(path, _)| path.starts_with("src/") || path.starts_with("crates/"));
    let mut lines: Vec<usize> = of_program.map(|(_, text)| text.lines().count()).collect();
    lines.sort_unstable();
    let nine_in_ten = *lines.get(lines.len() * 9 / 10)?;
    (nine_in_ten > MOST_FILES_LINES).then(|| {
        format!("one in ten files of src and crates has {nine_in_ten} lines or more, of {MOST_FILES_LINES} at most: split some")
    })
}

fn full_folders(folders: &BTreeMap<String, usize>) -> Vec<String> {
    let full = || folders.iter().filter(|(_, entries)| **entries > FOLDER_ENTRIES);
    let excepts = |fuller: &str, path: &str| {
        path.strip_prefix(fuller).is_some_and(|rest| rest.is_empty() || !fuller.is_empty() && rest.starts_with('/'))
    };
    let told = full().filter(|(path, _)| !FULLER.iter().any(|(fuller, _)| excepts(fuller, path.as_str())));
    let told = told.map(|(path, entries)| {
        format!("{path}/: {entries} entries, of {FOLDER_ENTRIES} at most: give those that belong together a folder of their own")
    });
    let idle = FULLER.iter().filter(|(fuller, _)| !full().any(|(path, _)| excepts(fuller, path.as_str())));
    let idle = idle.map(|(fuller, _)| {
        format!("{fuller:?} is in FULLER (tests/architecture/size.rs), and nothing there is too full: remove it")
    });
    told.chain(idle).collect()
}

fn long_functions(path: &str, text: &str) -> Vec<String> {
    let (code, _) = blank(text);
    let long = functions(&code).into_iter().filter(|(.., lines)| *lines > FUNCTION_LINES);
    long.map(|(line, name, lines)| {
        format!(
            "{path}:{line}: {name} has {lines} lines, of {FUNCTION_LINES} at most: name a part of it and take it out"
        )
    })
    .collect()
}

/// Line, name and length of each function that has a body.
fn functions(code: &str) -> Vec<(usize, &str, usize)> {
    let lines: Vec<&str> = code.lines().map(str::trim_end).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().copied().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        found.extend(length(&lines[at..], indent).map(|length| (at + 1, name, length)));
    }
    found
}

/// `None`: no function begins in this line.
fn function_name(line: &str) -> Option<&str> {
    const BEFORE: [&str; 5] = ["", "async", "const", "default", "unsafe"];
    let (before, after) = line.trim_start().split_once("fn ")?;
    let is_head = |word: &str| word.starts_with("pub") || word.ends_with(')') || BEFORE.contains(&word);
    let name = after.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty());
    name.filter(|_| before.split(' ').all(is_head))
}

/// From the line of `fn` to that of its last brace; `None`: it is only declared.
fn length(lines: &[&str], indent: &str) -> Option<usize> {
    let mut is_open = false;
    for (at, line) in lines.iter().enumerate() {
        let is_under = at > 0 && line.strip_prefix(indent).is_some_and(|rest| rest.starts_with('}'));
        match line.chars().next_back() {
            _ if is_under => return Some(at + 1),
            Some('}') if !is_open => return Some(at + 1),
            Some(';') if !is_open => return None,
            Some('{') => is_open = true,
            _ => {}
        }
    }
    None
}

// ---- the checks are checked ----------------------------------------------------------------------------------------

fn of_lines(sizes: &[(&str, usize)]) -> BTreeMap<String, String> {
    sizes.iter().map(|(path, lines)| ((*path).to_owned(), "// a line\n".repeat(*lines))).collect()
}

#[test]
fn what_is_too_long_is_caught() {
    let told = long_files(&of_lines(&[("src/web/page.rs", FILE_LINES), ("tests/it/far.rs", FILE_LINES + 1)]));
    assert_eq!(told, ["tests/it/far.rs: 401 lines, of 400 at most: take a part of it out"]);
    let sized = |lines: usize| {
        let names: Vec<String> = (0..10).map(|number| format!("crates/core/src/{number}.rs")).collect();
        let sizes: Vec<(&str, usize)> =
            names.iter().map(|name| (name.as_str(), if name.ends_with("9.rs") { lines } else { 20 })).collect();
        longer_as_a_rule(&of_lines(&sizes))
    };
    assert_eq!(sized(MOST_FILES_LINES), None);
    assert!(sized(MOST_FILES_LINES + 1).is_some_and(|told| told.contains("has 251 lines or more")));
}

#[test]
fn a_folder_that_is_too_full_is_caught_and_an_exception_that_excepts_nothing() {
    let mut folders: BTreeMap<String, usize> =
        FULLER.map(|(fuller, _)| (fuller.to_owned(), FOLDER_ENTRIES + 1)).into_iter().collect();
    folders.insert("fixtures/events".to_owned(), 300);
    folders.insert("tests/it/calls".to_owned(), FOLDER_ENTRIES);
    assert_eq!(full_folders(&folders), Vec::<String>::new());
    folders.insert("tests/it/calls".to_owned(), FOLDER_ENTRIES + 1);
    folders.insert("migrations".to_owned(), 3);
    let told = full_folders(&folders);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("tests/it/calls/: 21 entries, of 20 at most"), "{told:?}");
    assert!(told[1].starts_with("\"migrations\" is in FULLER"), "{told:?}");
}

#[test]
fn a_function_is_measured_from_its_name_to_its_last_brace() {
    let body = "        let text = \"\\\n}\nfn not_this() {\";\n".repeat(3);
    let text = format!(
        "trait Door {{\n    fn declared(&self);\n    fn declared_on_more_lines(\n        &self,\n    ) -> u8;\n}}\n\
         impl Door {{\n    fn short(&self) {{}}\n    pub(in crate::web) async fn long(\n        &self,\n    ) -> Vec<u8>\n    \
         where\n        Self: Sized,\n    {{\n{body}    }}\n    const fn after(&self) -> u8 {{\n        1\n    }}\n}}\n"
    );
    let (code, _) = blank(&text);
    let found: Vec<(&str, usize)> = functions(&code).into_iter().map(|(_, name, lines)| (name, lines)).collect();
    assert_eq!(found, [("short", 1), ("long", 16), ("after", 3)]);
    let of_length = |lines: usize| format!("fn page() {{\n{}}}\n", "    turn();\n".repeat(lines - 2));
    assert_eq!(long_functions("src/web/page.rs", &of_length(FUNCTION_LINES)), Vec::<String>::new());
    let told = long_functions("src/web/page.rs", &of_length(FUNCTION_LINES + 1));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("src/web/page.rs:1: page has 76 lines, of 75 at most"), "{told:?}");
}
