"""Calls `authctl mcp` with the official Python library: python3 mcp_client.py AUTHCTL."""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


async def main(program: str) -> None:
    server = StdioServerParameters(command=program, args=["--emulator", "mcp", "--allow-writes"])
    # `auto` is the protocol of 2026 if the server supports it.
    for mode in ["auto", "legacy"]:
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


asyncio.run(main(sys.argv[1]))
