//! The shapes of the YAML files as JSON Schema, for editors: completion, hover, and the first faults while typing.
//!
//! A schema knows shapes and fixed words, which it takes from the tables that the loader reads with. Names that one place
//! defines and another uses, and everything that is compared, is `baton check`'s business. A schema is never stricter than
//! the loader; `tests/it/rules/schema.rs` holds the keys of both against each other.

mod front_door;
mod handoff;
mod hours;
mod routing;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// The schemas by the name of their file.
pub fn all() -> [(&'static str, Schema); 4] {
    [
        ("routing.schema.json", routing::schema()),
        ("hours.schema.json", hours::schema()),
        ("handoff.schema.json", handoff::schema()),
        ("front_door.schema.json", front_door::schema()),
    ]
}

/// One file's shape; serialises as a JSON Schema (draft 7, which editors know best).
pub struct Schema {
    title: &'static str,
    root: Shape,
    /// Shapes that contain themselves, by name.
    shared: Vec<(&'static str, Shape)>,
}

enum Shape {
    /// A word, a number or a flag: whatever YAML makes of it.
    Word,
    /// One of these words.
    Choice(Vec<&'static str>),
    /// A word of this form (a regular expression), described for people.
    Form(&'static str),
    /// A whole number from 1.
    Positive,
    Flag,
    List {
        of: Box<Shape>,
        at_least: usize,
    },
    Map(Map),
    Either(Vec<Shape>),
    Shared(&'static str),
}

#[derive(Default)]
struct Map {
    keys: Vec<KeyShape>,
    /// Keys of this form beside the known ones; all others are refused.
    others: Option<(&'static str, Box<Shape>)>,
}

struct KeyShape {
    name: &'static str,
    about: &'static str,
    required: bool,
    shape: Shape,
}

/// `45s`, `2 h`.
const DURATION: Shape = Shape::Form("^0*[1-9][0-9]*\\s*[smhd]$");

fn key(name: &'static str, about: &'static str, shape: Shape) -> KeyShape {
    KeyShape { name, about, required: false, shape }
}

fn required(name: &'static str, about: &'static str, shape: Shape) -> KeyShape {
    KeyShape { required: true, ..key(name, about, shape) }
}

fn map(keys: Vec<KeyShape>) -> Shape {
    Shape::Map(Map { keys, others: None })
}

/// Names that people choose, all with the same shape.
fn names(shape: Shape) -> Shape {
    Shape::Map(Map { keys: Vec::new(), others: Some(("", Box::new(shape))) })
}

fn list(of: Shape) -> Shape {
    Shape::List { of: Box::new(of), at_least: 0 }
}

fn some(of: Shape) -> Shape {
    Shape::List { of: Box::new(of), at_least: 1 }
}

/// One word, or a list of words.
fn words() -> Shape {
    Shape::Either(vec![Shape::Word, list(Shape::Word)])
}

fn choice<T>(table: &[(&'static str, T)]) -> Shape {
    Shape::Choice(table.iter().map(|(word, _)| *word).collect())
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$schema", "http://json-schema.org/draft-07/schema#")?;
        map.serialize_entry("title", self.title)?;
        self.root.entries(None, &mut map)?;
        if !self.shared.is_empty() {
            map.serialize_entry("definitions", &Pairs(&self.shared))?;
        }
        map.end()
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.entries(None, &mut map)?;
        map.end()
    }
}

impl Serialize for KeyShape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.shape.entries(Some(self.about), &mut map)?;
        map.end()
    }
}

/// Names with their shapes, as an object.
struct Pairs<'p, T>(&'p [(&'static str, T)]);

impl<T: Serialize> Serialize for Pairs<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Shape {
    fn entries<M: SerializeMap>(&self, about: Option<&str>, out: &mut M) -> Result<(), M::Error> {
        if let Some(about) = about {
            out.serialize_entry("description", about)?;
        }
        match self {
            Self::Word => out.serialize_entry("type", &["string", "number", "boolean"]),
            Self::Choice(words) => out.serialize_entry("enum", words),
            Self::Form(form) => {
                out.serialize_entry("type", "string")?;
                out.serialize_entry("pattern", form)
            }
            Self::Positive => {
                out.serialize_entry("type", &["integer", "string"])?;
                out.serialize_entry("minimum", &1)?;
                out.serialize_entry("pattern", "^0*[1-9][0-9]*$")
            }
            Self::Flag => {
                out.serialize_entry("type", &["boolean", "string"])?;
                out.serialize_entry("pattern", "^([Yy][Ee][Ss]|[Nn][Oo]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$")
            }
            Self::List { of, at_least } => {
                out.serialize_entry("type", "array")?;
                if *at_least > 0 {
                    out.serialize_entry("minItems", at_least)?;
                }
                out.serialize_entry("items", of)
            }
            Self::Map(map) => map.entries(out),
            Self::Either(shapes) => out.serialize_entry("anyOf", shapes),
            Self::Shared(name) => out.serialize_entry("$ref", &format!("#/definitions/{name}")),
        }
    }
}

impl Map {
    fn entries<M: SerializeMap>(&self, out: &mut M) -> Result<(), M::Error> {
        out.serialize_entry("type", "object")?;
        let required: Vec<&str> = self.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
        if !required.is_empty() {
            out.serialize_entry("required", &required)?;
        }
        if !self.keys.is_empty() {
            let keys: Vec<(&'static str, &KeyShape)> = self.keys.iter().map(|key| (key.name, key)).collect();
            out.serialize_entry("properties", &Pairs(&keys))?;
        }
        if let Some((form, shape)) = &self.others {
            out.serialize_entry("patternProperties", &Pairs(&[(*form, shape)]))?;
        }
        out.serialize_entry("additionalProperties", &false)
    }
}
