//! What a request of a platform means, and what would be answered.

use crate::cli::{FAULTY, OK, say};
use crate::config::Config;
use crate::intake::event::parse;
use crate::render::Templates;
use crate::render::caller::Stopgap;
use anyhow::{Context, Result, bail};
use baton_clock::{Clock, SystemClock};
use baton_platforms::live::{Live, LiveAddress};
use baton_platforms::{AnswerBody, Mapping, Meaning, PlatformEvent, Request, Said};
use serde_json::Value;
use std::path::Path;

pub(super) fn tell(mapping: &Mapping, config: &Config, file: &Path, headers: Option<&Path>) -> Result<u8> {
    let body = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let headers = headers.map(headers_of).transpose()?.unwrap_or_default();
    let url = format!("{}/v1/platforms/{}", config.platform_url(&mapping.name), mapping.name);
    let request = Request { method: "POST", url: &url, headers: &headers, body: &body };
    let heard = match mapping.hear(&request) {
        Ok(heard) => heard,
        Err(unheard) if unheard.is_passed_over() => {
            say(&format!("passed over, and answered with {{}}: {unheard}"));
            return Ok(OK);
        }
        Err(unheard) => {
            eprintln!("{}: {unheard}", file.display());
            return Ok(FAULTY);
        }
    };
    let mut code = OK;
    let mut said = Vec::new();
    for meaning in &heard.meanings {
        said.push(match meaning {
            Meaning::Event(event) => {
                code = code.max(tell_event(event));
                event.live.then(|| sample(Stopgap::PassedOn))
            }
            Meaning::Nothing { message } => {
                say(&format!("{message}: no event"));
                None
            }
            Meaning::Unclear { message } => {
                say(&format!("{message}: neither yes nor no, so the rep is asked once more"));
                Some(sample(Stopgap::YesOrNo))
            }
        });
    }
    if let Some(live) = mapping.live() {
        tell_live(live, heard.live.as_ref());
    }
    let AnswerBody { content_type, body } = heard.answer(&said);
    say(&format!("\nanswer ({content_type}), with what is said until somebody has decided:\n{body}"));
    Ok(code)
}

/// By its host alone: whoever has the address can speak on the call.
fn tell_live(live: &Live, address: Option<&LiveAddress>) {
    let hosts = live.hosts();
    match address {
        _ if !live.is_sent() => say(&format!("live channel: {hosts}, where baton.toml has its api_key")),
        Some(address) if live.allows(address.expose()) => say(&format!("live channel: on {}", address.host())),
        Some(address) => {
            say(&format!("left out: the live channel is on {}, and the mapping allows {hosts} alone", address.host()));
        }
        None => say("live channel: none in this request"),
    }
}

/// The words of a decision are not known here; these would be said without it.
fn sample(what: Stopgap) -> Said {
    Said { say: Templates::built_in().stopgap(what, None).0, status: "accepted", transfer_to: None }
}

/// `Name: value`, one to a line.
fn headers_of(file: &Path) -> Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| match line.split_once(':') {
            Some((name, value)) => Ok((name.trim().to_lowercase(), value.trim().to_owned())),
            None => bail!("{}: found {line:?}; allowed: a header to a line, such as x-call-id: 7", file.display()),
        })
        .collect()
}

/// The event as our own intake reads it.
fn tell_event(PlatformEvent { message, event, live, from, left_out }: &PlatformEvent) -> u8 {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let waits = if *live { ", and the caller waits" } else { "" };
    say(&format!("{message}: {} {} of {}{waits}", text("type"), text("id"), text("source")));
    let width = from.iter().map(|(path, _)| path.chars().count()).max().unwrap_or_default();
    for (path, place) in from {
        let value = value_at(event, path).map_or_else(String::new, Value::to_string);
        say(&format!("  {path:<width$}  {value}  from {place}"));
    }
    left_out.iter().for_each(|(place, why)| say(&format!("  left out: {place}: {why}")));
    match parse(event.to_string().as_bytes(), SystemClock.now()) {
        Ok(incoming) => {
            incoming.notes.iter().for_each(|note| say(&format!("  noted: {note}")));
            OK
        }
        Err(faults) => {
            faults.iter().for_each(|fault| say(&format!("  it would be put aside: {fault}")));
            FAULTY
        }
    }
}

/// The name of a custom field may have dots of its own.
fn value_at<'e>(event: &'e Value, path: &str) -> Option<&'e Value> {
    let data = event.get("data")?;
    match path.split_once('.') {
        Some((group, name)) => data.get(group)?.get(name),
        None => data.get(path).or_else(|| event.get(path)),
    }
}
