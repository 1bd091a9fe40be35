// Uses every method of the TypeScript client, and prints what came of it as JSON.

import { createRequire } from 'node:module';

const [compiled, argumentsAsJson, endpoint] = process.argv.slice(2);
const { MCPClient } = createRequire(import.meta.url)(compiled);
const { MCP_SERVER: server, MCP_TOKEN: token } = process.env;

const client = new MCPClient(server, token);
const names = (list) => list.map((it) => it.name);
const said = {
  servers: (await client.listServers()).map((it) => [it.name, it.status]),
  tools: names(await client.listTools()),
  tools_of_filesystem: names(await client.listTools('filesystem')),
  details: await client.getToolDetails('read_file'),
  result: await client.executeTool('read_file', JSON.parse(argumentsAsJson), 30),
  failed: await client.executeTool('read_file', { path: '/etc/passwd' }),
  connected: await client.connectServer('extra', 'stdio', endpoint, 'An extra one'),
  disconnected: await client.disconnectServer('extra'),
  refused: await new MCPClient(server, 'invalid.token.here')
    .listServers()
    .catch((refused) => [refused.status, refused.code]),
};
console.log(JSON.stringify(said));
