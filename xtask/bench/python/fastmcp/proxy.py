"""The peer of the suite `gateway`: FastMCP as a proxy in front of an MCP server, guarded by its own JWT verifier.

`proxy.py UPSTREAM PORT`. All calls share one session with the MCP server: that takes a fifth of the processor time of
what `create_proxy` does by itself, which is a session for each call.
"""

import asyncio
import os
import sys

from fastmcp import Client
from fastmcp.server import create_proxy
from fastmcp.server.auth.providers.jwt import JWTVerifier


async def serve(upstream: str, port: int) -> None:
    verifier = JWTVerifier(public_key=os.environ["MCP_JWT_SECRET"], algorithm="HS256")
    async with Client(upstream) as client:
        proxy = create_proxy(client, name="proxy", auth=verifier)
        await proxy.run_async(
            transport="http",
            host="127.0.0.1",
            port=port,
            show_banner=False,
            stateless_http=True,
            log_level="error",
            uvicorn_config={"log_level": "critical", "access_log": False},
        )


if __name__ == "__main__":
    print("starting", flush=True)
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
