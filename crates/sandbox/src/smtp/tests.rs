use super::session::SIZE_LIMIT;
use super::*;
use baton_clock::FakeClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Says lines to a fresh server and returns what came back, until the server closes.
async fn talk(lines: &str) -> (String, Arc<SmtpState>, Arc<World>) {
    let world = World::new(FakeClock::new("2026-11-23T09:00:00Z".parse().unwrap()));
    let state = SmtpState::new();
    let address = serve(Arc::clone(&world), Arc::clone(&state)).await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(lines.replace('\n', "\r\n").as_bytes()).await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    (heard, state, world)
}

#[tokio::test]
async fn a_mail_is_kept_without_the_dots_of_the_way() {
    let (heard, state, world) = talk(
        "EHLO x\nMAIL FROM:<a@x.example> SIZE=9\nRCPT TO:<b@y.example>\nRCPT TO:<c@y.example>\nDATA\n\
             Subject: =?utf-8?b?w7Y=?=\nMessage-ID: <1@x.example>\n\n..one\n.\nQUIT\n",
    )
    .await;
    assert!(heard.ends_with("250 2.0.0 taken\r\n221 2.0.0 bye\r\n"), "{heard}");
    let mails = state.mails();
    assert_eq!((mails[0].from.as_str(), mails[0].to.len()), ("a@x.example", 2));
    assert_eq!((mails[0].text.as_str(), mails[0].header("Subject")), (".one\n", "ö"));
    let keys: Vec<String> = world.accepted().into_iter().map(|effect| effect.natural_key).collect();
    assert_eq!(keys, ["b@y.example/<1@x.example>", "c@y.example/<1@x.example>"]);
}

#[tokio::test]
async fn the_order_of_commands_matters() {
    let (heard, state, _) = talk(
        "RCPT TO:<b@y.example>\nDATA\nMAIL a@x.example\nMAIL FROM:<a@x.example>\nMAIL FROM:<a@x.example>\nRSET\n\
             DATA\nNOOP\nTURN\nQUIT\n",
    )
    .await;
    let codes: Vec<&str> = heard.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["220", "503", "503", "501", "250", "503", "250", "503", "250", "502", "221"]);
    assert!(state.mails().is_empty());
}

#[tokio::test]
async fn what_is_larger_than_size_is_refused() {
    let line = format!("{}\n", "x".repeat(990));
    let content = line.repeat(SIZE_LIMIT / line.len() + 1);
    let (heard, state, _) = talk(&format!("MAIL FROM:<>\nRCPT TO:<b@y.example>\nDATA\n\n{content}.\nQUIT\n")).await;
    assert!(heard.contains("552 5.3.4"), "{heard}");
    assert!(state.mails().is_empty());
}
