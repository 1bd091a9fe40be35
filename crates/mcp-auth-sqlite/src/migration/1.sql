-- Dates are seconds since 1970, times of throttles milliseconds. Numbers above 2^63 are kept as their two's complement.

CREATE TABLE revocations (
    -- Grows with every change, and no number comes twice: whoever has read up to one misses nothing that comes later.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    -- 1 for the entry of a user; the last three columns are 0 otherwise.
    is_user INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    UNIQUE (id, is_user)
) STRICT;
CREATE INDEX revocations_to_forget ON revocations (keep_until) WHERE blocked = 0;

-- The latest `keep_until` of the revocations that were forgotten.
CREATE TABLE forgotten (
    the_only_row INTEGER PRIMARY KEY CHECK (the_only_row = 1),
    until INTEGER NOT NULL
) STRICT;
INSERT INTO forgotten VALUES (1, 0);

CREATE TABLE accounts (
    user_id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    active INTEGER NOT NULL,
    password TEXT NOT NULL,
    generation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstones (
    user_id TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    keep_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstones_to_forget ON tombstones (keep_until);

CREATE TABLE grants (
    session_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    counter INTEGER NOT NULL,
    refresh_id TEXT NOT NULL,
    access_id TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    access_expires_at INTEGER NOT NULL,
    parent_id TEXT,
    replays INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    live_until INTEGER NOT NULL AS (min(refresh_expires_at, ends_at)) STORED,
    ip_address TEXT,
    user_agent TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_of_user ON grants (user_id, started_at);
CREATE INDEX grants_to_forget ON grants (live_until);

CREATE TABLE issued (
    digest BLOB PRIMARY KEY,
    token_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    token_type TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ip_address TEXT,
    user_agent TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX issued_by_token_id ON issued (token_id);
CREATE INDEX issued_of_user ON issued (user_id, issued_at);
CREATE INDEX issued_of_grant ON issued (session_id, issued_at);
CREATE INDEX issued_to_forget ON issued (expires_at);

CREATE TABLE throttles (
    key BLOB PRIMARY KEY,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_to_forget ON throttles (forget_at);
