// Rows of a run that are more than should be in memory: in a temporary file,
// gone with the program, until all are there and go into tune.db at once.
#ifndef GNNAC_SPOOL_H
#define GNNAC_SPOOL_H

#include <stdio.h>

#include "tunedb.h"

struct spool {
    FILE *file; // owned
    size_t n;   // rows
    struct spooled *at; // owned; the row read last
};

// In $TMPDIR or /tmp. GNNAC_EIO, GNNAC_ENOMEM; spool_finish is due in any case.
gnnac_status spool_init(struct spool *s, gnnac_error *err);
void spool_finish(struct spool *s);

// Copies the row to the end. GNNAC_EIO: the disk is full.
gnnac_status spool_add(struct spool *s, const struct measurement_row *row,
                       gnnac_error *err);

// A row_source's row, of a spool.
gnnac_status spool_row(void *spool, size_t i, struct measurement_row *out,
                       gnnac_error *err);

#endif
