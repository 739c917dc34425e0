//! What the rep reads before speaking: made once per lead, rendered per channel.

use super::known::Source;
use super::text::RepText;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Briefing {
    /// "Dana Whitfield, Head of Operations, Northwind Foods".
    pub headline: RepText,
    /// What the person does not want, as orders: "Do not call: write." Empty for nearly everybody.
    pub do_not: Vec<String>,
    pub fields: Vec<BriefingField>,
    pub summary: Option<RepText>,
    pub objections: Vec<RepText>,
    /// 0 to 100.
    pub score: Option<u8>,
    pub next_action: Option<RepText>,
    /// Why this rep: the plan's reason.
    pub why_you: String,
    pub transcript_url: Option<String>,
    /// 0 to 1000: share of what this tier's briefing should hold that is known.
    pub completeness_permille: u16,
    /// The first questions to ask: what is missing, in order of weight.
    pub ask_first: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BriefingField {
    /// `Timeline`, `Budget` …
    pub label: String,
    pub value: RepText,
    pub source: Source,
}
