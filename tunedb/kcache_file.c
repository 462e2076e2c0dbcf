// Texts that hold as long as a file stays as it is.
#include <stdio.h>

#include "kcache_queries.h"
#include "values.h"

struct digest file_digest(const struct file_stamp *stamp, const char *text)
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac file v1");
    digest_text(&s, stamp->path);
    digest_int(&s, stamp->n_bytes);
    digest_int(&s, stamp->mtime_ns);
    digest_text(&s, text);
    return digest_end(&s);
}

static bool file_row_holds(sqlite3_stmt *s, const struct file_stamp *stamp)
{
    struct digest d = file_digest(stamp, column_text(s, 2));
    return sqlite3_column_int64(s, 0) == stamp->n_bytes &&
           sqlite3_column_int64(s, 1) == stamp->mtime_ns &&
           column_is_digest(s, 3, &d);
}

gnnac_status kcache_get_file(struct kcache *kc, const struct file_stamp *stamp,
                             char *out, size_t n_bytes, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    bool found = false;
    TRY(db_statement(&kc->db, GET_FILE, &s, err));
    bind_text(s, 1, stamp->path);
    TRY(db_step(&kc->db, s, &found, err));
    if (found && file_row_holds(s, stamp) &&
        (size_t)sqlite3_column_bytes(s, 2) < n_bytes)
        snprintf(out, n_bytes, "%s", column_text(s, 2));
    else
        st = FAIL(err, GNNAC_ENOENT, "%s: nothing known", stamp->path);
out:
    sqlite3_reset(s);
    return st;
}

static gnnac_status put_file_locked(struct kcache *kc,
                                    const struct file_stamp *stamp,
                                    const char *text, gnnac_error *err)
{
    sqlite3_stmt *s;
    struct digest d = file_digest(stamp, text);
    gnnac_status st = db_statement(&kc->db, PUT_FILE, &s, err);
    if (st != GNNAC_OK)
        return st;
    bind_text(s, 1, stamp->path);
    sqlite3_bind_int64(s, 2, stamp->n_bytes);
    sqlite3_bind_int64(s, 3, stamp->mtime_ns);
    bind_text(s, 4, text);
    bind_digest(s, 5, &d);
    return db_run(&kc->db, s, err);
}

gnnac_status kcache_put_file(struct kcache *kc, const struct file_stamp *stamp,
                             const char *text, gnnac_error *err)
{
    gnnac_status st = db_begin(&kc->db, err);
    if (st != GNNAC_OK)
        return st;
    return db_end(&kc->db, put_file_locked(kc, stamp, text, err), err);
}
