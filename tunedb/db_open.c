// Opening, in an order in which nothing is written to a file that is not ours
// and in which many processes can start at once.
#include "db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BUSY_MS = 10000,
    BUSY_NAP_MS = 6, // at most
    WAL_TRIES = 200,
    WAL_NAP_MS = 50,
    STRICT_SINCE = 3037000, // SQLite 3.37
};

// ---- connection -------------------------------------------------------------

static bool is_memory(const char *path)
{
    return strcmp(path, ":memory:") == 0;
}

static void sleep_jittered(unsigned *seed, int most_ms)
{
    const int most_us = most_ms * 1000;
    struct timespec t = {.tv_nsec = 1000 * (500 + rand_r(seed) % most_us)};
    nanosleep(&t, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

// SQLite's own handler soon looks only every 100 ms; where many processes
// write all the time, it can find the lock taken until its time is over.
static int wait_for_lock(void *context, int n_tries)
{
    struct db *db = context;
    if (n_tries == 0)
        db->busy_since_ms = now_ms();
    else if (now_ms() - db->busy_since_ms > BUSY_MS)
        return 0;
    sleep_jittered(&db->jitter, BUSY_NAP_MS);
    return 1;
}

static gnnac_status connect_file(struct db *db, const char *name, int flags,
                                 gnnac_error *err)
{
    flags |= SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(name, &db->conn, flags, NULL);
    if (rc != SQLITE_OK)
        return db_fail(db, err);
    sqlite3_extended_result_codes(db->conn, 1);
    db->jitter = (unsigned)getpid();
    sqlite3_busy_handler(db->conn, wait_for_lock, db);
    // A file from elsewhere must not run code of its own through its schema.
    sqlite3_db_config(db->conn, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->conn, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return db_exec(db,
                   "PRAGMA cell_size_check = ON;"
                   "PRAGMA foreign_keys = OFF",
                   err);
}

static void disconnect(struct db *db)
{
    sqlite3_close(db->conn);
    db->conn = NULL;
}

// "file:PATH?immutable=1" with the characters that would end the path escaped.
static void immutable_uri(const char *path, char *uri, size_t n_bytes)
{
    size_t n = (size_t)snprintf(uri, n_bytes, "file:");
    for (; *path && n + 4 < n_bytes; path++) {
        bool escape = strchr("%?#", *path) != NULL;
        n += (size_t)snprintf(uri + n, n_bytes - n, escape ? "%%%02X" : "%c",
                              (unsigned char)*path);
    }
    snprintf(uri + n, n_bytes - n, "?immutable=1");
}

// ---- identity ---------------------------------------------------------------

struct identity {
    int64_t application_id, version, n_tables;
};

static gnnac_status read_identity(struct db *db, struct identity *id,
                                  gnnac_error *err)
{
    // In one transaction: another process may be creating the tables.
    gnnac_status st = GNNAC_OK;
    bool own = sqlite3_get_autocommit(db->conn) != 0;
    if (own)
        TRY(db_exec(db, "BEGIN", err));
    TRY(db_read_int(db, "PRAGMA application_id", &id->application_id, err));
    TRY(db_read_int(db, "PRAGMA user_version", &id->version, err));
    TRY(db_read_int(db, "SELECT count(*) FROM sqlite_master", &id->n_tables,
                    err));
out:
    return own ? db_end(db, st, err) : st;
}

static bool is_empty(const struct identity *id)
{
    return id->application_id == 0 && id->version == 0 && id->n_tables == 0;
}

static gnnac_status check_identity(const struct db *db,
                                   const struct identity *id, gnnac_error *err)
{
    if (!is_empty(id) && id->application_id != db->schema->application_id)
        return FAIL(err, GNNAC_EDB, "%s: is not a gnnac %s; name another file",
                    db->path, db->schema->what);
    return GNNAC_OK;
}

// ---- creation and migration -------------------------------------------------

static void blank_out(char *text, const char *word)
{
    for (char *at = text; (at = strstr(at, word));)
        memset(at, ' ', strlen(word));
}

static gnnac_status run_step(struct db *db, const char *text, gnnac_error *err)
{
    char *sql = strdup(text);
    if (!sql)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    if (sqlite3_libversion_number() < STRICT_SINCE) {
        blank_out(sql, " STRICT,");
        blank_out(sql, " STRICT");
    }
    gnnac_status st = db_exec(db, sql, err);
    free(sql);
    return st;
}

// Another process may have migrated since `version` was read, so it is read
// again under the lock.
static gnnac_status migrate_locked(struct db *db, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct identity id;
    char pragma[96];
    TRY(read_identity(db, &id, err));
    TRY(check_identity(db, &id, err));
    for (int64_t v = id.version; v < db->schema->version; v++)
        TRY(run_step(db, db->schema->steps[v], err));
    if (id.version < db->schema->version) {
        snprintf(pragma, sizeof(pragma),
                 "PRAGMA application_id = %d; PRAGMA user_version = %d",
                 (int)db->schema->application_id, db->schema->version);
        TRY(db_exec(db, pragma, err));
    }
out:
    return st;
}

static gnnac_status back_up(struct db *db, int64_t version, gnnac_error *err)
{
    char *sql = sqlite3_mprintf("VACUUM INTO '%q.bak-v%lld'", db->path,
                                (long long)version);
    if (!sql)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = db_exec(db, sql, err);
    sqlite3_free(sql);
    return st;
}

static bool has_backup(const struct db *db, int64_t version)
{
    char name[600];
    snprintf(name, sizeof(name), "%s.bak-v%lld", db->path, (long long)version);
    return access(name, F_OK) == 0;
}

static gnnac_status migrate(struct db *db, const struct identity *id,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (id->version > 0 && db->schema->precious && !is_memory(db->path) &&
        !has_backup(db, id->version))
        st = back_up(db, id->version, err);
    if (st == GNNAC_OK)
        st = db_begin(db, err);
    if (st == GNNAC_OK)
        st = db_end(db, migrate_locked(db, err), err);
    return st;
}

// ---- journal ----------------------------------------------------------------

static bool journal_is(struct db *db, const char *mode)
{
    sqlite3_stmt *s = NULL;
    bool same = false;
    if (sqlite3_prepare_v2(db->conn, "PRAGMA journal_mode", -1, &s, NULL) ==
            SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        same = strcmp((const char *)sqlite3_column_text(s, 0), mode) == 0;
    sqlite3_finalize(s);
    return same;
}

// Switching needs the file alone for a moment, and SQLite does not wait for
// that: processes that start together would fail. So: ask, else try again.
static gnnac_status set_journal(struct db *db, gnnac_error *err)
{
    bool remote = db_is_remote(db->path);
    const char *mode = remote ? "truncate" : "wal";
    char pragma[64];
    snprintf(pragma, sizeof(pragma), "PRAGMA journal_mode = %s", mode);
    for (int i = 0; i < WAL_TRIES; i++) {
        if (journal_is(db, mode))
            return GNNAC_OK;
        int rc = sqlite3_exec(db->conn, pragma, NULL, NULL, NULL);
        if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY &&
            (rc & 0xff) != SQLITE_LOCKED)
            return db_fail(db, err);
        // A rollback mode belongs to the connection: asking once sets it.
        if (rc == SQLITE_OK && (remote || journal_is(db, mode)))
            return GNNAC_OK;
        sleep_jittered(&db->jitter, WAL_NAP_MS);
    }
    return FAIL(err, GNNAC_EDB, "%s: another process keeps it locked",
                db->path);
}

// ---- opening ----------------------------------------------------------------

static gnnac_status set_up_writing(struct db *db, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct identity id;
    TRY(read_identity(db, &id, err));
    TRY(check_identity(db, &id, err));
    if (id.version > db->schema->version) {
        db->read_only = true;
        snprintf(db->note, sizeof(db->note), "written by a newer gnnac");
        goto out;
    }
    if (is_empty(&id))
        TRY(db_exec(db, "PRAGMA auto_vacuum = INCREMENTAL", err));
    if (!is_memory(db->path))
        TRY(set_journal(db, err));
    TRY(db_exec(db,
                db->schema->precious ? "PRAGMA synchronous = FULL"
                                     : "PRAGMA synchronous = NORMAL",
                err));
    if (id.version < db->schema->version)
        TRY(migrate(db, &id, err));
out:
    return st;
}

static gnnac_status open_writing(struct db *db, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(connect_file(db, db->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                     err));
    if (sqlite3_db_readonly(db->conn, "main") == 1)
        st = FAIL(err, GNNAC_EDB, "%s: cannot be written", db->path);
    else
        st = set_up_writing(db, err);
out:
    return st;
}

static gnnac_status check_version(const struct db *db,
                                  const struct identity *id, gnnac_error *err)
{
    if (id->version >= db->schema->version)
        return GNNAC_OK;
    if (is_empty(id))
        return FAIL(err, GNNAC_ENOENT, "%s: is empty", db->path);
    return FAIL(err, GNNAC_EDB, "%s: too old to be used without writing",
                db->path);
}

// In a folder that cannot be written, SQLite can read a WAL database only as
// one that nobody changes.
static gnnac_status open_reading(struct db *db, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct identity id;
    char uri[3 * sizeof(db->path)];
    immutable_uri(db->path, uri, sizeof(uri));
    TRY(connect_file(db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err));
    TRY(read_identity(db, &id, err));
    TRY(check_identity(db, &id, err));
    TRY(check_version(db, &id, err));
    db->read_only = true;
    snprintf(db->note, sizeof(db->note), "it cannot be written");
out:
    return st;
}

// With the right to write, which a journal that somebody left may need.
static gnnac_status open_as_it_is(struct db *db, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct identity id;
    TRY(connect_file(db, db->path, SQLITE_OPEN_READWRITE, err));
    TRY(read_identity(db, &id, err));
    TRY(check_identity(db, &id, err));
    TRY(check_version(db, &id, err));
out:
    return st;
}

static bool is_unwritable(const struct db *db)
{
    char folder[sizeof(db->path)];
    snprintf(folder, sizeof(folder), "%s", db->path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    return access(db->path, R_OK) == 0 &&
           (access(db->path, W_OK) != 0 ||
            access(slash ? folder : ".", W_OK) != 0);
}

static gnnac_status name_file(struct db *db, const char *path,
                              const struct db_schema *schema, gnnac_error *err)
{
    db->schema = schema;
    if ((size_t)snprintf(db->path, sizeof(db->path), "%s", path) >=
        sizeof(db->path))
        return FAIL(err, GNNAC_EDB, "%s: path is too long", path);
    return GNNAC_OK;
}

gnnac_status db_open_existing(struct db *db, const char *path,
                              const struct db_schema *schema, gnnac_error *err)
{
    gnnac_status st = name_file(db, path, schema, err);
    if (st == GNNAC_OK)
        st = is_unwritable(db) ? open_reading(db, err) : open_as_it_is(db, err);
    if (st != GNNAC_OK)
        db_close(db);
    return st;
}

gnnac_status db_open(struct db *db, const char *path,
                     const struct db_schema *schema, gnnac_error *err)
{
    gnnac_status st = name_file(db, path, schema, err);
    if (st == GNNAC_OK && !is_memory(path))
        st = db_make_folders(path, err);
    if (st == GNNAC_OK)
        st = is_unwritable(db) ? open_reading(db, err) : open_writing(db, err);
    if (st != GNNAC_OK)
        db_close(db);
    return st;
}

void db_close(struct db *db)
{
    for (int i = 0; i < DB_MAX_STATEMENTS; i++) {
        sqlite3_finalize(db->statements[i]);
        db->statements[i] = NULL;
    }
    disconnect(db);
}
