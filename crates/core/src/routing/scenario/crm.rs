//! What the CRM knows.

use super::{Scenario, at};
use crate::domain::account::{Account, Candidates, CompanyRecord, MatchKey, PersonKind, PersonRecord, Records};
use crate::domain::known::{Fact, Known};
use crate::rules::model::set::Assignment;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

impl Scenario {
    pub fn owner(self, name: &str) -> Self {
        self.rep(name, |_| ()).account(|account| account.owner_crm_id = Some(format!("crm-{name}").into()))
    }

    pub fn opportunity_owner(self, name: &str) -> Self {
        let crm_id = Some(format!("crm-{name}").into());
        self.rep(name, |_| ()).account(|account| account.open_opportunity_owner_crm_id = crm_id)
    }

    pub fn account(mut self, change: impl FnOnce(&mut Account)) -> Self {
        let known = match self.snapshot.account.value() {
            Some(Candidates::Settled(account)) => account.clone(),
            Some(Candidates::Found(_)) | None => None,
        };
        let mut account = known.unwrap_or(Account {
            crm_id: "001".into(),
            name: "Acme".into(),
            domain: Some("acme.com".into()),
            owner_crm_id: None,
            open_opportunity_owner_crm_id: None,
            matched_by: MatchKey::Domain,
            score_permille: 1000,
            fields: BTreeMap::new(),
        });
        change(&mut account);
        self.snapshot.account = in_mirror(Candidates::Settled(Some(account)));
        self
    }

    /// A company of the CRM; more than one are candidates for the matcher.
    pub fn company(self, crm_id: &str, change: impl FnOnce(&mut CompanyRecord)) -> Self {
        self.records(|records| {
            let mut company = CompanyRecord { crm_id: crm_id.into(), name: "Acme".into(), ..CompanyRecord::default() };
            change(&mut company);
            records.companies.push(company);
        })
    }

    /// A contact or lead of the CRM with the caller's e-mail address, which the caller then has.
    pub fn person(mut self, kind: PersonKind, owner: &str, active_at: Option<DateTime<Utc>>) -> Self {
        let email = "ada@acme.com".to_owned();
        self.lead.contact.email = Some(Known::from_caller(email.clone()));
        self.rep(owner, |_| ()).records(|records| {
            records.people.push(PersonRecord {
                kind,
                crm_id: format!("person-{}", records.people.len()).into(),
                company_crm_id: None,
                email: Some(email),
                phones: vec![],
                owner_crm_id: Some(format!("crm-{owner}").into()),
                owner: None,
                active_at,
            });
        })
    }

    pub fn records(mut self, change: impl FnOnce(&mut Records)) -> Self {
        let mut records = match self.snapshot.account.value() {
            Some(Candidates::Found(records)) => records.clone(),
            Some(Candidates::Settled(_)) | None => Records::default(),
        };
        change(&mut records);
        self.snapshot.account = in_mirror(Candidates::Found(records));
        self
    }

    /// Under `assignment: crm`: what its rules chose.
    pub fn assigned(mut self, owner: Option<&str>) -> Self {
        self.rules.assignment = Assignment::Crm;
        let value = owner.map(|owner| format!("crm-{owner}").into());
        self.snapshot.assigned = Some(Fact::Known { value, observed_at: at("10:00"), source: "salesforce".into() });
        self
    }

    pub fn crm_is_down(mut self) -> Self {
        self.snapshot.account = Fact::Unknown { why: "salesforce did not answer in 700 ms".into() };
        self
    }
}

fn in_mirror(value: Candidates) -> Fact<Candidates> {
    Fact::Known { value, observed_at: at("09:58"), source: "mirror".into() }
}
