//! Scopes, sources, and tokens that come and go under a running worker.

use crate::eventually::within;
use crate::program::served::{Answered, Served, exchange, get, post, request, workspace};
use crate::program::{baton, edit, free_port, stderr, stdout};
use crate::town::Caller;
use serde_json::json;
use std::process::Command;
use std::time::Duration;

const TOKENS: &str = "
[http.tokens]
plain = \"env:PLAIN\"
retell = { secret = \"env:RETELL\", scopes = [\"intake\"], source = \"town\" }
any = { secret = \"env:ANY\", scopes = [\"intake\"] }
reader = { secret = \"env:READER\", scopes = [\"read\"] }
rater = { secret = \"env:RATER\", scopes = [\"feedback\"] }
actor = { secret = \"env:ACTOR\", scopes = [\"act\"] }
root = { secret = \"env:ROOT\", scopes = [\"admin\"] }
";

/// Each token's secret is its own name, made long enough.
const SECRETS: [(&str, &str); 7] = [
    ("PLAIN", "plain-secret-of-tests"),
    ("RETELL", "retell-secret-of-tests"),
    ("ANY", "any-secret-of-the-tests"),
    ("READER", "reader-secret-of-tests"),
    ("RATER", "rater-secret-of-tests"),
    ("ACTOR", "actor-secret-of-tests"),
    ("ROOT", "root-secret-of-the-tests"),
];

fn secret(name: &str) -> &'static str {
    SECRETS.iter().find(|(variable, _)| variable.eq_ignore_ascii_case(name)).expect("a token of the tests").1
}

fn of_source(number: usize, source: &str) -> String {
    let mut event = Caller::gone(number).event;
    event["source"] = json!(source);
    event.to_string()
}

#[test]
fn every_token_does_what_its_scopes_say_and_is_told_what_it_lacks() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    let event = Caller::gone(1).event.to_string();
    let routes = [
        ("intake", "POST", "/v1/leads", event.as_str()),
        ("intake", "POST", "/v1/events", event.as_str()),
        ("read", "GET", "/v1/leads", ""),
        ("read", "GET", "/v1/leads/lead_x", ""),
        ("read", "GET", "/v1/leads/lead_x/explain", ""),
        ("read", "GET", "/v1/attention", ""),
        ("read", "GET", "/v1/reports/routing", ""),
        ("read", "GET", "/v1/rules", ""),
        ("act", "POST", "/v1/leads/lead_x/reassign", "{}"),
        ("act", "POST", "/v1/attention/none/replay", ""),
        ("feedback", "POST", "/v1/feedback", "{}"),
    ];
    let holders = [
        ("plain", "intake read act feedback"),
        ("retell", "intake"),
        ("any", "intake"),
        ("reader", "read"),
        ("rater", "feedback"),
        ("actor", "act"),
        ("root", "intake read act feedback admin"),
    ];
    for (scope, method, path, body) in routes {
        for (name, scopes) in holders {
            let answer = exchange(
                served.port,
                &request(method, path, Some(secret(name)), "Content-Type: application/json\r\n", body),
            );
            if scopes.split(' ').any(|held| held == scope) {
                assert!(![401, 403].contains(&answer.status), "{name} may {method} {path}: {answer:?}");
            } else {
                assert_eq!(answer.status, 403, "{name} may not {method} {path}");
                assert!(
                    answer.body.contains(&format!("needs the scope {scope}; the token \\\"{name}\\\"")),
                    "{answer:?}"
                );
                assert!(
                    answer.head.contains(&format!("error=\"insufficient_scope\", scope=\"{scope}\"")),
                    "{answer:?}"
                );
            }
        }
        for wrong in
            [None, Some("no-token-of-this-house"), Some("plain-secret-of-test"), Some("plain-secret-of-tests2")]
        {
            let answer = served.ask(&request(method, path, wrong, "", body));
            assert_eq!(answer.status, 401, "{method} {path} with {wrong:?}");
            assert!(answer.head.contains("www-authenticate: bearer realm=\"baton\""), "{answer:?}");
            assert_eq!(answer.head.contains("invalid_token"), wrong.is_some(), "{answer:?}");
        }
    }
    for scheme in ["Bearer", "bearer", "BEARER", "bEARER"] {
        let authorization = format!("Authorization: {scheme} {}\r\n", secret("reader"));
        assert_eq!(served.ask(&request("GET", "/v1/rules", None, &authorization, "")).status, 200, "{scheme}");
    }
}

#[test]
fn a_token_of_one_source_brings_no_event_of_another() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    let brings = |name: &str, body: &str| served.ask(&post("/v1/events", Some(secret(name)), body));
    for (number, source) in ["town", "town/east", "town:acct_1"].into_iter().enumerate() {
        assert_eq!(brings("retell", &of_source(number, source)).status, 202, "{source}");
    }
    for source in ["crm", "townsend", "sandbox/town"] {
        let refused = brings("retell", &of_source(9, source));
        assert_eq!(refused.status, 403, "{source}");
        assert!(refused.body.contains("source \\\"town\\\"") && refused.body.contains(source), "{refused:?}");
        assert_eq!(brings("any", &of_source(9, source)).status, 202, "{source}");
    }
    // In the headers as well as in the body.
    let (data, headers) = (
        Caller::gone(5).event["data"].to_string(),
        "ce-specversion: 1.0\r\nce-id: e\r\nce-type: lead.qualified\r\nce-source: crm\r\n",
    );
    let refused = served.ask(&request("POST", "/v1/events", Some(secret("retell")), headers, &data));
    assert_eq!(refused.status, 403, "{refused:?}");
}

/// What happens on a call is told by those who brought its lead, or who speak for its platform; as agents name no other call.
#[test]
fn a_token_of_one_source_ends_no_call_of_another() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    for (number, source) in [(1, "town/east"), (2, "crm")] {
        let decided = || {
            served.ask(&post("/v1/leads?wait=1500ms", Some(secret("any")), &of_source(number, source))).status == 200
        };
        assert!(std::iter::repeat_with(decided).take(20).any(|decided| decided), "{source}: it is decided");
    }
    let ends = |name: &str, number: usize| {
        let event = json!({
            "specversion": "1.0", "id": format!("end-{number}"), "source": "town", "type": "call.ended",
            "data": { "platform": "sandbox", "call": format!("call-{number}") },
        });
        served.ask(&post("/v1/events", Some(secret(name)), &event.to_string()))
    };
    assert_eq!(ends("retell", 1).status, 202, "its own");
    assert_eq!(ends("retell", 9).status, 202, "nobody's");
    let refused = ends("retell", 2);
    assert_eq!((refused.status, refused.json()["type"].as_str()), (403, Some("/v1/problems/forbidden")), "{refused:?}");
    assert!(refused.body.contains("a call of another source") && !refused.body.contains("crm"), "{refused:?}");
    assert_eq!(ends("any", 2).status, 202);
}

fn until_status(port: u16, token: Option<&str>, status: u16) -> Answered {
    let ask = || exchange(port, &get("/v1/rules", token));
    let answered = within(Duration::from_secs(5), || Some(ask()).filter(|answer| answer.status == status));
    answered.unwrap_or_else(|| panic!("not {status}: {:?}", ask()))
}

#[test]
fn tokens_of_the_database_come_and_go_without_a_restart() {
    // No token at all: this machine's own, and the door is open to it.
    let served = Served::start("", "info", &[]);
    assert_eq!(served.ask(&get("/v1/rules", None)).status, 200);
    let made = served.run(&["token", "add", "console", "--scopes", "read,act", "--days", "30"]);
    let token = made.trim();
    assert!(token.len() > 40 && token.starts_with("bt_"), "{token}");
    until_status(served.port, Some(token), 200);
    // One token closes the door to everybody else.
    until_status(served.port, None, 401);
    assert_eq!(served.ask(&post("/v1/events", Some(token), "{}")).status, 403);
    let list = served.run(&["token", "list"]);
    assert!(list.contains("console") && list.contains("act,read") && list.contains("good until"), "{list}");
    let database = std::fs::read(served.folder.path().join("baton.db")).expect("the database");
    let wal = std::fs::read(served.folder.path().join("baton.db-wal")).unwrap_or_default();
    let kept = |bytes: &[u8]| bytes.windows(token.len()).any(|part| part == token.as_bytes());
    assert!(!kept(&database) && !kept(&wal) && !list.contains(token), "the secret is kept nowhere");
    served.run(&["token", "revoke", "console"]);
    let refused = until_status(served.port, Some(token), 401);
    assert!(refused.body.contains("was revoked at"), "{refused:?}");
    assert_eq!(served.ask(&get("/v1/rules", None)).status, 401, "and the door does not open again");
    let list: serde_json::Value =
        serde_json::from_str(&served.run(&["token", "list", "--format", "json"])).expect("JSON");
    assert_eq!((&list["tokens"][0]["name"], &list["tokens"][0]["good"]), (&json!("console"), &json!(false)));
    for (args, why) in [
        (["token", "revoke", "console"].as_slice(), "was revoked before"),
        (&["token", "revoke", "nobody"], "the tokens are console"),
        (&["token", "add", "console", "--scopes", "read"], "choose another name"),
        (&["token", "add", "a b", "--scopes", "read"], "letters, digits"),
        (&["token", "add", "x", "--scopes", "write"], "allowed: intake, read, act, feedback, admin"),
        (&["token", "add", "x", "--scopes", "read", "--source", "retell"], "brings none"),
        (&["token", "add", "x", "--scopes", "intake", "--source", "a b"], "without blanks"),
    ] {
        let output = served.baton(args);
        assert!(!output.status.success() && stderr(&output).contains(why), "{args:?}: {}", stderr(&output));
    }
}

/// What a start that must not succeed says.
fn refused_start(toml: &str, env: &[(&str, &str)]) -> String {
    let folder = workspace(free_port(), 2, toml);
    let mut command = Command::new("timeout");
    command.args(["20", env!("CARGO_BIN_EXE_baton"), "serve", "-w"]).arg(folder.path()).envs(env.iter().copied());
    let output = command.output().expect("baton runs");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    stderr(&output)
}

#[test]
fn a_start_with_empty_or_short_secrets_is_refused_with_all_of_them_by_name() {
    let toml = "[http.tokens]\nvoice = \"env:T_VOICE\"\n[feedback]\nlink_secret = \"env:T_LINK\"\n[slack]\nbot_token = \"env:T_SLACK\"\n\
                [crm]\nvendor = \"hubspot\"\nservice_key = \"env:T_CRM\"\n";
    let blanks = [("T_VOICE", ""), ("T_LINK", "\n"), ("T_SLACK", " \t"), ("T_CRM", "\u{feff}")];
    let told = refused_start(toml, &blanks);
    for (name, key) in [
        ("T_VOICE", "http.tokens.voice"),
        ("T_LINK", "feedback.link_secret"),
        ("T_SLACK", "slack.bot_token"),
        ("T_CRM", "crm.service_key"),
    ] {
        assert!(
            told.contains(&format!("resolving {key}: the environment variable {name} is set, and nothing is in it")),
            "{told}"
        );
    }
    let told = refused_start(toml, &[("T_VOICE", "short"), ("T_LINK", "tooshort"), ("T_SLACK", "x"), ("T_CRM", "x")]);
    assert!(
        told.contains("has 5 characters") && told.contains("has 8 characters") && told.contains("16 or more"),
        "{told}"
    );
    assert!(!told.contains("tooshort") && !told.contains("slack"), "{told}");
}

#[test]
fn a_listener_for_everybody_needs_a_token_of_file_or_database() {
    let folder = workspace(free_port(), 2, "");
    edit(folder.path(), "baton.toml", "127.0.0.1", "0.0.0.0");
    let serve = || {
        let mut command = Command::new("timeout");
        command.args(["-s", "TERM", "4", env!("CARGO_BIN_EXE_baton"), "serve", "-w"]).arg(folder.path());
        stderr(&command.output().expect("baton runs"))
    };
    let said = serve();
    assert!(said.contains("there is no token: anybody could send leads; run baton token add"), "{said}");
    let place = folder.path().to_str().expect("a plain path");
    stdout(&baton(&["token", "add", "voice", "--scopes", "intake", "-w", place]));
    assert!(serve().contains("baton is ready"));
}
