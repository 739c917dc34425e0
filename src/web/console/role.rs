//! Who people are here: four roles, each with what the one before it may do and one right more. A right is a scope of tokens.

use crate::web::Rights;
use baton_core::domain::scope::Scope;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Sees everything.
    Viewer,
    /// Says how a lead was, and that it was spoken with.
    Rep,
    /// Changes what becomes of leads.
    Ops,
    Admin,
}

impl Role {
    const ALL: [Self; 4] = [Self::Viewer, Self::Rep, Self::Ops, Self::Admin];

    /// What it may do beyond those before it.
    pub(super) fn scope(self) -> Scope {
        match self {
            Self::Viewer => Scope::Read,
            Self::Rep => Scope::Feedback,
            Self::Ops => Scope::Act,
            Self::Admin => Scope::Admin,
        }
    }

    /// All that it may do.
    fn scopes(self) -> impl Iterator<Item = Scope> {
        Self::ALL.into_iter().take(self as usize + 1).map(Self::scope)
    }

    /// The most that somebody with these rights is; `None`: not even a viewer.
    pub(super) fn of(rights: &Rights) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|role| role.scopes().all(|scope| rights.may(scope)))
    }

    /// The key of its word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Viewer => "role_viewer",
            Self::Rep => "role_rep",
            Self::Ops => "role_ops",
            Self::Admin => "role_admin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_all_that_those_before_it_may() {
        let rights = |role: Role| Rights { name: "lena".to_owned(), scopes: role.scopes().collect(), source: None };
        for (place, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(Role::of(&rights(role)), Some(role));
            for (other, asked) in Role::ALL.into_iter().enumerate() {
                assert_eq!(
                    rights(role).may(asked.scope()),
                    other <= place || role == Role::Admin,
                    "{role:?} {asked:?}"
                );
            }
        }
        let intake = Rights { name: "voice".to_owned(), scopes: [Scope::Intake].into(), source: None };
        assert_eq!(Role::of(&intake), None);
    }
}
