//! Who has come, for as long as one request lasts.

use super::role::Role;
use super::words::Language;
use crate::web::Rights;

#[derive(Debug, Clone)]
pub(super) struct Visit {
    /// What they may do at this moment; its name is who they are.
    pub rights: Rights,
    /// What every form of theirs brings along.
    pub csrf: String,
    pub language: Language,
    /// What they asked for, without the query.
    pub path: String,
}

impl Visit {
    pub(super) fn may(&self, least: Role) -> bool {
        self.rights.may(least.scope())
    }
}
