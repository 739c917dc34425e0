//! The program's own door, from outside: half-sent requests, who may do what, how refusals look, how leads are found, and
//! what the log never says.

mod api;
mod doctor;
mod hands;
mod log;
mod refusals;
mod rights;

use crate::eventually::within;
use crate::program::served::{Served, ask_on, exchange, get, post};
use crate::store::server::sqlite_in;
use crate::town::Caller;
use sqlx::AnyPool;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use tokio::time::Instant;

const TOKEN: &str = "a-token-for-the-tests-alone";
const VOICE: &str = "[http.tokens]\nvoice = \"env:TEST_TOKEN\"\n";

fn served(toml: &str) -> Served {
    Served::start(toml, "info", &[("TEST_TOKEN", TOKEN)])
}

/// So many connections that say only this, and then nothing more.
fn half_sent(port: u16, count: usize, text: &str) -> Vec<TcpStream> {
    let begin = |_| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        // One that the door has sent away already is as good as any.
        let _sent = stream.write_all(text.as_bytes());
        stream
    };
    (0..count).map(begin).collect()
}

/// Whether the door closes a connection within this span.
fn closes_within(stream: &mut TcpStream, span: Duration) -> bool {
    stream.set_read_timeout(Some(span)).expect("a time limit");
    match stream.read(&mut [0; 64]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

/// The ways to send half a request that came to mind: from nothing to all but one byte.
fn halves() -> [(&'static str, String); 7] {
    let head = "POST /v1/leads?wait=1500ms HTTP/1.1\r\nHost: baton\r\n";
    let body = "Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n{\"specversion\":";
    [
        ("nothing", String::new()),
        ("half a word", "POS".to_owned()),
        ("half a head", head.to_owned()),
        ("half a body without a token", format!("{head}{body}")),
        ("half a body with a token", format!("{head}Authorization: Bearer {TOKEN}\r\n{body}")),
        ("half a chunk", format!("{head}Authorization: Bearer {TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{{")),
        ("half a form", "POST /feedback/x.y HTTP/1.1\r\nHost: baton\r\nContent-Length: 900\r\n\r\nquality=".to_owned()),
    ]
}

#[test]
fn half_sent_requests_close_the_door_to_nobody() {
    let mut served = served(VOICE);
    for (number, (kind, text)) in halves().into_iter().enumerate() {
        let held = half_sent(served.port, 300, &text);
        for path in ["/healthz", "/readyz"] {
            assert_eq!(served.ask(&get(path, None)).status, 200, "{path} beside 300 of {kind}");
        }
        let event = Caller::live(number).event.to_string();
        let answer = served.ask(&post("/v1/events?wait=1500ms", Some(TOKEN), &event));
        assert!([200, 202].contains(&answer.status), "beside 300 of {kind}: {answer:?}");
        drop(held);
    }
    served.stops_within(Duration::from_secs(5));
}

#[test]
fn with_every_connection_half_sent_the_oldest_makes_room() {
    let served = served(&format!("[http]\nconcurrency = 8\nconnections = 40\n{VOICE}"));
    // Who has been served before is at home here, and stays connected through the flood.
    let mut regular = TcpStream::connect(("127.0.0.1", served.port)).expect("a connection");
    ask_on(&mut regular, &get("/v1/rules", Some(TOKEN)).replace("Connection: close\r\n", ""));
    for (kind, text) in halves() {
        let held = half_sent(served.port, 200, &text);
        assert_eq!(served.ask(&get("/readyz", None)).status, 200, "beside 200 of {kind}");
        assert_eq!(served.ask(&get("/v1/rules", Some(TOKEN))).status, 200, "beside 200 of {kind}");
        drop(held);
    }
    let again = ask_on(&mut regular, &get("/v1/rules", Some(TOKEN)));
    assert_eq!(again.status, 200, "strangers went first");
}

#[test]
fn no_more_connections_are_held_than_the_workspace_allows() {
    let served = served(&format!("[http]\nconcurrency = 8\nconnections = 40\n{VOICE}"));
    let mut held = half_sent(served.port, 60, "");
    // Those who came first have made room, long before their time was up; a few more or less are still on their way.
    assert!(held.iter_mut().take(15).all(|stream| closes_within(stream, Duration::from_secs(3))));
}

/// Another process writes and does not end: the one request that may be at work waits for its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_needs_no_place_among_those_at_work() {
    let served = served(&format!("[http]\nconcurrency = 1\nconnections = 40\n{VOICE}"));
    let port = served.port;
    // It has begun, and needs to write nothing for that any more.
    let is_ready = || (served.ask(&get("/readyz", None)).status == 200).then_some(());
    assert_eq!(within(Duration::from_secs(20), is_ready), Some(()));
    sqlx::any::install_default_drivers();
    let other = AnyPool::connect(&sqlite_in(served.folder.path())).await.expect("a second way in");
    let mut writer = other.acquire().await.expect("a connection");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *writer).await.expect("the other writes");
    let event = Caller::gone(1).event.to_string();
    let waiting = std::thread::spawn(move || {
        loop {
            let answer = exchange(port, &post("/v1/events", Some(TOKEN), &event));
            if !answer.body.contains("too many requests") {
                return answer;
            }
        }
    });
    let is_busy = || (served.ask(&get("/v1/rules", Some(TOKEN))).status == 503).then_some(());
    assert_eq!(within(Duration::from_secs(4), is_busy), Some(()), "the only place is taken");
    assert_eq!(served.ask(&get("/healthz", None)).status, 200);
    sqlx::raw_sql("ROLLBACK").execute(&mut *writer).await.expect("the other is done");
    let answer = waiting.join().expect("an answer");
    assert!([202, 503].contains(&answer.status), "{answer:?}");
}

#[test]
fn a_head_that_does_not_come_is_given_up() {
    let served = served(VOICE);
    let heads = halves().into_iter().take(3);
    let mut held: Vec<_> = heads.flat_map(|(_, text)| half_sent(served.port, 1, &text)).collect();
    assert!(held.iter_mut().all(|stream| closes_within(stream, Duration::from_secs(20))), "each within 10 s");
}

#[test]
fn a_body_that_does_not_come_is_given_up_and_told() {
    let served = served(VOICE);
    let [.., (_, with_token), _, _] = halves();
    let began = Instant::now();
    let answer = served.ask(&with_token);
    assert_eq!(answer.status, 408, "{answer:?}");
    assert!(
        answer.body.contains("did not come within 10 s") && began.elapsed() < Duration::from_secs(20),
        "{answer:?}"
    );
}

#[test]
fn without_a_token_no_body_is_waited_for() {
    let served = served(VOICE);
    let began = Instant::now();
    for kind in [3, 6] {
        let answer = served.ask(&halves()[kind].1);
        assert!([401, 403, 404].contains(&answer.status), "{answer:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "refused by the head alone");
}

#[test]
fn a_stop_waits_for_no_half_sent_request() {
    let mut served = served(VOICE);
    let held: Vec<_> = halves().iter().flat_map(|(_, text)| half_sent(served.port, 50, text)).collect();
    assert_eq!(served.ask(&get("/healthz", None)).status, 200, "all {} are there", held.len());
    served.stops_within(Duration::from_secs(5));
    let log = served.log();
    assert!(!log.contains("ERROR") && !log.contains("in hand: their leases"), "{log}");
}
