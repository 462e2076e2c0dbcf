// Runs and their measurements.
#include <stdlib.h>
#include <time.h>

#include "tunedb_queries.h"
#include "values.h"

static void digest_row(XXH3_state_t *s, const struct measurement_row *row)
{
    digest_text(s, row->family);
    digest_text(s, row->knobs);
    digest_text(s, row->status);
    digest_int(s, row->n_samples);
    digest_real(s, row->median_ns);
    digest_real(s, row->p20_ns);
    digest_real(s, row->p80_ns);
    digest_real(s, row->max_error);
    digest_int(s, row->registers < 0 ? -1 : row->registers);
    digest_int(s, row->spill_bytes < 0 ? -1 : row->spill_bytes);
}

// Of all but its rows.
static void digest_run(XXH3_state_t *s, const struct run_record *r)
{
    digest_begin(s, "gnnac run v1");
    digest_bytes(s, r->uuid, RUN_UUID_BYTES);
    digest_int(s, r->time);
    digest_text(s, r->gnnac);
    key_digest(s, &r->key);
    digest_int(s, (int64_t)r->n_rows);
}

struct digest run_digest(const struct run_record *r)
{
    XXH3_state_t s;
    digest_run(&s, r);
    for (size_t i = 0; i < r->n_rows; i++)
        digest_row(&s, &r->rows[i]);
    return digest_end(&s);
}

// ---- writing ----------------------------------------------------------------

static gnnac_status add_run(struct db *db, const struct run_record *r,
                            const struct digest *d, int64_t *run,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s;
    int64_t ids[N_KEY_TEXTS];
    TRY(intern_key(db, &r->key, ids, err));
    TRY(db_statement(db, ADD_RUN, &s, err));
    sqlite3_bind_int64(s, 1, r->time);
    bind_text(s, 2, r->gnnac);
    for (int i = 0; i < N_KEY_TEXTS; i++)
        sqlite3_bind_int64(s, 3 + i, ids[i]);
    sqlite3_bind_blob(s, 8, r->uuid, RUN_UUID_BYTES, SQLITE_STATIC);
    bind_digest(s, 9, d);
    TRY(db_run(db, s, err));
    *run = sqlite3_last_insert_rowid(db->conn);
out:
    return st;
}

static gnnac_status add_measurement(struct db *db, int64_t run,
                                    const struct run_record *r, size_t seq,
                                    const struct measurement_row *row,
                                    gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s;
    int64_t variant;
    unsigned char packed[SAMPLES_BYTES];
    size_t n_packed = samples_pack(r, seq, row, packed);
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
    if (n_packed)
        sqlite3_bind_blob(s, 12, packed, (int)n_packed, SQLITE_STATIC);
    TRY(db_run(db, s, err));
out:
    return st;
}

gnnac_status write_run(struct db *db, const struct run_record *r,
                       gnnac_error *err)
{
    int64_t run;
    const struct digest d = run_digest(r);
    gnnac_status st = add_run(db, r, &d, &run, err);
    for (size_t i = 0; i < r->n_rows && st == GNNAC_OK; i++)
        st = add_measurement(db, run, r, i, &r->rows[i], err);
    return st;
}

static gnnac_status check_row(const struct measurement_row *row,
                              gnnac_error *err)
{
    if (row->n_kept > MAX_KEPT_SAMPLES)
        return FAIL(err, GNNAC_EDB, "tune.db: too many samples");
    if (row->family && row->knobs && row->status)
        return GNNAC_OK;
    return FAIL(err, GNNAC_EDB, "tune.db: a measurement lacks its name");
}

static struct run_record new_run(const struct decision_key *key, size_t n)
{
    struct run_record r = {.time = (int64_t)time(NULL),
                           .gnnac = GNNAC_VERSION,
                           .key = *key,
                           .n_rows = n};
    sqlite3_randomness(RUN_UUID_BYTES, r.uuid);
    return r;
}

gnnac_status tunedb_put_measurements(struct tunedb *db,
                                     const struct decision_key *key,
                                     const struct measurement_row *rows,
                                     size_t n, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct run_record r = new_run(key, n);
    r.rows = rows;
    for (size_t i = 0; i < n; i++)
        TRY(check_row(&rows[i], err));
    TRY(db_begin(&db->db, err));
    st = db_end(&db->db, write_run(&db->db, &r, err), err);
out:
    return st;
}

// ---- row by row -------------------------------------------------------------

static gnnac_status next_row(const struct row_source *rows, size_t i,
                             struct measurement_row *out, gnnac_error *err)
{
    gnnac_status st = rows->row(rows->context, i, out, err);
    return st == GNNAC_OK ? check_row(out, err) : st;
}

static gnnac_status streamed_digest(const struct run_record *r,
                                    const struct row_source *rows,
                                    struct digest *out, gnnac_error *err)
{
    XXH3_state_t s;
    struct measurement_row row;
    gnnac_status st = GNNAC_OK;
    digest_run(&s, r);
    for (size_t i = 0; i < r->n_rows; i++) {
        TRY(next_row(rows, i, &row, err));
        digest_row(&s, &row);
    }
    *out = digest_end(&s);
out:
    return st;
}

static gnnac_status write_streamed(struct db *db, const struct run_record *r,
                                   const struct row_source *rows,
                                   const struct digest *d, gnnac_error *err)
{
    int64_t run;
    struct measurement_row row;
    gnnac_status st = add_run(db, r, d, &run, err);
    for (size_t i = 0; i < r->n_rows && st == GNNAC_OK; i++) {
        st = next_row(rows, i, &row, err);
        if (st == GNNAC_OK)
            st = add_measurement(db, run, r, i, &row, err);
    }
    return st;
}

gnnac_status tunedb_put_streamed(struct tunedb *db,
                                 const struct decision_key *key,
                                 const struct row_source *rows, size_t n,
                                 gnnac_error *err)
{
    struct digest d;
    gnnac_status st = GNNAC_OK;
    const struct run_record r = new_run(key, n);
    TRY(streamed_digest(&r, rows, &d, err));
    TRY(db_begin(&db->db, err));
    st = db_end(&db->db, write_streamed(&db->db, &r, rows, &d, err), err);
out:
    return st;
}

// ---- reading ----------------------------------------------------------------

// Columns of GET_RUN and of GET_MEASUREMENTS.
enum { UUID, TIME, GNNAC, DIGEST, KEY };
enum { FAMILY, KNOBS, STATUS, N_SAMPLES, MEDIAN, P20, P80, ERROR, REGS, SPILL,
       SAMPLES };

enum { N_ROW_TEXTS = 3 }; // the first columns of GET_MEASUREMENTS

void run_copy_finish(struct run_copy *c)
{
    for (size_t i = 0; i < N_ROW_TEXTS * c->record.n_rows; i++)
        free(c->texts[i]);
    for (size_t i = 0; i < c->record.n_rows; i++)
        free(c->samples[i]);
    for (int i = 0; i < N_KEY_TEXTS; i++)
        free(c->key_texts[i]);
    free(c->texts);
    free(c->samples);
    free(c->gnnac);
    free(c->rows);
    *c = (struct run_copy){.sound = false};
}

// Room for the next power of two, once all is used.
static gnnac_status make_room(struct run_copy *c, gnnac_error *err)
{
    size_t n = c->record.n_rows, room = n ? 2 * n : 1;
    if ((n & (n - 1)) != 0)
        return GNNAC_OK;
    void *rows = realloc(c->rows, room * sizeof(*c->rows));
    if (rows)
        c->rows = rows;
    void *texts = realloc(c->texts, N_ROW_TEXTS * room * sizeof(*c->texts));
    if (texts)
        c->texts = texts;
    void *samples = realloc(c->samples, room * sizeof(*c->samples));
    if (samples)
        c->samples = samples;
    return rows && texts && samples
               ? GNNAC_OK
               : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

// Of the row that was counted in last.
static void copy_samples(sqlite3_stmt *s, struct run_copy *c)
{
    size_t at = c->record.n_rows - 1;
    struct measurement_row *row = &c->rows[at];
    c->samples_sound &= samples_unpack(
        &c->record, at, sqlite3_column_blob(s, SAMPLES),
        (size_t)sqlite3_column_bytes(s, SAMPLES), &c->samples[at],
        &row->n_kept);
    row->samples_ns = c->samples[at];
}

// Counted in at once, so that what there is of it is freed in any case.
static gnnac_status copy_row(sqlite3_stmt *s, struct run_copy *c,
                             gnnac_error *err)
{
    gnnac_status st = make_room(c, err);
    if (st != GNNAC_OK)
        return st;
    char **texts = c->texts + N_ROW_TEXTS * c->record.n_rows;
    bool whole = true;
    for (int i = 0; i < N_ROW_TEXTS; i++)
        whole = (texts[i] = strdup(column_text(s, i))) && whole;
    c->rows[c->record.n_rows++] = (struct measurement_row){
        .family = texts[FAMILY],
        .knobs = texts[KNOBS],
        .status = texts[STATUS],
        .n_samples = sqlite3_column_int64(s, N_SAMPLES),
        .median_ns = column_real(s, MEDIAN),
        .p20_ns = column_real(s, P20),
        .p80_ns = column_real(s, P80),
        .max_error = column_real(s, ERROR),
        .registers = column_count(s, REGS),
        .spill_bytes = column_count(s, SPILL),
    };
    copy_samples(s, c);
    return whole ? GNNAC_OK : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

static gnnac_status copy_rows(struct db *db, int64_t id, struct run_copy *c,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    bool found = true;
    TRY(db_statement(db, GET_MEASUREMENTS, &s, err));
    sqlite3_bind_int64(s, 1, id);
    while (true) {
        TRY(db_step(db, s, &found, err));
        if (!found)
            break;
        TRY(copy_row(s, c, err));
    }
out:
    sqlite3_reset(s);
    c->record.rows = c->rows;
    return st;
}

static gnnac_status copy_head(sqlite3_stmt *s, struct run_copy *c,
                              gnnac_error *err)
{
    bool whole = (c->gnnac = strdup(column_text(s, GNNAC))) != NULL;
    for (int i = 0; i < N_KEY_TEXTS; i++)
        whole = (c->key_texts[i] = strdup(column_text(s, KEY + i))) && whole;
    if (!whole)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    c->record.time = sqlite3_column_int64(s, TIME);
    c->record.gnnac = c->gnnac;
    c->record.key = (struct decision_key){c->key_texts[0], c->key_texts[1],
                                          c->key_texts[2], c->key_texts[3],
                                          c->key_texts[4]};
    if (sqlite3_column_bytes(s, UUID) == RUN_UUID_BYTES)
        memcpy(c->record.uuid, sqlite3_column_blob(s, UUID), RUN_UUID_BYTES);
    return GNNAC_OK;
}

// Runs of before version 3 bear no digest; damage then shows only in texts
// that are not there.
static bool seems_sound(sqlite3_stmt *s, const struct run_copy *c)
{
    if (sqlite3_column_bytes(s, UUID) != RUN_UUID_BYTES)
        return false;
    if (sqlite3_column_type(s, DIGEST) == SQLITE_NULL) {
        for (int i = 0; i < N_KEY_TEXTS; i++)
            if (sqlite3_column_type(s, KEY + i) == SQLITE_NULL)
                return false;
        return true;
    }
    struct digest d = run_digest(&c->record);
    return column_is_digest(s, DIGEST, &d);
}

gnnac_status run_load(struct db *db, int64_t id, struct run_copy *out,
                      gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct run_copy c = {.samples_sound = true};
    sqlite3_stmt *s = NULL;
    bool found;
    TRY(db_statement(db, GET_RUN, &s, err));
    sqlite3_bind_int64(s, 1, id);
    TRY(db_step(db, s, &found, err));
    if (found) {
        TRY(copy_head(s, &c, err));
        TRY(copy_rows(db, id, &c, err));
        c.sound = c.samples_sound && seems_sound(s, &c);
    }
    *out = c;
    c = (struct run_copy){.sound = false};
out:
    sqlite3_reset(s);
    run_copy_finish(&c);
    return st;
}
