//! The protocol in which tools are listed and called, in both of its generations: the one that begins with `initialize`, and the
//! one of July 2026, which has no beginning. No other file knows the SDK that speaks it.

use super::call::Asked;
use super::reply::Reply;
use super::tools::{INSTRUCTIONS, Tool};
use super::{Admitted, Door};
use axum::http::request::Parts;
use baton_core::rules::fault::did_you_mean;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ProtocolVersion, ServerCapabilities, ServerConfig, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use std::sync::Arc;

/// How long an agent may take the list for what it is: it changes with a release of ours.
const LISTED_FOR_MS: u64 = 60 * 60 * 1000;

pub(super) type Protocol = StreamableHttpService<Handler, NeverSessionManager>;

/// One answer for each request, as JSON, with nothing kept from one to the next.
pub(super) fn serve(door: &Door) -> Protocol {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
        // Looked at before, where the setting to change can be named.
        .disable_allowed_hosts()
        .with_max_request_body_bytes(door.body_limit);
    let handler = Handler { door: door.clone(), tools: Tool::ALL.map(definition).into() };
    StreamableHttpService::new(move || Ok(handler.clone()), Arc::default(), config)
}

#[derive(Clone)]
pub(super) struct Handler {
    door: Door,
    tools: Arc<[rmcp::model::Tool]>,
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("baton", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let list = ListToolsResult::with_all_items(self.tools.to_vec());
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
        let Some(tool) = Tool::named(&request.name) else {
            let names = Tool::ALL.map(Tool::name);
            let hint = did_you_mean(&request.name, names.into_iter());
            let hint = hint.map_or_else(|| ".".to_owned(), |hint| format!(": {hint}"));
            let told = format!("There is no tool of this name{hint} The tools are {}.", names.join(", "));
            return Ok(CallToolResult::error(vec![ContentBlock::text(told)]).into());
        };
        let parts = context.extensions.get::<Parts>().expect("the service hands on what it was handed");
        let admitted = parts.extensions.get::<Admitted>().expect("the door hands over whom it has let in");
        let arguments = request.arguments.unwrap_or_default();
        let asked = Asked::of(tool, arguments, parts, &context.meta, admitted);
        Ok(result(&self.door.tool_called(&asked).await).into())
    }
}

fn definition(tool: Tool) -> rmcp::model::Tool {
    let annotations = ToolAnnotations::new().read_only(tool.only_reads()).destructive(false).idempotent(true);
    rmcp::model::Tool::new(tool.name(), tool.about(), tool.schema()).with_annotations(annotations)
}

/// The words are the one content: agents hand them on to the model, some glued to what stands beside them. Whether it is an error
/// is not said: there is something to say.
fn result(reply: &Reply) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(reply.say.as_str())]);
    result.is_error = None;
    result.structured_content = Some(reply.structured());
    result
}
