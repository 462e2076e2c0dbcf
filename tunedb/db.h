// What tune.db and kcache.db share: opening, migrating, statements. Inside
// tunedb/ only (and its tests).
#ifndef GNNAC_DB_H
#define GNNAC_DB_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "damage.h"
#include "fail.h"

enum { DB_MAX_STATEMENTS = 40 };

struct db_schema {
    const char *what; // "tuning database"
    int32_t application_id;
    const char *const *steps;   // steps[i] leads from version i to i + 1
    int version;                // how many steps there are
    bool precious;              // back up before a migration; fsync commits
    const char *const *queries; // texts of db_statement's ids
};

struct db {
    sqlite3 *conn;
    const struct db_schema *schema;
    sqlite3_stmt *statements[DB_MAX_STATEMENTS]; // prepared at first use
    bool read_only, damaged; // damaged: SQLite said so in db_fail
    char path[512], note[256];
    int64_t busy_since_ms; // of the lock that is being waited for
    unsigned jitter;       // state of rand_r
};

// Open or create, with the folders above; migrate; refuse what is not ours
// (GNNAC_EDB, file untouched). Falls back to reading only where writing is not
// possible, and where the file is newer: db->note says why. `db` must be
// all-zero and stay where it is while open; after a failure it needs nothing
// but may have `damaged` set.
gnnac_status db_open(struct db *db, const char *path,
                     const struct db_schema *schema, gnnac_error *err);
// The same, of a file that is there: it is neither created nor migrated. An
// older version is GNNAC_EDB, one that was never filled GNNAC_ENOENT.
gnnac_status db_open_existing(struct db *db, const char *path,
                              const struct db_schema *schema,
                              gnnac_error *err);
void db_close(struct db *db);

// A statement, reset, without bindings. Belongs to `db`.
gnnac_status db_statement(struct db *db, int id, sqlite3_stmt **out,
                          gnnac_error *err);
// One step that yields no row.
gnnac_status db_run(struct db *db, sqlite3_stmt *s, gnnac_error *err);
// One step; *has_row.
gnnac_status db_step(struct db *db, sqlite3_stmt *s, bool *has_row,
                     gnnac_error *err);
gnnac_status db_exec(struct db *db, const char *sql, gnnac_error *err);
// First column of the first row of `sql`; 0 when there is none.
gnnac_status db_read_int(struct db *db, const char *sql, int64_t *out,
                         gnnac_error *err);

// BEGIN IMMEDIATE: a lock that is taken late cannot be waited for. GNNAC_EDB on
// a database open for reading.
gnnac_status db_begin(struct db *db, gnnac_error *err);
// COMMIT, or ROLLBACK when `st` is a failure; returns what became of it.
gnnac_status db_end(struct db *db, gnnac_status st, gnnac_error *err);

// Structure and references, as far as SQLite can tell.
gnnac_status db_verify(struct db *db, damage_report *report, void *context,
                       gnnac_error *err);

// GNNAC_EDB with SQLite's message and the path.
gnnac_status db_fail(struct db *db, gnnac_error *err);

// The folders above `path`, readable by the user alone.
gnnac_status db_make_folders(const char *path, gnnac_error *err);
// Is `path` on a file system without memory shared between machines? Also true
// where that cannot be known to be false.
bool db_is_remote(const char *path);
// Rename the database with its journals to PATH.corrupt-TIME, if the file is
// still the one with inode `inode`. `moved` receives the new name.
gnnac_status db_move_aside(const char *path, uint64_t inode, char *moved,
                           size_t n_bytes, gnnac_error *err);
uint64_t db_inode(const char *path); // 0: no such file

#endif
