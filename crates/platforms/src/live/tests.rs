use super::*;
use crate::Mapping;
use serde_json::json;

fn live(section: &str) -> Live {
    let text = format!("version: 1\n{section}messages:\n  - {{ name: m, means: nothing }}\n");
    let mapping = Mapping::read("platforms/acme.yaml", &text).unwrap_or_else(|faults| panic!("{faults:?}"));
    mapping.live().expect("a section").clone()
}

/// Of a mapping that comes with Baton.
fn shipped(name: &str) -> Live {
    let mapping = Mapping::shipped().into_iter().find(|mapping| mapping.name == name).expect("it is shipped");
    mapping.live().expect("a section").clone()
}

const CONTROL: &str = "https://eu.vapi.ai/7/control";
const SENT: &str =
    "live: { url: /control, hosts: [.vapi.ai, '127.0.0.1:4010'], say: { type: say, content: '{say}', end: false } }\n";
const KNOWN: &str = "live:\n  url: https://api.acme.example/v2/calls/{call.leg}/say\n  method: patch\n  \
                     say: { id: '{key}', messages: [{ role: system, content: 'Say: {say}' }] }\n";

fn words<'a>(address: Option<&'a str>, leg: Option<&'a str>) -> LiveWords<'a> {
    LiveWords { address, call: "call-1", leg, key: "k.1-instruct", say: "Ana says {say} \"hello\".", transfer_to: None }
}

#[test]
fn only_hosts_that_the_mapping_names_are_asked_and_only_over_https() {
    let live = live(SENT);
    for allowed in
        ["https://eu.vapi.ai/7/control", "https://a.b.vapi.ai:443/7/control?x=1", "http://127.0.0.1:4010/7/control"]
    {
        assert!(live.allows(allowed), "{allowed}");
    }
    for refused in [
        "https://vapi.ai/7",
        "https://.vapi.ai/7",
        "https://evilvapi.ai/7",
        "https://eu.vapi.ai.evil.example/7",
        "https://eu.vapi.ai@evil.example/7",
        "https://evil.example/.vapi.ai",
        "https://evil.example#.vapi.ai",
        "https://evil.example\\.vapi.ai/7",
        "https://evil.example%2f.vapi.ai/7",
        "https://eu.vapi.ai:8443/7",
        "https://EU.VAPI.AI/7",
        "http://eu.vapi.ai/7",
        "http://127.0.0.1/7",
        "http://127.0.0.1:4011/7",
        "http://127.0.0.1:4010@evil.example/7",
        "https://[::1]/7",
        "https:eu.vapi.ai/7",
        "https:///eu.vapi.ai/7",
        "file:///etc/passwd",
        "https://eu.vapi.ai/\n7",
        "//eu.vapi.ai/7",
        "",
    ] {
        assert!(!live.allows(refused), "{refused}");
        assert!(live.command(&words(Some(refused), None)).is_none(), "{refused}");
    }
    assert!(!live.allows(&format!("https://eu.vapi.ai/{}", "7".repeat(LONGEST))));
}

#[test]
fn a_command_has_the_words_in_their_place_and_nothing_else_is_filled_in() {
    let command = live(SENT).command(&words(Some("https://eu.vapi.ai/7/control"), None)).expect("a command");
    assert_eq!((command.method, command.address.as_str()), ("POST", "https://eu.vapi.ai/7/control"));
    let said = "Ana says {say} \"hello\".";
    assert_eq!(command.body, json!({ "type": "say", "content": said, "end": false }));
    let known = live(KNOWN);
    assert!(!known.is_sent() && known.hosts() == "api.acme.example");
    let command = known.command(&words(Some("https://eu.vapi.ai/7/control"), Some("v3:a/b"))).expect("a command");
    assert_eq!(command.method, "PATCH");
    assert_eq!(command.address, "https://api.acme.example/v2/calls/v3%3Aa%2Fb/say");
    assert_eq!(command.body["messages"][0]["content"], format!("Say: {said}"));
    assert_eq!(command.body["id"], "k.1-instruct");
    for leg in [None, Some(".."), Some("")] {
        assert!(known.command(&words(None, leg)).is_none(), "{leg:?}");
    }
}

#[test]
fn an_address_is_shown_by_its_host_alone() {
    let address = LiveAddress("https://eu.vapi.ai/secret-7/control".to_owned());
    assert_eq!(format!("{address:?}"), "[an address on eu.vapi.ai]");
    assert_eq!(LiveAddress("secret".to_owned()).host(), "no host that can be read");
}

#[test]
fn hosts_of_a_whole_top_level_domain_are_none() {
    for text in ["", ".", ".ai", "ai", "*", "*.vapi.ai", "https://vapi.ai", "vapi..ai", "vapi.ai:x", "VAPI.ai", "a b.c"]
    {
        assert_eq!(Host::read(text), None, "{text}");
    }
    assert_eq!(Host::read("localhost:80").map(|host| host.to_string()).as_deref(), Some("localhost:80"));
}

#[test]
fn a_caller_is_transferred_by_the_way_that_the_kind_of_destination_has() {
    let to = |destination| LiveWords { transfer_to: Some(destination), ..words(Some(CONTROL), Some("v3:leg")) };
    let by_sip = shipped("vapi").transfer(&to("sip:baton-1@pbx.acme.example")).expect("a command");
    assert_eq!(
        (by_sip.address.as_str(), by_sip.body),
        (
            CONTROL,
            json!({ "type": "transfer", "destination": { "type": "sip", "sipUri": "sip:baton-1@pbx.acme.example" } })
        )
    );
    let by_number = shipped("vapi").transfer(&to("+15551230001")).expect("a command");
    assert_eq!(by_number.body["destination"], json!({ "type": "number", "number": "+15551230001" }));
    let telnyx = shipped("telnyx").transfer(&to("+15551230001")).expect("a command");
    assert_eq!(telnyx.address, "https://api.telnyx.com/v2/calls/v3%3Aleg/actions/transfer");
    assert_eq!(telnyx.body, json!({ "to": "+15551230001", "command_id": "k.1-instruct" }));
    assert!(shipped("retell").transfer(&to("+15551230001")).is_none(), "its agent hears it when it asks");
}
