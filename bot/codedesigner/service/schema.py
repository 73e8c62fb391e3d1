"""What the service's database consists of: one text for SQLite and PostgreSQL, in versions that only go forwards."""

from __future__ import annotations

_TASKS = """
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
)
"""
# Of one piece of work there is one task that has not ended, whoever submits it, however many at once.
_ACTIVE = "CREATE UNIQUE INDEX tasks_active ON tasks (task_key) WHERE state IN ('pending', 'running', 'paused')"
_DELIVERIES = """
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, forge TEXT NOT NULL, repo TEXT NOT NULL,
    received_at DOUBLE PRECISION NOT NULL, task_id TEXT NOT NULL
)
"""
_WORKERS = """
CREATE TABLE workers (
    id TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, slots INTEGER NOT NULL, stopping INTEGER NOT NULL,
    started_at DOUBLE PRECISION NOT NULL, seen_at DOUBLE PRECISION NOT NULL
)
"""
_KEPT = """
CREATE TABLE kept (
    module TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, updated_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (module, name)
)
"""
# `id` sorts by time.
_JOURNAL = """
CREATE TABLE journal (
    id TEXT PRIMARY KEY, task_id TEXT NOT NULL, work TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, name TEXT NOT NULL,
    detail TEXT NOT NULL
)
"""
_USAGE = """
CREATE TABLE quota_usage (
    location TEXT NOT NULL, width INTEGER NOT NULL, at BIGINT NOT NULL,
    requests BIGINT NOT NULL, tokens BIGINT NOT NULL,
    PRIMARY KEY (location, width, at)
)
"""
_STANDING = """
CREATE TABLE quota_standing (
    location TEXT PRIMARY KEY, held_until DOUBLE PRECISION NOT NULL, held_reason TEXT NOT NULL,
    minute_limit INTEGER, minute_since DOUBLE PRECISION, hour_limit INTEGER, hour_since DOUBLE PRECISION
)
"""

_REPLIES = """
CREATE TABLE replies (
    key TEXT PRIMARY KEY, used DOUBLE PRECISION NOT NULL, size INTEGER NOT NULL, value TEXT NOT NULL
)
"""

_OUTCOMES = """
CREATE TABLE outcomes (
    fingerprint TEXT NOT NULL, location TEXT NOT NULL, source TEXT NOT NULL, angle TEXT NOT NULL, kind TEXT NOT NULL,
    vote TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, noted DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (fingerprint, location, source)
)
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        _TASKS,
        _ACTIVE,
        "CREATE INDEX tasks_pull ON tasks (forge, repo, number)",
        "CREATE INDEX tasks_state ON tasks (state, updated_at)",
        _DELIVERIES,
        "CREATE INDEX deliveries_received ON deliveries (received_at)",
        _WORKERS,
        _KEPT,
        _JOURNAL,
        "CREATE INDEX journal_task ON journal (task_id, id)",
        "CREATE INDEX journal_work ON journal (work, id)",
        _USAGE,
        _STANDING,
    ),
    (_REPLIES, "CREATE INDEX replies_used ON replies (used, key, size)"),
    (
        "ALTER TABLE tasks ADD COLUMN waits INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE tasks ADD COLUMN away_since DOUBLE PRECISION NOT NULL DEFAULT 0",
        "ALTER TABLE tasks ADD COLUMN ran_s DOUBLE PRECISION NOT NULL DEFAULT 0",
        _OUTCOMES,
        "CREATE INDEX outcomes_noted ON outcomes (noted)",
    ),
)
"""What brings a database from version n to n + 1. A version that was released is never changed."""
