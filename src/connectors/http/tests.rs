use super::*;
use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const LIMITS: Limits = Limits { timeout: Duration::from_millis(300), per_second: 100, concurrency: 2 };

/// Takes one connection, reads the head of the request, writes `answer` and closes; without one it holds the line.
async fn vendor(answer: Option<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await.unwrap();
        match answer {
            Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            None => std::future::pending().await,
        }
    });
    base
}

fn call(does: Does) -> ApiCall {
    ApiCall::new("test", does, Method::POST, &["path"])
}

async fn class_of(base: &str, does: Does) -> &'static str {
    let http = VendorHttp::new("test", base, LIMITS).unwrap();
    match http.send(&call(does)).await {
        Ok(_) => "answered",
        Err(error) => error.class(),
    }
}

#[tokio::test]
async fn who_cannot_connect_has_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(class_of(&base, Does::Write).await, "retry");
}

#[tokio::test]
async fn a_lost_answer_leaves_a_write_in_doubt_and_a_read_to_be_repeated() {
    for (does, class) in [(Does::Write, "unknown"), (Does::Read, "retry")] {
        let silent = vendor(None).await;
        assert_eq!(class_of(&silent, does).await, class, "silence");
        let closed = vendor(Some(String::new())).await;
        assert_eq!(class_of(&closed, does).await, class, "closed");
        let halved = vendor(Some("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"id\"".to_owned())).await;
        assert_eq!(class_of(&halved, does).await, class, "cut in the body");
        let length = BODY_LIMIT + 1;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let endless = vendor(Some(head + &"x".repeat(length))).await;
        assert_eq!(class_of(&endless, does).await, class, "longer than we read");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let base = vendor(Some("HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n".into()));
    let http = VendorHttp::new("test", &base.await, LIMITS).unwrap();
    let answer = http.send(&call(Does::Read)).await.unwrap();
    assert_eq!((answer.status, by_status("test", &answer).class()), (302, "needs_person"));
}

#[tokio::test]
async fn no_message_repeats_the_address_that_was_called() {
    let http = VendorHttp::new("test", &vendor(None).await, LIMITS).unwrap();
    let personal = ApiCall::get("test", &["contacts", "ada@example.org"]);
    let Err(error) = http.send(&personal).await else { panic!("silence is an error") };
    let said = error.to_string();
    assert!(!said.contains("ada") && !said.contains("127.0.0.1"), "{said}");
}

#[test]
fn a_base_address_must_be_one() {
    for base in ["", "example.org", "file:///etc/passwd", "ftp://example.org"] {
        assert!(VendorHttp::new("test", base, LIMITS).is_err(), "{base:?}");
    }
}

#[test]
fn the_class_of_a_bare_status() {
    let answer = |status, does| Answer { status, headers: HeaderMap::new(), body: vec![], does, bearer: None };
    let class = |status, does| by_status("test", &answer(status, does)).class();
    assert_eq!(class(401, Does::Write), "reauthenticate");
    assert_eq!(class(403, Does::Write), "needs_person");
    assert_eq!(class(404, Does::Read), "gone");
    assert_eq!(class(429, Does::Write), "rate_limited");
    assert_eq!(class(503, Does::Write), "retry");
    assert_eq!((class(502, Does::Write), class(502, Does::Read)), ("unknown", "retry"));
    assert_eq!((class(524, Does::Write), class(524, Does::Read)), ("unknown", "retry"));
}

#[test]
fn retry_after_is_read_in_both_forms() {
    let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    };
    assert_eq!(retry_after(&headers(&[("retry-after", "30")])), Some(Duration::from_secs(30)));
    let dated = headers(&[("retry-after", "Sat, 21 Nov 2026 10:00:05 GMT"), ("date", "Sat, 21 Nov 2026 10:00:00 GMT")]);
    assert_eq!(retry_after(&dated), Some(Duration::from_secs(5)));
    assert_eq!(retry_after(&headers(&[("retry-after", "soon")])), None);
    assert_eq!(retry_after(&headers(&[])), None);
}

/// Found in the crash loop: each of many gave up on a turn it had taken, and the queue grew by what nobody used.
#[tokio::test]
async fn a_turn_that_comes_too_late_is_left_to_others() {
    let limits = Limits { timeout: Duration::from_secs(60), ..LIMITS };
    let http = VendorHttp::new("test", &vendor(None).await, limits).unwrap();
    let buckets = Buckets::per_second(1);
    let wait = || buckets.take("channel", Duration::from_secs(60), 1).expect("a turn within the minute");
    for _ in 0..30 {
        wait();
    }
    for _ in 0..10 {
        let by = Instant::now() + Duration::from_secs(20);
        let refused = answered_by(by, http.pass(&buckets, "channel")).await.expect("at once");
        assert!(matches!(refused, Err(VendorError::RateLimited { after: Some(_), .. })), "{refused:?}");
    }
    assert!(wait() <= Duration::from_secs(30), "ten turns were taken for nothing");
}

#[test]
fn a_vendors_words_stay_out_of_the_log_and_ours_go_into_it() {
    let theirs = VendorError::needs_person("crm", "HTTP 400: no contact Dana, +1 415 555 0100");
    assert_eq!(theirs.in_log(), "crm: needs_person, HTTP 400");
    let theirs = VendorError::retry("crm", "dana@acme.example is locked");
    assert_eq!(theirs.in_log(), "crm: retry");
    let ours = VendorError::amiss("crm", "the token lacks a scope");
    assert_eq!(ours.in_log(), "crm: needs_person, the token lacks a scope");
}
