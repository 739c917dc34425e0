//! A worker with a console, and somebody with a browser that has no script.

use crate::program::served::{Answered, exchange, post, request};
use crate::store::server::Db;
use crate::town::{self, Caller};
use baton::app::Running;
use baton::web::{ConfiguredToken, LinkSigner, Rights, token_digest};
use baton_clock::SharedClock;
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::scope::Scope;
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use url::form_urlencoded;

/// Each role, the secret of its token, and its scopes.
pub const ROLES: [(&str, &str, &[Scope]); 4] = [
    ("viewer", "a-secret-of-viewers-alone", &[Scope::Read]),
    ("rep", "a-secret-of-the-reps-alone", &[Scope::Read, Scope::Feedback]),
    ("ops", "a-secret-of-the-ops-alone", &[Scope::Read, Scope::Feedback, Scope::Act]),
    ("admin", "a-secret-of-admins-alone", &[Scope::Admin]),
];

pub fn secret(role: &str) -> &'static str {
    ROLES.iter().find(|(name, ..)| *name == role).expect("a role").1
}

pub struct Office {
    pub db: Db,
    pub port: u16,
    pub folder: TempDir,
}

impl Office {
    /// `has_tokens`: one for each role, and one that brings events; otherwise none was ever given.
    pub async fn open(db: Db, has_tokens: bool, has_console: bool) -> (Self, Running) {
        let folder = town::founded(2);
        let clock = town::clock(20) as SharedClock;
        let running = town::worker_of(folder.path(), &db.store, &clock, |setup| {
            setup.console = has_console;
            setup.links = Some(Arc::new(signer()));
            if has_tokens {
                let intake = ("voice", "a-secret-of-voice-alone", &[Scope::Intake][..]);
                setup.tokens = ROLES.into_iter().chain([intake]).map(token).collect();
            }
        });
        let running = running.await;
        let port = running.address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        (Self { db, port, folder }, running)
    }

    pub fn ask(&self, method: &str, path: &str, cookie: &str, form: &[(&str, &str)]) -> Answered {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = if method == "POST" { "Content-Type: application/x-www-form-urlencoded\r\n" } else { "" };
        self.exchanges(&request(method, path, None, &format!("{kind}Cookie: {cookie}\r\n"), &body))
    }

    /// The worker runs on the threads of this process, and goes on meanwhile.
    pub fn exchanges(&self, text: &str) -> Answered {
        tokio::task::block_in_place(|| exchange(self.port, text))
    }

    /// What a token is answered.
    pub fn tries(&self, token: &str) -> Answered {
        self.ask("POST", "/console/sign-in", "", &[("token", token), ("to", "/console/leads")])
    }

    pub fn signs_in(&self, token: &str) -> Visitor<'_> {
        let answer = self.tries(token);
        assert_eq!(answer.status, 303, "{answer:?}");
        assert!(answer.head.contains("location: /console/leads"), "{answer:?}");
        Visitor::of(self, &answer)
    }

    /// A lead that is decided: the event is one of a call that is over.
    pub fn brings(&self, event: &Value) -> String {
        let text = post("/v1/leads?wait=1500ms", Some("a-secret-of-voice-alone"), &event.to_string());
        let sent = || self.exchanges(&text);
        let answer = std::iter::repeat_with(sent).take(20).find(|answer| answer.status == 200).expect("it is decided");
        answer.json()["lead"].as_str().expect("an id").to_owned()
    }

    pub async fn owner(&self, lead: &str) -> RepId {
        let lead = LeadId::new(lead).expect("an id");
        self.db.store.lead(&lead).await.expect("the database answers").expect("the lead").owner
    }

    /// The same of somebody whose words are markup.
    pub fn brings_markup(&self, number: usize) -> String {
        let mut event = Caller::gone(number).event;
        event["data"]["contact"]["name"] = HOSTILE.into();
        event["data"]["company"]["name"] = HOSTILE.into();
        event["data"]["qualification"]["summary"] = HOSTILE.into();
        self.brings(&event)
    }
}

/// Of the office's links.
pub fn signer() -> LinkSigner {
    LinkSigner::new("a secret of the tests alone", "http://baton.example", 30)
}

pub const HOSTILE: &str = "Ana <script>alert(1)</script><img src=x onerror='alert(2)'>\" {{w.now}}";

fn token((name, secret, scopes): (&str, &str, &[Scope])) -> ConfiguredToken {
    let rights = Rights { name: name.to_owned(), scopes: scopes.iter().copied().collect(), source: None };
    ConfiguredToken { digest: token_digest(secret), rights }
}

/// Who has signed in.
pub struct Visitor<'o> {
    office: &'o Office,
    pub cookie: String,
}

impl<'o> Visitor<'o> {
    /// By the cookie of an answer.
    pub fn of(office: &'o Office, answer: &Answered) -> Self {
        let set = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: baton="));
        let set = set.unwrap_or_else(|| panic!("no session: {answer:?}"));
        assert!(set.contains("; httponly; samesite=lax"), "{set}");
        let secret = set.split(';').next().expect("a value");
        Self { office, cookie: format!("baton={secret}") }
    }

    pub fn sees(&self, path: &str) -> Answered {
        self.office.ask("GET", path, &self.cookie, &[])
    }

    /// A page that is there.
    pub fn page(&self, path: &str) -> String {
        let answer = self.sees(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// What stands in each of their forms.
    pub fn csrf(&self) -> String {
        let page = self.page("/console");
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
        rest.split('"').next().expect("a value").to_owned()
    }

    pub fn sends(&self, path: &str, form: &[(&str, &str)]) -> Answered {
        let csrf = self.csrf();
        self.office.ask("POST", path, &self.cookie, &[&[("csrf", csrf.as_str())][..], form].concat())
    }

    /// A form that brings files along, each by its name and its text.
    pub fn uploads(&self, path: &str, form: &[(&str, &str)], files: &[(&str, &str)]) -> Answered {
        let csrf = self.csrf();
        self.uploads_with(&csrf, path, form, files)
    }

    /// The same with this in the place of what stands in their forms.
    pub fn uploads_with(&self, csrf: &str, path: &str, form: &[(&str, &str)], files: &[(&str, &str)]) -> Answered {
        let mut body = String::new();
        for (name, text) in [&[("csrf", csrf)][..], form].concat() {
            body += &format!("--{BETWEEN}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        }
        for (name, text) in files {
            body += &format!(
                "--{BETWEEN}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n{text}\r\n"
            );
        }
        body += &format!("--{BETWEEN}--\r\n");
        let kind = format!("Content-Type: multipart/form-data; boundary={BETWEEN}\r\nCookie: {}\r\n", self.cookie);
        self.office.exchanges(&request("POST", path, None, &kind, &body))
    }
}

/// What stands between the parts of a form with files.
const BETWEEN: &str = "----a-browser-of-ours-7d1";
