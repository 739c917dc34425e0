//! Who is who. A person has three numbers in HubSpot: the owner id, by which records name them, the id of the user, and the id of
//! the record of that user. People copy whichever they see into `reps.csv`, or leave the cell empty: then the mail address says
//! who is meant. Outside this client everybody goes by what `reps.csv` calls them.

use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::RepId;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody who owns records, or has owned them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    /// The owner id.
    pub owner: String,
    pub user: Option<String>,
    /// Of the user's record; known only where a rep goes by it.
    pub record: Option<String>,
    pub email: Option<String>,
    /// Deactivated: records may name them still, and cannot be given to them.
    pub is_gone: bool,
}

/// A rep, as `reps.csv` says who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RepHere {
    pub id: RepId,
    pub crm_id: Option<CrmId>,
    pub email: String,
    /// What the rest of Baton calls them.
    pub name: CrmId,
}

/// Which of a person's numbers it is, the one that records use first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    Owner,
    User,
    Record,
}

impl Person {
    fn number(&self, id: &str) -> Option<Number> {
        let numbers = [
            (Some(&self.owner), Number::Owner),
            (self.user.as_ref(), Number::User),
            (self.record.as_ref(), Number::Record),
        ];
        numbers.into_iter().find(|(own, _)| own.is_some_and(|own| own == id)).map(|(_, number)| number)
    }

    /// Whether it is one of their numbers.
    pub(super) fn goes_by(&self, id: &str) -> bool {
        self.number(id).is_some()
    }

    fn has_address(&self, email: Option<&str>) -> bool {
        self.email.as_deref().zip(email).is_some_and(|(own, email)| own.eq_ignore_ascii_case(email))
    }
}

/// Everybody who owns records, and which of them are reps.
pub(super) struct Who {
    people: Vec<Person>,
    /// What reps are called, by owner id; and the other way round.
    names: BTreeMap<String, CrmId>,
    owners: BTreeMap<CrmId, String>,
    /// Reps who are nobody in HubSpot, though `reps.csv` says so, and those who are deactivated there.
    pub lost: BTreeSet<RepId>,
    pub gone: BTreeSet<RepId>,
}

impl Who {
    pub(super) fn new(people: Vec<Person>, reps: &[RepHere]) -> Self {
        let (names, owners) = (BTreeMap::new(), BTreeMap::new());
        let mut who = Self { people, names, owners, lost: BTreeSet::new(), gone: BTreeSet::new() };
        for rep in reps {
            match who.find(rep.crm_id.as_ref(), Some(rep.email.as_str())) {
                Some(person) => {
                    let (owner, is_gone) = (person.owner.clone(), person.is_gone);
                    who.gone.extend(is_gone.then(|| rep.id.clone()));
                    who.names.insert(owner.clone(), rep.name.clone());
                    who.owners.insert(rep.name.clone(), owner);
                }
                None => who.lost.extend(rep.crm_id.as_ref().map(|_| rep.id.clone())),
            }
        }
        who
    }

    /// Whoever has this number, or, where none is given, this address. The address decides where two have one number in different
    /// ways, and those who are there come before those who are gone.
    pub(super) fn find(&self, id: Option<&CrmId>, email: Option<&str>) -> Option<&Person> {
        let Some(id) = id else {
            return self.people.iter().filter(|person| person.has_address(email)).min_by_key(|person| person.is_gone);
        };
        let found = self.people.iter().filter_map(|person| Some((person, person.number(id.as_str())?)));
        found
            .min_by_key(|(person, number)| (!person.has_address(email), *number, person.is_gone))
            .map(|(person, _)| person)
    }

    /// The person whom the rest of Baton calls so.
    pub(super) fn called(&self, name: &CrmId) -> Option<&Person> {
        match self.owners.get(name) {
            Some(owner) => self.people.iter().find(|person| person.owner == *owner),
            None => self.find(Some(name), None),
        }
    }

    /// What the rest of Baton calls the owner with this id. Whoever is no rep goes by that id, unless a rep goes by the same
    /// number.
    pub(super) fn name(&self, owner: &str) -> CrmId {
        let id = CrmId::from(owner);
        match self.names.get(owner) {
            Some(name) => name.clone(),
            None if self.owners.contains_key(&id) => CrmId::from(format!("owner {owner}")),
            None => id,
        }
    }

    pub(super) fn is_gone(&self, owner: &str) -> bool {
        self.people.iter().any(|person| person.owner == owner && person.is_gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(owner: &str, user: &str, record: &str, email: &str) -> Person {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (user, record, email) = (known(user), known(record), known(email));
        Person { owner: owner.to_owned(), user, record, email, is_gone: false }
    }

    fn rep(id: &str, crm_id: &str, email: &str) -> RepHere {
        let crm_id = (!crm_id.is_empty()).then(|| CrmId::from(crm_id));
        let name = crm_id.clone().unwrap_or_else(|| email.into());
        RepHere { id: RepId::new(id).expect("a slug"), crm_id, email: email.to_owned(), name }
    }

    fn portal() -> Vec<Person> {
        let gone = Person { is_gone: true, ..person("13", "23", "", "cy@acme.example") };
        vec![
            person("11", "21", "31", "ana@acme.example"),
            person("12", "22", "32", "ben@acme.example"),
            gone,
            // Somebody's owner id is somebody else's user id.
            person("21", "24", "34", "dee@acme.example"),
        ]
    }

    #[test]
    fn any_of_three_numbers_or_none_names_a_rep() {
        for cell in ["11", "21", "31", ""] {
            let rep = rep("ana", cell, "Ana@acme.example");
            let who = Who::new(portal(), std::slice::from_ref(&rep));
            assert_eq!(who.name("11"), rep.name, "{cell}");
            assert_eq!(who.called(&rep.name).map(|person| person.owner.as_str()), Some("11"), "{cell}");
            assert!(who.lost.is_empty() && who.gone.is_empty());
            assert_eq!(who.name("12"), "12".into(), "who is no rep goes by the owner id");
        }
    }

    #[test]
    fn a_number_that_two_have_in_different_ways_names_one_of_them() {
        let who = Who::new(portal(), &[rep("ana", "21", "ana@acme.example")]);
        assert_eq!((who.name("11"), who.name("21")), ("21".into(), "owner 21".into()));
        let who = Who::new(portal(), &[rep("eve", "21", "eve@acme.example")]);
        assert_eq!(who.name("21"), "21".into(), "the owner id, where no address decides");
        assert_eq!(who.name("11"), "11".into());
    }

    #[test]
    fn whoever_is_not_there_or_no_more_is_told() {
        let reps = [
            rep("cy", "13", "cy@acme.example"),
            rep("nobody", "99", "x@acme.example"),
            rep("out", "", "y@acme.example"),
        ];
        let who = Who::new(portal(), &reps);
        let ids = |reps: &BTreeSet<RepId>| reps.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!((ids(&who.gone), ids(&who.lost)), (vec!["cy".to_owned()], vec!["nobody".to_owned()]));
        assert!(who.is_gone("13") && !who.is_gone("11"));
        assert_eq!(
            who.called(&"y@acme.example".into()),
            None,
            "with an empty cell nobody says that they are in HubSpot"
        );
    }

    #[test]
    fn who_has_come_back_is_met_under_the_new_number() {
        let mut portal = portal();
        portal.push(person("14", "23", "", "cy@acme.example"));
        let who = Who::new(portal, &[rep("cy", "", "cy@acme.example")]);
        assert_eq!((who.name("14"), who.gone.len()), ("cy@acme.example".into(), 0));
    }
}
