//! What to paste into a platform.

use super::{in_words, sample, tool};
use crate::cli::{OK, say};
use crate::config::Config;
use anyhow::Result;
use baton_platforms::signature::Proof;
use baton_platforms::{Mapping, Means};

/// For the prompt of the voice agent.
const PROMPT: [&str; 5] = [
    "Find out who is calling, from which company, and what they need. Ask for a phone number or an e-mail address.",
    "As soon as the caller wants to speak with somebody, or before you end the conversation, call hand_to_sales.",
    "Give it what the caller said, in the caller's words. Leave out what was not said: guess nothing.",
    "Say the answer of the tool to the caller as it stands. Promise nothing else, and name nobody else.",
    "If the answer asks for something, ask the caller for it and call hand_to_sales once more.",
];

/// Environment variables that the secrets are to stand in.
struct Variables {
    /// What the platform proves its requests with, as it tells its owner.
    of_platform: Option<String>,
    /// What the owner makes up, for a header.
    made_up: Option<String>,
}

/// `text`: that of the mapping's file, which begins with what is to be done on the platform.
pub(super) fn show(mapping: &Mapping, text: &str, config: &Config) -> Result<u8> {
    let name = &mapping.name;
    let head = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    head.filter(|line| !line.starts_with("yaml-language-server")).for_each(say);
    say("");
    let address = format!("{}/v1/platforms/{name}", config.platform_url(name));
    say(&format!("Address:  {address}"));
    if config.http.public_url.is_empty() && config.platforms.get(name).is_none_or(|section| section.url.is_none()) {
        say(
            "          baton.toml says no http.public_url: a platform elsewhere does not reach this address. Put a proxy or a",
        );
        say("          tunnel with https before it, and say in baton.toml under [http]: public_url = \"https://…\"");
    }
    let variables = Variables::of(mapping, config);
    secret(mapping, config, &variables);
    say("\nWhat it sends:");
    for message in mapping.messages() {
        let means = match message.means {
            Means::Lead => "a lead",
            Means::CallEnded => "the call has ended",
            Means::SlotChosen => "the caller has chosen a time",
            Means::RepAnswer => "a rep takes the call, or does not",
            Means::Nothing => "nothing",
            Means::Refused => "nothing that it sends: refused",
        };
        let who = if message.means == Means::RepAnswer { "rep" } else { "caller" };
        let live = if message.live { format!(", and the {who} waits for the answer") } else { String::new() };
        let opens = if message.opens { "" } else { ", if there is one of its call" };
        say(&format!("  {}: {means}{opens}{live}", message.name));
    }
    live(mapping, config);
    if mapping.messages().iter().any(|message| message.live) {
        let (where_to, tool) = tool::of(name, &address);
        say(&format!("\nTool, {where_to}:"));
        say(&serde_json::to_string_pretty(&tool)?);
        say("\nPrompt:");
        PROMPT.iter().for_each(|line| say(&format!("- {line}")));
    }
    if mapping.messages().iter().any(|message| message.means == Means::RepAnswer) {
        say(
            "\nTwo more tools where the agent itself tells a rep who is calling: what it says counts as the rep's key.",
        );
        say(&serde_json::to_string_pretty(&tool::of_reps())?);
    }
    try_it(mapping, &address, &variables);
    Ok(OK)
}

/// How a caller hears what is decided once the answer has gone out.
fn live(mapping: &Mapping, config: &Config) {
    let name = &mapping.name;
    let Some(live) = mapping.live() else {
        if mapping.messages().iter().any(|message| message.live) {
            say(
                "\nWhat is decided after an answer: told when the agent asks again; there is no live channel over HTTP",
            );
        }
        return;
    };
    say(&format!("\nWhat is decided after an answer: said on the call, by way of {}", live.hosts()));
    if !live.needs.is_empty() {
        say(&format!("  {}", live.needs));
    }
    if !live.is_sent() && config.platforms.get(name).is_none_or(|section| section.api_key.is_none()) {
        let variable = name.to_uppercase().replace('-', "_");
        say(&format!(
            "  baton.toml has no key for it, so that the agent is told when it asks again; in [platforms.{name}]:"
        ));
        say(&format!("    api_key = \"env:{variable}_KEY\""));
    }
}

fn secret(mapping: &Mapping, config: &Config, variables: &Variables) {
    let name = &mapping.name;
    if mapping.proofs().is_empty() {
        say("Secret:   the header `authorization: Bearer TOKEN`; the token is made by");
        say(&format!("          baton token add {name} --scopes intake --source {name}"));
        return;
    }
    say("Secret:   one of these");
    mapping.proofs().iter().for_each(|proof| say(&format!("          - {}", in_words(proof))));
    if config.platforms.contains_key(name) {
        say(&format!("          SECRET is what the references of [platforms.{name}] in baton.toml stand for"));
        return;
    }
    let names = [&variables.of_platform, &variables.made_up].into_iter().flatten();
    let references: Vec<String> = names.map(|name| format!("\"env:{name}\"")).collect();
    say("          In baton.toml, which is read when baton serve starts:");
    say(&format!("            [platforms.{name}]"));
    say(&format!("            secrets = [{}]", references.join(", ")));
    if let Some(variable) = &variables.of_platform {
        say(&format!("          {variable} is what the platform tells you:"));
        say(&format!("            export {variable}=…"));
    }
    if let Some(variable) = &variables.made_up {
        say(&format!("          {variable} is SECRET in a header, and yours to make up:"));
        say(&format!("            export {variable}=$(openssl rand -hex 32)"));
    }
}

fn try_it(mapping: &Mapping, address: &str, variables: &Variables) {
    say("\nTry it:");
    let sample = sample::of(&mapping.name).zip(variables.made_up.as_ref());
    if let Some(command) = sample.and_then(|(sample, variable)| sample.command(mapping, address, variable)) {
        say(&format!("  {command}"));
        say("  The answer holds what the caller hears. The same call is the same lead: for another one, change try-1.");
    }
    say(&format!(
        "  baton platforms try {} BODY.json   says what a request means that the platform has sent",
        mapping.name
    ));
}

impl Variables {
    fn of(mapping: &Mapping, config: &Config) -> Self {
        let is_own = |proof: &Proof| matches!(proof, Proof::Header { .. } | Proof::Query { .. });
        let (proofs, name) = (mapping.proofs(), mapping.name.to_uppercase().replace('-', "_"));
        let secret = format!("{name}_SECRET");
        // What is told first is how the platform proves its requests by itself.
        let mut variables = match (proofs.first().is_some_and(is_own), proofs.iter().any(is_own)) {
            (true, _) => Self { of_platform: None, made_up: Some(secret) },
            (false, true) => Self { of_platform: Some(secret), made_up: Some(format!("{name}_TOKEN")) },
            (false, false) => Self { of_platform: Some(secret), made_up: None },
        };
        let references = config.platforms.get(&mapping.name).map(|section| section.secrets.as_slice());
        // Where there are several, the last one is as good as any: whoever has two of a header is changing the one for the other.
        let known = references.unwrap_or_default().last().and_then(|reference| reference.0.strip_prefix("env:"));
        if let (Some(made_up), Some(known)) = (&mut variables.made_up, known) {
            known.clone_into(made_up);
        }
        variables
    }
}
