//! An answer, alone or as a part of a batch.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(super) struct Told {
    pub status: u16,
    pub retry_after_s: Option<u64>,
    /// `None`: the answer has no body.
    pub body: Option<Value>,
}

impl Told {
    pub(super) fn with(status: u16, body: Value) -> Self {
        Self { status, retry_after_s: None, body: Some(body) }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, retry_after_s: None, body: None }
    }

    pub(super) fn failure(status: u16, code: &str, message: &str) -> Self {
        Self::with(status, json!({ "error": { "code": code, "message": message } }))
    }

    pub(super) fn part(self, id: &str) -> Value {
        let mut part = json!({ "id": id, "status": self.status, "headers": {} });
        if let Some(seconds) = self.retry_after_s {
            part["headers"]["Retry-After"] = json!(seconds.to_string());
        }
        if let Some(body) = self.body {
            part["headers"]["Content-Type"] = json!("application/json");
            part["body"] = body;
        }
        part
    }
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("a scripted status is one");
        let mut response = match self.body {
            Some(body) => (status, Json(body)).into_response(),
            None => status.into_response(),
        };
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert("retry-after", seconds.into());
        }
        response
    }
}
