"""PyPI `mcp`: from 2.0 the client that asks `server/discover` first, and the handshake as it was; 1.x has the handshake alone."""

import asyncio

import story


def text_of(result):
    told = result.model_dump(by_alias=True, exclude_unset=True)
    assert "isError" not in told, told
    assert len(told["content"]) == 1 and told["content"][0]["type"] == "text", told
    assert told["structuredContent"]["say"] == told["content"][0]["text"], told
    return told["content"][0]["text"]


# What is asked for, and the protocol that is spoken then.
MODES = {"auto": "2026-07-28", "legacy": "2025-11-25"}


async def newer(mode):
    from mcp import Client
    from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

    call_id = f"{story.CALL}-{mode}"
    async with create_mcp_http_client(headers=story.headers(call_id)) as http:
        async with Client(streamable_http_client(story.URL, http_client=http), mode=mode) as client:
            assert client.protocol_version == MODES[mode], client.protocol_version
            names = [tool.name for tool in (await client.list_tools()).tools]

            async def call(tool, arguments):
                return text_of(await client.call_tool(tool, arguments))

            await story.tell(names, call, f"{story.CLIENT} {mode}", call_id)


async def older():
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(story.URL, headers=story.headers()) as (read, write, _):
        async with ClientSession(read, write) as session:
            began = await session.initialize()
            assert began.serverInfo.name == "baton", began
            names = [tool.name for tool in (await session.list_tools()).tools]

            async def call(tool, arguments):
                return text_of(await session.call_tool(tool, arguments))

            await story.tell(names, call)


async def main():
    try:
        from mcp import Client  # noqa: F401
    except ImportError:
        await older()
        return
    for mode in MODES:
        await newer(mode)


asyncio.run(main())
