#include "bundle/graph_transpose.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

void transposed_finish(struct transposed *t)
{
    free(t->rowptr);
    free(t->colidx);
    free(t->position);
    *t = (struct transposed){0};
}

// Rows are visited in order, so columns ascend. rowptr[c] runs from the
// beginning of row c to its end, then everything moves up by one.
static void fill(int64_t n_rows, int64_t n_cols, const int64_t *rowptr,
                 const int32_t *colidx, struct transposed *t)
{
    for (int64_t v = 0; v < n_rows; v++)
        for (int64_t e = rowptr[v]; e < rowptr[v + 1]; e++) {
            int64_t at = t->rowptr[colidx[e]]++;
            t->colidx[at] = (int32_t)v;
            if (t->position)
                t->position[e] = at;
        }
    memmove(t->rowptr + 1, t->rowptr, (size_t)n_cols * sizeof(*t->rowptr));
    t->rowptr[0] = 0;
}

gnnac_status transpose_rows(int64_t n_rows, int64_t n_cols,
                            const int64_t *rowptr, const int32_t *colidx,
                            bool with_positions, struct transposed *out,
                            gnnac_error *err)
{
    int64_t n = n_rows ? rowptr[n_rows] : 0;
    struct transposed t = {
        .rowptr = calloc_array(n_cols + 1, sizeof(*t.rowptr)),
        .colidx = alloc_array(n, sizeof(*t.colidx)),
        .position =
            with_positions ? alloc_array(n, sizeof(*t.position)) : NULL};
    if (!t.rowptr || !t.colidx || (with_positions && !t.position)) {
        transposed_finish(&t);
        return FAIL(err, GNNAC_ENOMEM, "out of memory for a transposed matrix");
    }
    for (int64_t e = 0; e < n; e++)
        t.rowptr[colidx[e] + 1]++;
    for (int64_t c = 0; c < n_cols; c++)
        t.rowptr[c + 1] += t.rowptr[c];
    fill(n_rows, n_cols, rowptr, colidx, &t);
    *out = t;
    return GNNAC_OK;
}
