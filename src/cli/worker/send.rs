//! `baton send`: event files to a running worker, confirmed one by one.

use crate::cli::{FAILED, FAULTY, OK, say, unreachable};
use crate::config::Reference;
use crate::connectors::http::{ApiCall, Does, Limits, Secret, VendorHttp};
use crate::deciding::answer::Answer;
use crate::intake::amqp::{AmqpConfig, Reply, ask};
use crate::intake::event::kind_of;
use anyhow::{Context, Result};
use reqwest::Method;
use std::path::PathBuf;
use std::time::Duration;

/// How long answers are waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const DOOR: Limits = Limits { timeout: Duration::from_secs(10), per_second: 1000, concurrency: 8 };

#[derive(Debug, clap::Args)]
pub(crate) struct Send {
    /// CloudEvents, one JSON object per file.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    door: DoorArgs,
    /// Bearer token for --http: env:NAME or file:PATH.
    #[arg(long, value_name = "REFERENCE", requires = "http")]
    token: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct DoorArgs {
    /// Publish on the exchange baton.in of this broker, and print the answer that comes back.
    #[arg(long, value_name = "URL", env = "BATON_AMQP_URL", hide_env_values = true)]
    amqp: Option<String>,
    /// POST to this worker, such as http://127.0.0.1:8080 or unix:/run/baton/baton.sock.
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
}

impl Send {
    pub(crate) async fn run(self) -> Result<u8> {
        let mut bodies = Vec::new();
        for file in &self.files {
            bodies.push(std::fs::read(file).with_context(|| format!("reading {}", file.display()))?);
        }
        let answers = match (&self.door.http, &self.door.amqp) {
            (Some(url), _) => self.over_http(url, bodies).await?,
            (None, Some(url)) => over_amqp(url, bodies).await?,
            (None, None) => anyhow::bail!("where to? Give --amqp URL or --http URL"),
        };
        let mut code = OK;
        for (file, answer) in self.files.iter().zip(answers) {
            match answer {
                Ok(text) => {
                    say(&format!("{}: {text}", file.display()));
                    if is_quarantined(&text) {
                        eprintln!("{}: put aside: mend the event and send it again under its id", file.display());
                        code = code.max(FAULTY);
                    }
                }
                Err(SendFailure::Faulty(why)) => {
                    eprintln!("{}: {why}", file.display());
                    code = code.max(FAULTY);
                }
                Err(SendFailure::Failed(why)) => {
                    eprintln!("{}: {why}", file.display());
                    code = if code == OK { FAILED } else { code };
                }
            }
        }
        Ok(code)
    }

    async fn over_http(&self, url: &str, bodies: Vec<Vec<u8>>) -> Result<Vec<Result<String, SendFailure>>> {
        let door = VendorHttp::to_worker(url, DOOR).context("reading --http")?;
        let token =
            self.token.as_ref().map(|token| Reference(token.clone()).secret("--token").map(Secret::new)).transpose()?;
        let mut answers = Vec::new();
        for body in bodies {
            let body = match serde_json::from_slice(&body) {
                Ok(body) => body,
                Err(error) => {
                    answers.push(Err(SendFailure::Faulty(format!("this is no JSON: {error}"))));
                    continue;
                }
            };
            let call = ApiCall::new("send", Does::Write, Method::POST, &["v1", "events"]).query("wait", "1500ms");
            let call = call.json(body).bearer(token.as_ref());
            let answer = door.send(&call).await.map_err(|error| unreachable("sending", &error))?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let refused = || format!("refused with {}: {text}", answer.status);
            answers.push(match answer.status {
                200..300 => Ok(text),
                422 => Err(SendFailure::Faulty(refused())),
                _ => Err(SendFailure::Failed(refused())),
            });
        }
        Ok(answers)
    }
}

/// Why an event was not taken.
enum SendFailure {
    /// For what it is.
    Faulty(String),
    Failed(String),
}

/// The worker's answer says that the event needs mending.
fn is_quarantined(answer: &str) -> bool {
    serde_json::from_str::<Answer>(answer).is_ok_and(|answer| matches!(answer, Answer::Quarantined { .. }))
}

async fn over_amqp(url: &str, bodies: Vec<Vec<u8>>) -> Result<Vec<Result<String, SendFailure>>> {
    let kind = |body: &[u8]| kind_of(body).map_or("lead.unreadable", |kind| kind.as_str()).to_owned();
    let events: Vec<(String, Vec<u8>)> = bodies.into_iter().map(|body| (kind(&body), body)).collect();
    let asked = ask(&AmqpConfig::new(url, false), &events, ANSWER_WITHIN).await;
    let asked = asked.map_err(|error| unreachable("sending", &error))?;
    let text = |one| match one {
        Reply::Answered(body) => Ok(String::from_utf8_lossy(&body).into_owned()),
        Reply::Stored => Ok("stored by the broker; no answer yet".to_owned()),
        Reply::Failed(error) => Err(SendFailure::Failed(error.to_string())),
    };
    Ok(asked.into_iter().map(text).collect())
}
