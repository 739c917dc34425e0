//! YAML as a tree that remembers where each key and value was written, and the values as they were written.
//!
//! Numbers and flags stay text here: what a value is depends on who asks for it, and `02139` must keep its zero.
//! Anchors and aliases are refused; a rule is written where it counts.

mod parse;

pub use parse::parse;

use crate::rules::fault::{At, Faults, Word, did_you_mean, listed, quoted};

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub at: At,
    /// Characters from `at` to the text itself: 1 for a quoted word. `None` unless it is a word on one line.
    pub inset: Option<u32>,
    pub data: Data,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Nothing, `~` or `null`.
    Empty,
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; keys are unique.
    Map(Vec<(Word, Node)>),
}

impl Node {
    /// What stands here, for a message.
    pub fn describe(&self) -> String {
        match &self.data {
            Data::Empty => "nothing".to_owned(),
            Data::Text(text) => quoted(text),
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "keys and values".to_owned(),
        }
    }

    /// One word; a list or map is a fault.
    pub fn word(&self, faults: &mut Faults) -> Option<Word> {
        match &self.data {
            Data::Text(text) => Some(Word { text: text.clone(), at: self.at }),
            Data::Empty | Data::List(_) | Data::Map(_) => {
                faults.error("value-not-text", self.at, self.describe(), "one word or number");
                None
            }
        }
    }

    /// A list of words; a single word counts as a list of one.
    pub fn words(&self, faults: &mut Faults) -> Vec<Word> {
        match &self.data {
            Data::List(items) => items.iter().filter_map(|item| item.word(faults)).collect(),
            Data::Empty | Data::Text(_) | Data::Map(_) => self.word(faults).into_iter().collect(),
        }
    }

    pub fn list(&self, faults: &mut Faults) -> &[Node] {
        if let Data::List(items) = &self.data {
            return items;
        }
        faults.error("value-not-list", self.at, self.describe(), "a list (`- item`)");
        &[]
    }

    pub fn map(&self, faults: &mut Faults) -> &[(Word, Node)] {
        if let Data::Map(entries) = &self.data {
            return entries;
        }
        faults.error("value-not-map", self.at, self.describe(), "keys with values (`key: value`)");
        &[]
    }

    /// The map as a section with known keys.
    pub fn section<'a>(&'a self, faults: &mut Faults) -> Section<'a> {
        let entries = self.map(faults);
        let is_map = matches!(self.data, Data::Map(_));
        Section { at: self.at, entries: is_map.then_some(entries), known: Vec::new() }
    }
}

/// A map whose keys are known: whoever reads it asks for each key, then [`Section::finish`] refuses the others.
pub struct Section<'a> {
    pub at: At,
    /// `None`: no map at all, which has been told; nothing is missing from it.
    entries: Option<&'a [(Word, Node)]>,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The section that hangs on a key; without keys where it is missing, which has been told then.
    pub fn under(&mut self, key: &'static str, faults: &mut Faults) -> Self {
        match self.require(key, faults) {
            Some(node) => node.section(faults),
            None => Self { at: self.at, entries: None, known: Vec::new() },
        }
    }

    pub fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.entries?.iter().find(|(word, _)| word.text == key).map(|(_, node)| node)
    }

    pub fn require(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a Node> {
        let node = self.get(key);
        if node.is_none() && self.entries.is_some() {
            faults.error(
                "key-missing",
                self.at,
                format!("no \"{key}\""),
                format!("the key \"{key}\" is required here"),
            );
        }
        node
    }

    /// Entries that nobody has asked for so far.
    pub fn others(&self) -> impl Iterator<Item = &'a (Word, Node)> + use<'a, '_> {
        self.entries.unwrap_or_default().iter().filter(|(word, _)| !self.known.contains(&word.text.as_str()))
    }

    /// Refuses every key that nobody has asked for.
    pub fn finish(self, faults: &mut Faults) {
        for (word, _) in self.others() {
            self.refuse(word, std::iter::empty(), faults);
        }
    }

    /// Refuses one key; `more` are allowed names besides the keys.
    pub fn refuse(&self, word: &Word, more: impl Iterator<Item = &'a str> + Clone, faults: &mut Faults) {
        let names = self.known.iter().copied().chain(more);
        let hint = did_you_mean(&word.text, names.clone());
        faults.error("key-unknown", word.at, quoted(&word.text), listed(names)).hint(hint);
    }
}

#[cfg(test)]
mod tests {
    use super::parse::BYTES;
    use super::*;

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let mut faults = Faults::default();
        let node = parse("rules/routing.yaml", text, &mut faults);
        (node, faults.places())
    }

    #[test]
    fn values_stay_as_written_with_their_place() {
        let (node, faults) = read("# zip codes\npostal: 02139\nlist: [no, \"~\"]\nnone:\n");
        assert_eq!(faults, Vec::<String>::new());
        let node = node.unwrap();
        let Data::Map(entries) = &node.data else { panic!("{node:?}") };
        assert_eq!(entries[0].1.data, Data::Text("02139".into()));
        assert_eq!((entries[0].1.at.line, entries[0].1.at.column), (2, 9));
        let Data::List(items) = &entries[1].1.data else { panic!("{entries:?}") };
        assert_eq!(items.iter().map(Node::describe).collect::<Vec<_>>(), ["\"no\"", "\"~\""]);
        assert_eq!(entries[2].1.data, Data::Empty);
    }

    #[test]
    fn doubled_keys_aliases_and_broken_syntax_are_told() {
        assert_eq!(read("a: 1\nb: 2\na: 3\n").1, ["3:1 key-twice"]);
        assert_eq!(read("a: &x 1\nb: *x\n").1, ["2:4 yaml-alias"]);
        assert_eq!(read("a: 1\n---\nb: 2\n").1, ["2:1 yaml-documents"]);
        assert_eq!(read(&"#".repeat(BYTES)).1, Vec::<String>::new());
        assert_eq!(read(&"#".repeat(BYTES + 1)).1, ["1:1 yaml-too-large"]);
        assert_eq!(read(&"[".repeat(40)).1, ["1:33 yaml-depth"]);
        let (node, faults) = read("a: [1\nb: 2\n");
        assert!(node.is_none());
        assert!(faults[0].ends_with("yaml-syntax"), "{faults:?}");
    }

    #[test]
    fn a_section_refuses_what_nobody_asked_for() {
        let mut faults = Faults::default();
        let node = parse("rules/routing.yaml", "overflw: x\n", &mut faults).unwrap();
        let mut section = node.section(&mut faults);
        assert!(section.get("overflow").is_none());
        section.finish(&mut faults);
        let told = faults.into_sorted();
        assert_eq!(told[0].code, "key-unknown");
        assert_eq!(told[0].hint.as_deref(), Some("did you mean \"overflow\"?"));
    }
}
