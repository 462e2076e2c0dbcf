#include "db.h"

#include <stdio.h>
#include <string.h>

gnnac_status db_fail(struct db *db, gnnac_error *err)
{
    if (!db->conn)
        return FAIL(err, GNNAC_EDB, "%s: is not open", db->path);
    int code = sqlite3_errcode(db->conn) & 0xff;
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        db->damaged = true;
    if (db->damaged && db->schema->precious)
        return FAIL(err, GNNAC_EDB,
                    "%s: damaged (%s); nothing was changed: move it away to "
                    "begin anew, or save what is left with sqlite3's .recover",
                    db->path, sqlite3_errmsg(db->conn));
    if (code == SQLITE_NOMEM)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    return FAIL(err, GNNAC_EDB, "%s: %s", db->path, sqlite3_errmsg(db->conn));
}

gnnac_status db_statement(struct db *db, int id, sqlite3_stmt **out,
                          gnnac_error *err)
{
    sqlite3_stmt **s = &db->statements[id];
    if (!*s &&
        sqlite3_prepare_v3(db->conn, db->schema->queries[id], -1,
                           SQLITE_PREPARE_PERSISTENT, s, NULL) != SQLITE_OK)
        return db_fail(db, err);
    sqlite3_reset(*s);
    sqlite3_clear_bindings(*s);
    *out = *s;
    return GNNAC_OK;
}

gnnac_status db_step(struct db *db, sqlite3_stmt *s, bool *has_row,
                     gnnac_error *err)
{
    int rc = sqlite3_step(s);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        gnnac_status st = db_fail(db, err);
        sqlite3_reset(s);
        return st;
    }
    *has_row = rc == SQLITE_ROW;
    return GNNAC_OK;
}

gnnac_status db_run(struct db *db, sqlite3_stmt *s, gnnac_error *err)
{
    bool has_row;
    gnnac_status st = db_step(db, s, &has_row, err);
    sqlite3_reset(s);
    return st;
}

gnnac_status db_exec(struct db *db, const char *sql, gnnac_error *err)
{
    if (sqlite3_exec(db->conn, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(db, err);
    return GNNAC_OK;
}

gnnac_status db_read_int(struct db *db, const char *sql, int64_t *out,
                         gnnac_error *err)
{
    sqlite3_stmt *s = NULL;
    bool has_row = false;
    if (sqlite3_prepare_v2(db->conn, sql, -1, &s, NULL) != SQLITE_OK)
        return db_fail(db, err);
    gnnac_status st = db_step(db, s, &has_row, err);
    if (st == GNNAC_OK)
        *out = has_row ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_finalize(s);
    return st;
}

gnnac_status db_begin(struct db *db, gnnac_error *err)
{
    if (db->read_only)
        return FAIL(err, GNNAC_EDB, "%s: open for reading only%s%s", db->path,
                    db->note[0] ? ": " : "", db->note);
    return db_exec(db, "BEGIN IMMEDIATE", err);
}

gnnac_status db_end(struct db *db, gnnac_status st, gnnac_error *err)
{
    if (st == GNNAC_OK)
        st = db_exec(db, "COMMIT", err);
    if (st != GNNAC_OK && !sqlite3_get_autocommit(db->conn))
        sqlite3_exec(db->conn, "ROLLBACK", NULL, NULL, NULL);
    return st;
}
