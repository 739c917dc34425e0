//! What Baton sends and says of itself, read by other people's libraries.

use super::libraries::printed;
use crate::program::free_port;
use crate::program::served::{Served, get, post, workspace};
use crate::store::server::variable;
use crate::town::Caller;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

const TOKEN: &str = "a-token-of-the-library-tests";
const SECRET: &str = "whsec_QSBzZWNyZXQgb2YgdGhlIGxpYnJhcnkgdGVzdHMu";
const TOKENS: &str = "[http.tokens]\nvoice = \"env:TEST_TOKEN\"\n";

/// `tests/platforms/webhooks/receive.py`, until it is dropped.
struct Receiver {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Receiver {
    /// `None` where its library cannot be had.
    fn open() -> Option<Self> {
        let folder = printed("platforms/libraries.sh", &["python"], &[])?;
        let mut python = Command::new(format!("{}/bin/python", folder.trim()));
        python.args(["tests/platforms/webhooks/receive.py", "0", SECRET]).current_dir(crate::program::root());
        let mut process = python.stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Some(Self { process, lines })
    }

    fn says(&mut self) -> Value {
        let line = self.lines.next().expect("it goes on").expect("text");
        serde_json::from_str(&line).expect("a line of JSON")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.process.kill().expect("it can be ended");
        self.process.wait().expect("it ends");
    }
}

#[test]
fn what_a_webhook_is_told_is_verified_by_the_public_library() {
    let Some(mut receiver) = Receiver::open() else { return };
    let at = receiver.says()["port"].take();
    let webhook = format!(
        "[[webhooks]]\nname = \"theirs\"\nurl = \"http://127.0.0.1:{at}/\"\nsecrets = [\"env:HOOK\"]\nallow_private = true\n\
         topics = [\"lead.routed\"]\n"
    );
    let served = Served::start(&format!("{TOKENS}{webhook}"), "info", &[("TEST_TOKEN", TOKEN), ("HOOK", SECRET)]);
    served.ask(&post("/v1/events?wait=1500ms", Some(TOKEN), &Caller::gone(1).event.to_string()));
    let said = receiver.says();
    let event = &said["event"];
    assert_eq!((&event["type"], &event["id"]), (&json!("lead.routed"), &said["id"]), "{said}");
    let lead = served.ask(&get("/v1/leads", Some(TOKEN))).json()["leads"][0]["lead"].take();
    assert_eq!(event["data"]["lead"], lead, "{said}");
}

/// Requests made up from the document that is served: no 500, and no answer that it does not name.
#[test]
fn the_api_answers_as_it_describes_itself() {
    let port = free_port();
    let served = Served::on(workspace(port, 1, TOKENS), port, "warn", &[("TEST_TOKEN", TOKEN)]);
    let address = format!("http://127.0.0.1:{port}");
    // What is at the edge of each schema takes minutes.
    let phases = if variable("BATON_LONG").is_some() { "examples,coverage,fuzzing" } else { "examples,fuzzing" };
    let arguments = [&address, TOKEN, "--max-examples", "20", "--phases", phases];
    let Some(told) = printed("api/schemathesis.sh", &arguments, &[]) else { return };
    let cases = told.lines().find_map(|line| line.trim().strip_suffix(" passed")?.split_once(" generated, "));
    assert!(cases.is_some_and(|(made, passed)| made == passed && made != "0"), "{told}");
    assert_eq!(served.ask(&get("/healthz", None)).status, 200);
}
