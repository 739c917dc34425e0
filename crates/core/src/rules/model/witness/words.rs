//! A witness as people read it.

use super::{Ends, Witness};
use crate::domain::lead::{FieldValue, Headcount};
use crate::rules::model::field::Looked;
use std::fmt;

/// `for example a lead with country US, postal 94107, employees 50..100, state unknown: line 7 wins`.
impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told: Vec<String> = Vec::new();
        for (path, value) in self.in_order() {
            let name = path.strip_prefix("lead.").unwrap_or(path);
            told.push(value.map_or_else(|| format!("{name} unknown"), |value| format!("{name} {}", spell(value))));
        }
        told.extend(self.on.map(|day| format!("of {day}")));
        let about =
            if told.is_empty() { "of which nothing is known".to_owned() } else { format!("with {}", told.join(", ")) };
        write!(f, "for example a lead {about}: {}", self.ends)
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { line, others } if others.is_empty() => write!(f, "line {line} wins"),
            Self::Row { line, others } => {
                let others: Vec<String> = others.iter().map(u32::to_string).collect();
                write!(f, "line {line} wins over line {}", others.join(", "))
            }
            Self::NoRow => f.write_str("no row fits"),
            Self::Rule { what, name } => write!(f, "{what} {name} takes it"),
        }
    }
}

/// As people write it in rules.
pub fn spell(value: &Looked) -> String {
    match value {
        Looked::Headcount(Headcount { at_least, at_most: Some(most) }) if at_least == most => at_least.to_string(),
        Looked::Headcount(Headcount { at_least, at_most: Some(most) }) => format!("{at_least}..{most}"),
        Looked::Headcount(Headcount { at_least, at_most: None }) => format!("{at_least} or more"),
        Looked::Value(FieldValue::Text(text)) => text.clone(),
        Looked::Value(FieldValue::Number(number)) => number.to_string(),
        Looked::Value(FieldValue::Flag(flag)) => if *flag { "yes" } else { "no" }.to_owned(),
        Looked::Value(FieldValue::List(items)) => items.join(" and "),
    }
}
