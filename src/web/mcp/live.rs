//! The eight tools as the protocol calls them.

use super::call::Asked;
use super::heard::Heard;
use super::tools::{INSTRUCTIONS, Tool};
use super::{Admitted, Door};
use crate::mcp::{Definition, Told, ToolCall, Toolbox};
use async_trait::async_trait;

pub(super) struct Live {
    door: Door,
    heard: Heard,
}

impl Live {
    pub(super) fn at(door: &Door) -> Self {
        Self { door: door.clone(), heard: Heard::default() }
    }
}

#[async_trait]
impl Toolbox for Live {
    fn instructions(&self) -> &'static str {
        INSTRUCTIONS
    }

    fn definitions(&self) -> Vec<Definition> {
        let defined = |tool: Tool| {
            let (name, about, schema) = (tool.name(), tool.about(), tool.schema());
            Definition { name, about, schema, only_reads: tool.only_reads() }
        };
        Tool::ALL.map(defined).into()
    }

    async fn call(&self, call: ToolCall<'_>) -> Told {
        let tool = Tool::named(call.name).expect("only what is defined is called");
        let parts = call.parts.expect("the service hands on what it was handed");
        let admitted = parts.extensions.get::<Admitted>().expect("the door hands over whom it has let in");
        let asked = Asked::of(tool, call.arguments, parts, call.meta, admitted);
        let reply = self.door.tool_called(&asked, &self.heard).await;
        let structured = reply.structured();
        Told { text: reply.say, structured, failed: false }
    }
}
