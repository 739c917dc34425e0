//! The webhooks of `baton.toml`, with what their references stand for.

use crate::config::{self, Config};
use crate::connectors::webhook::{Webhook, WebhookConfig, check_address};
use anyhow::{Context, Result, anyhow};
use baton_platforms::signature::SigningKey;
use std::sync::Arc;

/// Whether each may lead where it is written to lead; an address behind a reference is judged by whoever starts a worker.
///
/// # Errors
/// One leads to an address that is not reached.
pub fn may_be_reached(config: &Config) -> Result<()> {
    for webhook in config.webhooks.iter().filter(|webhook| webhook.has_plain_url()) {
        let checked = check_address(&webhook.url()?, webhook.allow_private);
        checked.map_err(|why| anyhow!("{}: {why}", webhook.key("url")))?;
    }
    Ok(())
}

/// All of them.
///
/// # Errors
/// As [`connect`].
pub fn all(config: &Config) -> Result<Vec<Arc<Webhook>>> {
    config.webhooks.iter().map(|webhook| connect(webhook).map(Arc::new)).collect()
}

/// # Errors
/// An address or a secret cannot be had or is not of its form, or as [`may_be_reached`].
pub fn connect(webhook: &config::Webhook) -> Result<Webhook> {
    let url = webhook.url()?;
    let mut keys = Vec::new();
    for reference in &webhook.secrets {
        let key = webhook.key("secrets");
        let secret = reference.our_secret(&key)?;
        let signing = SigningKey::read(&secret).with_context(|| {
            format!(
                "{key}: {} stands for no secret to sign with; allowed: whsec_ and base64, such as the output of \
                 `echo whsec_$(openssl rand -base64 32)`",
                reference.0
            )
        });
        keys.push(signing?);
    }
    let (name, topics, timeout) = (webhook.name.clone(), webhook.topics.clone(), webhook.timeout());
    let config = WebhookConfig { name, url, keys, topics, timeout, allow_private: webhook.allow_private };
    Webhook::new(config).map_err(|why| anyhow!("webhooks.{}: {why}", webhook.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Config {
        toml::from_str(&format!("[[webhooks]]\nname = \"crm\"\n{text}\n")).expect("parses")
    }

    #[test]
    fn a_secret_is_of_the_standards_form_and_never_repeated() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        let config = one(&format!("url = \"https://hooks.example\"\nsecrets = [\"file:{}\"]", file.display()));
        let told = |secret: &str| {
            std::fs::write(&file, secret).expect("a secret");
            all(&config).err().map(|error| format!("{error:#}"))
        };
        assert_eq!(told("whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u\n"), None);
        for (secret, why) in [
            ("MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u", "it is not whsec_ with base64 behind it"),
            ("whsec_MDEyMzQ1Njc4OWFi", "it stands for 12 bytes; allowed: 24 to 64"),
            ("whsec_MDE", "has 9 characters"),
        ] {
            let told = told(secret).expect("no secret to sign with");
            assert!(told.contains(why) && told.contains("webhooks.crm.secrets"), "{told}");
            assert!(!told.contains(secret), "{told}");
        }
    }

    #[test]
    fn where_it_leads_is_told_before_anything_is_sent() {
        let told = |text: &str| may_be_reached(&one(&format!("{text}\nsecrets = [\"env:S\"]"))).err();
        assert!(told("url = \"https://hooks.example/x\"").is_none());
        assert!(told("url = \"https://10.0.0.7/x\"\nallow_private = true").is_none());
        assert!(told("url = \"env:WHEREVER\"").is_none(), "the environment is not read");
        let told = told("url = \"https://169.254.169.254/latest\"").expect("the metadata of a cloud").to_string();
        assert!(
            told.starts_with("webhooks.crm.url: 169.254.169.254 leads to") && told.contains("allow_private"),
            "{told}"
        );
    }
}
