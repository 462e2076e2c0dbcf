// What was computed from a file: a text by a text.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tunedb_queries.h"
#include "values.h"

struct digest analysis_digest(const char *key, const char *value)
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac analysis row v1");
    digest_text(&s, key);
    digest_text(&s, value);
    return digest_end(&s);
}

static bool row_is_sound(sqlite3_stmt *s, const char *key)
{
    const char *value = (const char *)sqlite3_column_text(s, ANALYSIS_VALUE);
    struct digest d = analysis_digest(key, value ? value : "");
    return value && column_is_digest(s, ANALYSIS_DIGEST, &d);
}

gnnac_status find_analysis(struct db *db, const char *key, sqlite3_stmt **out,
                           bool *sound, gnnac_error *err)
{
    bool found = false;
    gnnac_status st = db_statement(db, GET_ANALYSIS, out, err);
    if (st != GNNAC_OK)
        return st;
    bind_text(*out, 1, key);
    st = db_step(db, *out, &found, err);
    *sound = found && row_is_sound(*out, key);
    return st;
}

gnnac_status tunedb_get_analysis(struct tunedb *t, const char *key,
                                 char **value, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    bool sound;
    TRY(find_analysis(&t->db, key, &s, &sound, err));
    if (!sound) {
        st = FAIL(err, GNNAC_ENOENT, "%s: no such analysis", t->db.path);
        goto out;
    }
    char *copy = strdup(column_text(s, ANALYSIS_VALUE));
    if (!copy)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
    else
        *value = copy;
out:
    sqlite3_reset(s);
    return st;
}

gnnac_status write_analysis(struct db *db, const struct analysis_record *r,
                            gnnac_error *err)
{
    sqlite3_stmt *s;
    struct digest d = analysis_digest(r->key, r->value);
    gnnac_status st = db_statement(db, PUT_ANALYSIS, &s, err);
    if (st != GNNAC_OK)
        return st;
    bind_text(s, 1, r->key);
    sqlite3_bind_int64(s, 2, r->time);
    bind_text(s, 3, r->value);
    bind_digest(s, 4, &d);
    return db_run(db, s, err);
}

gnnac_status tunedb_put_analysis(struct tunedb *t, const char *key,
                                 const char *value, gnnac_error *err)
{
    const struct analysis_record r = {key, value, (int64_t)time(NULL)};
    gnnac_status st = db_begin(&t->db, err);
    if (st != GNNAC_OK)
        return st;
    return db_end(&t->db, write_analysis(&t->db, &r, err), err);
}
