#!/bin/sh
# The ten things that one does with the API, each as one call of curl. It stops at the first unexpected answer.
#
#   MCP_SERVER   where the server is [http://localhost:8000]
#   MCP_TOKEN    an admin's token; without it one is made by mcp-token-gen, which needs the server's secret:
#                MCP_JWT_SECRET_FILE=.mcp/jwt_secret
#   TOOL         a tool to call [read_note], with ARGUMENTS [{"name": "welcome"}]
#   ENDPOINT     a program that is an MCP server, to be connected as `extra` [demo-server], on the server's PATH:
#                cargo build -p demo-server
set -eu

SERVER=${MCP_SERVER:-http://localhost:8000}
TOOL=${TOOL:-read_note}
ARGUMENTS=${ARGUMENTS:-'{"name": "welcome"}'}
ENDPOINT=${ENDPOINT:-demo-server}
API=$SERVER/api/v1/mcp

# ask STATUS ARGUMENTS..: the body of the answer, which must have this status.
ask() {
    expected=$1
    shift
    answer=$(curl --silent --show-error --max-time 60 --write-out '\n%{http_code}' "$@")
    status=$(printf '%s\n' "$answer" | tail -n 1)
    printf '%s\n' "$answer" | sed '$d'
    if [ "$status" != "$expected" ]; then
        echo "error: the status is $status, expected $expected: $*" | sed "s/${TOKEN:-none}/.../g" >&2
        exit 1
    fi
}

echo "# 1. Generate a token"
TOKEN=${MCP_TOKEN:-$(mcp-token-gen --user-id admin --expiry 1 | grep "^eyJ" | head -1)}
AUTH="Authorization: Bearer $TOKEN"
JSON="Content-Type: application/json"

echo "# 2. List MCP servers"
ask 200 -H "$AUTH" "$API/servers"

echo "# 3. List all tools"
ask 200 -H "$AUTH" "$API/tools"

echo "# 4. Get the details of one tool"
ask 200 -H "$AUTH" "$API/tools/$TOOL"

echo "# 5. Execute it"
ask 200 -X POST -H "$AUTH" -H "$JSON" -d "{\"arguments\": $ARGUMENTS, \"timeout\": 30}" \
    "$API/tools/$TOOL/execute"

echo "# 6. Connect a new server"
ask 200 -X POST -H "$AUTH" -H "$JSON" \
    -d "{\"transport\": \"stdio\", \"endpoint\": \"$ENDPOINT\", \"description\": \"An extra one\"}" \
    "$API/servers/extra/connect"

echo "# 7. Disconnect it"
ask 200 -X POST -H "$AUTH" "$API/servers/extra/disconnect"

echo "# 8. Check the health"
ask 200 -H "$AUTH" "$API/health"

echo "# 9. An invalid token is refused"
ask 401 -H "Authorization: Bearer invalid.token.here" "$API/servers"

echo "# 10. No token is refused"
ask 401 "$API/servers"
