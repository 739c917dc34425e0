"""livekit-agents: the server class that its agents are given, and the tools that it makes for the model."""

import asyncio
import json

import story
from livekit.agents.llm.mcp import MCPServerHTTP


async def main():
    server = MCPServerHTTP(story.URL, headers=story.headers())
    await server.initialize()
    try:
        tools = {tool.info.name: tool for tool in await server.list_tools()}

        async def call(tool, arguments):
            # The model reads the one item of the content, as JSON.
            return json.loads(await tools[tool](arguments))["text"]

        await story.tell(tools, call)
    finally:
        await server.aclose()


asyncio.run(main())
