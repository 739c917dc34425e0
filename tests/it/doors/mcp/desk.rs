//! `baton mcp`: an assistant at a desk, on stdin and stdout of the program, in both generations of the protocol.

use super::list::is_flat;
use super::{Agent, Generation, Told, dana, names_its_protocol, served};
use crate::eventually::{SOON, within};
use crate::program::{baton, code, edit, entries, is_as_reviewed, stderr, told};
use crate::town;
use baton::cli;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use tempfile::TempDir;

const BOTH: [Generation; 2] = [Generation::Older, Generation::Newer];

/// A conversation with the program. A test that fails leaves none behind.
struct Desk {
    generation: Generation,
    child: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
    asked: u64,
}

impl Desk {
    /// At a workspace, begun as this generation begins.
    fn at(workspace: &Path, generation: Generation) -> Self {
        let mut child = program(workspace).stderr(Stdio::null()).spawn().expect("baton mcp starts");
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().expect("its stdout"));
        let (say, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let _nobody_listens = say.send(line.expect("a line of text"));
            }
        });
        let mut desk = Self { generation, child, stdin, answers, asked: 0 };
        match generation {
            Generation::Older => {
                let client = json!({ "name": "tests", "version": "1" });
                let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
                let result = desk.asks("initialize", params);
                assert_eq!(result["serverInfo"], json!({ "name": "baton", "version": env!("CARGO_PKG_VERSION") }));
                assert!(
                    result["instructions"].as_str().is_some_and(|text| text.contains("change nothing")),
                    "{result}"
                );
                desk.writes(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
            }
            Generation::Newer => {
                let result = desk.asks("server/discover", json!({}));
                assert!(result["supportedVersions"].to_string().contains("2026-07-28"), "{result}");
            }
        }
        desk
    }

    fn writes(&mut self, message: &Value) {
        writeln!(self.stdin.as_mut().expect("it is open"), "{message}").expect("it is written");
    }

    /// The next line, which answers this request and holds a result.
    fn asks(&mut self, method: &str, mut params: Value) -> Value {
        self.asked += 1;
        if self.generation == Generation::Newer {
            names_its_protocol(&mut params);
        }
        self.writes(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }));
        let line = self.answers.recv_timeout(SOON).expect("an answer");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let names: Vec<&String> = answer.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["jsonrpc", "id", "result"], "{answer}");
        assert_eq!(answer["id"], self.asked);
        answer["result"].clone()
    }

    fn calls(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.asks("tools/call", json!({ "name": tool, "arguments": arguments }));
        let content = result["content"].as_array().expect("a list");
        assert!(content.len() == 1 && content[0]["type"] == "text", "{tool}: {result}");
        result
    }

    /// Text and structure of an answer.
    fn learns(&mut self, tool: &str, arguments: Value) -> (String, Value) {
        let result = self.calls(tool, arguments);
        assert!(result.get("isError").is_none(), "{tool}: {result}");
        (text(&result).to_owned(), result["structuredContent"].clone())
    }

    /// The sentence that is said instead of an answer.
    fn is_refused(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.calls(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result}");
        let text = text(&result);
        assert!(text.ends_with('.') && text.starts_with(|c: char| c.is_uppercase()), "{tool}: {text}");
        text.to_owned()
    }

    /// Closes stdin: it ends well, and has said nothing that nobody asked for.
    fn ends(mut self) {
        self.stdin = None;
        let ended = within(SOON, || self.child.try_wait().expect("its state"));
        assert_eq!(ended.and_then(|status| status.code()), Some(i32::from(cli::OK)));
        assert_eq!(self.answers.iter().collect::<Vec<_>>(), Vec::<String>::new());
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let (_killed, _gone) = (self.child.kill(), self.child.wait());
    }
}

fn program(workspace: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.args(["mcp", "-w"]).arg(workspace).current_dir(std::env::temp_dir());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().expect("a text")
}

/// A workspace as it is begun, without a database.
fn begun() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let written = baton(&["init", folder.path().to_str().expect("a plain path"), "--template", "saas"]);
    assert_eq!(code(&written), cli::OK, "{}", told(&written));
    folder
}

#[test]
fn the_tools_are_as_reviewed_and_only_read() {
    let folder = begun();
    for generation in BOTH {
        let mut desk = Desk::at(folder.path(), generation);
        let list = desk.asks("tools/list", json!({}));
        assert_eq!(list.get("ttlMs").is_some(), generation == Generation::Newer, "{list}");
        for tool in list["tools"].as_array().expect("a list") {
            is_flat(tool["name"].as_str().expect("a name"), &tool["inputSchema"]);
            assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        }
        let text = serde_json::to_string_pretty(&list["tools"]).expect("JSON") + "\n";
        is_as_reviewed("desk-tools.json", &text);
        desk.ends();
    }
}

#[test]
fn without_a_database_the_rules_can_be_asked_and_nothing_is_made() {
    let folder = begun();
    let before = entries(folder.path());
    for generation in BOTH {
        let mut desk = Desk::at(folder.path(), generation);
        let lead = json!({ "company": "Northwind Foods", "country": "US", "state": "Colorado", "employees": "4000" });
        let (text, structured) = desk.learns("who_would_get", lead);
        assert!(text.starts_with("This is what the rules would decide now. Nothing is stored"), "{text}");
        assert!(text.contains("owns the lead of Northwind Foods"), "{text}");
        assert_eq!(structured["stored"], false, "{structured}");
        assert_eq!(structured["tier"], "enterprise", "{structured}");
        assert_eq!((&structured["territory"], &structured["not_understood"]), (&json!("US West"), &json!([])));

        let (text, structured) = desk.learns("check_rules", json!({}));
        assert!(structured["ok"] == true && text.starts_with("config     ok\n"), "{text}");

        for (tool, arguments) in [("report", json!({})), ("explain_decision", json!({ "lead": "lead_0" }))] {
            let refused = desk.is_refused(tool, arguments);
            assert!(refused.contains("there is no") && refused.contains("baton serve"), "{tool}: {refused}");
        }
        desk.ends();
    }
    assert_eq!(entries(folder.path()), before, "asking creates nothing");
}

#[test]
fn a_lead_is_supposed_to_be_on_the_line_unless_it_is_said_to_be_gone() {
    let folder = town::founded(2);
    let mut desk = Desk::at(folder.path(), Generation::Older);
    let lead = json!({ "country": "US", "seats": 40, "score": "many" });
    let (text, live) = desk.learns("who_would_get", lead.clone());
    assert_eq!(live["rungs"], json!(["warm_transfer", "booking", "callback"]), "{text}");
    assert_eq!(live["targets"].as_array().map(Vec::len), Some(2), "everybody is always at work: {live}");
    assert!(live["not_understood"].to_string().contains("/data/qualification/score"), "{live}");
    let mut gone = lead;
    gone["live"] = json!("no");
    let (text, gone) = desk.learns("who_would_get", gone);
    assert_eq!((&gone["rungs"], &gone["targets"]), (&json!(["booking", "callback"]), &json!([])), "{text}");
    desk.ends();
}

#[test]
fn whoever_is_supposed_to_call_has_a_number_whatever_else_is_said_of_them() {
    let folder = town::founded(2);
    let mut desk = Desk::at(folder.path(), Generation::Older);
    for lead in [json!({ "country": "US" }), json!({ "country": "US", "email": "dana@northwind.example" })] {
        let (text, _) = desk.learns("who_would_get", lead);
        assert!(text.contains("Callback by") && !text.contains("Mail, and no callback"), "{text}");
    }
    desk.ends();
}

#[test]
fn faults_are_told_with_their_place_as_soon_as_they_are_made() {
    let folder = begun();
    let mut desk = Desk::at(folder.path(), Generation::Newer);
    assert_eq!(desk.learns("check_rules", json!({})).1["ok"], true);
    edit(folder.path(), "rules/hours.yaml", "weeks:\n", "weekz:\n");
    let (text, structured) = desk.learns("check_rules", json!({}));
    assert_eq!(structured["ok"], false, "{structured}");
    let mut faults = structured["errors"].as_array().expect("a list").iter();
    let fault = faults.find(|fault| fault["found"].to_string().contains("weekz"));
    let fault = fault.unwrap_or_else(|| panic!("{structured}"));
    assert!(fault["path"] == "rules/hours.yaml" && fault["hint"].to_string().contains("weeks"), "{fault}");
    assert!(text.contains(&format!("rules/hours.yaml:{}", fault["line"])) && text.contains("weekz"), "{text}");
    let command = baton(&["check", folder.path().to_str().expect("a plain path")]);
    assert_eq!(String::from_utf8_lossy(&command.stdout).trim_end(), text, "it says what the command says");
    let refused = desk.is_refused("who_would_get", json!({ "country": "US" }));
    assert!(refused.contains("the workspace has faults"), "{refused}");
    desk.ends();
}

#[test]
fn a_decision_is_explained_by_lead_by_call_and_by_contact_and_leads_are_counted() {
    let served = served();
    let route = |call| {
        let agent = Agent::on(&served, Generation::Older, call);
        let told = agent.calls_until("route_lead", &dana(), Told::has_lead);
        told.more["lead"].as_str().expect("an id").to_owned()
    };
    let older = route("call-1");
    let lead = route("call-2");
    let said = served.run(&["explain", "--decision", &lead]);
    for generation in BOTH {
        let mut desk = Desk::at(served.folder.path(), generation);
        for asked in
            [json!({ "lead": lead }), json!({ "call": "call-2" }), json!({ "lead": lead.replacen("lead_", "dec_", 1) })]
        {
            let (text, structured) = desk.learns("explain_decision", asked.clone());
            assert_eq!(text.trim_end(), said.trim_end(), "{asked}");
            assert_eq!((&structured["lead"], structured.get("others")), (&json!(lead), None), "{asked}");
        }
        let (text, structured) = desk.learns("explain_decision", json!({ "contact": "+1 415 555 0142" }));
        assert_eq!((&structured["lead"], &structured["others"]), (&json!(lead), &json!([older])), "{structured}");
        assert!(text.contains(&format!("Older leads of the same: {older}.")), "{text}");

        let (text, structured) = desk.learns("report", json!({ "days": 7 }));
        assert!(structured["leads"] == 2 && text.contains("\n2 leads; "), "{text}");
        assert!(text.lines().count() == 2 + structured["figures"].as_array().map_or(0, Vec::len), "{text}");
        desk.ends();
    }
}

#[test]
fn what_is_of_no_use_is_answered_with_a_sentence() {
    let served = served();
    let mut desk = Desk::at(served.folder.path(), Generation::Older);
    for (tool, arguments, why) in [
        ("explain_decision", json!({}), "give one of lead, call and contact"),
        ("explain_decision", json!({ "lead": "lead_1", "call": "2" }), "they may mean different leads"),
        ("explain_decision", json!({ "lead": "lead_1" }), "there is no decision \"lead_1\""),
        ("explain_decision", json!({ "call": "call-9" }), "there is no lead with the call call-9"),
        ("explain_decision", json!({ "contact": "Dana" }), "such as +14155550142"),
        ("explain_decision", json!({ "contact": "dana@" }), "such as ana@example.com"),
        ("explain_decision", json!({ "contact": ["a"] }), "allowed: a text"),
        ("who_would_get", json!({ "live": "perhaps" }), "allowed: true or false"),
        ("report", json!({ "days": 0 }), "allowed: a whole number from 1 to 3660"),
        ("report", json!({ "days": "many" }), "allowed: a whole number from 1 to 3660"),
        ("reports", json!({}), "The tools are explain_decision, who_would_get, check_rules, report"),
    ] {
        let refused = desk.is_refused(tool, arguments);
        assert!(refused.contains(why), "{tool}: {refused}");
    }
    // And a request that asks for progress gets one answer.
    let params = json!({ "name": "report", "arguments": {}, "_meta": { "progressToken": "p" } });
    assert_eq!(desk.asks("tools/call", params)["structuredContent"]["leads"], 0);
    desk.ends();
}

#[test]
fn a_conversation_that_nobody_begins_ends_and_one_that_begins_otherwise_is_told_how() {
    let folder = begun();
    let after = |text: &str| {
        let mut child = program(folder.path()).stderr(Stdio::piped()).spawn().expect("baton mcp starts");
        child.stdin.take().expect("its stdin").write_all(text.as_bytes()).expect("it is written");
        child.wait_with_output().expect("it ends")
    };
    let silent: Output = after("");
    assert_eq!((code(&silent), silent.stdout.len()), (cli::OK, 0), "{}", told(&silent));
    let ignored = after("hello?\n");
    assert_eq!((code(&ignored), ignored.stdout.len()), (cli::OK, 0), "{}", told(&ignored));
    let other = after("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
    assert_eq!((code(&other), other.stdout.len()), (cli::FAILED, 0), "{}", told(&other));
    assert!(stderr(&other).contains("neither with initialize nor with a request"), "{}", stderr(&other));
}
