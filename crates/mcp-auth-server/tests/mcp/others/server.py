#!/usr/bin/env python3
"""An MCP server on the official Python SDK.

`server.py` speaks over standard input and output. `server.py http` speaks streamable HTTP on a free port of loopback, at
`/mcp`, and says the port first.
"""

import socket
import sys
from time import sleep

import uvicorn
from mcp.server.mcpserver import MCPServer

server = MCPServer("python-server", version="4.5.6")


@server.tool()
def shout(text: str) -> str:
    """Says a text in capitals."""
    return text.upper()


@server.tool()
def divide(dividend: float, divisor: float) -> float:
    """Divides, and fails where that cannot be done."""
    return dividend / divisor


@server.tool()
def wait(seconds: float) -> str:
    """Answers after some seconds."""
    sleep(seconds)
    return "done"


def serve_http() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(server.streamable_http_app(), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            server.run()
        case ["http"]:
            serve_http()
        case _:
            sys.exit("usage: server.py [http]")
