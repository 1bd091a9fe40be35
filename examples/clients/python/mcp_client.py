#!/usr/bin/env python3
"""A client of the API with nothing but Python's standard library.

Run it with MCP_TOKEN set (and MCP_SERVER, where it is not http://localhost:8000) to list servers and tools and to
call one: mcp_client.py read_note '{"name": "welcome"}'
"""

import json
import os
import sys
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen


class Refused(Exception):
    """The server said no; `code` says why, and `error_id` is what to quote to its operator."""

    def __init__(self, status: int, body: dict):
        super().__init__(f"{status}: {body.get('detail')} (error_id {body.get('error_id')})")
        self.status = status
        self.code = body.get("code")
        self.error_id = body.get("error_id")


class MCPClient:
    """MCP servers behind the API, for the holder of one token."""

    def __init__(self, base_url: str, token: str, timeout: float = 30.0):
        self._api = base_url.rstrip("/") + "/api/v1/mcp"
        self._token = token
        self._timeout = timeout

    def list_servers(self) -> list:
        return self._ask("GET", "/servers")

    def list_tools(self, server_name: str | None = None) -> list:
        query = "?" + urlencode({"server_name": server_name}) if server_name else ""
        return self._ask("GET", "/tools" + query)

    def get_tool_details(self, tool_name: str) -> dict:
        return self._ask("GET", "/tools/" + quote(tool_name, safe=""))

    def execute_tool(self, tool_name: str, arguments: dict, timeout: float = 60) -> dict:
        """The tool's answer. One that failed has `success` false and says why in `error`."""
        path = f"/tools/{quote(tool_name, safe='')}/execute"
        body = {"arguments": arguments, "timeout": timeout}
        return self._ask("POST", path, body, patience=timeout + 5)

    def connect_server(
        self, server_name: str, transport: str, endpoint: str, description: str = ""
    ) -> dict:
        body = {"transport": transport, "endpoint": endpoint, "description": description}
        return self._ask("POST", f"/servers/{quote(server_name, safe='')}/connect", body)

    def disconnect_server(self, server_name: str) -> dict:
        return self._ask("POST", f"/servers/{quote(server_name, safe='')}/disconnect")

    def health(self) -> dict:
        return self._ask("GET", "/health")

    def _ask(self, method: str, path: str, body: dict | None = None, patience: float = 0):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(self._api + path, data=data, headers=headers, method=method)
        try:
            with urlopen(request, timeout=max(patience, self._timeout)) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise Refused(error.code, json.load(error)) from None


def main() -> None:
    token = os.environ.get("MCP_TOKEN")
    if not token:
        sys.exit("error: MCP_TOKEN is not set; mcp-token-gen makes a token")
    client = MCPClient(os.environ.get("MCP_SERVER", "http://localhost:8000"), token)
    servers = client.list_servers()
    print(f"Available servers: {len(servers)}")
    for server in servers:
        print(f"  - {server['name']}: {server['status']}")
    tools = client.list_tools()
    print(f"Available tools: {len(tools)}")
    for tool in tools:
        print(f"  - {tool['name']}: {tool['description'][:50]}")
    if len(sys.argv) == 3:
        result = client.execute_tool(sys.argv[1], json.loads(sys.argv[2]))
        print(f"Success: {result['success']}")
        print(result["result"] if result["success"] else result["error"])


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(f"error: {refused}")
