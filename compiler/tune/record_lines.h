// tune.db as text, JSON Lines: a head, a record a line, an end that counts
// them.
//
//     {"gnnac":"tuning database","format":1,"xxh3":"..."}
//     {"decision":{"graph":...},"xxh3":"..."}
//     {"end":{"records":1},"xxh3":"..."}
//
// "xxh3" is the XXH3-128 of the line's bytes before it, from the "{" up to and
// without the comma. Equal databases give equal bytes, whatever was written
// when.
#ifndef GNNAC_RECORD_LINES_H
#define GNNAC_RECORD_LINES_H

#include <stdio.h>

#include "tunedb_records.h"

struct record_counts {
    size_t n_seen, n_taken; // lines' records; those that changed the database
    size_t n_left_out;      // damaged or not UTF-8, and so not written
    size_t n_mended;        // of an older gnnac, read as they are written now
};

// Errors of writing show at `out`.
gnnac_status records_write(struct tunedb *db, FILE *out,
                           struct record_counts *counts, gnnac_error *err);

// All of `text` or nothing: one transaction. GNNAC_EFORMAT with `path` and the
// line for anything that records_write does not write.
gnnac_status records_read(const char *path, const char *text,
                          struct tunedb *db, struct record_counts *counts,
                          gnnac_error *err);

// Every sound record of `from` into `into`: one transaction.
gnnac_status records_merge(struct tunedb *from, struct tunedb *into,
                           struct record_counts *counts, gnnac_error *err);

#endif
