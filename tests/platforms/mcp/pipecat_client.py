"""pipecat: the client that its pipelines are given; the handlers are called as a model's tool calls would call them."""

import asyncio
from types import SimpleNamespace

import story
from mcp.client.session_group import StreamableHttpParameters
from pipecat.services.mcp_service import MCPClient


async def main():
    client = MCPClient(server_params=StreamableHttpParameters(url=story.URL, headers=story.headers()))
    schema = await client.tools()
    try:
        tools = {tool.name: tool for tool in schema.standard_tools}
        # Only properties and what is required are kept: nothing may hang on the rest.
        for tool in tools.values():
            assert "$" not in str(tool.properties), tool.properties

        async def call(tool, arguments):
            heard = []

            async def keep(text, **_):
                heard.append(text)

            asked = SimpleNamespace(function_name=tool, tool_call_id="1", arguments=arguments, result_callback=keep)
            await client._tool_wrapper(asked)
            assert len(heard) == 1, heard
            return heard[0]

        await story.tell(tools, call)
    finally:
        await client.close()


asyncio.run(main())
