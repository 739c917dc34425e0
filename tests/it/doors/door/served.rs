//! The program as a process of its own, and requests to it byte for byte.

use crate::town;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// From the start of the process to its first answer, in a debug build on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(30);
/// Longer than the door's own limits: whoever waits for an answer this long gets none.
const ANSWERED_WITHIN: Duration = Duration::from_secs(25);

pub struct Served {
    pub port: u16,
    pub folder: TempDir,
    child: Child,
}

/// A town with this much more in its `baton.toml`, and nothing running yet.
pub fn workspace(port: u16, toml: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    town::found(folder.path(), 2);
    let listen = format!("listen = \"127.0.0.1:{port}\"\n");
    let toml = match toml.split_once("[http]\n") {
        Some((before, after)) => format!("{before}[http]\n{listen}{after}"),
        None => format!("[http]\n{listen}{toml}"),
    };
    let database = format!("[database]\nurl = \"sqlite:{}?mode=rwc\"\n", folder.path().join("baton.db").display());
    std::fs::write(folder.path().join("baton.toml"), format!("{database}{toml}")).expect("baton.toml");
    folder
}

/// `baton` with these arguments in this folder, to its end.
pub fn baton(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.args(args).args(["-w"]).arg(folder).envs(env.iter().copied()).stdin(Stdio::null());
    command.output().expect("baton runs")
}

impl Served {
    pub fn start(toml: &str, log: &str, env: &[(&str, &str)]) -> Self {
        let port = free_port();
        let folder = workspace(port, toml);
        let file = std::fs::File::create(folder.path().join("log")).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.args(["serve", "--log", log, "-w"]).arg(folder.path()).envs(env.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let child = command.spawn().expect("the worker starts");
        let mut served = Self { port, folder, child };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = served.child.try_wait().expect("its state");
            assert!(ended.is_none() && began.elapsed() < UP_WITHIN, "it did not come up: {}", served.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        served
    }

    /// SIGTERM, and then its end without a fault.
    pub fn stops_within(&mut self, span: Duration) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        let began = Instant::now();
        let code = loop {
            if let Some(ended) = self.child.try_wait().expect("its state") {
                break ended.code();
            }
            assert!(began.elapsed() < span, "it is still running: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(code, Some(0), "{}", self.log());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("the log")
    }

    /// The standard output of a command on the same workspace, which must succeed.
    pub fn run(&self, args: &[&str], env: &[(&str, &str)]) -> String {
        let output = baton(self.folder.path(), args, env);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Already gone, as a rule; a test that fails leaves nothing behind.
        let (_killed, _gone) = (self.child.kill(), self.child.wait());
    }
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
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
