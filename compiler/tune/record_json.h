// Records of tune.db as JSON, one object each: {"decision": {...}},
// {"run": {...}}, {"analysis": {...}}, {"quarantine": {...}}. What the database
// keeps as JSON text stands there as JSON, so that people can read it, and
// comes back as the same bytes.
#ifndef GNNAC_RECORD_JSON_H
#define GNNAC_RECORD_JSON_H

#include <jansson.h>

#include "tunedb_records.h"

// New references. NULL: out of memory, or a text that is not UTF-8.
json_t *decision_to_json(const struct decision_record *r);
json_t *run_to_json(const struct run_record *r);
json_t *analysis_to_json(const struct analysis_record *r);
json_t *quarantine_to_json(const struct quarantine_row *r);

enum record_kind {
    RECORD_DECISION,
    RECORD_RUN,
    RECORD_ANALYSIS,
    RECORD_QUARANTINE,
};

// A record whose texts live as long as it does.
struct parsed_record {
    enum record_kind kind;
    union {
        struct decision_record decision;
        struct run_record run;
        struct analysis_record analysis;
        struct quarantine_row quarantine;
    };
    bool mended; // a decision of an older gnnac: an image of BLAS had a key, ""
    json_t *root;                 // holds most texts
    char *dumps[2];               // and these the rest
    struct measurement_row *rows; // of a run
    float (*samples)[MAX_KEPT_SAMPLES]; // of the rows
};
void parsed_record_finish(struct parsed_record *r);

// Exactly the fields that the functions above write, each in its range:
// GNNAC_EFORMAT says what is wrong, without a place. `root` is shared.
gnnac_status record_from_json(json_t *root, struct parsed_record *out,
                              gnnac_error *err);

#endif
