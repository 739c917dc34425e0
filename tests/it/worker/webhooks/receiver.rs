//! Somebody's receiver of webhooks: answers as it is told to, and remembers what came.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{HeaderName, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use baton_platforms::Request;
use baton_platforms::signature::{Proof, Refused, Secret, verify};
use baton_sandbox::serve;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a receiver answers.
#[derive(Clone, Copy)]
pub enum Says {
    Status(u16),
    /// 200, after so many milliseconds.
    Slowly(u64),
    /// 503, and the seconds after which it may be asked again.
    Later(u32),
    /// To somewhere else of its own.
    Elsewhere,
    Nothing,
}

/// A request that came.
#[derive(Clone)]
pub struct Came {
    /// With their names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub struct Receiver {
    address: SocketAddr,
    desk: Arc<Desk>,
}

struct Desk {
    /// In turn, and then the last word.
    answers: Mutex<VecDeque<Says>>,
    then: Says,
    came: Mutex<Vec<Came>>,
    /// Requests under way, and the most there ever were.
    under_way: Mutex<(usize, usize)>,
}

impl Receiver {
    /// Answers so, in turn, and so to everything after that.
    pub async fn open(answers: &[Says], then: Says) -> Self {
        let answers = Mutex::new(answers.iter().copied().collect());
        let desk = Arc::new(Desk { answers, then, came: Mutex::default(), under_way: Mutex::default() });
        let routes = Router::new().fallback(hear).with_state(Arc::clone(&desk));
        Self { address: serve(routes).await.expect("a port"), desk }
    }

    /// It has a query and a path of its own, as receivers do.
    pub fn url(&self) -> String {
        format!("http://{}/hooks/baton?for=crm", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Everything that came, in order.
    pub fn came(&self) -> Vec<Came> {
        self.desk.came.lock().expect("what came").clone()
    }

    pub fn most_at_once(&self) -> usize {
        self.desk.under_way.lock().expect("the count").1
    }
}

impl Came {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no header {name}: {:?}", self.headers))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn topic(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// As whoever knows this secret judges it.
    pub fn judged(&self, secret: &str, now: DateTime<Utc>) -> Result<(), Refused> {
        let proof = Proof::named("standard_webhooks").expect("known");
        let secrets = [Secret::new(secret).expect("not empty")];
        let request = Request { method: "POST", url: "", headers: &self.headers, body: &self.body };
        verify(&proof, &secrets, &request, now)
    }
}

/// Counts a request until it is answered or given up.
struct UnderWay(Arc<Desk>);

impl UnderWay {
    fn begins(desk: &Arc<Desk>) -> Self {
        let mut under_way = desk.under_way.lock().expect("the count");
        under_way.0 += 1;
        under_way.1 = under_way.1.max(under_way.0);
        Self(Arc::clone(desk))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.lock().expect("the count").0 -= 1;
    }
}

async fn hear(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let _counted = UnderWay::begins(&desk);
    let text =
        |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().expect("plain text").to_owned());
    let came = Came { headers: headers.iter().map(text).collect(), body: body.to_vec() };
    desk.came.lock().expect("what came").push(came);
    let says = desk.answers.lock().expect("the answers").pop_front().unwrap_or(desk.then);
    match says {
        Says::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Says::Slowly(ms) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            StatusCode::OK.into_response()
        }
        Says::Later(seconds) => (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, seconds.to_string())]).into_response(),
        Says::Elsewhere => (StatusCode::FOUND, [(LOCATION, "/elsewhere")]).into_response(),
        Says::Nothing => std::future::pending().await,
    }
}
