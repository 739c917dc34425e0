//! An engine on a port of this machine: what it is asked, and what its answers mean.

use super::*;
use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::time::Instant;

const SECRET_WORDS: &str = "Dana Whitfield, +14155550142";

/// What the engine was asked, with the header that proves who asks.
type Asked = Arc<Mutex<Vec<(Option<String>, Value)>>>;

/// Answers everybody so.
async fn engine(status: u16, body: Vec<u8>) -> (String, Asked) {
    let asked = Asked::default();
    let notes = Arc::clone(&asked);
    let speak = move |headers: HeaderMap, Json(request): Json<Value>| {
        let who = headers.get("authorization").and_then(|who| who.to_str().ok()).map(str::to_owned);
        notes.lock().expect("nobody panicked").push((who, request));
        let answer = (StatusCode::from_u16(status).expect("a status"), body.clone());
        std::future::ready(answer)
    };
    let routes = axum::Router::new().route("/v1/audio/speech", post(speak));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1/audio/speech", listener.local_addr().expect("its number"));
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
    (url, asked)
}

fn at(url: &str, within: Duration) -> HttpSpeech {
    let voices = BTreeMap::from([("de".to_owned(), "df_eva".to_owned())]);
    let (model, voice) = ("kokoro".to_owned(), "af_heart".to_owned());
    let token = Some(Secret::new("a token of tests"));
    HttpSpeech::new(HttpVoice { url: url.to_owned(), model, voice, voices, token, within }).expect("an address")
}

fn patient(url: &str) -> HttpSpeech {
    at(url, Duration::from_secs(20))
}

/// A tenth of a second at 8,000 samples.
fn wav() -> Vec<u8> {
    Sound { samples: vec![7; 800] }.to_wav()
}

#[tokio::test]
async fn each_language_has_its_voice_and_one_speaks_the_others() {
    let (url, asked) = engine(200, wav()).await;
    let speech = patient(&url);
    for language in ["de", "en"] {
        let sound = speech.speak(" Dana\r\nWhitfield\u{202e} ", language).await.expect("it speaks");
        assert_eq!(sound.samples, vec![7; 800]);
    }
    let asked = asked.lock().expect("nobody panicked");
    let request =
        |voice: &str| json!({ "model": "kokoro", "input": "Dana Whitfield", "voice": voice, "response_format": "wav" });
    let who = Some("Bearer a token of tests".to_owned());
    assert_eq!(*asked, [(who.clone(), request("df_eva")), (who, request("af_heart"))]);
}

/// As Kokoro-FastAPI streams it: 24,000 samples a second, and no length.
#[tokio::test]
async fn a_sound_without_a_length_and_of_another_rate_is_heard_to_its_end() {
    let mut streamed = Sound { samples: vec![0; 2_400] }.to_wav();
    streamed[24..28].copy_from_slice(&24_000u32.to_le_bytes());
    for length in [4..8, 40..44] {
        streamed[length].copy_from_slice(&u32::MAX.to_le_bytes());
    }
    let (url, _) = engine(200, streamed).await;
    assert_eq!(patient(&url).speak("Hello", "en").await.expect("it speaks").samples, vec![0; 800]);
}

#[tokio::test]
async fn what_goes_wrong_says_who_is_to_mend_it_and_no_words() {
    let repeats = |text: &str| format!("{text}: {SECRET_WORDS}").into_bytes();
    for (status, body, class, why) in [
        (401, repeats("bad key"), "reauthenticate", "HTTP 401; allowed: a speech.token that the engine knows"),
        (403, Vec::new(), "reauthenticate", "HTTP 403"),
        (404, repeats("not found"), "needs_person", "HTTP 404; allowed: a speech.url that takes what OpenAI's"),
        (400, repeats("no such voice"), "needs_person", "a speech.model and voices that it has"),
        (429, Vec::new(), "rate_limited", "HTTP 429"),
        (500, repeats("cannot say"), "retry", "HTTP 500"),
        (503, Vec::new(), "retry", "HTTP 503"),
        (200, repeats("{\"data\""), "needs_person", "that are no WAV; allowed: one WAV"),
        (200, Vec::new(), "needs_person", "speech.url answers with nothing; allowed: one WAV"),
        (200, vec![0; 4 * 1024 * 1024 + 1], "retry", "longer than 4194304 bytes"),
    ] {
        let (url, _) = engine(status, body).await;
        let error = patient(&url).speak(SECRET_WORDS, "en").await.expect_err("nothing can be heard");
        let told = error.to_string();
        assert_eq!(error.class(), class, "{told}");
        assert!(told.contains(why) && !told.contains("Dana") && !told.contains("a token of tests"), "{told}");
    }
}

/// Connections come about, and that is all.
#[tokio::test]
async fn an_engine_that_does_not_answer_in_time_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1/audio/speech", silent.local_addr().expect("its number"));
    let began = Instant::now();
    let error = at(&url, Duration::from_millis(300)).speak(SECRET_WORDS, "en").await.expect_err("nobody speaks");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(error.class() == "retry" && error.to_string().contains("no answer in time"), "{error}");
    let nobody = at("http://127.0.0.1:9/v1/audio/speech", Duration::from_secs(5)).speak("Hello", "en").await;
    assert_eq!(nobody.expect_err("nobody is there").class(), "retry");
}
