//! What to paste into a platform.

use super::in_words;
use crate::cli::{OK, say};
use crate::config::Config;
use anyhow::Result;
use baton_platforms::facts::tool_schema;
use baton_platforms::{Mapping, Means};
use serde_json::json;

const TOOL: &str = "hand_to_sales";
/// Said to a voice model by whoever reads the tool, so that it is called in time.
const ABOUT_TOOL: &str = "Hands the caller to sales, or notes what they want. Call it as soon as the caller wants to speak with \
                          somebody, or before the conversation ends. The answer is what you say next.";

/// For the prompt of the voice agent.
const PROMPT: [&str; 5] = [
    "Find out who is calling, from which company, and what they need. Ask for a phone number or an e-mail address.",
    "As soon as the caller wants to speak with somebody, or before you end the conversation, call hand_to_sales.",
    "Give it what the caller said, in the caller's words. Leave out what was not said: guess nothing.",
    "Say the answer of the tool to the caller as it stands. Promise nothing else, and name nobody else.",
    "If the answer asks for something, ask the caller for it and call hand_to_sales once more.",
];

/// `text`: that of the mapping's file, which begins with what is to be done on the platform.
pub(super) fn show(mapping: &Mapping, text: &str, config: &Config) -> Result<u8> {
    let name = &mapping.name;
    let head = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    head.filter(|line| !line.starts_with("yaml-language-server")).for_each(say);
    say("");
    say(&format!("Address:  {}/v1/platforms/{name}", config.platform_url(name)));
    if config.http.public_url.is_empty() && config.platforms.get(name).is_none_or(|section| section.url.is_none()) {
        say("          baton.toml says no http.public_url: a platform elsewhere does not reach this address");
    }
    secret(mapping, config);
    say("\nWhat it sends:");
    for message in mapping.messages() {
        let means = match message.means {
            Means::Lead => "a lead",
            Means::CallEnded => "the call has ended",
            Means::SlotChosen => "the caller has chosen a time",
            Means::Nothing => "nothing",
            Means::Refused => "nothing that it sends: refused",
        };
        let live = if message.live { ", and the caller waits for the answer" } else { "" };
        let opens = if message.opens { "" } else { ", if there is one of its call" };
        say(&format!("  {}: {means}{opens}{live}", message.name));
    }
    live(mapping, config);
    if mapping.messages().iter().any(|message| message.live) {
        let function = json!({ "name": TOOL, "description": ABOUT_TOOL, "parameters": tool_schema() });
        say("\nTool:");
        say(&serde_json::to_string_pretty(&json!({ "type": "function", "function": function }))?);
        say("\nPrompt:");
        PROMPT.iter().for_each(|line| say(&format!("- {line}")));
    }
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

fn secret(mapping: &Mapping, config: &Config) {
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
    } else {
        let variable = name.to_uppercase().replace('-', "_");
        say("          In baton.toml:");
        say(&format!("            [platforms.{name}]"));
        say(&format!("            secrets = [\"env:{variable}_SECRET\"]"));
    }
}
