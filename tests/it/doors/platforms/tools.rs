//! `baton platforms`, `baton check` and `baton schema`, for whoever connects a platform; and a tool that is called twice.

use super::{ACME, ENV, SECRET, TOKEN, VAPI, leads, served, tool_calls, until};
use crate::program::served::{get, post, workspace};
use crate::program::{baton, code, json_of, root, stdout, told};
use baton::cli;
use baton_platforms::Mapping;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A workspace with a mapping of its own.
fn founded(acme: &str) -> TempDir {
    let folder = workspace(8080, 2, VAPI);
    std::fs::create_dir(folder.path().join("platforms")).expect("a folder");
    std::fs::write(folder.path().join("platforms/acme.yaml"), acme).expect("a mapping");
    folder
}

#[test]
fn what_to_paste_is_told() {
    let folder = founded(ACME);
    let place = folder.path().to_str().expect("a plain path");
    let listed = stdout(&baton(&["platforms", "-w", place]));
    for line in ["acme (of the workspace)", "vapi (built in)", "2 secrets are configured", "no [platforms.retell]"] {
        assert!(listed.contains(line), "{line}: {listed}");
    }
    let shown = stdout(&baton(&["platforms", "show", "vapi", "-w", place]));
    for part in [
        "http://127.0.0.1:8080/v1/platforms/vapi",
        "`x-vapi-secret: SECRET`",
        "\"hand_to_sales\"",
        "by way of .vapi.ai",
        "monitorPlan.controlEnabled",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let command = "curl -s http://127.0.0.1:8080/v1/platforms/vapi -H \"x-vapi-secret: $VAPI_SECRET\"";
    assert!(!shown.contains(SECRET) && shown.contains(command), "{shown}");
    let of_retell = stdout(&baton(&["platforms", "show", "retell", "-w", place]));
    for part in [
        "secrets = [\"env:RETELL_SECRET\", \"env:RETELL_TOKEN\"]",
        "export RETELL_TOKEN=$(openssl rand -hex 32)",
        "\"url\": \"http://127.0.0.1:8080/v1/platforms/retell\"",
        "-H \"authorization: Bearer $RETELL_TOKEN\"",
    ] {
        assert!(of_retell.contains(part), "{part}: {of_retell}");
    }
    for (name, _) in Mapping::shipped_files() {
        let shown = stdout(&baton(&["platforms", "show", *name, "-w", place]));
        assert!(shown.contains(&format!("baton platforms try {name} BODY.json")), "{name}: {shown}");
        assert_eq!(shown.contains("\nTool, "), shown.contains("the caller waits for the answer"), "{name}: {shown}");
    }
    for (name, part) in [
        ("retell", "api_key = \"env:RETELL_KEY\""),
        ("elevenlabs", "there is no live channel over HTTP"),
        ("telnyx", "insights: a lead, if there is one of its call"),
    ] {
        let shown = stdout(&baton(&["platforms", "show", name, "-w", place]));
        assert!(shown.contains(part), "{name}: {part}: {shown}");
    }
    let last = listed.lines().rfind(|line| !line.starts_with(' '));
    assert!(last.is_some_and(|line| line.starts_with("mcp ")), "{listed}");
    let shown = stdout(&baton(&["platforms", "show", "mcp", "-w", place]));
    for part in
        ["http://127.0.0.1:8080/mcp", "Authorization: Bearer TOKEN", "baton-call-id", "tools/list", "route_lead"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let missed = baton(&["platforms", "show", "vappi", "-w", place]);
    assert!(code(&missed) == cli::FAILED && told(&missed).contains("did you mean \"vapi\"?"), "{}", told(&missed));
}

#[test]
fn what_a_request_means_is_told_without_its_hidden_parts() {
    let folder = founded(ACME);
    let place = folder.path().to_str().expect("a plain path");
    let arguments = json!({ "company": "Northwind Foods", "email": "dana at northwind" });
    let body = tool_calls("call-1", &[("tool_a", arguments)]);
    let file = folder.path().join("body.json");
    std::fs::write(&file, body.to_string()).expect("a request");
    let file = file.to_str().expect("a plain path");
    let tried = stdout(&baton(&["platforms", "try", "vapi", file, "-w", place]));
    for part in [
        "lead.qualified call-1:tool_a of vapi, and the caller waits",
        "\"+14155550142\"  from /message/customer/number",
        "\"Northwind Foods\"  from item:/function/arguments",
        "noted: /data/contact/email",
        "\"toolCallId\":\"tool_a\"",
        "live channel: none in this request",
    ] {
        assert!(tried.contains(part), "{part}: {tried}");
    }
    for (host, told) in
        [("eu.vapi.ai", "live channel: on eu.vapi.ai"), ("vapi.evil.example", "left out: the live channel")]
    {
        let mut body = body.clone();
        body["message"]["call"]["monitor"] = json!({ "controlUrl": format!("https://{host}/a-hidden-part/control") });
        std::fs::write(file, body.to_string()).expect("a request");
        let tried = stdout(&baton(&["platforms", "try", "vapi", file, "-w", place]));
        assert!(tried.contains(told) && !tried.contains("a-hidden-part"), "{tried}");
    }
    let passed_over = baton(&["platforms", "try", "acme", file, "-w", place]);
    assert!(code(&passed_over) == cli::OK && told(&passed_over).contains("passed over"), "{}", told(&passed_over));
}

#[test]
fn a_faulty_mapping_is_told_with_its_place_and_a_section_without_one_too() {
    let folder = founded(&ACME.replace("contact.name:", "contact.nmae:"));
    let place = folder.path().to_str().expect("a plain path");
    let checked = baton(&["check", place, "--level", "error"]);
    let said = told(&checked);
    assert_eq!(code(&checked), cli::FAULTY, "{said}");
    assert!(said.contains("platforms  1 to mend") && said.contains("platforms/acme.yaml:8:"), "{said}");
    assert!(said.contains("contact.name") && said.contains("rules      ok"), "{said}");

    let folder = founded(ACME);
    let place = folder.path().to_str().expect("a plain path");
    let toml = folder.path().join("baton.toml");
    let sections = std::fs::read_to_string(&toml).expect("baton.toml").replace("[platforms.vapi]", "[platforms.vappi]");
    std::fs::write(&toml, sections).expect("baton.toml");
    let checked = baton(&["check", place]);
    assert!(code(&checked) == cli::FAULTY && told(&checked).contains("[platforms.vappi]"), "{}", told(&checked));
}

#[test]
fn what_a_second_call_of_a_tool_adds_is_in_the_lead_and_in_the_words() {
    let served = served("[platforms.retell]\nsecrets = [\"env:OLD_SECRET\"]\n", &[]);
    let says = |arguments: &Value| {
        let call = json!({ "call_id": "call-1", "direction": "inbound", "from_number": "Restricted" });
        let body = json!({ "name": "hand_to_sales", "args": arguments, "call": call }).to_string();
        let answer = served.ask(&post("/v1/platforms/retell", Some(ENV[0].1), &body));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let first = json!({ "name": "Dana Whitfield", "company": "Northwind Foods", "country": "US" });
    until("to be asked for a number", || says(&first).contains("phone number").then_some(()));
    let mut more = first;
    more["callback_number"] = json!("+14155550142");
    until("to be promised a call", || says(&more).contains("will call you back").then_some(()));

    let found = leads(&served, "?call=call-1&platform=retell");
    assert_eq!(found.len(), 1, "{found:?}");
    let id = found[0]["lead"].as_str().expect("an id");
    let story = served.ask(&get(&format!("/v1/leads/{id}"), Some(TOKEN))).json();
    assert_eq!(story["lead"]["contact"]["phone"]["value"], "+14155550142", "{story}");
}

/// What an editor is told is committed, and fits what ships.
#[test]
fn the_schema_of_mappings_has_not_drifted() {
    let output = baton(&["schema", "platforms"]);
    let committed = std::fs::read_to_string(root().join("fixtures/schemas/platforms.schema.json")).unwrap_or_default();
    assert_eq!(stdout(&output), committed, "run `baton schema platforms > fixtures/schemas/platforms.schema.json`");
    jsonschema::draft202012::new(&json_of(&output)).expect("a valid schema");
}
