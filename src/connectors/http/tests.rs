use super::*;
use async_trait::async_trait;
use baton_clock::{FakeClock, SharedClock};
use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::HeaderMap;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    let answer =
        |status, does| Answer { status, headers: HeaderMap::new(), body: vec![], does, is_cut: false, bearer: None };
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

/// No other worker is there.
struct Alone;

#[async_trait]
impl TokenKeeper for Alone {
    async fn turn(&self, _credential: &str) -> TokenTurn {
        TokenTurn::Ours
    }
    async fn ends(&self, _credential: &str, _refused_until: Option<DateTime<Utc>>) {}
}

/// Gives tokens out that nobody takes.
struct Revoked(Arc<AtomicUsize>);

#[async_trait]
impl TokenSource for Revoked {
    async fn fetch(&self) -> Result<VendorToken, VendorError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(VendorToken { secret: Secret::new(format!("t{number}")), expires_at: None, base: None, acts_as: None })
    }
    fn credential(&self) -> Option<(&'static str, String)> {
        Some(("test", "us".to_owned()))
    }
}

/// Answers every request with this.
async fn always(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (base, asked)
}

fn judged(answer: &Answer) -> Result<(), VendorError> {
    if answer.is_success() { Ok(()) } else { Err(by_status("test", answer)) }
}

#[tokio::test]
async fn a_token_that_is_revoked_is_fetched_anew_once_and_then_nobody_asks() {
    let refused = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (base, asked) = always(refused).await;
    let clock = FakeClock::new("2026-11-23T09:00:00Z".parse().unwrap());
    let fleet = Arc::new(Fleet::new(Alone, Arc::clone(&clock) as SharedClock));
    let fetched = Arc::<AtomicUsize>::default();
    let tokens = TokenCache::new(Revoked(Arc::clone(&fetched)), Arc::clone(&clock) as SharedClock);
    tokens.joins(&fleet);
    let http = VendorHttp::new("test", &base, LIMITS).unwrap();
    let ask =
        async || http.send_with(&tokens, call(Does::Read), judged).await.map_or_else(|error| error.class(), |_| "done");
    let so_far = || (fetched.load(Ordering::SeqCst), asked.load(Ordering::SeqCst));
    for _ in 0..3 {
        assert_eq!((ask().await, so_far()), ("reauthenticate", (2, 2)));
    }
    clock.advance(Duration::from_secs(61));
    assert_eq!((ask().await, so_far()), ("reauthenticate", (4, 4)), "somebody may have mended it");
}

#[tokio::test]
async fn a_limit_is_kept_by_all_who_ask_the_same_and_by_nobody_else() {
    let limited = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 30\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (base, asked) = always(limited).await;
    let clock = FakeClock::new("2026-11-23T09:00:00Z".parse().unwrap());
    let fleet = Arc::new(Fleet::new(Alone, Arc::clone(&clock) as SharedClock));
    let client = |whose: &str| {
        let http = VendorHttp::new("test", &base, LIMITS).unwrap();
        http.joins(&fleet, whose);
        http
    };
    let (ours, again, another) = (client("us"), client("us"), client("another"));
    assert_eq!(ours.send(&call(Does::Read)).await.map(|answer| answer.status), Ok(429));
    for http in [&ours, &again] {
        let refused = http.send(&call(Does::Read)).await.map(|answer| answer.status);
        assert!(matches!(&refused, Err(VendorError::RateLimited { after: Some(_), .. })), "{refused:?}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(another.send(&call(Does::Read)).await.map(|answer| answer.status), Ok(429));
    clock.advance(Duration::from_secs(30));
    assert_eq!(again.send(&call(Does::Read)).await.map(|answer| answer.status), Ok(429));
}

/// As a vendor that answers 200, and says in the body that its limit is used up.
fn limited_for_a_minute(_: &Answer) -> Result<(), VendorError> {
    let after = Some(Duration::from_secs(60));
    Err(VendorError::RateLimited { vendor: "test", why: "the limit of the day".to_owned(), after })
}

#[tokio::test]
async fn a_limit_that_only_the_judge_can_read_is_kept_for_its_operation_and_no_other() {
    let (base, asked) = always("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    let clock = FakeClock::new("2026-11-23T09:00:00Z".parse().unwrap());
    let fleet = Arc::new(Fleet::new(Alone, Arc::clone(&clock) as SharedClock));
    let http = VendorHttp::new("test", &base, LIMITS).unwrap();
    http.joins(&fleet, "us");
    let search = ApiCall::get("search", &["path"]);
    let ask = async || http.send_judged(&search, limited_for_a_minute).await.map_or_else(|error| error.class(), |_| "");
    for _ in 0..2 {
        assert_eq!((ask().await, asked.load(Ordering::SeqCst)), ("rate_limited", 1));
    }
    assert!(http.send_judged(&call(Does::Write), judged).await.is_ok(), "writes have a limit of their own");
    clock.advance(Duration::from_secs(60));
    assert_eq!((ask().await, asked.load(Ordering::SeqCst)), ("rate_limited", 3), "asked again");
}
