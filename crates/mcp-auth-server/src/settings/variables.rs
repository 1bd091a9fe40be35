//! The server's own variables, in the same kind of table as those about tokens.

use mcp_auth::settings::Variable;

pub(crate) const AUTH_ENABLED: &str = "MCP_AUTH_ENABLED";
pub(crate) const HOST: &str = "API_HOST";
pub(crate) const PORT: &str = "API_PORT";
pub(crate) const LOG_LEVEL: &str = "LOG_LEVEL";
pub(crate) const LOG_FORMAT: &str = "LOG_FORMAT";
pub(crate) const DATA_DIR: &str = "MCP_DATA_DIR";
pub(crate) const STORE_URL: &str = "MCP_STORE_URL";
pub(crate) const REDIS_HOST: &str = "REDIS_HOST";
pub(crate) const REDIS_PORT: &str = "REDIS_PORT";
pub(crate) const REVOCATION_MODE: &str = "MCP_REVOCATION_MODE";
pub(crate) const REVOCATION_BOUND: &str = "MCP_REVOCATION_BOUND_MS";
pub(crate) const TLS_CERT: &str = "MCP_TLS_CERT";
pub(crate) const TLS_KEY: &str = "MCP_TLS_KEY";
pub(crate) const TRUSTED_PROXIES: &str = "MCP_TRUSTED_PROXIES";
pub(crate) const AUDIT_LOG: &str = "MCP_AUDIT_LOG_PATH";
pub(crate) const AUDIT_CHECKPOINTS: &str = "MCP_AUDIT_CHECKPOINT_FILE";
pub(crate) const AUDIT_MAX_MIB: &str = "MCP_AUDIT_MAX_MIB";
pub(crate) const RATE_LIMIT_ENABLED: &str = "MCP_RATE_LIMIT_ENABLED";
pub(crate) const RATE_LIMIT_STRATEGY: &str = "MCP_RATE_LIMIT_STRATEGY";
pub(crate) const REFUSED_RATE_LIMIT: &str = "MCP_REFUSED_RATE_LIMIT";
pub(crate) const LOGIN_RATE_LIMIT: &str = "MCP_LOGIN_RATE_LIMIT";
pub(crate) const REFRESH_RATE_LIMIT: &str = "MCP_REFRESH_RATE_LIMIT";
pub(crate) const REVOKE_RATE_LIMIT: &str = "MCP_REVOKE_RATE_LIMIT";
pub(crate) const METRICS_PUBLIC: &str = "MCP_METRICS_PUBLIC";
pub(crate) const CONFIG_FILE: &str = "MCP_CONFIG_FILE";
pub(crate) const POLICY_FILE: &str = "MCP_POLICY_FILE";
pub(crate) const EXECUTE_RATE_LIMIT: &str = "MCP_EXECUTE_RATE_LIMIT";
pub(crate) const ALLOW_ADHOC: &str = "MCP_ALLOW_ADHOC_SERVERS";

/// Every variable of the server that is not about tokens, in the order of the reference page.
pub(crate) const SERVER_VARIABLES: &[Variable] = &[
    Variable::flag(
        AUTH_ENABLED,
        "true",
        "Whether callers must show a token. `false` is for a loopback address only: the caller is then `anonymous` \
         with the role `user`, and servers and accounts cannot be changed.",
    ),
    Variable::text(HOST, "127.0.0.1", "an IP address, or localhost", "The address to listen on."),
    Variable::number(PORT, "8000", (0, 65_535), "The port to listen on; 0 for any that is free."),
    Variable::text(
        LOG_LEVEL,
        "INFO",
        "DEBUG, INFO, WARNING, ERROR",
        "How much is logged, on stderr. `DEBUG` has a line for each token that was looked at.",
    ),
    Variable::text(LOG_FORMAT, "text", "text, json", "How it is logged."),
    Variable::text(
        DATA_DIR,
        ".mcp",
        "path of a directory",
        "Where secret, accounts, revocations and audit lie, and the file of MCP servers. `mcp-auth-server init` makes it.",
    ),
    Variable::secret(
        STORE_URL,
        "(SQLite in the data directory)",
        "redis://user:password@host:6379/0; with TLS rediss://; redis+sentinel:// and redis+cluster:// with several hosts",
        "Keeps accounts, sign-ins and revocations in Redis or Valkey, for servers on several machines. Settings follow a \
         `?`: `replicas=N`, `durability=primary`, `namespace=NAME`; with TLS `ca`, `cert`, `key`; with sentinels \
         `master=NAME`, `sentinel_auth=same`.",
    ),
    Variable::text(
        REDIS_HOST,
        "localhost",
        "name or address",
        "The host, where `MCP_STORE_URL` names none, as in `redis://`. Alone it selects nothing.",
    ),
    Variable::number(REDIS_PORT, "6379", (1, 65_535), "The port that belongs to it."),
    Variable::text(
        REVOCATION_MODE,
        "replicated",
        "replicated, direct",
        "With Redis or Valkey: whether requests look up revocations in this process, which follows the engine, or ask the \
         engine each time. `direct` also sees what Python services write to the blacklist.",
    ),
    Variable::number(
        REVOCATION_BOUND,
        "2000",
        (500, 60_000),
        "With Redis or Valkey: milliseconds after which no server accepts what was revoked. A server that has not heard from \
         the engine for so long refuses everything. The same on all servers.",
    ),
    Variable::text(
        TLS_CERT,
        "(none)",
        "path of a PEM file",
        "The certificate chain; with it the server speaks TLS only. Read again when it changes.",
    ),
    Variable::text(TLS_KEY, "(none)", "path of a PEM file", "The certificate's private key."),
    Variable::text(
        TRUSTED_PROXIES,
        "(none)",
        "addresses and networks, separated by commas, such as 10.0.0.0/8",
        "Proxies whose `X-Forwarded-For` and `X-Request-Id` are believed.",
    ),
    Variable::text(
        AUDIT_LOG,
        "(audit.log in the data directory)",
        "path of a file",
        "The audit log.",
    ),
    Variable::text(
        AUDIT_CHECKPOINTS,
        "(audit.checkpoints in the data directory)",
        "path of a file, best on another disk",
        "Where signed checkpoints of the audit log are written as well, so that a log that was cut shows.",
    ),
    Variable::number(
        AUDIT_MAX_MIB,
        "1024",
        (0, 1_048_576),
        "Mebibytes at which the audit log is archived under another name beside it, and a new one continues it; 0 for never.",
    ),
    Variable::flag(RATE_LIMIT_ENABLED, "true", "Whether rate limits are kept."),
    Variable::text(
        RATE_LIMIT_STRATEGY,
        "fixed-window",
        "fixed-window, moving-window, gcra",
        "How requests are counted. `fixed-window`: a window opens at the first request, and when it closes all is forgotten. \
         `moving-window`: no span of a window's length holds more than the limit. `gcra`: requests pass at an even rate, and \
         after a rest as many at once as the limit says. With Redis or Valkey the same on all servers.",
    ),
    Variable::text(
        REFUSED_RATE_LIMIT,
        "600/minute",
        "limits such as 10/minute or 5/2minute; 100/hour",
        "How many requests of one address may be refused for want of a good token. Until the window closes, further ones \
         without one get 429 and the error id of the first, and leave no line on the audit; those with one pass. Counted in \
         fixed windows, by each process.",
    ),
    Variable::text(
        LOGIN_RATE_LIMIT,
        "60/minute",
        "limits such as 10/minute or 5/2minute; 100/hour",
        "How often one address may sign in, whatever comes of it. Failed sign-ins are slowed down besides.",
    ),
    Variable::text(
        REFRESH_RATE_LIMIT,
        "120/minute",
        "limits such as 10/minute or 5/2minute; 100/hour",
        "How often the tokens of one sign-in may be refreshed.",
    ),
    Variable::text(
        REVOKE_RATE_LIMIT,
        "120/minute",
        "limits such as 10/minute or 5/2minute; 100/hour",
        "How often one sign-in may ask for a revocation. Scripts that revoke many tokens wait as `Retry-After` says.",
    ),
    Variable::flag(
        METRICS_PUBLIC,
        "(true on a loopback address, else false)",
        "Whether `/metrics` answers without an admin's token.",
    ),
    Variable::text(
        CONFIG_FILE,
        "(config.json in the data directory)",
        "path of a JSON file",
        "Which MCP servers there are. Read at the start and by `POST /api/v1/mcp/reload-config`.",
    ),
    Variable::text(
        POLICY_FILE,
        "(the built-in policy)",
        "path of a TOML file",
        "Who may list, describe and call which tools. Read again when it changes; one with a mistake leaves the last \
         good one in force.",
    ),
    Variable::text(
        EXECUTE_RATE_LIMIT,
        "10/minute",
        "limits such as 10/minute or 5/2minute; 100/hour",
        "How often one user may call tools, where the policy's rule sets no limit of its own.",
    ),
    Variable::flag(
        ALLOW_ADHOC,
        "(true on a loopback address, else false)",
        "Whether an admin may connect an MCP server that no file names: a program to start, or a URL.",
    ),
];
