// tune.db row by row, whole: to list, to export, to merge and to verify. A
// record is a row with the texts that it refers to, so it means the same in
// every file.
#ifndef GNNAC_TUNEDB_RECORDS_H
#define GNNAC_TUNEDB_RECORDS_H

#include <stdbool.h>

#include "damage.h"
#include "tunedb.h"
#include "tunedb_quarantine.h"

enum { RUN_UUID_BYTES = 16 };

// See decision_row for what the fields mean.
struct decision_record {
    struct decision_key key;
    const char *variant, *artifacts;
    double median_ns;
    int effort;
    int64_t time; // Unix seconds
};

// One session of measuring. Two records of one uuid are the same run.
struct run_record {
    unsigned char uuid[RUN_UUID_BYTES];
    int64_t time;
    const char *gnnac; // version of the program
    struct decision_key key;
    size_t n_rows;
    const struct measurement_row *rows;
};

struct analysis_record {
    const char *key, *value;
    int64_t time;
};

// ---- reading ----------------------------------------------------------------

// What is to be told; NULL: nothing of that kind. Records and their texts live
// until the function returns. Another status than GNNAC_OK ends the visit.
struct record_visitor {
    void *context;
    gnnac_status (*decision)(void *context, const struct decision_record *r,
                             gnnac_error *err);
    gnnac_status (*run)(void *context, const struct run_record *r,
                        gnnac_error *err);
    gnnac_status (*analysis)(void *context, const struct analysis_record *r,
                             gnnac_error *err);
    gnnac_status (*quarantine)(void *context, const struct quarantine_row *r,
                               gnnac_error *err);
    // A row that is not what was written, or refers to one that is not there.
    // It is told in place of the record.
    gnnac_status (*damage)(void *context, const char *what, gnnac_error *err);
};

// Every decision, run, analysis and kernel in quarantine, in this order, each
// kind in the order of its key's texts, runs of one key by time and uuid: no
// order of writing shows. `graph` is the beginning of a fingerprint ("": all)
// and leaves out what is not about such a graph, analyses and quarantine with
// it. One snapshot; the visitor must not write to `db`.
gnnac_status tunedb_visit(struct tunedb *db, const char *graph,
                          const struct record_visitor *v, gnnac_error *err);

// ---- writing ----------------------------------------------------------------

// Merges stand between a begin and its end, which are one transaction: the end
// stores all of them, or none when `st` is a failure, which it returns.
gnnac_status tunedb_begin(struct tunedb *db, gnnac_error *err);
gnnac_status tunedb_end(struct tunedb *db, gnnac_status st, gnnac_error *err);

// Take a record in, times and all. Of two under one key the better one stays,
// in whatever order they come; damaged ones give way. *changed: it was taken.
// - decisions: more effort, then timed over ranked, then the later one;
// - runs: more measurements;
// - analyses, and what is in quarantine: the later one;
// - then, of each, the larger digest.
gnnac_status tunedb_merge_decision(struct tunedb *db,
                                   const struct decision_record *r,
                                   bool *changed, gnnac_error *err);
gnnac_status tunedb_merge_run(struct tunedb *db, const struct run_record *r,
                              bool *changed, gnnac_error *err);
gnnac_status tunedb_merge_analysis(struct tunedb *db,
                                   const struct analysis_record *r,
                                   bool *changed, gnnac_error *err);
gnnac_status tunedb_merge_quarantine(struct tunedb *db,
                                     const struct quarantine_row *r,
                                     bool *changed, gnnac_error *err);

// ---- looking for damage -----------------------------------------------------

// Structure, references and every digest. GNNAC_EDB where the file is too
// damaged to be read to its end; what was found before was reported.
gnnac_status tunedb_verify(struct tunedb *db, damage_report *report,
                           void *context, gnnac_error *err);

#endif
