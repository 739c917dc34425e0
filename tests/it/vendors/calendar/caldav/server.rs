//! A server of CalDAV of its own for one test: Radicale or xandikos, from the libraries that are kept.

use crate::eventually::found;
use crate::platforms::libraries::printed;
use crate::program::free_port;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton::connectors::http::{Answer, ApiCall, Does, Limits, VendorHttp};
use reqwest::Method;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub const USER: &str = "priya";
pub const PASSWORD: &str = "correct horse";
const LIMITS: Limits = Limits { timeout: Duration::from_secs(30), per_second: 10_000, concurrency: 8 };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Radicale,
    Xandikos,
}

/// Ended when it is dropped.
pub struct Server {
    kind: Kind,
    pub url: String,
    http: VendorHttp,
    process: Child,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let (_killed, _gone) = (self.process.kill(), self.process.wait());
    }
}

impl Server {
    /// `None` where it cannot be had.
    pub async fn start(kind: Kind) -> Option<Self> {
        let libraries = printed("platforms/libraries.sh", &["caldav"], &[])?;
        let program = |name: &str| Command::new(format!("{}/bin/{name}", libraries.trim()));
        let folder = tempfile::tempdir().expect("a folder");
        let (port, data) = (free_port(), folder.path().join("data"));
        let mut command = match kind {
            Kind::Radicale => {
                let users = folder.path().join("users");
                std::fs::write(&users, format!("{USER}:{PASSWORD}\n")).expect("users");
                let mut radicale = program("radicale");
                radicale.args(["--config", "", "--hosts", &format!("127.0.0.1:{port}")]);
                radicale.args(["--auth-type", "htpasswd", "--auth-htpasswd-encryption", "plain"]);
                radicale.args(["--auth-delay", "0"]);
                radicale.arg("--auth-htpasswd-filename").arg(users).arg("--storage-filesystem-folder").arg(data);
                radicale
            }
            Kind::Xandikos => {
                let mut xandikos = program("xandikos");
                xandikos.args(["serve", "--defaults", "--no-detect-systemd", "--current-user-principal", "/priya/"]);
                xandikos.args(["--listen-address", "127.0.0.1", "--port", &port.to_string()]);
                xandikos.arg("--state-dir").arg(folder.path().join("state")).arg("--directory").arg(data);
                xandikos
            }
        };
        command.env("HOME", folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("the server starts");
        let connects = || async move { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok() };
        found(format!("{kind:?} listens"), connects).await;
        let url = format!("http://127.0.0.1:{port}");
        let http = VendorHttp::new("test", &url, LIMITS).expect("a client");
        Some(Self { kind, url, http, process, _folder: folder })
    }

    pub fn asks_for_passwords(&self) -> bool {
        self.kind == Kind::Radicale
    }

    /// It tells guests itself.
    pub fn invites(&self) -> bool {
        self.kind == Kind::Xandikos
    }

    async fn send(&self, method: &str, path: &str, body: Option<(&'static str, String)>) -> Answer {
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let login = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let call =
            ApiCall::new("test", Does::Read, method, &segments).header("authorization", format!("Basic {login}"));
        let call = match body {
            Some((media_type, text)) => call.text(media_type, text),
            None => call,
        };
        self.http.send(&call).await.expect("an answer")
    }

    /// A calendar of this name and title; where it is.
    pub async fn make(&self, name: &str, title: &str) -> String {
        let path = match self.kind {
            Kind::Radicale => format!("/{USER}/{name}/"),
            Kind::Xandikos => format!("/{USER}/calendars/{name}/"),
        };
        let body = format!(
            "<c:mkcalendar xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:set><d:prop>\
             <d:displayname>{title}</d:displayname></d:prop></d:set></c:mkcalendar>"
        );
        let answer = self.send("MKCALENDAR", &path, Some(("application/xml", body))).await;
        assert!(answer.is_success(), "MKCALENDAR {path}: HTTP {}: {}", answer.status, answer.text());
        path
    }

    /// As a person's program does it.
    pub async fn put(&self, path: &str, name: &str, event: &str) {
        let body = Some(("text/calendar; charset=utf-8", event.to_owned()));
        let answer = self.send("PUT", &format!("{path}{name}.ics"), body).await;
        assert!(answer.is_success(), "PUT {name}: HTTP {}: {}", answer.status, answer.text());
    }

    pub async fn delete(&self, path: &str, name: &str) {
        let answer = self.send("DELETE", &format!("{path}{name}.ics"), None).await;
        assert!(answer.is_success(), "DELETE {name}: HTTP {}", answer.status);
    }

    /// Without its folds. `None`: it is not there.
    pub async fn get(&self, path: &str, name: &str) -> Option<String> {
        let answer = self.send("GET", &format!("{path}{name}.ics"), None).await;
        answer.is_success().then(|| answer.text().replace("\r\n ", "").replace("\n ", ""))
    }
}
