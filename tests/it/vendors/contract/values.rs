//! Text from a path, query, header or form as the value that a schema means, and what a schema does not allow of it.

use super::{Contract, Place, reading};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::sync::Arc;

impl Contract {
    /// Lists come as repeated parameters or, where the description says so, with commas in one.
    pub(super) fn query_value(&self, parameter: &Value, values: &[String]) -> Value {
        let schema = self.resolve(&parameter["schema"]);
        if schema["type"] != "array" {
            return self.coerce(schema, values.last().map_or("", String::as_str));
        }
        let exploded = parameter["explode"] != false;
        let parts: Vec<&str> =
            values.iter().flat_map(|v| if exploded { vec![v.as_str()] } else { v.split(',').collect() }).collect();
        parts.into_iter().map(|part| self.coerce(&schema["items"], part)).collect()
    }

    pub(super) fn form_value(&self, schema: &Value, body: &[u8]) -> Value {
        let mut object = Map::new();
        for (name, text) in url::form_urlencoded::parse(body) {
            let property = self.property(schema, &name).unwrap_or(&Value::Null);
            let mut value = self.coerce(property, &text);
            let before = object.get_mut(&*name).and_then(Value::as_array_mut);
            if let (Some(before), Value::Array(more)) = (before, &mut value) {
                before.append(more);
                continue;
            }
            object.insert(name.into_owned(), value);
        }
        Value::Object(object)
    }

    /// The schema of a member, wherever in the alternatives it is declared.
    fn property<'a>(&'a self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        let schema = self.resolve(schema);
        let branches = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
        schema["properties"].get(name).or_else(|| branches.into_iter().find_map(|branch| self.property(branch, name)))
    }

    pub(super) fn resolve<'a>(&'a self, node: &'a Value) -> &'a Value {
        reading::resolve(&self.document, node)
    }

    /// Text from a path, query, header or form as the value that its schema means. What does not parse stays text, for
    /// the schema to refuse.
    pub(super) fn coerce(&self, schema: &Value, text: &str) -> Value {
        let schema = self.resolve(schema);
        let parsed = match schema["type"].as_str() {
            Some("integer" | "number" | "boolean") => serde_json::from_str(text).ok(),
            Some("array") => Some(text.split(',').map(|part| self.coerce(&schema["items"], part)).collect()),
            _ => None,
        };
        parsed.unwrap_or_else(|| Value::String(text.to_owned()))
    }

    pub(super) fn violations(&self, place: &Place<'_>, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.validator(place, schema);
        let errors = validator.iter_errors(value);
        errors.map(|error| format!("{}{}: {error}", place.part, error.instance_path())).collect()
    }

    fn validator(&self, place: &Place<'_>, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.validators.lock().expect("no check panics while it compiles");
        let entry = compiled.entry(place.key());
        Arc::clone(entry.or_insert_with(|| {
            let schemas = &self.document["components"]["schemas"];
            let whole = json!({ "allOf": [schema], "components": { "schemas": schemas } });
            let options = jsonschema::options().should_validate_formats(true);
            Arc::new(options.build(&whole).expect("the contract's schemas compile"))
        }))
    }
}
