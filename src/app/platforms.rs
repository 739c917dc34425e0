//! The sections of `baton.toml` beside the mappings of a workspace: who may send as a platform.

use crate::config::Config;
use crate::release::Mappings;
use crate::web::{PlatformSection, PlatformSections};
use anyhow::{Context, Result, bail, ensure};
use baton_core::rules::fault::{did_you_mean, listed};
use baton_platforms::signature::Secret;

/// Whether each section is about a platform that there is.
///
/// # Errors
/// One names a platform without a mapping.
pub fn are_known(config: &Config, mappings: &Mappings) -> Result<()> {
    let names = || mappings.keys().map(String::as_str);
    let Some(stranger) = config.platforms.keys().find(|name| !mappings.contains_key(*name)) else { return Ok(()) };
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
/// A secret cannot be had, or could prove nothing that its platform sends; or as [`are_known`].
pub fn sections(config: &Config, mappings: &Mappings) -> Result<PlatformSections> {
    are_known(config, mappings)?;
    let mut sections = PlatformSections::new();
    for (name, platform) in &config.platforms {
        let mut secrets = Vec::new();
        for reference in &platform.secrets {
            let key = format!("platforms.{name}.secrets");
            let secret = Secret::new(&reference.platform_secret(&key)?).with_context(|| format!("resolving {key}"))?;
            let proofs = mappings.get(name).map_or(&[][..], |mapping| mapping.proofs());
            let why: Vec<&str> = proofs.iter().filter_map(|proof| proof.unfit(&secret)).collect();
            ensure!(
                proofs.is_empty() || why.len() < proofs.len(),
                "{key}: what {} stands for can prove nothing that {name} sends, since it {}",
                reference.0,
                why.first().copied().unwrap_or_default()
            );
            secrets.push(secret);
        }
        sections.insert(name.clone(), PlatformSection { secrets, base_url: config.platform_url(name) });
    }
    Ok(sections)
}
