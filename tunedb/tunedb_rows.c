#include "tunedb_queries.h"

#include <stdlib.h>
#include <time.h>

#include "values.h"

// ---- keys -------------------------------------------------------------------

void key_texts(const struct decision_key *key, const char *texts[N_KEY_TEXTS])
{
    texts[0] = key->graph;
    texts[1] = key->op;
    texts[2] = key->device;
    texts[3] = key->toolchain;
    texts[4] = key->space;
}

void key_digest(XXH3_state_t *s, const struct decision_key *key)
{
    const char *texts[N_KEY_TEXTS];
    key_texts(key, texts);
    for (int i = 0; i < N_KEY_TEXTS; i++)
        digest_text(s, texts[i]);
}

gnnac_status intern(struct db *db, int add, const char *a, const char *b,
                    int64_t *id, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    bool found = false;
    for (int i = add; i <= add + 1; i++) {
        sqlite3_stmt *s;
        TRY(db_statement(db, i, &s, err));
        bind_text(s, 1, a);
        if (b)
            bind_text(s, 2, b);
        TRY(db_step(db, s, &found, err));
        if (found)
            *id = sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
    }
    if (!found)
        st = FAIL(err, GNNAC_EDB, "%s: a new row is not there", db->path);
out:
    return st;
}

gnnac_status intern_key(struct db *db, const struct decision_key *key,
                        int64_t ids[N_KEY_TEXTS], gnnac_error *err)
{
    static const int add[N_KEY_TEXTS] = {ADD_GRAPH, ADD_OP, ADD_DEVICE,
                                         ADD_TOOLCHAIN, ADD_SPACE};
    const char *texts[N_KEY_TEXTS];
    gnnac_status st = GNNAC_OK;
    key_texts(key, texts);
    for (int i = 0; i < N_KEY_TEXTS && st == GNNAC_OK; i++)
        st = intern(db, add[i], texts[i], NULL, &ids[i], err);
    return st;
}

// ---- decisions --------------------------------------------------------------

struct digest decision_digest(const struct decision_record *r)
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac decision row v1");
    key_digest(&s, &r->key);
    digest_text(&s, r->variant);
    digest_text(&s, r->artifacts);
    digest_real(&s, r->median_ns);
    digest_int(&s, r->effort);
    return digest_end(&s);
}

static bool row_is_sound(sqlite3_stmt *s, const struct decision_key *key)
{
    const struct decision_record r = {
        .key = *key,
        .variant = column_text(s, DECISION_VARIANT),
        .artifacts = column_text(s, DECISION_ARTIFACTS),
        .median_ns = column_real(s, DECISION_MEDIAN_NS),
        .effort = sqlite3_column_int(s, DECISION_EFFORT),
    };
    struct digest d = decision_digest(&r);
    return column_is_digest(s, DECISION_DIGEST, &d);
}

gnnac_status find_decision(struct db *db, const struct decision_key *key,
                           sqlite3_stmt **out, bool *sound, gnnac_error *err)
{
    const char *texts[N_KEY_TEXTS];
    bool found = false;
    gnnac_status st = db_statement(db, GET_DECISION, out, err);
    if (st != GNNAC_OK)
        return st;
    key_texts(key, texts);
    for (int i = 0; i < N_KEY_TEXTS; i++)
        bind_text(*out, 1 + i, texts[i]);
    st = db_step(db, *out, &found, err);
    *sound = found && row_is_sound(*out, key);
    return st;
}

void decision_row_finish(struct decision_row *r)
{
    free(r->variant);
    free(r->artifacts);
    *r = (struct decision_row){0};
}

gnnac_status tunedb_get_decision(struct tunedb *db,
                                 const struct decision_key *key,
                                 struct decision_row *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    struct decision_row row = {0};
    bool sound;
    TRY(find_decision(&db->db, key, &s, &sound, err));
    if (!sound) {
        st = FAIL(err, GNNAC_ENOENT, "%s: no such decision", db->db.path);
        goto out;
    }
    row = (struct decision_row){
        .variant = strdup(column_text(s, DECISION_VARIANT)),
        .artifacts = strdup(column_text(s, DECISION_ARTIFACTS)),
        .median_ns = column_real(s, DECISION_MEDIAN_NS),
        .effort = sqlite3_column_int(s, DECISION_EFFORT),
    };
    if (!row.variant || !row.artifacts) {
        decision_row_finish(&row);
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    *out = row;
out:
    sqlite3_reset(s);
    return st;
}

gnnac_status write_decision(struct db *db, const struct decision_record *r,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s;
    int64_t ids[N_KEY_TEXTS];
    struct digest d = decision_digest(r);
    TRY(intern_key(db, &r->key, ids, err));
    TRY(db_statement(db, PUT_DECISION, &s, err));
    sqlite3_bind_int64(s, 1, r->time);
    bind_text(s, 2, r->variant);
    bind_text(s, 3, r->artifacts);
    bind_real(s, 4, r->median_ns);
    sqlite3_bind_int(s, 5, r->effort);
    bind_digest(s, 6, &d);
    for (int i = 0; i < N_KEY_TEXTS; i++)
        sqlite3_bind_int64(s, 7 + i, ids[i]);
    TRY(db_run(db, s, err));
out:
    return st;
}

static gnnac_status put_decision_locked(struct db *db,
                                        const struct decision_key *key,
                                        const struct decision_row *row,
                                        gnnac_error *err)
{
    sqlite3_stmt *s = NULL;
    bool sound = false;
    gnnac_status st = find_decision(db, key, &s, &sound, err);
    bool better = sound && sqlite3_column_int(s, DECISION_EFFORT) > row->effort;
    sqlite3_reset(s);
    if (st != GNNAC_OK || better)
        return st;
    const struct decision_record r = {.key = *key,
                                      .variant = row->variant,
                                      .artifacts = row->artifacts,
                                      .median_ns = row->median_ns,
                                      .effort = row->effort,
                                      .time = (int64_t)time(NULL)};
    return write_decision(db, &r, err);
}

gnnac_status tunedb_put_decision(struct tunedb *db,
                                 const struct decision_key *key,
                                 const struct decision_row *row,
                                 gnnac_error *err)
{
    gnnac_status st = db_begin(&db->db, err);
    if (st != GNNAC_OK)
        return st;
    return db_end(&db->db, put_decision_locked(&db->db, key, row, err), err);
}
