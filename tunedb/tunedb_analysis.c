// What was computed from a file: a text by a text.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "digest.h"
#include "tunedb_queries.h"

// Columns of GET_ANALYSIS.
enum { VALUE, DIGEST };

static struct digest analysis_digest(const char *key, const char *value)
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac analysis row v1");
    digest_text(&s, key);
    digest_text(&s, value);
    return digest_end(&s);
}

static bool row_is_sound(sqlite3_stmt *s, const char *key)
{
    const char *value = (const char *)sqlite3_column_text(s, VALUE);
    if (!value || sqlite3_column_bytes(s, DIGEST) != DIGEST_BYTES)
        return false;
    struct digest d = analysis_digest(key, value);
    return memcmp(sqlite3_column_blob(s, DIGEST), d.bytes, DIGEST_BYTES) == 0;
}

gnnac_status tunedb_get_analysis(struct tunedb *t, const char *key,
                                 char **value, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    bool found = false;
    TRY(db_statement(&t->db, GET_ANALYSIS, &s, err));
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    TRY(db_step(&t->db, s, &found, err));
    if (!found || !row_is_sound(s, key)) {
        st = FAIL(err, GNNAC_ENOENT, "%s: no such analysis", t->db.path);
        goto out;
    }
    char *copy = strdup((const char *)sqlite3_column_text(s, VALUE));
    if (!copy)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
    else
        *value = copy;
out:
    sqlite3_reset(s);
    return st;
}

static gnnac_status put_locked(struct db *db, const char *key,
                               const char *value, gnnac_error *err)
{
    sqlite3_stmt *s;
    struct digest d = analysis_digest(key, value);
    gnnac_status st = db_statement(db, PUT_ANALYSIS, &s, err);
    if (st != GNNAC_OK)
        return st;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, (int64_t)time(NULL));
    sqlite3_bind_text(s, 3, value, -1, SQLITE_STATIC);
    sqlite3_bind_blob(s, 4, d.bytes, DIGEST_BYTES, SQLITE_STATIC);
    return db_run(db, s, err);
}

gnnac_status tunedb_put_analysis(struct tunedb *t, const char *key,
                                 const char *value, gnnac_error *err)
{
    gnnac_status st = db_begin(&t->db, err);
    if (st != GNNAC_OK)
        return st;
    return db_end(&t->db, put_locked(&t->db, key, value, err), err);
}
