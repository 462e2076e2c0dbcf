-- tune.db, version 4: kernels that are not to be run again. `digest` covers all
-- but the time.
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,                   -- of the image, as in kcache.db
    driver TEXT NOT NULL,
    content TEXT NOT NULL,               -- digest of what the image executes
    arch TEXT NOT NULL,
    kernel TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    time INTEGER NOT NULL,
    digest BLOB NOT NULL,
    UNIQUE (key, driver)
) STRICT;
CREATE INDEX quarantine_by_content ON quarantine (content);
