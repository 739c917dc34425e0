//! The program as a process of its own, and requests to it byte for byte.

use super::{Process, baton, free_port, stdout};
use crate::eventually::within;
use crate::store::server::sqlite_in;
use crate::town;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// From the start of the process to its first answer, in a debug build on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(30);
/// Longer than the door's own limits: whoever waits for an answer this long gets none.
const ANSWERED_WITHIN: Duration = Duration::from_secs(25);

pub struct Served {
    pub port: u16,
    pub process: Process,
    // After the process, which writes into it.
    pub folder: TempDir,
}

/// A town with so many reps at each desk and this much more in its `baton.toml`, and nothing running yet.
pub fn workspace(port: u16, reps_per_desk: usize, toml: &str) -> TempDir {
    let folder = town::founded(reps_per_desk);
    let listen = format!("listen = \"127.0.0.1:{port}\"\n");
    let toml = match toml.split_once("[http]\n") {
        Some((before, after)) => format!("{before}[http]\n{listen}{after}"),
        None => format!("[http]\n{listen}{toml}"),
    };
    let database = format!("[database]\nurl = {:?}\n", sqlite_in(folder.path()));
    std::fs::write(folder.path().join("baton.toml"), format!("{database}{toml}")).expect("baton.toml");
    folder
}

impl Served {
    pub fn start(toml: &str, log: &str, env: &[(&str, &str)]) -> Self {
        let port = free_port();
        Self::on(workspace(port, 2, toml), port, log, env)
    }

    pub fn on(folder: TempDir, port: u16, log: &str, env: &[(&str, &str)]) -> Self {
        Self::with(folder, port, &["--log", log], env)
    }

    pub fn with(folder: TempDir, port: u16, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let mut served = Self { port, process: Process::serve_with(folder.path(), arguments, env), folder };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = served.process.ended();
            assert!(ended.is_none() && began.elapsed() < UP_WITHIN, "it did not come up: {}", served.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        served
    }

    /// SIGTERM, and then its end without a fault.
    pub fn stops_within(&mut self, span: Duration) {
        self.process.signal("-TERM");
        let ended = within(span, || self.process.ended());
        assert_eq!(ended, Some(Some(0)), "it ends in time and well: {}", self.log());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("the log")
    }

    /// `baton` on the same workspace, to its end.
    pub fn baton(&self, args: &[&str]) -> Output {
        baton(&[args, &["-w", self.folder.path().to_str().expect("a plain path")]].concat())
    }

    /// What a command says that must succeed.
    pub fn run(&self, args: &[&str]) -> String {
        stdout(&self.baton(args))
    }

    pub fn ask(&self, text: &str) -> Answered {
        exchange(self.port, text)
    }
}

#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: String,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub fn get(path: &str, token: Option<&str>) -> String {
    request("GET", path, token, "", "")
}

pub fn post(path: &str, token: Option<&str>, body: &str) -> String {
    request("POST", path, token, "Content-Type: application/json\r\n", body)
}

pub fn request(method: &str, path: &str, token: Option<&str>, headers: &str, body: &str) -> String {
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nHost: baton\r\nConnection: close\r\n{bearer}{headers}{length}\r\n{body}")
}

/// One request on a connection of its own.
pub fn exchange(port: u16, text: &str) -> Answered {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    ask_on(&mut stream, text)
}

/// One request on a connection that is there, and its answer, whatever its length is told by.
pub fn ask_on(stream: &mut TcpStream, text: &str) -> Answered {
    stream.set_read_timeout(Some(ANSWERED_WITHIN)).expect("a time limit");
    stream.write_all(text.as_bytes()).expect("it is sent");
    let mut read = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(answered) = whole(&read) {
            return answered;
        }
        match stream.read(&mut part) {
            Ok(0) => panic!("closed after {:?}", String::from_utf8_lossy(&read)),
            Ok(count) => read.extend_from_slice(&part[..count]),
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&read)),
        }
    }
}

fn whole(read: &[u8]) -> Option<Answered> {
    let text = String::from_utf8_lossy(read);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(Ok(0), str::parse);
    let length: usize = length.expect("a number");
    (body.len() >= length).then(|| Answered { status, head, body: body.to_owned() })
}
