"""Calls `authctl mcp` with the official Python library, over both transports: python3 mcp_client.py AUTHCTL."""

import asyncio
import json
import subprocess
import sys

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

ARGUMENTS = ["--emulator", "mcp", "--allow-writes"]


async def check(server: object, mode: str) -> None:
    async with Client(server, mode=mode) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["search_operations", "describe_operation", "read", "write"], tools
        arguments = {"operation": "virtuous:contacts.get", "parameters": {"contactId": 17}, "fields": ["name"]}
        result = await client.call_tool("read", arguments)
        said, data = (block.text for block in result.content)
        assert json.loads(said)["status"] == 200, said
        assert json.loads(data.splitlines()[1]) == {"name": "Anna Larsson"}, data
        refused = await client.call_tool("write", {"operation": "virtuous:contacts.create", "body": {}})
        assert refused.is_error and "invalid_arguments" in refused.content[0].text, refused
        print("called:", client.protocol_version)


async def main(program: str) -> None:
    # `auto` is the protocol of 2026 if the server supports it.
    modes = ["auto", "legacy"]
    for mode in modes:
        await check(StdioServerParameters(command=program, args=ARGUMENTS), mode)
    with subprocess.Popen([program, *ARGUMENTS, "--http", "127.0.0.1:0"], stdout=subprocess.PIPE) as process:
        try:
            ready = json.loads(process.stdout.readline())
            headers = {"authorization": "Bearer " + ready["token"]}
            async with httpx2.AsyncClient(headers=headers) as http:
                for mode in modes:
                    await check(streamable_http_client(ready["url"], http_client=http), mode)
        finally:
            process.kill()


asyncio.run(main(sys.argv[1]))
