//! Scopes, sources, and tokens that come and go under a running worker.

use crate::eventually::within;
use crate::program::served::{Answered, Served, exchange, get, post, request, workspace};
use crate::program::{baton, edit, free_port, stderr, stdout};
use crate::town::Caller;
use baton::intake::event::lead_id;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

const TOKENS: &str = "
[http.tokens]
plain = \"env:PLAIN\"
account = { secret = \"env:ACCOUNT\", scopes = [\"intake\"], source = \"retell/eu\" }
retell = { secret = \"env:RETELL\", scopes = [\"intake\"], source = \"town\" }
any = { secret = \"env:ANY\", scopes = [\"intake\"] }
reader = { secret = \"env:READER\", scopes = [\"read\"] }
rater = { secret = \"env:RATER\", scopes = [\"feedback\"] }
actor = { secret = \"env:ACTOR\", scopes = [\"act\"] }
root = { secret = \"env:ROOT\", scopes = [\"admin\"] }
";

/// Each token's secret is its own name, made long enough.
const SECRETS: [(&str, &str); 8] = [
    ("PLAIN", "plain-secret-of-tests"),
    ("ACCOUNT", "account-secret-of-tests"),
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
        ("read", "GET", "/v1/workers", ""),
        ("act", "POST", "/v1/leads/lead_x/reassign", "{}"),
        ("act", "POST", "/v1/leads/lead_x/call", "{}"),
        ("read", "GET", "/v1/reps/nobody/leaver", ""),
        ("act", "POST", "/v1/reps/nobody/leaver", "{}"),
        ("act", "POST", "/v1/attention/none/replay", ""),
        ("act", "POST", "/v1/attention/none/retry", ""),
        ("act", "POST", "/v1/attention/none/close", "{}"),
        ("feedback", "POST", "/v1/feedback", "{}"),
        ("admin", "POST", "/v1/erasures", "{}"),
        ("admin", "GET", "/v1/erasures/era_x", ""),
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

/// Brought by somebody who may bring everything, and decided.
fn decided(served: &Served, event: &str) {
    let decided = || served.ask(&post("/v1/leads?wait=1500ms", Some(secret("any")), event)).status == 200;
    assert!(std::iter::repeat_with(decided).take(20).any(|decided| decided), "{event}: it is decided");
}

fn of_call(kind: &str, platform: &str, call: &str) -> Value {
    json!({
        "specversion": "1.0", "id": format!("{kind}-{platform}-{call}"), "source": platform, "type": kind,
        "data": { "platform": platform, "call": call },
    })
}

/// What happens on a call is told by those who brought its lead, or who speak for its platform; as agents name no other call.
#[test]
fn a_token_of_one_source_ends_no_call_of_another() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    decided(&served, &of_source(1, "town/east"));
    decided(&served, &of_source(2, "crm"));
    let ends = |name: &str, number: usize| {
        let mut event = of_call("call.ended", "sandbox", &format!("call-{number}"));
        event["source"] = json!("town");
        served.ask(&post("/v1/events", Some(secret(name)), &event.to_string()))
    };
    assert_eq!(ends("retell", 1).status, 202, "its own");
    assert_eq!(ends("retell", 9).status, 202, "nobody's");
    let refused = ends("retell", 2);
    assert_eq!((refused.status, refused.json()["type"].as_str()), (403, Some("/v1/problems/forbidden")), "{refused:?}");
    assert!(refused.body.contains("a call of another source") && !refused.body.contains("crm"), "{refused:?}");
    assert_eq!(ends("any", 2).status, 202);
}

/// What is told of a line that we carry ourselves names the caller's leg, whatever platform's call that is.
#[test]
fn a_token_of_one_source_ends_no_line_of_another() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    for (number, source) in [(1, "town/east"), (2, "crm")] {
        let mut lead = Caller::gone(number).event;
        (lead["source"], lead["data"]["call"]["leg"]) = (json!(source), json!(format!("1796028155.{number}")));
        decided(&served, &lead.to_string());
    }
    let ends = |name: &str, leg: &str| {
        let mut event = of_call("call.ended", "telephony", leg);
        event["source"] = json!("town");
        served.ask(&post("/v1/events", Some(secret(name)), &event.to_string())).status
    };
    assert_eq!(ends("retell", "1796028155.1"), 202, "its own");
    assert_eq!(ends("retell", "1796028155.9"), 202, "nobody's");
    assert_eq!(ends("retell", "1796028155.2"), 403);
    assert_eq!(ends("any", "1796028155.2"), 202);
}

/// A lead that names the leg of another's caller would have all that is told of that line, and put its own reps through to it.
#[test]
fn a_token_of_one_source_takes_over_no_line_of_another() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    let on_line = |number: usize, source: &str, line: usize| {
        let mut lead = Caller::gone(number).event;
        (lead["source"], lead["data"]["call"]["leg"]) = (json!(source), json!(format!("1796028155.{line}")));
        lead.to_string()
    };
    for (number, source) in [(1, "town/east"), (2, "crm"), (4, "front_door")] {
        decided(&served, &on_line(number, source, number));
    }
    let brings = |name: &str, event: &str| served.ask(&post("/v1/leads", Some(secret(name)), event));
    let refused = brings("retell", &on_line(5, "town", 2));
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.body.contains("a call of another source") && !refused.body.contains("lead_"), "{refused:?}");
    assert_eq!(brings("retell", &on_line(7, "town", 1)).status, 202, "its own");
    assert_eq!(brings("retell", &on_line(8, "town", 9)).status, 202, "nobody's");
    assert_eq!(brings("retell", &on_line(10, "town", 4)).status, 202, "whom the front door has left to it");
    assert_eq!(brings("any", &on_line(11, "town", 2)).status, 202);
}

#[test]
fn a_token_of_one_source_adds_nothing_to_the_lead_of_anothers_call() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    decided(&served, &of_source(1, "town/east"));
    decided(&served, &of_source(2, "crm"));
    let adds = |name: &str, number: usize, summary: &str| {
        let mut event = Caller::gone(number).event;
        event["id"] = json!(format!("more-{number}"));
        event["data"]["qualification"]["summary"] = json!(summary);
        served.ask(&post("/v1/leads", Some(secret(name)), &event.to_string()))
    };
    assert_eq!(adds("retell", 1, "Asks for a call.").status, 202, "its own");
    let refused = adds("retell", 2, "Asks for a call.");
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.body.contains("a call of another source") && !refused.body.contains("lead_"), "{refused:?}");
    let other = adds("any", 2, "Asks for a mail.");
    assert_eq!(
        (other.status, other.json()["note"].as_str()),
        (202, None),
        "nothing came before under this id: {other:?}"
    );
}

#[test]
fn an_account_of_a_platform_tells_of_the_platforms_calls() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    let mut lead = Caller::gone(1).event;
    (lead["source"], lead["data"]["call"]["platform"]) = (json!("crm"), json!("Retell"));
    decided(&served, &lead.to_string());
    let mut ended = of_call("call.ended", "retell", "call-1");
    ended["source"] = json!("retell/eu");
    assert_eq!(served.ask(&post("/v1/events", Some(secret("account")), &ended.to_string())).status, 202);
    (lead["id"], lead["source"]) = (json!("more"), json!("retell/eu"));
    assert_eq!(served.ask(&post("/v1/leads", Some(secret("account")), &lead.to_string())).status, 202);
}

/// Telephony that rings reps for the calls of others was given the leg, and names itself as the platform.
#[test]
fn a_reps_phone_is_told_of_by_whoever_rings_it() {
    let served = Served::start(TOKENS, "info", &SECRETS);
    decided(&served, &of_source(2, "crm"));
    let leg = format!("leg_{}.1", lead_id("crm", "evt-2").suffix());
    let tells = |kind: &str, platform: &str, word: Option<&str>| {
        let mut event = of_call(kind, platform, "bridge-7");
        (event["source"], event["data"]["leg"]) = (json!("town"), json!(leg));
        if let Some(word) = word {
            event["id"] = json!(format!("{word}-{platform}"));
            event["data"]["event"] = json!(word);
        }
        served.ask(&post("/v1/events", Some(secret("retell")), &event.to_string())).status
    };
    for word in ["answered", "accepted", "joined"] {
        assert_eq!(tells("call.event", "town", Some(word)), 202, "{word}");
        assert_eq!(tells("call.event", "sandbox", Some(word)), 403, "{word} in the name of another platform");
    }
    assert_eq!(tells("call.ended", "town", None), 403, "the caller's own call is another's");
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
    let list: Value = serde_json::from_str(&served.run(&["token", "list", "--format", "json"])).expect("JSON");
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
