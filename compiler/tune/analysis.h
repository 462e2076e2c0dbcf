// The properties of a file's graph, kept in the tuning database.
#ifndef GNNAC_ANALYSIS_H
#define GNNAC_ANALYSIS_H

#include <stdbool.h>

#include "base/props.h"
#include "graph/csr.h"
#include "tunedb.h"

// What properties depend on besides the bytes of the file.
struct analysis_request {
    const char *path;
    const struct graph_options *graph;
    const char *community;
    bool triangles;
};

enum { ANALYSIS_KEY_BYTES = 256 };

// Reads the whole file: only its bytes tell whether it is the same. GNNAC_EIO,
// GNNAC_ENOENT.
gnnac_status analysis_key(const struct analysis_request *r,
                          char key[ANALYSIS_KEY_BYTES], gnnac_error *err);

// False: not there, damaged, or not readable. What is recalled is to the last
// bit what was remembered.
bool analysis_recall(struct tunedb *db, const char *key, struct props *out);
gnnac_status analysis_remember(struct tunedb *db, const char *key,
                               const struct props *p, gnnac_error *err);

// What was remembered, from the text that the database keeps; false: it is not
// such a text.
bool analysis_parse(const char *value, struct props *out);

#endif
