"""PyPI `mcp`: from 2.0 the client that asks `server/discover` first, and the handshake as it was; 1.x has the handshake alone."""

import asyncio

import story


def text_of(result):
    failed = getattr(result, "is_error", None) or getattr(result, "isError", None)
    assert not failed, result
    assert len(result.content) == 1 and result.content[0].type == "text", result.content
    more = getattr(result, "structured_content", None) or getattr(result, "structuredContent", None)
    assert more["say"] == result.content[0].text, more
    return result.content[0].text


async def newer(mode):
    from mcp import Client
    from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

    async with create_mcp_http_client(headers=story.headers()) as http:
        async with Client(streamable_http_client(story.URL, http_client=http), mode=mode) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]

            async def call(tool, arguments):
                return text_of(await client.call_tool(tool, arguments))

            await story.tell(names, call)


async def older():
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(story.URL, headers=story.headers()) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
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
    for mode in ("auto", "legacy"):
        story.CALL = f"{story.CALL}-{mode}"
        await newer(mode)


asyncio.run(main())
