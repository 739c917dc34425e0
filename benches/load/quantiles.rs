//! The middle, the tenth worst, the hundredth worst and the worst of many spans.

use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// Milliseconds.
pub struct Quantiles {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

impl Quantiles {
    /// Of sorted spans.
    pub fn of(spans: &[Duration]) -> Self {
        let at = |permille: usize| spans.get((spans.len() * permille / 1000).min(spans.len().saturating_sub(1)));
        let ms = |span: Option<&Duration>| span.map_or(f64::NAN, |span| span.as_secs_f64() * 1000.0);
        Self { p50: ms(at(500)), p90: ms(at(900)), p99: ms(at(990)), max: ms(spans.last()) }
    }

    /// In a line, as otherwise, with the tenth worst behind the middle.
    pub fn with_p90(&self) -> String {
        format!("{:8.1} {:8.1} {:8.1} {:8.1}", self.p50, self.p90, self.p99, self.max)
    }

    pub fn json(&self) -> Value {
        json!({ "p50": self.p50, "p90": self.p90, "p99": self.p99, "max": self.max })
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8.1} {:8.1} {:8.1}", self.p50, self.p99, self.max)
    }
}
