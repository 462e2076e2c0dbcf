-- kcache.db, version 1: compiled kernels. Everything in it can be made again.

-- Bytes, each content once. `uses` counts the artifacts that refer to it and is
-- kept by the triggers below.
CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,           -- XXH3-128 of body
    uses INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL
) STRICT;

-- `digest` covers key, arch and the three hashes.
CREATE TABLE artifact (
    id INTEGER PRIMARY KEY,              -- grows: age within one day
    key TEXT NOT NULL UNIQUE,
    arch TEXT NOT NULL,
    image INTEGER NOT NULL REFERENCES blob,
    source INTEGER NOT NULL REFERENCES blob,
    log INTEGER NOT NULL REFERENCES blob,
    last_used_day INTEGER NOT NULL,      -- days since 1970; pruned by it
    digest BLOB NOT NULL
) STRICT;
CREATE INDEX artifact_by_day ON artifact (last_used_day, id);

CREATE TRIGGER artifact_comes AFTER INSERT ON artifact BEGIN
    UPDATE blob SET uses = uses + 1 WHERE id = new.image;
    UPDATE blob SET uses = uses + 1 WHERE id = new.source;
    UPDATE blob SET uses = uses + 1 WHERE id = new.log;
END;

CREATE TRIGGER artifact_goes AFTER DELETE ON artifact BEGIN
    UPDATE blob SET uses = uses - 1 WHERE id = old.image;
    UPDATE blob SET uses = uses - 1 WHERE id = old.source;
    UPDATE blob SET uses = uses - 1 WHERE id = old.log;
    DELETE FROM blob
     WHERE id IN (old.image, old.source, old.log) AND uses <= 0;
END;

-- What is known of a file on this machine, as long as size and time hold.
CREATE TABLE file (
    path TEXT PRIMARY KEY,
    n_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    text TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT, WITHOUT ROWID;
