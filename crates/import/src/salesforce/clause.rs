//! A condition in the language of rules: how one is made of others, and how it is written.

use std::collections::BTreeSet;

/// A condition in our language.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Clause {
    /// Holds for every lead.
    Always,
    /// `lead.country: ["DE", "AT"]`.
    Is {
        path: String,
        test: String,
    },
    /// `when: '…'`, about this one field.
    When {
        path: String,
        expression: String,
    },
    All(Vec<Clause>),
    Any(Vec<Clause>),
    Not(Box<Clause>),
}

impl Clause {
    fn path(&self) -> Option<&str> {
        match self {
            Self::Is { path, .. } | Self::When { path, .. } => Some(path),
            Self::Always | Self::All(_) | Self::Any(_) | Self::Not(_) => None,
        }
    }

    pub(super) fn each_path(&self, visit: &mut dyn FnMut(&str)) {
        match self {
            Self::Always => {}
            Self::Is { path, .. } | Self::When { path, .. } => visit(path),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_path(visit)),
            Self::Not(inner) => inner.each_path(visit),
        }
    }

    /// The key under which it stands in a map.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Is { path, .. } => path,
            Self::When { .. } => "when",
            Self::All(_) | Self::Always => "all",
            Self::Any(_) => "any",
            // `lead.industry: { not: … }`.
            Self::Not(inner) => match &**inner {
                Self::Is { path, .. } => path,
                _ => "not",
            },
        }
    }

    /// One entry of a map of flow YAML, without its braces.
    pub(super) fn flow(&self) -> String {
        let list =
            |parts: &[Self]| parts.iter().map(|part| format!("{{ {} }}", part.flow())).collect::<Vec<_>>().join(", ");
        match self {
            Self::Always => String::new(),
            Self::Is { path, test } => format!("{path}: {test}"),
            Self::When { expression, .. } => format!("when: '{}'", expression.replace('\'', "''")),
            Self::All(parts) => format!("all: [{}]", list(parts)),
            Self::Any(parts) => format!("any: [{}]", list(parts)),
            Self::Not(inner) => match &**inner {
                Self::Is { path, test } => format!("{path}: {{ not: {test} }}"),
                inner => format!("not: {{ {} }}", inner.flow()),
            },
        }
    }
}

pub(super) fn is(path: &str, test: impl Into<String>) -> Clause {
    Clause::Is { path: path.to_owned(), test: test.into() }
}

pub(super) fn known(path: &str, known: bool) -> Clause {
    is(path, format!("{{ known: {known} }}"))
}

pub(super) fn all(parts: Vec<Clause>) -> Clause {
    let each = parts.into_iter().flat_map(|part| match part {
        Clause::Always => Vec::new(),
        Clause::All(parts) => parts,
        part => vec![part],
    });
    let mut parts: Vec<Clause> = each.collect();
    match parts.len() {
        0 => Clause::Always,
        1 => parts.swap_remove(0),
        _ => Clause::All(parts),
    }
}

pub(super) fn any(mut parts: Vec<Clause>) -> Clause {
    if parts.contains(&Clause::Always) {
        return Clause::Always;
    }
    if parts.len() == 1 { parts.swap_remove(0) } else { Clause::Any(parts) }
}

/// Denied: empty is "not equal" there, and undecided here, so every field has to be allowed to be unknown.
pub(super) fn not(said: Clause) -> Clause {
    match said {
        Clause::All(parts) => any(parts.into_iter().map(not).collect()),
        Clause::Any(parts) => {
            let paths: BTreeSet<Option<String>> = parts.iter().map(|part| part.path().map(str::to_owned)).collect();
            match paths.into_iter().collect::<Vec<_>>().as_slice() {
                // Of one field: it is unknown, or none of these.
                [Some(path)] => any(vec![known(path, false), Clause::Not(Box::new(Clause::Any(parts)))]),
                _ => all(parts.into_iter().map(not).collect()),
            }
        }
        Clause::Is { ref path, .. } | Clause::When { ref path, .. } => {
            any(vec![known(path, false), Clause::Not(Box::new(said))])
        }
        Clause::Always | Clause::Not(_) => Clause::Not(Box::new(said)),
    }
}

/// A text of an expression.
pub(super) fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r', '\t'], " "))
}
