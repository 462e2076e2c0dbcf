-- tune.db, version 1. Later versions only add: a program older than the file
-- can still read it. Times are Unix seconds, durations nanoseconds.

-- What a decision is about. Each text is canonical and stands for its meaning:
-- equal texts, equal things. See README.md.
CREATE TABLE graph (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE            -- fingerprint, 32 hex digits
) STRICT;

CREATE TABLE op (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE toolchain (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- Rules, templates and options that candidates were drawn from.
CREATE TABLE space (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE            -- hash, 32 hex digits
) STRICT;

-- One candidate: a kernel family at one point of its knobs.
CREATE TABLE variant (
    id INTEGER PRIMARY KEY,
    family TEXT NOT NULL,
    knobs TEXT NOT NULL,                 -- canonical JSON
    UNIQUE (family, knobs)
) STRICT;

-- One session of measuring candidates for one question.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE,           -- 16 random bytes: merges by it
    time INTEGER NOT NULL,
    gnnac TEXT NOT NULL,                 -- version of the program
    graph INTEGER NOT NULL REFERENCES graph,
    op INTEGER NOT NULL REFERENCES op,
    device INTEGER NOT NULL REFERENCES device,
    toolchain INTEGER NOT NULL REFERENCES toolchain,
    space INTEGER NOT NULL REFERENCES space
) STRICT;
CREATE INDEX run_by_question ON run (graph, op, device);

-- Losers and failures are kept too. NULL: not timed, or not known.
CREATE TABLE measurement (
    run INTEGER NOT NULL REFERENCES run,
    seq INTEGER NOT NULL,                -- order of the candidates
    variant INTEGER NOT NULL REFERENCES variant,
    status TEXT NOT NULL,
    n_samples INTEGER NOT NULL,
    median_ns REAL,
    p20_ns REAL,
    p80_ns REAL,
    max_error REAL,                      -- largest |error| / bound
    registers INTEGER,
    spill_bytes INTEGER,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

-- What was chosen. `digest` covers the row and the texts of its key.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    graph INTEGER NOT NULL REFERENCES graph,
    op INTEGER NOT NULL REFERENCES op,
    device INTEGER NOT NULL REFERENCES device,
    toolchain INTEGER NOT NULL REFERENCES toolchain,
    space INTEGER NOT NULL REFERENCES space,
    time INTEGER NOT NULL,
    variant TEXT NOT NULL,               -- JSON, the caller's
    artifacts TEXT NOT NULL,             -- JSON, keys into kcache.db
    median_ns REAL,                      -- NULL: ranked, not timed
    effort INTEGER NOT NULL,
    digest BLOB NOT NULL,
    UNIQUE (graph, op, device, toolchain, space)
) STRICT;
