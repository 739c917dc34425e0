//! The sections of `baton.toml` beside the mappings of a workspace: who may send as a platform.

use crate::config::Config;
use crate::release::Mappings;
use crate::web::{PlatformSection, PlatformSections};
use anyhow::{Context, Result, bail};
use baton_core::rules::fault::{did_you_mean, listed};
use baton_platforms::Mapping;
use baton_platforms::signature::Secret;
use std::collections::BTreeMap;

/// Whether each section is about a platform that there is.
///
/// # Errors
/// One names a platform without a mapping.
pub fn are_known<T>(sections: &BTreeMap<String, T>, mappings: &Mappings) -> Result<()> {
    let names = || mappings.keys().map(String::as_str);
    let Some(stranger) = sections.keys().find(|name| !mappings.contains_key(*name)) else { return Ok(()) };
    let hint = did_you_mean(stranger, names()).map_or_else(String::new, |hint| format!("; {hint}"));
    bail!(
        "baton.toml has [platforms.{stranger}], and no mapping is called so; allowed: {}, or a file \
         platforms/{stranger}.yaml{hint}",
        listed(names())
    );
}

/// Every section with what its references stand for.
///
/// # Errors
/// A secret cannot be had, or could prove nothing that its platform sends; a key is for nothing; or as [`are_known`].
pub fn sections(config: &Config, mappings: &Mappings) -> Result<PlatformSections> {
    are_known(&config.platforms, mappings)?;
    let mut sections = PlatformSections::new();
    for (name, platform) in &config.platforms {
        let mut secrets = Vec::new();
        for reference in &platform.secrets {
            let key = format!("platforms.{name}.secrets");
            let secret = Secret::new(&reference.platform_secret(&key)?).with_context(|| format!("resolving {key}"))?;
            if let Some(why) = unfit(&secret, mappings.get(name)) {
                bail!("{key}: what {} stands for can prove nothing that {name} sends, since it {why}", reference.0);
            }
            secrets.push(secret);
        }
        if platform.api_key.is_some() && mappings.get(name).is_some_and(|mapping| mapping.live().is_none()) {
            bail!("platforms.{name}.api_key is for a live channel, and the mapping of {name} has none: take it out");
        }
        let (base_url, has_key) = (config.platform_url(name), platform.api_key.is_some());
        sections.insert(name.clone(), PlatformSection { secrets, base_url, has_key });
    }
    Ok(sections)
}

/// Whether the sections of a running worker go with changed mappings, as they must at a start.
///
/// # Errors
/// A secret could prove nothing that its platform sends; or as [`are_known`].
pub fn agree(sections: &PlatformSections, mappings: &Mappings) -> Result<()> {
    are_known(sections, mappings)?;
    for (name, section) in sections {
        if let Some(why) = section.secrets.iter().find_map(|secret| unfit(secret, mappings.get(name))) {
            bail!("platforms.{name}.secrets: one of them can prove nothing that {name} sends, since it {why}");
        }
    }
    Ok(())
}

/// Why a secret fits no proof of its platform; one that proves nothing asks for none.
fn unfit(secret: &Secret, mapping: Option<&Mapping>) -> Option<&'static str> {
    let proofs = mapping?.proofs();
    let why: Vec<&str> = proofs.iter().filter_map(|proof| proof.unfit(secret)).collect();
    why.first().copied().filter(|_| why.len() == proofs.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_mappings_keep_what_the_sections_need() {
        let mappings = |name: &str, proof: &str| {
            let text = format!("version: 1\nproof: {proof}\nmessages:\n  - {{ name: m, means: nothing }}\n");
            let mapping = Mapping::read(&format!("platforms/{name}.yaml"), &text).expect("a mapping");
            Mappings::from([(name.to_owned(), mapping)])
        };
        let secrets = vec![Secret::new("sixteen letters!").expect("a secret")];
        let section = PlatformSection { secrets, base_url: String::new(), has_key: false };
        let sections = PlatformSections::from([("acme".to_owned(), section)]);
        agree(&sections, &mappings("acme", "[livekit, bearer]")).expect("it fits one of them");
        let told = |mappings: &Mappings| agree(&sections, mappings).expect_err("it does not go").to_string();
        assert!(told(&mappings("other", "bearer")).contains("[platforms.acme]"));
        let told = told(&mappings("acme", "telnyx"));
        assert!(told.contains("platforms.acme.secrets") && told.contains("is no public key"), "{told}");
    }
}
