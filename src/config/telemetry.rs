//! Who is told what this worker does: the collector of traces.

use super::environment::otlp_endpoint;
use anyhow::{Result, ensure};
use serde::Deserialize;
use url::Url;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Base address of a collector that takes OTLP over HTTP; left out, it is that of the environment, and without one nothing is
    /// told.
    traces: Option<String>,
    /// `service.name`
    pub service_name: String,
    /// `service.instance.id`; left out, it is the worker's name, new at every start, by which logs call it too.
    pub service_instance_id: Option<String>,
    /// The share of the traces that begin here and are told.
    pub sampled: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { traces: None, service_name: "baton".to_owned(), service_instance_id: None, sampled: 1.0 }
    }
}

impl Telemetry {
    /// Where traces go; `None`: nowhere.
    ///
    /// # Errors
    /// What is set in the environment is no address.
    pub fn traces(&self) -> Result<Option<String>> {
        if let Some(address) = &self.traces {
            return Ok(Some(address.clone()));
        }
        let Some(address) = otlp_endpoint() else { return Ok(None) };
        check_address("OTEL_EXPORTER_OTLP_ENDPOINT", &address)?;
        Ok(Some(address))
    }

    pub(super) fn check(&self) -> Result<()> {
        if let Some(address) = &self.traces {
            check_address("telemetry.traces", address)?;
        }
        ensure!(
            (0.0..=1.0).contains(&self.sampled),
            "telemetry.sampled is {}; allowed: 0.0 to 1.0, such as 0.1 for every tenth trace",
            self.sampled
        );
        ensure!(
            !self.service_name.trim().is_empty(),
            "telemetry.service_name is empty; allowed: a name, or leave the key out for \"baton\""
        );
        Ok(())
    }
}

fn check_address(key: &str, address: &str) -> Result<()> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    // A password is not repeated.
    let found = if address.contains('@') { "an address with a login".to_owned() } else { format!("{address:?}") };
    ensure!(
        url.is_some_and(|url| url.username().is_empty() && url.password().is_none()),
        "{key} is {found}; allowed: the base address of a collector without a login, such as http://collector:4318 (a key for it goes \
         into OTEL_EXPORTER_OTLP_HEADERS)"
    );
    Ok(())
}
