//! How a platform is told to say something on a call that is going on.

use super::answer::is_json_word;
use super::places::place;
use super::text;
use crate::live::{Authority, BLANKS, Blank, Body, Host, Live, Reached, Template, Transfer};
use baton_core::rules::fault::{At, Faults, Word, listed, quoted};
use baton_core::rules::yaml::{Data, Node};
use serde_json::Value;

pub(crate) const METHODS: [(&str, &str); 3] = [("post", "POST"), ("patch", "PATCH"), ("put", "PUT")];

const ADDRESS: &str = "a place in the request, such as /call/control, or several; or one address with {call.id} or {call.leg} in \
                       it: https://api.acme.example/calls/{call.id}/say";
const HOST: &str = "the name of a host, such as api.acme.example, or .acme.example for all hosts below it; with a port \
                    where it has one of its own";

pub(super) fn read(node: &Node, faults: &mut Faults) -> Option<Live> {
    let told = faults.count();
    let mut section = node.section(faults);
    let urls = section.require("url", faults).map(|node| node.words(faults)).unwrap_or_default();
    let is_known = urls.iter().any(|url| is_address(&url.text));
    // Where each call brings an address of its own, not everybody's is asked.
    let hosts = if is_known { section.get("hosts") } else { section.require("hosts", faults) };
    let method = section.get("method").and_then(|node| node.word(faults));
    let method = method.map_or(Some("POST"), |word| faults.choice(&word, "platform-unknown-choice", &METHODS));
    let say = section.require("say", faults);
    let body = say.map(|node| body(node, faults));
    let transfer = section.get("transfer").map(|node| transfer(node, faults));
    let needs = text(&mut section, "needs", faults).unwrap_or_default();
    section.finish(faults);
    let reached = if is_known { known(&urls, hosts, faults) } else { sent(&urls, hosts, faults) };
    if let (Some(node), Some(body)) = (say, &body)
        && faults.count() == told
        && !body.has(Blank::Say)
    {
        let allowed = "{say} where the words belong that the caller is to hear";
        faults.error("platform-live-silent", node.at, "nothing to say", allowed);
    }
    Some(Live { reached: reached?, method: method?, body: body?, transfer, needs })
}

fn is_address(text: &str) -> bool {
    text.starts_with("http:") || text.starts_with("https:")
}

fn sent(urls: &[Word], hosts: Option<&Node>, faults: &mut Faults) -> Option<Reached> {
    let places = urls.iter().filter_map(|url| place(url, false, faults)).collect();
    let names = hosts.map(|node| node.words(faults)).unwrap_or_default();
    let mut hosts = Vec::new();
    for name in &names {
        match Host::read(&name.text) {
            Some(host) => hosts.push(host),
            None => bad_host(name.at, &quoted(&name.text), HOST, faults),
        }
    }
    Some(Reached::Sent { places, hosts })
}

fn known(urls: &[Word], hosts: Option<&Node>, faults: &mut Faults) -> Option<Reached> {
    if let Some(node) = hosts {
        bad_host(node.at, "hosts beside an address that is the same for all calls", "no `hosts`", faults);
    }
    let [url] = urls else {
        let at = urls.first()?.at;
        faults.error("platform-live-bad-address", at, "an address beside others", ADDRESS);
        return None;
    };
    known_address(url, faults).map(Reached::Known)
}

fn known_address(url: &Word, faults: &mut Faults) -> Option<Template> {
    let address = template(url, faults)?;
    let is_of_call = |blank: Blank| matches!(blank, Blank::Call | Blank::Leg);
    let names_call = address.blanks().any(is_of_call) && address.blanks().all(is_of_call);
    if !names_call || Authority::of(&url.text).is_none_or(|to| !to.is_safe()) {
        faults.error("platform-live-bad-address", url.at, quoted(&url.text), ADDRESS);
        return None;
    }
    Some(address)
}

/// Either kind of destination, or both: what the platform cannot be told is left to its agent, which asks.
fn transfer(node: &Node, faults: &mut Faults) -> Transfer {
    let mut section = node.section(faults);
    let url = section.get("url").and_then(|node| node.word(faults)).and_then(|url| known_address(&url, faults));
    let mut to = |name: &'static str| section.get(name).map(|node| (node.at, body(node, faults)));
    let (sip, number) = (to("sip"), to("number"));
    section.finish(faults);
    let silent =
        [&sip, &number].into_iter().flatten().find(|(_, body)| !body.has(Blank::TransferTo)).map(|(at, _)| *at);
    if let Some(at) = silent.or((sip.is_none() && number.is_none()).then_some(node.at)) {
        let allowed = "sip, number or both, each a body with {transfer_to} where the destination belongs";
        faults.error("platform-live-silent", at, "nowhere to transfer to", allowed);
    }
    Transfer { url, sip: sip.map(|(_, body)| body), number: number.map(|(_, body)| body) }
}

fn bad_host(at: At, found: &str, allowed: &str, faults: &mut Faults) {
    faults.error("platform-live-bad-host", at, found, allowed);
}

fn template(word: &Word, faults: &mut Faults) -> Option<Template> {
    match Template::read(&word.text) {
        Ok(template) => Some(template),
        Err(found) => {
            let allowed = listed(BLANKS.iter().map(|(name, _)| *name));
            faults.error("platform-bad-placeholder", word.at, quoted(&format!("{{{found}}}")), allowed);
            None
        }
    }
}

/// Any shape of JSON; texts may have blanks in them.
fn body(node: &Node, faults: &mut Faults) -> Body {
    match &node.data {
        Data::Empty => Body::Value(Value::Null),
        Data::Text(text) if node.inset == Some(0) && is_json_word(text) => {
            Body::Value(serde_json::from_str(text).unwrap_or(Value::Null))
        }
        Data::Text(_) => {
            let template = node.word(faults).and_then(|word| template(&word, faults));
            template.map_or(Body::Value(Value::Null), Body::Text)
        }
        Data::List(items) => Body::List(items.iter().map(|item| body(item, faults)).collect()),
        Data::Map(entries) => {
            Body::Map(entries.iter().map(|(key, node)| (key.text.clone(), body(node, faults))).collect())
        }
    }
}
