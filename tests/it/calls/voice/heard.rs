//! Who speaks to a rep, in which language, and what is left of it: by what the phone hears, and what lies in the folder of sounds.

use super::{in_language, spoken};
use crate::calls::cases;
use crate::calls::stage::line::{DANA, Line, Wanted};
use crate::calls::stage::tones::listening;
use crate::eventually::eventually;
use axum::Json;
use axum::routing::post;
use baton_phones::call::Call;
use baton_phones::rtp::{RATE, from_mu_law};
use baton_phones::tones::is_speech;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A good part of each sentence.
const PART: usize = 5 * RATE / 2;
/// What a rep hears whom nobody could tell in time who is calling.
const RECORDED: &[u8] = include_bytes!("../../../../telephony/asterisk/sounds/a-lead.ulaw");

cases! {
    words_that_are_not_ready_in_time_are_replaced_and_never_kept,
    a_rep_who_speaks_german_hears_german_words_by_a_german_voice,
    an_engine_over_http_speaks_in_the_reps_language,
}

async fn words_that_are_not_ready_in_time_are_replaced_and_never_kept(wanted: Wanted) {
    let folder = tempfile::tempdir().expect("a folder");
    let note = folder.path().join("spoken");
    let espeak = wanted.installed.espeak();
    let line = wanted.reps(1).spoken_by(late(&espeak, &note), None).open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    rep.answers().await;
    let recorded: Vec<i16> = RECORDED.iter().copied().map(from_mu_law).collect();
    is_told(&rep, &recorded).await;
    rep.presses('1').await;
    line.happened(&call.lead, "joined").await;
    call.caller.hangs_up().await;
    rep.until_ended().await;
    // The question at the start, the sentence for the caller, and the whisper, all of which have had to wait.
    let count = || std::fs::read_to_string(&note).unwrap_or_default().lines().count();
    eventually("the program has spoken at last", || std::future::ready(count() >= 3)).await;
    listening(Duration::from_secs(1)).await;
    assert_eq!(of_calls(&line), Vec::<String>::new(), "what came too late is kept for nobody");
}

async fn a_rep_who_speaks_german_hears_german_words_by_a_german_voice(wanted: Wanted) {
    let espeak = each_language(wanted.installed.espeak());
    let line = wanted.reps(1).reps_speak("de").spoken_by(espeak, None).open().await;
    is_briefed_in_german(&line).await;
}

async fn an_engine_over_http_speaks_in_the_reps_language(wanted: Wanted) {
    let espeak = each_language(wanted.installed.espeak());
    let url = engine(espeak.clone()).await;
    let lines = format!("url = {url:?}\nmodel = \"espeak-ng\"\nvoice = \"en\"\nvoices = {{ de = \"de\" }}");
    let line = wanted.reps(1).reps_speak("de").spoken_by(espeak, Some(lines)).open().await;
    is_briefed_in_german(&line).await;
}

async fn is_briefed_in_german(line: &Line) {
    let german = line.speaks_in("de", &DANA.german_whisper());
    let english = line.speaks_in("en", &DANA.whisper());
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    rep.answers().await;
    is_told(&rep, &german).await;
    let other = rep.recording().likeness(&english[..PART]);
    println!("in English by an English voice: {other:.2}");
    assert!(other <= 0.4, "{other}");
    assert!(of_calls(line).iter().any(|name| name.ends_with(".wav")), "{:?}", of_calls(line));
    rep.presses('1').await;
    line.happened(&call.lead, "joined").await;
    call.caller.hangs_up().await;
    eventually("no sound of a call that is over is kept", || std::future::ready(of_calls(line).is_empty())).await;
}

async fn is_told(rep: &Call, words: &[i16]) {
    rep.until_hears("words", is_speech).await;
    listening(Duration::from_secs(3)).await;
    let likeness = rep.recording().likeness(&words[..PART]);
    println!("the rep hears these words: {likeness:.2}");
    assert!(likeness >= 0.8, "{likeness}");
}

/// The same nine seconds late, and a line in this file for each text.
fn late(espeak: &[String], note: &Path) -> Vec<String> {
    let quoted: Vec<String> = espeak.iter().map(|word| format!("'{word}'")).collect();
    let script = format!("sleep 9; {}; echo spoken >> '{}'", quoted.join(" "), note.display());
    vec!["sh".to_owned(), "-c".to_owned(), script]
}

/// With the voice of the words' language.
fn each_language(mut espeak: Vec<String>) -> Vec<String> {
    espeak.extend(["-v".to_owned(), "{language}".to_owned()]);
    espeak
}

/// Speaks as the program does, and takes the voice for a language.
async fn engine(program: Vec<String>) -> String {
    let speak = move |Json(asked): Json<Value>| {
        let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
        let (program, words) = (in_language(&program, &text("voice")), text("input"));
        assert_eq!((text("model"), text("response_format")), ("espeak-ng".to_owned(), "wav".to_owned()));
        async move { tokio::task::spawn_blocking(move || spoken(&program, &words)).await.expect("it speaks") }
    };
    let routes = axum::Router::new().route("/v1/audio/speech", post(speak));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1/audio/speech", listener.local_addr().expect("its number"));
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
    url
}

/// Files of ours in the folder of sounds, but for what was recorded.
fn of_calls(line: &Line) -> Vec<String> {
    let files = std::fs::read_dir(&line.asterisk.sounds).expect("the folder of sounds");
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    names.filter(|name| name.starts_with("baton-") && !name.ends_with(".ulaw")).collect()
}
