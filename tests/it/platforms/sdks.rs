//! Requests that the vendors' own libraries sign at this moment, with secrets that nobody has used before.

use super::libraries::printed;
use crate::eventually::{SOON, within};
use crate::program::free_port;
use crate::program::served::{Served, get, workspace};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const TOKEN: &str = "a-token-of-the-library-tests";
const SCRIPT: &str = "platforms/sdks/sdks.sh";

/// What Baton is configured with, by the names of platforms.
struct Secrets {
    toml: String,
    env: Vec<(String, String)>,
}

fn secrets(made: &Value) -> Secrets {
    let mut secrets = Secrets { toml: String::new(), env: vec![("TEST_TOKEN".to_owned(), TOKEN.to_owned())] };
    for (number, (platform, both)) in made.as_object().expect("platforms").iter().enumerate() {
        let name = format!("SECRET_{number}");
        writeln!(secrets.toml, "[platforms.{platform}]\nsecrets = [\"env:{name}\"]").expect("a string takes a line");
        secrets.env.push((name, both["ours"].as_str().expect("a secret").to_owned()));
    }
    secrets.toml.push_str("[http.tokens]\nvoice = \"env:TEST_TOKEN\"\n");
    secrets
}

#[test]
fn what_the_vendors_own_libraries_sign_is_taken_and_with_one_byte_changed_it_is_not() {
    let Some(made) = printed(SCRIPT, &["secrets"], &[]) else { return };
    let Secrets { toml, env } = secrets(&serde_json::from_str(&made).expect("secrets as JSON"));
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let port = free_port();
    let served = Served::on(workspace(port, 1, &toml), port, "info", &env);

    let address = format!("http://127.0.0.1:{port}");
    let sent = printed(SCRIPT, &[&address], &[("SECRETS", &made)]).expect("the libraries were there a moment ago");
    let (mut platforms, mut calls) = (BTreeSet::new(), BTreeSet::new());
    for line in sent.lines() {
        let told: Value = serde_json::from_str(line).expect("a line of JSON");
        assert_eq!((&told["taken"]["status"], &told["refused"]["status"]), (&json!(200), &json!(401)), "{told}");
        let platform = told["platform"].as_str().expect("a name").to_owned();
        calls.insert((platform.clone(), told["call"].as_str().expect("an id").to_owned()));
        platforms.insert(platform);
    }
    let expected = ["elevenlabs", "livekit", "openai", "retell", "standard-webhooks", "telnyx", "twilio"];
    assert_eq!(platforms.iter().collect::<Vec<_>>(), expected);
    for (platform, call) in &calls {
        let query = format!("?platform={platform}&call={call}");
        let one = within(SOON, || (leads(&served, &query).len() == 1).then_some(()));
        assert!(one.is_some(), "{call} of {platform} is one lead: {:?}", leads(&served, &query));
    }
    assert_eq!(leads(&served, "").len(), calls.len(), "and of what was changed there is none");

    let room = calls.iter().find(|(platform, _)| platform == "livekit").expect("a room");
    let lead = leads(&served, &format!("?platform=livekit&call={}", room.1)).remove(0);
    let story = format!("/v1/leads/{}", lead["lead"].as_str().expect("an id"));
    let ended = || served.ask(&get(&story, Some(TOKEN))).json()["timeline"].to_string().contains("call_ended");
    assert!(within(SOON, || ended().then_some(())).is_some(), "the end of the room is in the lead's story");
}

fn leads(served: &Served, query: &str) -> Vec<Value> {
    let answer = served.ask(&get(&format!("/v1/leads{query}"), Some(TOKEN)));
    answer.json()["leads"].as_array().expect("a list").clone()
}
