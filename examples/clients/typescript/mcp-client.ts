// A client of the API with nothing but fetch. Compile it with `tsc`; Node 22 and later also run it as it is.
//
// With MCP_TOKEN set (and MCP_SERVER, where it is not http://localhost:8000) it lists servers and tools and calls one:
// mcp-client.ts read_note '{"name": "welcome"}'

export type Server = { name: string; status: string; description: string; tools: string[]; error: string | null };
export type Tool = { name: string; description: string; server: string; parameters: unknown };
export type ToolResult = {
  success: boolean;
  tool_name: string;
  result: unknown;
  error: string | null;
  execution_time: number;
};
export type Connection = {
  success: boolean;
  server_name: string;
  status: string;
  tool_count: number;
  error: string | null;
};

/** The server said no; `code` says why, and `errorId` is what to quote to its operator. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly errorId: string;

  constructor(status: number, body: { detail: string; code: string; error_id: string }) {
    super(`${status}: ${body.detail} (error_id ${body.error_id})`);
    this.status = status;
    this.code = body.code;
    this.errorId = body.error_id;
  }
}

/** MCP servers behind the API, for the holder of one token. */
export class MCPClient {
  readonly #api: string;
  readonly #token: string;

  constructor(baseURL: string, token: string) {
    this.#api = `${baseURL.replace(/\/+$/, '')}/api/v1/mcp`;
    this.#token = token;
  }

  listServers(): Promise<Server[]> {
    return this.#ask('GET', '/servers');
  }

  listTools(serverName?: string): Promise<Tool[]> {
    const query = serverName ? `?${new URLSearchParams({ server_name: serverName })}` : '';
    return this.#ask('GET', `/tools${query}`);
  }

  getToolDetails(toolName: string): Promise<Tool> {
    return this.#ask('GET', `/tools/${encodeURIComponent(toolName)}`);
  }

  /** The tool's answer. One that failed has `success` false and says why in `error`. */
  executeTool(toolName: string, args: Record<string, unknown>, timeout = 60): Promise<ToolResult> {
    const body = { arguments: args, timeout };
    return this.#ask('POST', `/tools/${encodeURIComponent(toolName)}/execute`, body, timeout + 5);
  }

  connectServer(
    serverName: string,
    transport: 'stdio' | 'http',
    endpoint: string,
    description = '',
  ): Promise<Connection> {
    const body = { transport, endpoint, description };
    return this.#ask('POST', `/servers/${encodeURIComponent(serverName)}/connect`, body);
  }

  disconnectServer(serverName: string): Promise<Connection> {
    return this.#ask('POST', `/servers/${encodeURIComponent(serverName)}/disconnect`);
  }

  async #ask<T>(method: string, path: string, body?: unknown, patience = 30): Promise<T> {
    const response = await fetch(this.#api + path, {
      method,
      headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(patience * 1000),
    });
    const answer = await response.json();
    if (!response.ok) throw new Refused(response.status, answer);
    return answer as T;
  }
}

async function main(): Promise<void> {
  const token = process.env.MCP_TOKEN;
  if (!token) throw new Error('MCP_TOKEN is not set; mcp-token-gen makes a token');
  const client = new MCPClient(process.env.MCP_SERVER ?? 'http://localhost:8000', token);
  const servers = await client.listServers();
  console.log(`Available servers: ${servers.length}`);
  for (const server of servers) console.log(`  - ${server.name}: ${server.status}`);
  const tools = await client.listTools();
  console.log(`Available tools: ${tools.length}`);
  for (const tool of tools) console.log(`  - ${tool.name}: ${tool.description.slice(0, 50)}`);
  const [name, args] = process.argv.slice(2);
  if (name && args) {
    const result = await client.executeTool(name, JSON.parse(args));
    console.log(`Success: ${result.success}`);
    console.log(result.success ? result.result : result.error);
  }
}

if (process.argv[1] && /mcp-client\.[jt]s$/.test(process.argv[1])) {
  main().catch((error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  });
}
