//! Domains that name no company: of mail providers, and of sites on which many have a page, a shop, a help desk or a tenant.

use std::collections::BTreeSet;
use std::sync::LazyLock;

const MAIL: &str = include_str!("shared/domains.txt");
const SITES: &str = include_str!("shared/sites.txt");

/// What `shared_domains: default` stands for.
pub fn built_in() -> impl Iterator<Item = String> {
    MAIL.lines().chain(SITES.lines()).filter(|line| !line.starts_with('#')).map(str::to_owned)
}

/// Whether a host is one of these, or lies below one: the tenant `acme` of `onmicrosoft.com`, a page of `sites.google.com`.
pub fn is_shared(domains: &BTreeSet<String>, host: &str) -> bool {
    let mut at_and_above = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, above)| above));
    at_and_above.any(|domain| domains.contains(domain))
}

/// A host on which many have their pages, although the domain above it is somebody's own.
pub fn is_of_many(host: &str) -> bool {
    static OF_MANY: LazyLock<BTreeSet<&str>> = LazyLock::new(|| SITES.lines().collect());
    OF_MANY.contains(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_of_many_is_shared_with_all_that_lies_below_it() {
        let domains: BTreeSet<String> = built_in().collect();
        for host in
            ["gmail.com", "onmicrosoft.com", "blueharbor.onmicrosoft.com", "sites.google.com", "tern.zendesk.com"]
        {
            assert!(is_shared(&domains, host), "{host}");
        }
        for host in ["blueharbor.example", "notlinkedin.com", "com", ""] {
            assert!(!is_shared(&domains, host), "{host}");
        }
    }

    #[test]
    fn the_tables_hold_domains_and_nothing_twice() {
        let all: Vec<String> = built_in().collect();
        let unique: BTreeSet<&String> = all.iter().collect();
        let twice: Vec<&&String> =
            unique.iter().filter(|one| all.iter().filter(|other| other == *one).count() > 1).collect();
        assert_eq!(twice, Vec::<&&String>::new());
        for domain in &all {
            let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
            assert!(domain.contains('.') && domain.chars().all(fine), "{domain:?}");
        }
    }
}
