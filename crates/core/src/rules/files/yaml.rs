//! YAML as a tree that remembers where each key and value was written, and the values as they were written.
//!
//! Numbers and flags stay text here: what a value is depends on who asks for it, and `02139` must keep its zero.
//! Anchors and aliases are refused; a rule is written where it counts.

use crate::rules::fault::{At, Faults, Word, did_you_mean, listed, quoted};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

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

/// Reads one document. `None` after a fault of syntax, which is the only one that can be told then.
pub fn parse(path: &'static str, text: &str, faults: &mut Faults) -> Option<Node> {
    if text.len() > BYTES {
        let found = format!("{} bytes", text.len());
        let hint = "long lists belong into the tables (territories.csv, accounts.csv)";
        faults
            .error("yaml-too-large", At::start_of(path), found, format!("{BYTES} bytes at most"))
            .hint(Some(hint.to_owned()));
        return None;
    }
    let mut builder = Builder { path, faults, open: Vec::new(), root: None };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                let at = place(path, *error.marker());
                let allowed = "YAML: keys and values as `key: value`, lists as `- item`, indented by blanks";
                builder.faults.error("yaml-syntax", at, error.info(), allowed).hint(remedy(text, at));
                return None;
            }
        }
    }
    let empty = Node { at: At::start_of(path), inset: None, data: Data::Empty };
    Some(builder.root.unwrap_or(empty))
}

/// What usually lies behind a fault of syntax in this place.
fn remedy(text: &str, at: At) -> Option<String> {
    let line = text.lines().nth(usize::try_from(at.line).ok()?.checked_sub(1)?)?;
    if line.trim_start_matches(' ').starts_with('\t') {
        return Some("indent with blanks: YAML takes no tabs".to_owned());
    }
    let value = line.split_once(':').map_or(line, |(_, value)| value).trim_start_matches(['-', ' ']);
    let sign = value.chars().next().filter(|sign| "*&%@`!>".contains(*sign))?;
    Some(format!("a value that begins with {sign} needs quotes around it"))
}

/// Bytes of one file: some 20,000 lines, which nobody reads.
const BYTES: usize = 1_000_000;
/// Levels of lists and maps: far more than any rule needs, few enough to walk them recursively.
const DEPTH: usize = 32;

/// A list or map that is being read; `key` waits for its value.
struct Open {
    node: Node,
    key: Option<Word>,
}

struct Builder<'f> {
    path: &'static str,
    faults: &'f mut Faults,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let at = place(self.path, span.start);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) if self.root.is_some() => {
                self.faults.error("yaml-documents", at, "a second document (`---`)", "one document per file");
                return None;
            }
            Event::DocumentStart(_) => {}
            Event::Alias(_) => {
                self.faults.error("yaml-alias", at, "an alias (`*name`)", "the value itself, written out");
                return None;
            }
            Event::Scalar(text, style, ..) => {
                let empty = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let data = if empty { Data::Empty } else { Data::Text(text.into_owned()) };
                self.place_node(Node { at, inset: inset(style, span), data });
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if self.open.len() == DEPTH => {
                self.faults.error("yaml-depth", at, "one more level", format!("{DEPTH} levels at most"));
                return None;
            }
            Event::SequenceStart(..) => self.push(Node { at, inset: None, data: Data::List(Vec::new()) }),
            Event::MappingStart(..) => self.push(Node { at, inset: None, data: Data::Map(Vec::new()) }),
            Event::SequenceEnd | Event::MappingEnd => {
                let closed = self.open.pop().expect("the parser closes only what it opened");
                self.place_node(closed.node);
            }
        }
        Some(())
    }

    fn push(&mut self, node: Node) {
        self.open.push(Open { node, key: None });
    }

    fn place_node(&mut self, node: Node) {
        let Some(Open { node: parent, key }) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut parent.data {
            Data::List(items) => items.push(node),
            Data::Map(entries) => match key.take() {
                None => *key = Some(key_of(node, self.faults)),
                Some(word) if word.text.is_empty() => {} // told with its key
                Some(word) if entries.iter().any(|(other, _)| other.text == word.text) => {
                    let found = format!("{} a second time", quoted(&word.text));
                    self.faults.error("key-twice", word.at, found, "each key once");
                }
                Some(word) => entries.push((word, node)),
            },
            Data::Empty | Data::Text(_) => unreachable!("only lists and maps are opened"),
        }
    }
}

fn inset(style: ScalarStyle, span: Span) -> Option<u32> {
    if span.start.line() != span.end.line() {
        return None;
    }
    match style {
        ScalarStyle::Plain => Some(0),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Some(1),
        ScalarStyle::Literal | ScalarStyle::Folded => None,
    }
}

/// Without text after a fault; what hangs on it is left out.
fn key_of(node: Node, faults: &mut Faults) -> Word {
    let at = node.at;
    match node.data {
        Data::Text(text) if !text.is_empty() => Word { text, at },
        Data::Empty | Data::Text(_) | Data::List(_) | Data::Map(_) => {
            faults.error("key-not-text", at, node.describe(), "a word before the colon");
            Word { text: String::new(), at }
        }
    }
}

fn place(path: &'static str, marker: saphyr_parser::Marker) -> At {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    At { path, line: count(marker.line()), column: count(marker.col() + 1) }
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
    use super::*;

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let mut faults = Faults::default();
        let node = parse("rules/routing.yaml", text, &mut faults);
        let told = faults
            .into_sorted()
            .iter()
            .map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.code))
            .collect();
        (node, told)
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
