"""Uses every method of the Python client, and prints what came of it as JSON."""

import json
import os
import sys

from mcp_client import MCPClient, Refused

server, arguments, endpoint = os.environ["MCP_SERVER"], json.loads(sys.argv[1]), sys.argv[2]
client = MCPClient(server, os.environ["MCP_TOKEN"])
said = {
    "servers": [[it["name"], it["status"]] for it in client.list_servers()],
    "tools": [it["name"] for it in client.list_tools()],
    "tools_of_filesystem": [it["name"] for it in client.list_tools("filesystem")],
    "details": client.get_tool_details("read_file"),
    "result": client.execute_tool("read_file", arguments, timeout=30),
    "failed": client.execute_tool("read_file", {"path": "/etc/passwd"}),
    "connected": client.connect_server("extra", "stdio", endpoint, "An extra one"),
    "disconnected": client.disconnect_server("extra"),
    "health": client.health(),
}
try:
    MCPClient(server, "invalid.token.here").list_servers()
except Refused as refused:
    said["refused"] = [refused.status, refused.code]
print(json.dumps(said))
