//! The owners of a portal: read when somebody is to be found among them, by one request at a time, and kept for a while. What was
//! known counts on while HubSpot cannot tell anew.

use super::people::{Person, RepHere, Who};
use super::{HubSpot, OWNER, Object, VENDOR, VERSION, record_id};
use crate::connectors::VendorError;
use crate::connectors::http::ApiCall;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::RepId;
use baton_core::domain::rep::Rep;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Mutex as AsyncMutex;

const FRESH: TimeDelta = TimeDelta::minutes(10);
/// Owners on a page, and users, and pages of either that are read.
const OWNERS: usize = 500;
const USERS: usize = 100;
const PAGES: usize = 50;
/// Of a user's record: the id of the user.
pub(super) const USER: &str = "hs_internal_user_id";
const OF_USER: [&str; 4] = [USER, OWNER, "hs_availability_status", "hs_out_of_office_hours"];
/// Reps whom one message names.
const TOLD: usize = 5;

#[derive(Default)]
pub(super) struct Owners {
    reps: Mutex<Arc<Vec<RepHere>>>,
    /// Whoever comes while they are being read waits for the same answer.
    known: AsyncMutex<Option<Known>>,
}

struct Known {
    who: Arc<Who>,
    /// For whom it was put together.
    reps: Arc<Vec<RepHere>>,
    read_at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    id: String,
    email: Option<String>,
    user_id: Option<i64>,
    /// Of somebody who is deactivated, whose `userId` is taken away.
    user_id_including_inactive: Option<i64>,
    #[serde(default)]
    archived: bool,
}

impl Owners {
    /// Whom to look for from now on.
    pub(super) fn meet(&self, reps: &BTreeMap<RepId, Rep>) {
        let active = reps.values().filter(|rep| rep.active);
        let here = active.map(|rep| RepHere {
            id: rep.id.clone(),
            crm_id: rep.crm_id.clone(),
            email: rep.email.clone(),
            name: rep.name_in_crm(),
        });
        *self.reps.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(here.collect());
    }

    fn reps(&self) -> Arc<Vec<RepHere>> {
        Arc::clone(&self.reps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HubSpot {
    pub(super) async fn who(&self) -> Result<Arc<Who>, VendorError> {
        let reps = self.owners.reps();
        let mut known = self.owners.known.lock().await;
        let now = self.clock.now();
        if let Some(known) = &*known
            && Arc::ptr_eq(&known.reps, &reps)
            && now - known.read_at < FRESH
        {
            return Ok(Arc::clone(&known.who));
        }
        match self.people(&reps).await {
            Ok(people) => {
                let who = Arc::new(Who::new(people, &reps));
                *known = Some(Known { who: Arc::clone(&who), reps, read_at: now });
                Ok(who)
            }
            Err(error) => known.as_ref().map(|known| Arc::clone(&known.who)).ok_or(error),
        }
    }

    /// HubSpot has just contradicted what is known.
    pub(super) async fn forget_owners(&self) {
        *self.owners.known.lock().await = None;
    }

    /// The id by which records are to name an owner. `None`: nobody, or somebody whom HubSpot does not have and `reps.csv` does not
    /// say that it has.
    ///
    /// # Errors
    /// Also `NeedsPerson`: the person is not there, or is deactivated.
    pub(super) async fn owner_id(
        &self,
        id: Option<&CrmId>,
        email: Option<&str>,
    ) -> Result<Option<String>, VendorError> {
        if let Some(id) = id {
            record_id(id.as_str())?;
        } else if email.is_none() {
            return Ok(None);
        }
        let who = self.who().await?;
        match (who.find(id, email), id) {
            (Some(person), _) if person.is_gone => {
                let why = format!(
                    "the owner {} is deactivated in HubSpot: set the rep to active: no in reps.csv, or activate the user again",
                    person.owner
                );
                Err(VendorError::needs_person(VENDOR, why))
            }
            (Some(person), _) => Ok(Some(person.owner.clone())),
            (None, None) => Ok(None),
            (None, Some(id)) => {
                let why = format!(
                    "nobody in HubSpot has the crm_id {id} of reps.csv, as owner, user or record of a user: write the owner id, or \
                     leave the cell empty where the e-mail address is the one in HubSpot"
                );
                Err(VendorError::needs_person(VENDOR, why))
            }
        }
    }

    /// What `reps.csv` says of people in HubSpot that is not so, in words; `None`: all is well.
    pub(super) async fn wrong_reps(&self) -> Result<Option<String>, VendorError> {
        let who = self.who().await?;
        let lost = who
            .lost
            .iter()
            .map(|rep| format!("nobody there has the crm_id of {rep}: write the owner id into reps.csv"));
        let gone = who.gone.iter().map(|rep| format!("{rep} is deactivated there, and active in reps.csv"));
        let told: Vec<String> = lost.chain(gone).take(TOLD).collect();
        Ok((!told.is_empty()).then(|| told.join("; ")))
    }

    async fn people(&self, reps: &[RepHere]) -> Result<Vec<Person>, VendorError> {
        let (mut people, gone) = tokio::try_join!(self.people_if(false), self.people_if(true))?;
        people.extend(gone);
        let is_number = |id: &CrmId| {
            let id = Some(id.as_str());
            people.iter().any(|person| Some(person.owner.as_str()) == id || person.user.as_deref() == id)
        };
        if reps.iter().filter_map(|rep| rep.crm_id.as_ref()).all(is_number) {
            return Ok(people);
        }
        self.add_records(&mut people).await?;
        Ok(people)
    }

    /// By the numbers of their records people may go as well.
    pub(super) async fn add_records(&self, people: &mut [Person]) -> Result<(), VendorError> {
        let records = match self.users().await {
            // The key may not see them: then nobody goes by such a number.
            Err(VendorError::NeedsPerson { .. }) => Vec::new(),
            records => records?,
        };
        for person in people {
            person.record = records.iter().find(|record| is_of(record, person)).map(|record| record.id.clone());
        }
        Ok(())
    }

    /// Those who are there, or those who are deactivated.
    pub(super) async fn people_if(&self, archived: bool) -> Result<Vec<Person>, VendorError> {
        Ok(self.owners_if(archived).await?.into_iter().map(Person::from).collect())
    }

    async fn owners_if(&self, archived: bool) -> Result<Vec<Owner>, VendorError> {
        let call = || {
            let call = ApiCall::get("owners", &["crm", "owners", VERSION]).query("limit", OWNERS.to_string());
            call.query("archived", archived.to_string())
        };
        self.pages(PAGES, call).await
    }

    /// The records of all users.
    pub(super) async fn users(&self) -> Result<Vec<Object>, VendorError> {
        let call = || {
            let call = self.get("users", &["users"]).query("limit", USERS.to_string());
            call.query("properties", OF_USER.join(","))
        };
        self.pages(PAGES, call).await
    }
}

/// Whether it is the record of this user.
pub(super) fn is_of(record: &Object, person: &Person) -> bool {
    record.get(OWNER) == Some(person.owner.as_str())
        || person.user.is_some() && record.get(USER) == person.user.as_deref()
}

impl From<Owner> for Person {
    fn from(owner: Owner) -> Self {
        let user = owner.user_id.or(owner.user_id_including_inactive).map(|id| id.to_string());
        Self { owner: owner.id, user, record: None, email: owner.email, is_gone: owner.archived }
    }
}
