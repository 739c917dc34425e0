//! Named accounts by domain and by name.

use super::LookupTable;
use crate::rules::model::row::NamedAccount;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Accounts {
    by_domain: LookupTable<String, usize>,
    /// With whether the line names a domain.
    by_name: LookupTable<String, Vec<(usize, bool)>>,
}

impl Accounts {
    pub(super) fn build(accounts: &[NamedAccount]) -> Self {
        let mut built = Self::default();
        for (index, account) in accounts.iter().enumerate() {
            if let Some(domain) = &account.domain {
                built.by_domain.entry(domain.to_lowercase()).or_insert(index);
            }
            let name = account.name.trim().to_lowercase();
            built.by_name.entry(name).or_default().push((index, account.domain.is_some()));
        }
        built
    }

    pub(super) fn find(&self, domain: Option<&str>, name: Option<&str>) -> Option<usize> {
        let by_domain = domain.and_then(|domain| self.by_domain.get(&domain.to_lowercase()).copied());
        by_domain.or_else(|| {
            let named = self.by_name.get(&name?.trim().to_lowercase())?;
            named.iter().find(|(_, has_domain)| domain.is_none() || !has_domain).map(|(index, _)| *index)
        })
    }
}
