//! The source of the house, file by file: what is declared and what is imported.

use super::text::{blank, children, test_modules};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The files under `src` and `crates/*/src`, by path with slashes, and those of them that `mod` declarations lead to.
pub struct House {
    pub files: BTreeMap<String, Source>,
    pub reached: BTreeSet<String>,
}

pub struct Source {
    pub path: String,
    /// The text with comments and what stands in quotes blanked, and without `#[cfg(test)]` modules; lines as they were.
    pub code: String,
    /// Line and raw text of each string literal outside test code.
    pub literals: Vec<(usize, String)>,
    /// Reached through `#[cfg(test)]` only.
    pub is_test: bool,
    /// Names of modules declared here, and whether for tests only.
    children: Vec<(String, bool)>,
}

/// `crate::to::name`, `baton_core::to::name` or `baton_clock::name`.
pub struct Import {
    pub line: usize,
    pub to: String,
    pub name: String,
}

pub fn house() -> &'static House {
    static HOUSE: LazyLock<House> = LazyLock::new(read_house);
    &HOUSE
}

fn read_house() -> House {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = BTreeMap::new();
    collect(&root.join("src"), root, &mut texts);
    collect(&root.join("crates"), root, &mut texts);
    House::of(texts)
}

fn collect(folder: &Path, root: &Path, texts: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, root, texts);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            texts.insert(name, fs::read_to_string(&path).expect("UTF-8 source"));
        }
    }
}

impl House {
    pub fn of(texts: BTreeMap<String, String>) -> Self {
        let files = texts.into_iter().map(|(path, text)| (path.clone(), Source::new(&path, &text))).collect();
        let mut house = Self { files, reached: BTreeSet::new() };
        let is_root = |path: &&String| path.ends_with("src/lib.rs") || path.as_str() == "src/main.rs";
        let mut open: Vec<_> = house.files.keys().filter(is_root).map(|path| (path.clone(), false)).collect();
        while let Some((path, is_test)) = open.pop() {
            let Some(source) = house.files.get_mut(&path) else { continue };
            source.is_test = is_test;
            house.reached.insert(path.clone());
            let folder = source.folder();
            for (child, for_tests) in source.children.clone() {
                let places = [format!("{folder}{child}.rs"), format!("{folder}{child}/mod.rs")];
                open.extend(places.map(|place| (place, is_test || for_tests)));
            }
        }
        house
    }
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let (code, literals) = blank(text);
        let tests = test_modules(&code);
        let in_tests = |line: &usize| tests.iter().any(|(from, until)| from <= line && line <= until);
        let kept = code.lines().enumerate().map(|(at, line)| if in_tests(&(at + 1)) { "" } else { line });
        let kept = kept.collect::<Vec<_>>().join("\n");
        let literals = literals.into_iter().filter(|(line, _)| !in_tests(line)).collect();
        Self { path: path.to_owned(), children: children(&kept), code: kept, literals, is_test: false }
    }

    /// The room: a module of the worker or of `core`, or another crate, by its folder.
    pub fn module(&self) -> String {
        let (krate, inside) = self.split();
        let first = inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs");
        match krate {
            None => first.to_owned(),
            Some("core") if first != "lib" => first.to_owned(),
            Some(krate) => krate.to_owned(),
        }
    }

    /// The folder of the crate, unless it is the worker, and the path under its `src`.
    fn split(&self) -> (Option<&str>, &str) {
        let below = |path: &'_ str| path.starts_with("src/");
        match self.path.strip_prefix("crates/").and_then(|path| path.split_once('/')) {
            Some((krate, path)) if below(path) => (Some(krate), &path["src/".len()..]),
            _ => (None, self.path.strip_prefix("src/").unwrap_or(&self.path)),
        }
    }

    /// `baton::store::lead`, `baton_core::rules`: where a `use` finds this file.
    pub fn module_path(&self) -> String {
        let (krate, inside) = self.split();
        let krate = krate.map_or_else(|| "baton".to_owned(), |krate| format!("baton_{krate}"));
        let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
        if ["lib", "main"].contains(&inside) { krate } else { format!("{krate}::{}", inside.replace('/', "::")) }
    }

    /// Where this file's child modules lie, with a slash at the end.
    fn folder(&self) -> String {
        let stem = self.path.trim_end_matches(".rs");
        let is_root = ["/mod", "/lib", "/main"].iter().any(|name| stem.ends_with(name));
        if is_root { stem[..=stem.rfind('/').expect("a folder")].to_owned() } else { format!("{stem}/") }
    }

    /// How many `super::` lead from here to the crate.
    fn depth(&self) -> usize {
        let (_, inside) = self.split();
        let is_root = inside == "lib.rs" || inside == "main.rs";
        if is_root { 0 } else { 1 + inside.trim_end_matches(".rs").trim_end_matches("/mod").matches('/').count() }
    }

    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(at, line)| (at + 1, line))
    }

    /// Every path to a room: `crate::a::b`, `crate::{a::b, c}`, `super::` as often as it takes, `baton_core::a::b`. Inside of a
    /// crate that is one room there is nothing to tell.
    pub fn imports(&self) -> Vec<Import> {
        let up = "super::".repeat(self.depth());
        let has_rooms = matches!(self.split().0, None | Some("core"));
        let mut found = Vec::new();
        for prefix in ["crate::", up.as_str()].into_iter().filter(|prefix| has_rooms && !prefix.is_empty()) {
            found.extend(self.below(prefix));
        }
        found.extend(self.below("baton_core::"));
        for krate in ["clock", "import", "platforms", "sandbox"] {
            let of_crate = self.below(&format!("baton_{krate}::")).into_iter();
            found.extend(of_crate.map(|import| Import { line: import.line, to: krate.to_owned(), name: import.to }));
        }
        found
    }

    fn below(&self, prefix: &str) -> Vec<Import> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices(prefix) {
            if self.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                continue;
            }
            let line = self.code[..at].matches('\n').count() + 1;
            for path in branches(&self.code[at + prefix.len()..]) {
                let mut names = path.split("::");
                let to = names.next().unwrap_or_default().to_owned();
                let name = names.next().unwrap_or("*").to_owned();
                if to != "super" {
                    found.push(Import { line, to, name });
                }
            }
        }
        found
    }

    /// The crate that a `use` line names, if it is none of ours.
    pub fn foreign_crate(&self, line: &str) -> Option<String> {
        let path = line.trim_start().trim_start_matches("pub ").strip_prefix("use ")?;
        let first: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let ours = ["crate", "super", "self"].contains(&first.as_str())
            || self.children.iter().any(|(name, _)| *name == first);
        (!ours && first.starts_with(|c: char| c.is_ascii_lowercase())).then_some(first)
    }
}

/// The paths of a use tree: `a::{b, c::d}` gives `a::b` and `a::c::d`.
pub fn branches(tree: &str) -> Vec<String> {
    let name: String = tree.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if !name.is_empty() {
        let Some(rest) = tree[name.len()..].strip_prefix("::") else { return vec![name] };
        let below = branches(rest);
        return if below.is_empty() {
            vec![name]
        } else {
            below.iter().map(|path| format!("{name}::{path}")).collect()
        };
    }
    let Some(inside) = tree.strip_prefix('{') else { return Vec::new() };
    let (mut depth, mut start, mut paths) = (0usize, 0usize, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                paths.extend(branches(inside[start..at].trim()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    paths
}
