//! Reads a template before it is used: every name must exist, conditions included, which the engine itself lets pass.
//!
//! Partials, decorators, unescaped output and helpers that log or look up by computed names are refused: with them it
//! could not be told from the text what is printed where.

use handlebars::Template;
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use serde_json::Value;
use std::fmt;

const BLOCKS: [&str; 3] = ["if", "unless", "each"];
const CONDITIONS: [&str; 10] = ["eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len"];
const LOOP_NAMES: [&str; 4] = ["@index", "@first", "@last", "@key"];

/// A template that must be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// Relative to `templates/`.
    pub path: String,
    pub line: Option<u32>,
    /// What was found.
    pub what: String,
    /// What may stand there.
    pub allowed: String,
}

impl TemplateFault {
    /// `templates/chat/ringing.hbs:3`.
    pub fn place(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("templates/{}{line}", self.path)
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place(), self.what, self.allowed)
    }
}

/// Everything wrong with the names in a template. `sample` has every field filled, and one item at least in every list.
pub(super) fn faults(path: &str, template: &Template, sample: &Value) -> Vec<TemplateFault> {
    let mut reader = TemplateReader { path, scopes: vec![sample], line: None, faults: Vec::new() };
    reader.template(template);
    reader.faults
}

struct TemplateReader<'a> {
    path: &'a str,
    /// The page, then the item of each loop around the current place.
    scopes: Vec<&'a Value>,
    line: Option<u32>,
    faults: Vec<TemplateFault>,
}

impl<'a> TemplateReader<'a> {
    fn fault(&mut self, what: String, allowed: impl Into<String>) {
        self.faults.push(TemplateFault { path: self.path.to_owned(), line: self.line, what, allowed: allowed.into() });
    }

    fn template(&mut self, template: &Template) {
        for (index, element) in template.elements.iter().enumerate() {
            self.line = template.mapping.get(index).and_then(|at| u32::try_from(at.0).ok()).or(self.line);
            self.element(element);
        }
    }

    fn element(&mut self, element: &TemplateElement) {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            TemplateElement::Expression(expression) => self.expression(expression),
            TemplateElement::HelperBlock(block) => self.block(block),
            TemplateElement::HtmlExpression(_) => {
                self.fault(
                    "{{{…}}} prints without escaping".to_owned(),
                    "write {{…}}: what callers say is never trusted",
                );
            }
            TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => {
                self.fault("{{> …}} includes another file".to_owned(), "each file stands alone: write its text here");
            }
            // Decorators, and whatever a later version of the engine may bring.
            _ => self.fault("{{* …}} is not allowed here".to_owned(), "use fields, {{#if}}, {{#unless}} and {{#each}}"),
        }
    }

    /// `{{name}}` or `{{len list}}`.
    fn expression(&mut self, expression: &HelperTemplate) {
        if expression.params.is_empty() && expression.hash.is_empty() {
            self.printed(&expression.name);
        } else {
            self.call(expression);
        }
    }

    fn printed(&mut self, name: &Parameter) {
        let Some(raw) = name.as_name() else { return };
        match self.resolve(raw) {
            Some(Some(Value::Array(_))) => self.fault(format!("{{{{{raw}}}}} is a list"), "use {{#each}} around it"),
            Some(Some(Value::Object(_))) => self.fault(format!("{{{{{raw}}}}} is a group"), "name one field of it"),
            _ => {}
        }
    }

    /// A condition such as `(eq state "taken")`, with its parameters.
    fn call(&mut self, call: &HelperTemplate) {
        let name = call.name.as_name().unwrap_or_default();
        if !CONDITIONS.contains(&name) {
            self.fault(
                format!("{name:?} is not something a template can do"),
                format!("allowed: {}", CONDITIONS.join(", ")),
            );
        }
        self.parameters(call);
    }

    fn parameters(&mut self, call: &HelperTemplate) {
        for parameter in call.params.iter().chain(call.hash.values()) {
            match parameter {
                Parameter::Name(_) | Parameter::Path(_) => {
                    self.resolve(parameter.as_name().unwrap_or_default());
                }
                Parameter::Subexpression(inner) => match inner.as_element() {
                    TemplateElement::Expression(call) => self.call(call),
                    other => self.element(other),
                },
                _ => {} // a literal
            }
        }
    }

    fn block(&mut self, block: &HelperTemplate) {
        let name = block.name.as_name().unwrap_or_default().to_owned();
        if !BLOCKS.contains(&name.as_str()) {
            return self.fault(format!("{{{{#{name}}}}} is not known"), "allowed: {{#if}}, {{#unless}}, {{#each}}");
        }
        if block.params.len() != 1 || block.block_param.is_some() {
            return self.fault(
                format!("{{{{#{name}}}}} takes exactly one value"),
                "for example {{#if summary}} or {{#each fields}}",
            );
        }
        let looped = if name == "each" { self.list(&block.params[0]) } else { None };
        if name != "each" {
            self.parameters(block);
        } else if looped.is_none() {
            return;
        }
        self.scopes.extend(looped);
        if let Some(body) = &block.template {
            self.template(body);
        }
        if looped.is_some() {
            self.scopes.pop();
        }
        if let Some(otherwise) = &block.inverse {
            self.template(otherwise);
        }
    }

    /// The first item of the list that a loop runs over.
    fn list(&mut self, parameter: &Parameter) -> Option<&'a Value> {
        let raw = parameter.as_name().unwrap_or_default();
        match self.resolve(raw)? {
            Some(Value::Array(items)) => items.first(),
            _ => {
                self.fault(format!("{raw:?} is not a list"), "{{#each}} needs a list; use {{#if}} for one value");
                None
            }
        }
    }

    /// What a path means here. `None` and a fault: nothing; `Some(None)`: a number or flag of the loop.
    #[expect(clippy::option_option, reason = "unknown, known without a sample, and known with one are three things")]
    fn resolve(&mut self, raw: &str) -> Option<Option<&'a Value>> {
        if LOOP_NAMES.contains(&raw) && self.scopes.len() > 1 {
            return Some(None);
        }
        let (mut depth, mut rest) = (self.scopes.len() - 1, raw);
        if let Some(from_root) = rest.strip_prefix("@root.") {
            (depth, rest) = (0, from_root);
        }
        while let Some(outer) = rest.strip_prefix("../") {
            (depth, rest) = (depth.saturating_sub(1), outer);
        }
        let mut value = self.scopes[depth];
        let segments = rest.split(['.', '/']).filter(|segment| !segment.is_empty() && *segment != "this");
        for segment in segments {
            let Some(inner) = value.as_object().and_then(|fields| fields.get(segment)) else {
                self.unknown(raw, segment, value);
                return None;
            };
            value = inner;
        }
        Some(Some(value))
    }

    fn unknown(&mut self, raw: &str, segment: &str, within: &Value) {
        let names: Vec<&str> =
            within.as_object().into_iter().flat_map(|fields| fields.keys()).map(String::as_str).collect();
        let nearest = names.iter().min_by_key(|name| strsim::damerau_levenshtein(name, segment));
        let hint = nearest.map_or_else(String::new, |name| format!("did you mean {name:?}? "));
        let allowed = if names.is_empty() { "only {{this}} stands here".to_owned() } else { names.join(", ") };
        self.fault(format!("{raw:?} is not known here"), format!("{hint}allowed: {allowed}"));
    }
}
