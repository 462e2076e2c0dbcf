// The open tuning database, its statements, and what tunedb.c and tunedb_*.c
// share.
#ifndef GNNAC_TUNEDB_QUERIES_H
#define GNNAC_TUNEDB_QUERIES_H

#include "db.h"
#include "digest.h"
#include "tunedb.h"
#include "tunedb_quarantine.h"
#include "tunedb_records.h"

struct tunedb {
    struct db db;
};

// ADD_x, FIND_x pairs: a text's row is added if absent, then found.
enum tunedb_statement {
    ADD_GRAPH,
    FIND_GRAPH,
    ADD_OP,
    FIND_OP,
    ADD_DEVICE,
    FIND_DEVICE,
    ADD_TOOLCHAIN,
    FIND_TOOLCHAIN,
    ADD_SPACE,
    FIND_SPACE,
    ADD_VARIANT,
    FIND_VARIANT,
    ADD_RUN,
    ADD_MEASUREMENT,
    GET_DECISION,
    PUT_DECISION,
    GET_ANALYSIS,
    PUT_ANALYSIS,
    GET_QUARANTINE,
    PUT_QUARANTINE,
    LIST_DECISIONS,
    LIST_RUNS,
    LIST_ANALYSES,
    LIST_QUARANTINE,
    GET_RUN,
    GET_MEASUREMENTS,
    FIND_RUN,
    DROP_MEASUREMENTS,
    DROP_RUN,
};

// Columns of GET_DECISION.
enum {
    DECISION_VARIANT,
    DECISION_ARTIFACTS,
    DECISION_MEDIAN_NS,
    DECISION_EFFORT,
    DECISION_DIGEST,
    DECISION_TIME,
};

// Columns of GET_ANALYSIS.
enum { ANALYSIS_VALUE, ANALYSIS_DIGEST, ANALYSIS_TIME };

// Columns of GET_QUARANTINE and LIST_QUARANTINE.
enum {
    QUARANTINE_KEY,
    QUARANTINE_DRIVER,
    QUARANTINE_CONTENT,
    QUARANTINE_ARCH,
    QUARANTINE_KERNEL,
    QUARANTINE_VERDICT,
    QUARANTINE_REASON,
    QUARANTINE_TIME,
    QUARANTINE_DIGEST,
};

enum { N_KEY_TEXTS = 5 };
void key_texts(const struct decision_key *key, const char *texts[N_KEY_TEXTS]);
void key_digest(XXH3_state_t *s, const struct decision_key *key);

// The row of one or two texts, by an ADD_x; a new one if need be.
gnnac_status intern(struct db *db, int add, const char *a, const char *b,
                    int64_t *id, gnnac_error *err);
gnnac_status intern_key(struct db *db, const struct decision_key *key,
                        int64_t ids[N_KEY_TEXTS], gnnac_error *err);

struct digest decision_digest(const struct decision_record *r);
struct digest run_digest(const struct run_record *r);
// The column `samples`: a digest of run, place and samples, then the samples.
enum { SAMPLES_BYTES = DIGEST_BYTES + 4 * MAX_KEPT_SAMPLES };
// Bytes written to `out`; 0: nothing is kept.
size_t samples_pack(const struct run_record *r, size_t seq,
                    const struct measurement_row *row,
                    unsigned char out[SAMPLES_BYTES]);
// An owned copy through *out, NULL without samples. False: damaged.
bool samples_unpack(const struct run_record *r, size_t seq, const void *blob,
                    size_t n_bytes, float **out, size_t *n);
size_t samples_count(const struct run_record *r);
struct digest samples_digest(const struct run_record *r);

struct digest analysis_digest(const char *key, const char *value);
struct digest quarantine_digest(const struct quarantine_row *r);

// Step to the row of `key`; *sound is false when there is none, or a damaged
// one. The caller resets *out.
gnnac_status find_analysis(struct db *db, const char *key, sqlite3_stmt **out,
                           bool *sound, gnnac_error *err);
gnnac_status find_decision(struct db *db, const struct decision_key *key,
                           sqlite3_stmt **out, bool *sound, gnnac_error *err);

gnnac_status find_quarantine(struct db *db, const struct quarantine_question *q,
                             sqlite3_stmt **out, bool *sound, gnnac_error *err);
// The row at hand; its texts live until the statement moves on.
struct quarantine_row quarantine_of(sqlite3_stmt *s, bool *sound);

// In a transaction of the caller's, unconditionally.
gnnac_status write_decision(struct db *db, const struct decision_record *r,
                            gnnac_error *err);
gnnac_status write_run(struct db *db, const struct run_record *r,
                       gnnac_error *err);
gnnac_status write_analysis(struct db *db, const struct analysis_record *r,
                            gnnac_error *err);
gnnac_status write_quarantine(struct db *db, const struct quarantine_row *r,
                              gnnac_error *err);

// A run and its measurements, all owned.
struct run_copy {
    struct run_record record;
    struct measurement_row *rows; // those of `record`
    char **texts;    // of `rows`, three a row
    float **samples; // of `rows`
    bool samples_sound;
    char *key_texts[N_KEY_TEXTS], *gnnac;
    bool sound; // as its digest says; true without one
};
gnnac_status run_load(struct db *db, int64_t id, struct run_copy *out,
                      gnnac_error *err);
void run_copy_finish(struct run_copy *c);

#endif
