//! Log lines for machines: one JSON object a line, no key twice, nothing nested.
//!
//! A line has the fields of the spans it was said in and its own; of a name that comes twice the innermost counts, and never
//! instead of `ts`, `level`, `message`, `target`, `worker` and `span`.

use baton_clock::{Clock, SystemClock};
use chrono::SecondsFormat;
use serde_json::{Map, Value};
use std::error::Error;
use std::fmt::Debug;
use std::io::Write as _;
use std::sync::OnceLock;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

static WORKER: OnceLock<String> = OnceLock::new();

/// From now on every line says which worker it is of. The first name stays.
pub fn of_worker(name: &str) {
    let _first = WORKER.set(name.to_owned());
}

pub(super) struct JsonLines;

/// What is told by fields, in their order.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let Some(fields) = extensions.get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let (mut told, mut innermost) = (Fields::default(), None);
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            innermost = Some(span.name());
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<Fields>() {
                told.0.extend(fields.0.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
        }
        event.record(&mut told);
        let metadata = event.metadata();
        let line = line(metadata.level().as_str(), metadata.target(), innermost, told);
        // A log that nobody takes stops nothing.
        let _written = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn line(level: &str, target: &str, span: Option<&str>, Fields(mut told): Fields) -> String {
    let message = told.shift_remove("message").unwrap_or_default();
    // Libraries that log by the crate `log` say there what they are.
    let target = told.shift_remove("log.target").unwrap_or_else(|| target.into());
    let mut line = Map::new();
    line.insert("ts".to_owned(), SystemClock.now().to_rfc3339_opts(SecondsFormat::Micros, true).into());
    line.insert("level".to_owned(), level.into());
    line.insert("message".to_owned(), message);
    line.insert("target".to_owned(), target);
    let of_process = [("worker", WORKER.get().map(String::as_str)), ("span", span)];
    for (name, value) in of_process.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        line.insert(name.to_owned(), value.into());
    }
    for (name, value) in told {
        if !name.starts_with("log.") {
            line.entry(name).or_insert(value);
        }
    }
    Value::Object(line).to_string() + "\n"
}

impl Fields {
    fn tell(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.tell(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.tell(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.tell(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.tell(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.tell(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(inner) = source {
            text = format!("{text}: {inner}");
            source = inner.source();
        }
        self.tell(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.tell(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_twice_stands_once_and_takes_no_place_of_ours() {
        let told = [("lead.id", "lead_1"), ("level", "mine"), ("message", "decided"), ("log.file", "x.rs")];
        let told = told.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect();
        let written = line("INFO", "baton::deciding", Some("step"), Fields(told));
        let read: Map<String, Value> = serde_json::from_str(&written).expect("JSON");
        let keys: Vec<&str> = read.keys().map(String::as_str).collect();
        assert_eq!(keys, ["ts", "level", "message", "target", "span", "lead.id"]);
        assert!(read["level"] == "INFO" && written.ends_with("}\n"), "{written}");
        let of_library = Map::from_iter([("log.target".to_owned(), Value::from("rustls"))]);
        assert!(line("WARN", "log", None, Fields(of_library)).contains("\"target\":\"rustls\""));
    }
}
