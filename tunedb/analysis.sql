-- tune.db, version 2: what was computed from a file's bytes. `digest` covers key
-- and value.
CREATE TABLE analysis (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    time INTEGER NOT NULL,
    value TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;
