// What was decided and measured, on disk (tune.db, SQLite): precious. Knows
// keys and numbers, not what a graph or a kernel is.
#ifndef GNNAC_TUNEDB_H
#define GNNAC_TUNEDB_H

#include <stddef.h>
#include <stdint.h>

#include "fail.h"

struct tunedb; // opaque; one thread at a time

// Creates folder and file as needed, migrates old schemas (a copy is kept as
// PATH.bak-vN), refuses files that are not ours or damaged, and never deletes
// one. ":memory:" works. A newer schema, or a file that cannot be written,
// opens read-only. GNNAC_EDB.
gnnac_status tunedb_open(const char *path, struct tunedb **out,
                         gnnac_error *err);
// The same, of a file that is there: it is neither created nor migrated. An
// older version is GNNAC_EDB, one that was never filled GNNAC_ENOENT.
gnnac_status tunedb_open_existing(const char *path, struct tunedb **out,
                                  gnnac_error *err);
void tunedb_close(struct tunedb *db);
int tunedb_is_read_only(const struct tunedb *db);
// Why it is read-only; "" when it is not.
const char *tunedb_note(const struct tunedb *db);

// Identity of a decision. Texts are canonical; see tunedb/README.md.
struct decision_key {
    const char *graph;     // fingerprint, 32 hex digits
    const char *op;        // canonical text of the operation
    const char *device;    // device class, or the list of architectures
    const char *toolchain; // compiler build id and library hash
    const char *space;     // hash of rules, templates and options
};

// What was decided. Texts returned by tunedb_get_decision belong to the caller
// (decision_row_finish).
struct decision_row {
    char *variant;    // JSON: family, knobs, rule, why, kernel launches
    char *artifacts;  // JSON: list of kcache keys
    double median_ns; // NaN: ranked, not timed
    int effort;       // 0 rules, 1 probe, 2 race
};
void decision_row_finish(struct decision_row *r);

// GNNAC_ENOENT when never decided, or when the row is damaged.
gnnac_status tunedb_get_decision(struct tunedb *db,
                                 const struct decision_key *key,
                                 struct decision_row *out, gnnac_error *err);
// Replaces an earlier decision unless that one took more effort.
gnnac_status tunedb_put_decision(struct tunedb *db,
                                 const struct decision_key *key,
                                 const struct decision_row *row,
                                 gnnac_error *err);

enum { MAX_KEPT_SAMPLES = 64 };

// One candidate. `status`: "ok", "wrong_result", "launch_error",
// "compile_error", "duplicate" (it executes what another of the run does, and
// has its times), "quarantined" (see tunedb_quarantine.h), "proposed" (nothing
// asked for it: not even compiled).
struct measurement_row {
    const char *family, *knobs, *status; // knobs: canonical JSON
    int64_t n_samples;
    double median_ns, p20_ns, p80_ns; // NaN when not timed
    double max_error;           // largest |error| / bound; NaN when unknown
    int registers, spill_bytes; // -1 when unknown
    // Single samples in ns, of rounds 0 to n_kept - 1 of the race; at most
    // MAX_KEPT_SAMPLES. NULL, 0: not kept.
    const float *samples_ns;
    size_t n_kept;
};
// One run: all rows or none are stored.
gnnac_status tunedb_put_measurements(struct tunedb *db,
                                     const struct decision_key *key,
                                     const struct measurement_row *rows,
                                     size_t n, gnnac_error *err);

// The same of rows that come one by one, since they are more than should be in
// memory: each is asked for twice, in order, and lives until the next is.
struct row_source {
    void *context;
    gnnac_status (*row)(void *context, size_t i, struct measurement_row *out,
                        gnnac_error *err);
};
gnnac_status tunedb_put_streamed(struct tunedb *db,
                                 const struct decision_key *key,
                                 const struct row_source *rows, size_t n,
                                 gnnac_error *err);

// What was computed from the bytes of a file. `key` says of which, how and by
// which version; the caller frees *value. GNNAC_ENOENT when there is none, or
// when the row is damaged; put replaces.
gnnac_status tunedb_get_analysis(struct tunedb *db, const char *key,
                                 char **value, gnnac_error *err);
gnnac_status tunedb_put_analysis(struct tunedb *db, const char *key,
                                 const char *value, gnnac_error *err);

// Read the whole file for damage of its structure. GNNAC_EDB says what.
gnnac_status tunedb_check(struct tunedb *db, gnnac_error *err);

struct tunedb_info {
    char path[512];
    int schema_version;
    int64_t n_decisions, n_runs, n_measurements, n_analyses, n_graphs,
        n_quarantined;
    int64_t n_bytes;
};
gnnac_status tunedb_get_info(struct tunedb *db, struct tunedb_info *out,
                             gnnac_error *err);

#endif
