#include "tunedb_queries.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "digest.h"

// ---- values -----------------------------------------------------------------

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

// NaN, "not known", is SQL's NULL.
static void bind_real(sqlite3_stmt *s, int at, double value)
{
    if (isnan(value))
        sqlite3_bind_null(s, at);
    else
        sqlite3_bind_double(s, at, value);
}

static void bind_count(sqlite3_stmt *s, int at, int value)
{
    if (value < 0)
        sqlite3_bind_null(s, at);
    else
        sqlite3_bind_int(s, at, value);
}

static double column_real(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(s, column);
}

static const char *column_text(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text ? text : "";
}

// ---- keys -------------------------------------------------------------------

enum { N_KEY_TEXTS = 5 };

static void key_texts(const struct decision_key *key,
                      const char *texts[N_KEY_TEXTS])
{
    texts[0] = key->graph;
    texts[1] = key->op;
    texts[2] = key->device;
    texts[3] = key->toolchain;
    texts[4] = key->space;
}

// The row of one or two texts; a new one if need be.
static gnnac_status intern(struct db *db, int add, const char *a, const char *b,
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

static gnnac_status intern_key(struct db *db, const struct decision_key *key,
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

// Columns of GET_DECISION.
enum { VARIANT, ARTIFACTS, MEDIAN_NS, EFFORT, DIGEST };

static struct digest row_digest(const struct decision_key *key,
                                const char *variant, const char *artifacts,
                                double median_ns, int effort)
{
    XXH3_state_t s;
    const char *texts[N_KEY_TEXTS];
    int64_t bits = -1; // all NaNs are one value
    if (!isnan(median_ns))
        memcpy(&bits, &median_ns, sizeof(bits));
    key_texts(key, texts);
    digest_begin(&s, "gnnac decision row v1");
    for (int i = 0; i < N_KEY_TEXTS; i++)
        digest_text(&s, texts[i]);
    digest_text(&s, variant);
    digest_text(&s, artifacts);
    digest_int(&s, bits);
    digest_int(&s, effort);
    return digest_end(&s);
}

static bool row_is_sound(sqlite3_stmt *s, const struct decision_key *key)
{
    struct digest d =
        row_digest(key, column_text(s, VARIANT), column_text(s, ARTIFACTS),
                   column_real(s, MEDIAN_NS), sqlite3_column_int(s, EFFORT));
    return sqlite3_column_bytes(s, DIGEST) == DIGEST_BYTES &&
           memcmp(sqlite3_column_blob(s, DIGEST), d.bytes, DIGEST_BYTES) == 0;
}

// Step to the row of `key`; *sound is false when there is none, or a damaged
// one. The caller resets *out.
static gnnac_status find_decision(struct db *db, const struct decision_key *key,
                                  sqlite3_stmt **out, bool *sound,
                                  gnnac_error *err)
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
        .variant = strdup(column_text(s, VARIANT)),
        .artifacts = strdup(column_text(s, ARTIFACTS)),
        .median_ns = column_real(s, MEDIAN_NS),
        .effort = sqlite3_column_int(s, EFFORT),
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

static gnnac_status write_decision(struct db *db,
                                   const struct decision_key *key,
                                   const struct decision_row *row,
                                   gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s;
    int64_t ids[N_KEY_TEXTS];
    struct digest d = row_digest(key, row->variant, row->artifacts,
                                 row->median_ns, row->effort);
    TRY(intern_key(db, key, ids, err));
    TRY(db_statement(db, PUT_DECISION, &s, err));
    sqlite3_bind_int64(s, 1, (int64_t)time(NULL));
    bind_text(s, 2, row->variant);
    bind_text(s, 3, row->artifacts);
    bind_real(s, 4, row->median_ns);
    sqlite3_bind_int(s, 5, row->effort);
    sqlite3_bind_blob(s, 6, d.bytes, DIGEST_BYTES, SQLITE_STATIC);
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
    bool better = sound && sqlite3_column_int(s, EFFORT) > row->effort;
    sqlite3_reset(s);
    if (st != GNNAC_OK || better)
        return st;
    return write_decision(db, key, row, err);
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

// ---- measurements -----------------------------------------------------------

static gnnac_status add_run(struct db *db, const struct decision_key *key,
                            int64_t *run, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s;
    int64_t ids[N_KEY_TEXTS];
    TRY(intern_key(db, key, ids, err));
    TRY(db_statement(db, ADD_RUN, &s, err));
    sqlite3_bind_int64(s, 1, (int64_t)time(NULL));
    bind_text(s, 2, GNNAC_VERSION);
    for (int i = 0; i < N_KEY_TEXTS; i++)
        sqlite3_bind_int64(s, 3 + i, ids[i]);
    TRY(db_run(db, s, err));
    *run = sqlite3_last_insert_rowid(db->conn);
out:
    return st;
}

static gnnac_status add_measurement(struct db *db, int64_t run, size_t seq,
                                    const struct measurement_row *row,
                                    gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s;
    int64_t variant;
    TRY(intern(db, ADD_VARIANT, row->family, row->knobs, &variant, err));
    TRY(db_statement(db, ADD_MEASUREMENT, &s, err));
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)seq);
    sqlite3_bind_int64(s, 3, variant);
    bind_text(s, 4, row->status);
    sqlite3_bind_int64(s, 5, row->n_samples);
    bind_real(s, 6, row->median_ns);
    bind_real(s, 7, row->p20_ns);
    bind_real(s, 8, row->p80_ns);
    bind_real(s, 9, row->max_error);
    bind_count(s, 10, row->registers);
    bind_count(s, 11, row->spill_bytes);
    TRY(db_run(db, s, err));
out:
    return st;
}

static gnnac_status put_measurements_locked(struct db *db,
                                            const struct decision_key *key,
                                            const struct measurement_row *rows,
                                            size_t n, gnnac_error *err)
{
    int64_t run;
    gnnac_status st = add_run(db, key, &run, err);
    for (size_t i = 0; i < n && st == GNNAC_OK; i++)
        st = add_measurement(db, run, i, &rows[i], err);
    return st;
}

gnnac_status tunedb_put_measurements(struct tunedb *db,
                                     const struct decision_key *key,
                                     const struct measurement_row *rows,
                                     size_t n, gnnac_error *err)
{
    gnnac_status st = db_begin(&db->db, err);
    if (st != GNNAC_OK)
        return st;
    return db_end(&db->db, put_measurements_locked(&db->db, key, rows, n, err),
                  err);
}
