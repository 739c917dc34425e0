//! Voice platforms that send to this worker by themselves: what each signs with, and at which address it sees us.

use super::environment::Reference;
use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[platforms.NAME]`, where `NAME` is that of the platform's mapping.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Any one of them will do, so that a secret can be changed while calls go on.
    pub secrets: Vec<Reference>,
    /// With which we speak on a call that is going on, where the platform's mapping has a live channel that asks for it.
    pub api_key: Option<Reference>,
    /// What the platform was told instead of `http.public_url`: scheme, host and, behind a proxy, a path before `/v1`.
    pub url: Option<String>,
}

pub(super) fn check(platforms: &BTreeMap<String, Platform>) -> Result<()> {
    for (name, platform) in platforms {
        ensure!(
            !platform.secrets.is_empty(),
            "platforms.{name}.secrets is empty; allowed: one reference or more, such as secrets = [\"env:NAME\"]"
        );
        let Some(url) = &platform.url else { continue };
        let parsed = url::Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "https" | "http"));
        if parsed.is_none_or(|parsed| parsed.query().is_some() || parsed.fragment().is_some()) {
            bail!(
                "platforms.{name}.url is {url:?}; allowed: an address without a query, such as https://baton.example"
            );
        }
    }
    Ok(())
}
