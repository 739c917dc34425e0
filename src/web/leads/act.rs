//! What every act on a lead has in common: whom it names, who says so, and a lead that is there.

use crate::store::StoreError;
use crate::web::{Door, Problem, Rights};
use baton_core::domain::id::{LeadId, RepId};

pub(super) const LONGEST_TEXT: usize = 500;

pub(super) fn lead(id: String) -> Result<LeadId, Problem> {
    LeadId::new(id).map_err(|fault| Problem::bad_request(fault.to_string()))
}

/// The rep of this name, who can take a lead; `None`: nobody is named.
pub(super) fn rep(door: &Door, name: Option<&str>) -> Result<Option<RepId>, Problem> {
    let Some(name) = name else { return Ok(None) };
    let rules = door.rules();
    match RepId::new(name).ok().and_then(|rep| rules.reps.get(&rep)) {
        Some(rep) if rep.active => Ok(Some(rep.id.clone())),
        Some(_) => Err(Problem::bad_request(format!("rep {name:?} is not active in reps.csv and can take no lead"))),
        None => Err(Problem::bad_request(format!("rep {name:?} is not in reps.csv"))),
    }
}

/// What stands in the lead's story.
pub(super) fn text(name: &str, text: &str) -> Result<String, Problem> {
    match text.trim() {
        "" => Err(Problem::bad_request(format!("{name} is empty: it stands in the lead's story"))),
        told if told.chars().count() > LONGEST_TEXT => {
            let length = told.chars().count();
            Err(Problem::bad_request(format!("{name} has {length} characters; allowed: {LONGEST_TEXT}")))
        }
        told if told.contains('\0') => Err(Problem::bad_request(format!("{name} holds a NUL; allowed: text"))),
        told => Ok(told.to_owned()),
    }
}

/// Who asks, as the audit names them.
pub(super) fn actor(rights: &Rights) -> String {
    match rights.name.as_str() {
        "nobody" => "nobody".to_owned(),
        name => format!("token {name}"),
    }
}

/// What came of it.
///
/// # Errors
/// There is no such lead, or the database failed.
pub(super) fn done<T>(done: Result<Option<T>, StoreError>, lead: &LeadId) -> Result<T, Problem> {
    let done = done.map_err(|error| Problem::ours(&error))?;
    done.ok_or_else(|| Problem::not_found(format!("there is no lead {lead}")))
}
