#include "tunedb_quarantine.h"

#include <stdio.h>
#include <time.h>

#include "tunedb_queries.h"
#include "values.h"

struct digest quarantine_digest(const struct quarantine_row *r)
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac quarantine row v1");
    digest_text(&s, r->key);
    digest_text(&s, r->driver);
    digest_text(&s, r->content);
    digest_text(&s, r->arch);
    digest_text(&s, r->kernel);
    digest_text(&s, r->verdict);
    digest_text(&s, r->reason);
    return digest_end(&s);
}

struct quarantine_row quarantine_of(sqlite3_stmt *s, bool *sound)
{
    const struct quarantine_row r = {
        .key = column_text(s, QUARANTINE_KEY),
        .driver = column_text(s, QUARANTINE_DRIVER),
        .content = column_text(s, QUARANTINE_CONTENT),
        .arch = column_text(s, QUARANTINE_ARCH),
        .kernel = column_text(s, QUARANTINE_KERNEL),
        .verdict = column_text(s, QUARANTINE_VERDICT),
        .reason = column_text(s, QUARANTINE_REASON),
        .time = sqlite3_column_int64(s, QUARANTINE_TIME),
    };
    struct digest d = quarantine_digest(&r);
    *sound = column_is_digest(s, QUARANTINE_DIGEST, &d);
    return r;
}

gnnac_status find_quarantine(struct db *db, const struct quarantine_question *q,
                             sqlite3_stmt **out, bool *sound, gnnac_error *err)
{
    const char *const asked[] = {q->key, q->content, q->driver};
    bool found = true;
    *sound = false;
    gnnac_status st = db_statement(db, GET_QUARANTINE, out, err);
    for (int i = 0; i < 3 && st == GNNAC_OK; i++)
        if (asked[i]) // else NULL, as which it was reset
            bind_text(*out, 1 + i, asked[i]);
    while (st == GNNAC_OK && found && !*sound) {
        st = db_step(db, *out, &found, err);
        if (st == GNNAC_OK && found)
            quarantine_of(*out, sound);
    }
    return st;
}

gnnac_status tunedb_find_quarantine(struct tunedb *t,
                                    const struct quarantine_question *q,
                                    struct quarantine_answer *out,
                                    gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    bool sound;
    TRY(find_quarantine(&t->db, q, &s, &sound, err));
    if (sound) {
        const struct quarantine_row r = quarantine_of(s, &sound);
        snprintf(out->kernel, sizeof(out->kernel), "%s", r.kernel);
        snprintf(out->verdict, sizeof(out->verdict), "%s", r.verdict);
        snprintf(out->reason, sizeof(out->reason), "%s", r.reason);
    } else {
        st = FAIL(err, GNNAC_ENOENT, "%s: not in quarantine", t->db.path);
    }
out:
    sqlite3_reset(s);
    return st;
}

gnnac_status write_quarantine(struct db *db, const struct quarantine_row *r,
                              gnnac_error *err)
{
    const char *const texts[] = {r->key,    r->driver,  r->content, r->arch,
                                 r->kernel, r->verdict, r->reason};
    sqlite3_stmt *s;
    struct digest d = quarantine_digest(r);
    gnnac_status st = db_statement(db, PUT_QUARANTINE, &s, err);
    if (st != GNNAC_OK)
        return st;
    for (int i = 0; i < QUARANTINE_TIME; i++)
        bind_text(s, 1 + i, texts[i]);
    sqlite3_bind_int64(s, 1 + QUARANTINE_TIME, r->time);
    bind_digest(s, 1 + QUARANTINE_DIGEST, &d);
    return db_run(db, s, err);
}

gnnac_status tunedb_put_quarantine(struct tunedb *t,
                                   const struct quarantine_row *row,
                                   gnnac_error *err)
{
    struct quarantine_row r = *row;
    gnnac_status st = db_begin(&t->db, err);
    if (st != GNNAC_OK)
        return st;
    r.time = (int64_t)time(NULL);
    return db_end(&t->db, write_quarantine(&t->db, &r, err), err);
}

static gnnac_status drop_all(struct db *db, int64_t *n, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(db_read_int(db, "SELECT count(*) FROM quarantine", n, err));
    TRY(db_exec(db, "DELETE FROM quarantine", err));
out:
    return st;
}

gnnac_status tunedb_drop_quarantine(struct tunedb *t, int64_t *n,
                                    gnnac_error *err)
{
    gnnac_status st = db_begin(&t->db, err);
    return st == GNNAC_OK ? db_end(&t->db, drop_all(&t->db, n, err), err) : st;
}
