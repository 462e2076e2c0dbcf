// Records into a database that may know better. What stays is the largest under
// a total order, so neither order nor repetition of merges shows.
#include <stdlib.h>

#include "tunedb_queries.h"
#include "values.h"

gnnac_status tunedb_begin(struct tunedb *db, gnnac_error *err)
{
    return db_begin(&db->db, err);
}

gnnac_status tunedb_end(struct tunedb *db, gnnac_status st, gnnac_error *err)
{
    return db_end(&db->db, st, err);
}

// Numbers in order of their weight.
enum { MAX_RANKS = 3 };
struct rank {
    int64_t numbers[MAX_RANKS];
    struct digest digest;
};

static bool outranks(const struct rank *a, const struct rank *b)
{
    for (int i = 0; i < MAX_RANKS; i++)
        if (a->numbers[i] != b->numbers[i])
            return a->numbers[i] > b->numbers[i];
    return memcmp(a->digest.bytes, b->digest.bytes, DIGEST_BYTES) > 0;
}

static struct digest stored_digest(sqlite3_stmt *s, int column)
{
    struct digest d;
    memcpy(d.bytes, sqlite3_column_blob(s, column), DIGEST_BYTES);
    return d;
}

// ---- decisions --------------------------------------------------------------

gnnac_status tunedb_merge_decision(struct tunedb *t,
                                   const struct decision_record *r,
                                   bool *changed, gnnac_error *err)
{
    sqlite3_stmt *s = NULL;
    struct rank theirs = {{0}, {{0}}};
    const struct rank ours = {
        {r->effort, !isnan(r->median_ns), r->time}, decision_digest(r)};
    gnnac_status st = find_decision(&t->db, &r->key, &s, changed, err);
    bool sound = st == GNNAC_OK && *changed;
    if (sound)
        theirs = (struct rank){{sqlite3_column_int(s, DECISION_EFFORT),
                                !isnan(column_real(s, DECISION_MEDIAN_NS)),
                                sqlite3_column_int64(s, DECISION_TIME)},
                               stored_digest(s, DECISION_DIGEST)};
    sqlite3_reset(s);
    if (st != GNNAC_OK)
        return st;
    *changed = !sound || outranks(&ours, &theirs);
    return *changed ? write_decision(&t->db, r, err) : GNNAC_OK;
}

// ---- runs -------------------------------------------------------------------

static gnnac_status find_run(struct db *db, const struct run_record *r,
                             bool *found, int64_t *id, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    TRY(db_statement(db, FIND_RUN, &s, err));
    sqlite3_bind_blob(s, 1, r->uuid, RUN_UUID_BYTES, SQLITE_STATIC);
    TRY(db_step(db, s, found, err));
    *id = *found ? sqlite3_column_int64(s, 0) : 0;
out:
    sqlite3_reset(s);
    return st;
}

static gnnac_status is_better_run(struct db *db, const struct run_record *r,
                                  int64_t id, bool *better, gnnac_error *err)
{
    struct run_copy c;
    gnnac_status st = run_load(db, id, &c, err);
    if (st != GNNAC_OK)
        return st;
    const struct rank ours = {{(int64_t)r->n_rows}, run_digest(r)};
    *better = !c.sound;
    if (c.sound) {
        const struct rank theirs = {{(int64_t)c.record.n_rows},
                                    run_digest(&c.record)};
        *better = outranks(&ours, &theirs);
    }
    run_copy_finish(&c);
    return GNNAC_OK;
}

static gnnac_status drop_run(struct db *db, int64_t id, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    static const int drops[] = {DROP_MEASUREMENTS, DROP_RUN};
    for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
        sqlite3_stmt *s;
        TRY(db_statement(db, drops[i], &s, err));
        sqlite3_bind_int64(s, 1, id);
        TRY(db_run(db, s, err));
    }
out:
    return st;
}

gnnac_status tunedb_merge_run(struct tunedb *t, const struct run_record *r,
                              bool *changed, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    bool found;
    int64_t id;
    TRY(find_run(&t->db, r, &found, &id, err));
    *changed = true;
    if (found)
        TRY(is_better_run(&t->db, r, id, changed, err));
    if (found && *changed)
        TRY(drop_run(&t->db, id, err));
    if (*changed)
        TRY(write_run(&t->db, r, err));
out:
    return st;
}

// ---- analyses ---------------------------------------------------------------

gnnac_status tunedb_merge_analysis(struct tunedb *t,
                                   const struct analysis_record *r,
                                   bool *changed, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    struct rank theirs = {{0}, {{0}}};
    const struct rank ours = {{r->time}, analysis_digest(r->key, r->value)};
    bool sound;
    TRY(find_analysis(&t->db, r->key, &s, &sound, err));
    if (sound)
        theirs = (struct rank){{sqlite3_column_int64(s, ANALYSIS_TIME)},
                               stored_digest(s, ANALYSIS_DIGEST)};
    *changed = !sound || outranks(&ours, &theirs);
    sqlite3_reset(s);
    if (*changed)
        TRY(write_analysis(&t->db, r, err));
out:
    return st;
}

// ---- quarantine -------------------------------------------------------------

gnnac_status tunedb_merge_quarantine(struct tunedb *t,
                                     const struct quarantine_row *r,
                                     bool *changed, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    struct rank theirs = {{0}, {{0}}};
    const struct rank ours = {{r->time}, quarantine_digest(r)};
    const struct quarantine_question q = {.key = r->key, .driver = r->driver};
    bool sound;
    TRY(find_quarantine(&t->db, &q, &s, &sound, err));
    if (sound)
        theirs = (struct rank){{sqlite3_column_int64(s, QUARANTINE_TIME)},
                               stored_digest(s, QUARANTINE_DIGEST)};
    *changed = !sound || outranks(&ours, &theirs);
    sqlite3_reset(s);
    if (*changed)
        TRY(write_quarantine(&t->db, r, err));
out:
    return st;
}
