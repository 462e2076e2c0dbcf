// Kernels that are not to be run again, in tune.db: each gave a wrong result,
// faulted or hung under a driver. Found by its key in the kernel cache, or by
// what its image executes, whatever it is called.
#ifndef GNNAC_TUNEDB_QUARANTINE_H
#define GNNAC_TUNEDB_QUARANTINE_H

#include "tunedb.h"

struct quarantine_row {
    const char *key;     // in kcache.db, 32 hex digits
    const char *driver;  // what it ran under
    const char *content; // digest of what it executes, 32 hex digits
    const char *arch;    // "sm_90"
    const char *kernel;  // its name
    const char *verdict; // "wrong_result", "fault" or "hang"
    const char *reason;  // a line
    int64_t time;        // Unix seconds
};

// A row for a key under a driver; replaces an earlier one. `time` is ignored:
// it is now.
gnnac_status tunedb_put_quarantine(struct tunedb *db,
                                   const struct quarantine_row *row,
                                   gnnac_error *err);

// What is asked; NULL: not by this. Without a driver one under any counts.
struct quarantine_question {
    const char *key, *content, *driver;
};
// The latest answer.
struct quarantine_answer {
    char kernel[192], verdict[16], reason[512]; // cut where longer
};
// GNNAC_ENOENT: nothing is known against it. Damaged rows say nothing.
gnnac_status tunedb_find_quarantine(struct tunedb *db,
                                    const struct quarantine_question *q,
                                    struct quarantine_answer *out,
                                    gnnac_error *err);

// All may be run again. *n: how many there were.
gnnac_status tunedb_drop_quarantine(struct tunedb *db, int64_t *n,
                                    gnnac_error *err);

#endif
