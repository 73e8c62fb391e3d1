CREATE TABLE tasks (
    id TEXT PRIMARY KEY, task_key TEXT NOT NULL, module TEXT NOT NULL, task_type TEXT NOT NULL,
    forge TEXT NOT NULL, repo TEXT NOT NULL, number BIGINT, head TEXT NOT NULL, kind TEXT NOT NULL,
    priority INTEGER NOT NULL, context TEXT NOT NULL, result TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'paused', 'completed', 'failed')),
    retry_count INTEGER NOT NULL, llm_requests INTEGER NOT NULL, attempt INTEGER NOT NULL,
    created_at DOUBLE PRECISION NOT NULL, updated_at DOUBLE PRECISION NOT NULL, not_before DOUBLE PRECISION NOT NULL,
    owner TEXT, lease_until DOUBLE PRECISION NOT NULL, held INTEGER NOT NULL, cancelled TEXT NOT NULL,
    outcome TEXT NOT NULL, error TEXT NOT NULL, deep INTEGER NOT NULL, followed INTEGER NOT NULL DEFAULT 0,
    again TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX tasks_active ON tasks (task_key) WHERE state IN ('pending', 'running', 'paused');
CREATE INDEX tasks_pull ON tasks (forge, repo, number);
CREATE INDEX tasks_state ON tasks (state, updated_at);
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, forge TEXT NOT NULL, repo TEXT NOT NULL,
    received_at DOUBLE PRECISION NOT NULL, task_id TEXT NOT NULL
);
CREATE INDEX deliveries_received ON deliveries (received_at);
CREATE TABLE workers (
    id TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, slots INTEGER NOT NULL, stopping INTEGER NOT NULL,
    started_at DOUBLE PRECISION NOT NULL, seen_at DOUBLE PRECISION NOT NULL
);
CREATE TABLE kept (
    module TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, updated_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (module, name)
);
CREATE TABLE journal (
    id TEXT PRIMARY KEY, task_id TEXT NOT NULL, work TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, name TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX journal_task ON journal (task_id, id);
CREATE INDEX journal_work ON journal (work, id);
CREATE TABLE quota_usage (
    location TEXT NOT NULL, width INTEGER NOT NULL, at BIGINT NOT NULL,
    requests BIGINT NOT NULL, tokens BIGINT NOT NULL,
    PRIMARY KEY (location, width, at)
);
CREATE TABLE quota_standing (
    location TEXT PRIMARY KEY, held_until DOUBLE PRECISION NOT NULL, held_reason TEXT NOT NULL,
    minute_limit INTEGER, minute_since DOUBLE PRECISION, hour_limit INTEGER, hour_since DOUBLE PRECISION
);
CREATE TABLE replies (
    key TEXT PRIMARY KEY, used DOUBLE PRECISION NOT NULL, size INTEGER NOT NULL, value TEXT NOT NULL
);
CREATE INDEX replies_used ON replies (used, key, size);
