//! What a rep fills in about a lead, and what of it cannot be: said to programs in the words of the API, to people in the
//! words of the page.

use baton_core::domain::id::RepId;
use baton_core::domain::outcome::{Feedback, Misroute, MisrouteKind};
use baton_core::domain::rep::Rep;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::BTreeMap;

pub const LONGEST_NOTE: usize = 2000;
/// People who are offered for a name that fits several.
const MOST_OFFERED: usize = 12;

/// As it comes from a form: everything is text, and what was left out is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Submitted {
    pub quality: String,
    pub completeness: String,
    pub misroute: String,
    /// An id, or a name as it stands in the roster.
    pub right_rep: String,
    /// One of those who were offered, instead.
    pub offered_rep: String,
    /// `yes`: nobody came to the meeting.
    pub no_show: String,
    pub note: String,
}

/// What a filled-in form says.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    pub quality: Option<u8>,
    pub completeness: Option<u8>,
    pub misroute: Option<Misroute>,
    /// Nobody came to the meeting.
    pub no_show: bool,
    pub note: Option<String>,
}

/// Why a form is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    #[error("{field} is {found:?}; allowed: 1 to 5, or nothing")]
    Stars { field: &'static str, found: String },
    #[error(
        "misroute is {found:?}; allowed: procedural (wrong person), clerical (data incomplete), definitional (not a fit), or nothing"
    )]
    Misroute { found: String },
    #[error("right_rep is {found:?}, who is not in reps.csv")]
    NoSuchRep { found: String },
    #[error("right_rep is {found:?}, which may be {}; give the id", ids(.offered))]
    WhichRep { found: String, offered: Vec<RepId>, more: usize },
    #[error("right_rep is given without misroute: say what kind of misroute it was")]
    RepWithoutMisroute,
    #[error("no_show is given, and no meeting of this lead has begun")]
    NoMeeting,
    #[error("note has {length} characters; allowed: {LONGEST_NOTE}")]
    LongNote { length: usize },
    #[error("nothing was said: give quality, completeness, misroute or a note")]
    Nothing,
}

fn ids(reps: &[RepId]) -> String {
    reps.iter().map(RepId::as_str).collect::<Vec<_>>().join(", ")
}

impl FormFault {
    /// The field that it is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Stars { field, .. } => field,
            Self::Misroute { .. } | Self::RepWithoutMisroute => "misroute",
            Self::NoSuchRep { .. } | Self::WhichRep { .. } => "right_rep",
            Self::NoMeeting => "no_show",
            Self::LongNote { .. } => "note",
            Self::Nothing => "quality",
        }
    }

    /// As whoever sees the page understands it.
    pub fn for_people(&self) -> String {
        match self {
            Self::Stars { .. } => "Please choose a number from 1 to 5, or leave the question open.".to_owned(),
            Self::Misroute { .. } => "Please choose one of the answers to “Did it reach the right person?”.".to_owned(),
            Self::NoSuchRep { found } => {
                format!("Nobody here is called “{found}”. Please choose a name from the list, or leave it empty.")
            }
            Self::WhichRep { found, .. } => {
                format!("Several people may be “{found}”. Please choose one of them below.")
            }
            Self::RepWithoutMisroute => {
                "You named who should have had the lead. Please also say what went wrong under \
                                         “Did it reach the right person?”."
                    .to_owned()
            }
            Self::NoMeeting => "No meeting with this lead has begun yet.".to_owned(),
            Self::LongNote { length } => {
                format!("Your note has {length} characters, and {LONGEST_NOTE} fit. Please shorten it.")
            }
            Self::Nothing => "Nothing is filled in yet. Please answer at least one question.".to_owned(),
        }
    }
}

impl Submitted {
    /// In this rep's name. `met`: a meeting with the lead has begun, by its time.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(
        &self,
        rules: &RuleSet,
        met: bool,
        rep: RepId,
        at: DateTime<Utc>,
        via: &str,
    ) -> Result<Feedback, FormFault> {
        let Opinion { quality, completeness, misroute, no_show, note } = self.read(rules, met)?;
        Ok(Feedback { rep, at, quality, completeness, misroute, no_show, note, via: via.to_owned() })
    }

    /// What it says, whoever says it.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn read(&self, rules: &RuleSet, met: bool) -> Result<Opinion, FormFault> {
        let quality = stars("quality", &self.quality)?;
        let completeness = stars("completeness", &self.completeness)?;
        let kind = match self.misroute.as_str() {
            "" | "no" => None,
            "procedural" => Some(MisrouteKind::Procedural),
            "clerical" => Some(MisrouteKind::Clerical),
            "definitional" => Some(MisrouteKind::Definitional),
            other => return Err(FormFault::Misroute { found: other.to_owned() }),
        };
        let right_rep = match (self.offered_rep.as_str(), self.right_rep.trim()) {
            ("", "") => None,
            ("", named) => Some(named_rep(named, rules)?),
            (offered, _) => Some(named_rep(offered, rules)?),
        };
        if right_rep.is_some() && kind.is_none() {
            return Err(FormFault::RepWithoutMisroute);
        }
        let no_show = self.no_show == "yes";
        if no_show && !met {
            return Err(FormFault::NoMeeting);
        }
        // Which no database holds, and nobody writes.
        let note = self.note.replace('\0', "");
        let note = note.trim();
        let length = note.chars().count();
        if length > LONGEST_NOTE {
            return Err(FormFault::LongNote { length });
        }
        let note = Some(note.to_owned()).filter(|note| !note.is_empty());
        if quality.is_none() && completeness.is_none() && kind.is_none() && !no_show && note.is_none() {
            return Err(FormFault::Nothing);
        }
        let misroute = kind.map(|kind| Misroute { kind, right_rep });
        Ok(Opinion { quality, completeness, misroute, no_show, note })
    }
}

fn stars(field: &'static str, text: &str) -> Result<Option<u8>, FormFault> {
    match text {
        "" => Ok(None),
        "1" | "2" | "3" | "4" | "5" => Ok(text.parse().ok()),
        other => Err(FormFault::Stars { field, found: other.to_owned() }),
    }
}

/// Whom the roster knows by this id, or alone by this name. A part of a name is never taken for a person: those whom it fits
/// are offered.
fn named_rep(text: &str, rules: &RuleSet) -> Result<RepId, FormFault> {
    if let Some(rep) = RepId::new(text).ok().filter(|rep| rules.reps.contains_key(rep)) {
        return Ok(rep);
    }
    let active = active(rules);
    let wanted = text.to_lowercase();
    let called: Vec<&(&Rep, String)> =
        active.iter().filter(|(rep, label)| label == text || rep.name.to_lowercase() == wanted).collect();
    if let [(one, _)] = called.as_slice() {
        return Ok(one.id.clone());
    }
    let fits =
        |(rep, _): &&(&Rep, String)| rep.name.to_lowercase().contains(&wanted) || rep.id.as_str().contains(&wanted);
    let mut offered: Vec<RepId> = active.iter().filter(fits).map(|(rep, _)| rep.id.clone()).collect();
    let more = offered.len().saturating_sub(MOST_OFFERED);
    offered.truncate(MOST_OFFERED);
    let found = text.to_owned();
    Err(if offered.is_empty() { FormFault::NoSuchRep { found } } else { FormFault::WhichRep { found, offered, more } })
}

/// Who can be named, and how: by name, and by id where two have the same one.
pub fn active(rules: &RuleSet) -> Vec<(&Rep, String)> {
    let mut called: BTreeMap<&str, u32> = BTreeMap::new();
    for rep in rules.reps.values().filter(|rep| rep.active) {
        *called.entry(&rep.name).or_default() += 1;
    }
    let label = |rep: &Rep| match called.get(rep.name.as_str()) {
        Some(0 | 1) | None => rep.name.clone(),
        Some(_) => format!("{} ({})", rep.name, rep.id),
    };
    rules.reps.values().filter(|rep| rep.active).map(|rep| (rep, label(rep))).collect()
}

#[cfg(test)]
mod tests;
