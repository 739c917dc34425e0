//! From the events of the parser to the tree.

use super::{Data, Node};
use crate::rules::fault::{At, Faults, Word, quoted};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

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
pub(super) const BYTES: usize = 1_000_000;
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
