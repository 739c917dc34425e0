//! The protocol in which tools are listed and called, in both of its generations: the one that begins with `initialize`, and the
//! one of July 2026, which has no beginning. Over HTTP for agents with a caller on the line, over stdin and stdout for an assistant
//! at a desk. No other file knows the SDK that speaks it.
//!
//! Guarantees: tools are listed from memory, the same bytes each time; whoever calls one gets one answer and nothing before it.
//! Progress is not told, whoever asks for it: over HTTP a notification can only come in a stream of events that ends with the
//! answer, and one answer as JSON is what every client takes; over stdio nothing takes long enough.

use async_trait::async_trait;
use axum::http::request::Parts;
use baton_core::rules::fault::did_you_mean;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ProtocolVersion, ServerCapabilities, ServerConfig, ToolAnnotations,
};
use rmcp::service::{RequestContext, ServerInitializeError};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService, stdio};
use rmcp::{ErrorData, RoleServer, ServerHandler, serve_server};
use serde_json::{Map, Value};
use std::sync::Arc;

/// How long a client may take the list for what it is: it changes with a release of ours.
const LISTED_FOR_MS: u64 = 60 * 60 * 1000;

/// What can be called, and what is said of it.
#[async_trait]
pub trait Toolbox: Send + Sync {
    /// Said to the model beside the tools, by clients that pass it on.
    fn instructions(&self) -> &'static str;

    fn definitions(&self) -> Vec<Definition>;

    /// Asked for a tool that is defined, and for no other.
    async fn call(&self, call: ToolCall<'_>) -> Told;
}

/// A tool as models read it.
pub struct Definition {
    pub name: &'static str,
    pub about: &'static str,
    /// JSON Schema of the arguments.
    pub schema: Map<String, Value>,
    /// Nothing is different after it.
    pub only_reads: bool,
}

/// A tool as it was called.
pub struct ToolCall<'a> {
    pub name: &'a str,
    pub arguments: Map<String, Value>,
    /// What the client says beside the arguments.
    pub meta: &'a Map<String, Value>,
    /// The head of the request; `None` over stdio.
    pub parts: Option<&'a Parts>,
}

pub struct Told {
    /// The one content: agents hand it on to the model, some glued to what stands beside it.
    pub text: String,
    /// For programs.
    pub structured: Value,
    /// There was nothing to say but what is wrong.
    pub failed: bool,
}

/// Why a conversation over stdio came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum StdioError {
    #[error(
        "the client began neither with initialize nor with a request that names its protocol: messages are lines of JSON on \
         stdin, as clients of MCP write them"
    )]
    NotBegun,
    #[error("{0}")]
    Broken(String),
}

/// Answers requests of HTTP.
pub type OverHttp = StreamableHttpService<Speaker, NeverSessionManager>;

/// One answer for each request, as JSON, with nothing kept from one to the next.
pub fn over_http(tools: Arc<dyn Toolbox>, largest_body: usize) -> OverHttp {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
        // Looked at before, where the setting to change can be named.
        .disable_allowed_hosts()
        .with_max_request_body_bytes(largest_body);
    let speaker = Speaker::of(tools);
    StreamableHttpService::new(move || Ok(speaker.clone()), Arc::default(), config)
}

/// One conversation on stdin and stdout, until stdin is closed; what is being answered then is still answered.
///
/// # Errors
/// It did not begin as a conversation does, or could not go on.
pub async fn over_stdio(tools: Arc<dyn Toolbox>) -> Result<(), StdioError> {
    let running = match serve_server(Speaker::of(tools), stdio()).await {
        Ok(running) => running,
        // Closed before anything was asked.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        // It would print what the client said.
        Err(ServerInitializeError::ExpectedInitializeRequest(_)) => return Err(StdioError::NotBegun),
        Err(error) => return Err(StdioError::Broken(error.to_string())),
    };
    running.waiting().await.map(|_closed| ()).map_err(|error| StdioError::Broken(error.to_string()))
}

/// Speaks for a box of tools.
#[derive(Clone)]
pub struct Speaker {
    tools: Arc<dyn Toolbox>,
    listed: Arc<[rmcp::model::Tool]>,
}

impl Speaker {
    fn of(tools: Arc<dyn Toolbox>) -> Self {
        let listed = tools.definitions().into_iter().map(listed).collect();
        Self { tools, listed }
    }
}

impl ServerHandler for Speaker {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("baton", env!("CARGO_PKG_VERSION")))
            .with_instructions(self.tools.instructions())
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let list = ListToolsResult::with_all_items(self.listed.to_vec());
        // Of the older generation, some take no member that they do not know.
        let newer = ProtocolVersion::V_2026_07_28;
        let is_newer = context.protocol_version().is_some_and(|version| version.as_str() >= newer.as_str());
        Ok(if is_newer { list.with_ttl_ms(LISTED_FOR_MS).with_cache_scope(CacheScope::Public) } else { list })
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if self.listed.iter().all(|tool| tool.name != request.name) {
            let names: Vec<&str> = self.listed.iter().map(|tool| tool.name.as_ref()).collect();
            let hint = did_you_mean(&request.name, names.iter().copied());
            let hint = hint.map_or_else(|| ".".to_owned(), |hint| format!(": {hint}"));
            let told = format!("There is no tool of this name{hint} The tools are {}.", names.join(", "));
            return Ok(CallToolResult::error(vec![ContentBlock::text(told)]).into());
        }
        let call = ToolCall {
            name: &request.name,
            arguments: request.arguments.unwrap_or_default(),
            meta: &context.meta,
            parts: context.extensions.get::<Parts>(),
        };
        Ok(result(self.tools.call(call).await).into())
    }
}

fn listed(Definition { name, about, schema, only_reads }: Definition) -> rmcp::model::Tool {
    let annotations = ToolAnnotations::new().read_only(only_reads).destructive(false).idempotent(true);
    rmcp::model::Tool::new(name, about, schema).with_annotations(annotations)
}

/// Whether it is an error is not said where there is something to say.
fn result(Told { text, structured, failed }: Told) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.is_error = failed.then_some(true);
    result.structured_content = Some(structured);
    result
}
