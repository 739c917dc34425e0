//! `accounts.csv`: companies that go to a certain rep or territory, whatever their address says.

use crate::rules::fault::{Faults, Word, quoted};
use crate::rules::files::table;
use std::collections::{BTreeMap, BTreeSet};

const COLUMNS: [&str; 4] = ["name", "domain", "rep", "territory"];

/// A row as read; rep and territory are not looked up yet.
pub(crate) struct AccountDraft {
    pub line: u32,
    pub name: Word,
    pub domain: Option<String>,
    pub rep: Option<Word>,
    pub territory: Option<Word>,
}

pub(crate) fn read(text: &str, shared: &BTreeSet<String>, faults: &mut Faults) -> Option<Vec<AccountDraft>> {
    let table = table::read(crate::rules::ACCOUNTS, text, &COLUMNS, &["name"], faults)?;
    let mut seen = BTreeMap::new();
    let mut drafts = Vec::new();
    for row in &table.rows {
        let Some(name) = table.require(row, "name", faults).cloned() else { continue };
        let domain = table.get(row, "domain").and_then(|word| domain(word, shared, &mut seen, faults));
        let (rep, territory) = (table.get(row, "rep").cloned(), table.get(row, "territory").cloned());
        if rep.is_some() == territory.is_some() {
            let found = if rep.is_some() { "both rep and territory" } else { "neither rep nor territory" };
            faults.error("account-needs-one-target", name.at, found, "exactly one of rep and territory");
        }
        drafts.push(AccountDraft { line: row.line, name, domain, rep, territory });
    }
    Some(drafts)
}

fn domain(
    word: &Word,
    shared: &BTreeSet<String>,
    seen: &mut BTreeMap<String, u32>,
    faults: &mut Faults,
) -> Option<String> {
    let allowed = "a domain such as northwind.example, without www. and slashes";
    let domain = faults.read(word, "account-bad-domain", allowed, domain_name)?;
    if shared.contains(&domain) {
        let found = format!("{}, which many companies share", quoted(&domain));
        faults.error("account-shared-domain", word.at, found, "the company's own domain");
    }
    if let Some(line) = seen.insert(domain.clone(), word.at.line) {
        let found = format!("{}, which line {line} has too", quoted(&domain));
        faults.error("account-domain-twice", word.at, found, "each domain once");
    }
    Some(domain)
}

/// Lower case; at least two labels.
pub(crate) fn domain_name(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let fine = !lower.starts_with("www.") && lower.contains('.') && lower.split('.').all(label);
    fine.then_some(lower)
}
