//! The listener of `baton.toml`, and who may come in: access tokens and what each may do.

use super::environment::{Reference, is_blank};
use super::listen::Listen;
use anyhow::{Result, ensure};
use baton_core::domain::scope::Scope;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use url::{Host, Url};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    pub listen: Listen,
    /// How people and platforms reach this process: the base of feedback links. Empty = `http://` and `listen`, or
    /// `http://localhost` on a Unix socket.
    pub public_url: String,
    /// Bearer tokens by name: a reference to the secret, or a table that also says what it may do.
    pub tokens: BTreeMap<String, AccessToken>,
    pub body_limit_kib: usize,
    /// Requests handled at once; more are answered with 503.
    pub concurrency: usize,
    /// Connections at once; one more takes the place of the one that has been idle or half-sent for longest.
    pub connections: usize,
    pub metrics: Metrics,
    /// Pages for people under `/console`, for whoever signs in with a token.
    pub console: bool,
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metrics {
    /// Whoever has a token with the scope `read`; everybody where no token was ever given.
    #[default]
    Token,
    Open,
    /// There is no such address, and the database is not read for it.
    Off,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: Listen::Port("127.0.0.1:8080".to_owned()),
            public_url: String::new(),
            tokens: BTreeMap::new(),
            body_limit_kib: 256,
            concurrency: 256,
            connections: 512,
            metrics: Metrics::default(),
            console: true,
        }
    }
}

/// `voice = "env:NAME"`, or `voice = { secret = "env:NAME", scopes = ["intake"], source = "retell" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub secret: Reference,
    /// The short form may do all but `admin`, as every token could before there were scopes.
    pub scopes: BTreeSet<Scope>,
    /// Events of this source alone.
    pub source: Option<String>,
}

impl<'de> Deserialize<'de> for AccessToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct TokenTable {
            secret: Reference,
            scopes: BTreeSet<Scope>,
            source: Option<String>,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = AccessToken;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"env:NAME\", \"file:PATH\", or { secret = \"env:NAME\", scopes = [\"intake\"] }")
            }

            fn visit_str<E>(self, text: &str) -> Result<AccessToken, E> {
                let scopes = Scope::ALL.into_iter().filter(|scope| *scope != Scope::Admin).collect();
                Ok(AccessToken { secret: Reference(text.to_owned()), scopes, source: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AccessToken, A::Error> {
                let TokenTable { secret, scopes, source } = TokenTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(AccessToken { secret, scopes, source })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Whether an address leads to this machine and nowhere else.
pub(super) fn is_of_this_machine(address: &str) -> bool {
    let parsed = Url::parse(address).ok();
    match parsed.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl Http {
    pub(super) fn check(&self) -> Result<()> {
        for (key, found, allowed) in [
            ("body_limit_kib", self.body_limit_kib, 1..=65_536),
            ("concurrency", self.concurrency, 1..=65_536),
            ("connections", self.connections, 2..=1_000_000),
        ] {
            ensure!(
                allowed.contains(&found),
                "http.{key} is {found}; allowed: {} to {}",
                allowed.start(),
                allowed.end()
            );
        }
        ensure!(
            self.connections > self.concurrency,
            "http.connections is {} and http.concurrency is {}: with every connection at work nobody else could be let in, \
             health included; allowed: connections > concurrency",
            self.connections,
            self.concurrency
        );
        for (name, token) in &self.tokens {
            ensure!(
                !token.scopes.is_empty(),
                "http.tokens.{name} has no scope, and could do nothing; allowed: intake, read, act, feedback, admin"
            );
            if let Some(source) = &token.source {
                ensure!(
                    !is_blank(source) && !source.contains(char::is_whitespace),
                    "http.tokens.{name}.source is {source:?}; allowed: the source of events, without blanks, such as \"retell\""
                );
            }
        }
        Ok(())
    }
}
