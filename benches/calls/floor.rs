//! What the machine can do at best: a script that commits one row and originates, with nothing to decide, to brief or to fear.

use crate::scene::{Scene, ari_key};
use anyhow::{Context, Result, ensure};
use baton::connectors::http::{ApiCall, Does};
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// The endpoint that it rings, and the app of its own.
pub const NAME: &str = "script";

/// A table for its rows, and somebody who has its app: calls of an app that nobody has are not made.
pub async fn begin(scene: &Scene) -> Result<()> {
    let table = "CREATE TABLE script (call TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now())";
    sqlx::query(table).execute(&scene.pool).await.context("making the script's table")?;
    let ari = scene.asterisk.ari;
    let address = format!("ws://{ari}/ari/events?app={NAME}&api_key={}", ari_key(&scene.asterisk));
    let stream = TcpStream::connect(ari).await.context("connecting to ARI")?;
    let (events, _) = tokio_tungstenite::client_async(address, stream).await.context("taking the script's app")?;
    tokio::spawn(events.for_each(|_| std::future::ready(())));
    scene.script.refuses("486 Busy Here");
    Ok(())
}

/// From the transaction to the INVITE.
pub async fn rings(scene: Arc<Scene>, number: usize) -> Result<Duration> {
    let caller = format!("+1646555{number:04}");
    let began = Instant::now();
    let mut transaction = scene.pool.begin().await?;
    sqlx::query("INSERT INTO script (call) VALUES ($1)").bind(&caller).execute(&mut *transaction).await?;
    transaction.commit().await?;
    let call = json!({
        "endpoint": format!("PJSIP/{NAME}"), "app": NAME, "callerId": format!("\"Caller\" <{caller}>"), "timeout": 20,
    });
    let channel = format!("{NAME}-{number}");
    let originate = ApiCall::new("originate", Does::Write, Method::POST, &["ari", "channels", &channel]);
    let originate = originate.query("api_key", ari_key(&scene.asterisk)).json(call);
    let answer = scene.ari.send(&originate).await.context("originating")?;
    ensure!(answer.is_success(), "Asterisk answered the script {}: {}", answer.status, answer.text());
    Ok(scene.script.rings_for(&caller).await.since() - began)
}
