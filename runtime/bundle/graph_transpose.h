// The stored graph by sources: row u lists the nodes that u sends to. Backward
// sums over it where forward sums over the in-neighbours.
#ifndef GNNAC_GRAPH_TRANSPOSE_H
#define GNNAC_GRAPH_TRANSPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"

struct transposed {
    int64_t *rowptr;   // [n_cols + 1]; owned
    int32_t *colidx;   // [n_entries]; ascending in each row; owned
    int64_t *position; // of each entry of the original, here; owned; NULL
                       // unless asked for
};

// Of a matrix [n_rows, n_cols] in CSR form, duplicates kept. GNNAC_ENOMEM.
gnnac_status transpose_rows(int64_t n_rows, int64_t n_cols,
                            const int64_t *rowptr, const int32_t *colidx,
                            bool with_positions, struct transposed *out,
                            gnnac_error *err);
void transposed_finish(struct transposed *t);

#endif
