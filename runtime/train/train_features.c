#include <stdlib.h>

#include "checked.h"
#include "train/trainer.h"

void train_features_finish(struct train_features *x)
{
    features_finish(&x->form);
    transposed_finish(&x->columns);
    free(x->dropped);
    free(x->by_column);
    *x = (struct train_features){0};
}

static gnnac_status add_columns(struct train_features *x, int64_t n_rows,
                                int32_t dim, gnnac_error *err)
{
    const struct sparse_rows *v = &x->form.rows;
    x->by_column = alloc_array(v->rowptr[n_rows], sizeof(*x->by_column));
    if (!x->by_column)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for sparse features");
    return transpose_rows(n_rows, dim, v->rowptr, v->colidx, true, &x->columns,
                          err);
}

gnnac_status train_features_init(const gnnac_features *given,
                                 const struct gnnac_model *m, bool dropout,
                                 struct train_features *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *mf = m->bundle->manifest;
    int64_t n_rows = mf->n_nodes;
    int32_t dim = mf->program.buffers[0].dim;
    struct train_features x = {.dropped = NULL};
    TRY(features_init(given, m, NULL, &x.form, err));
    if (x.form.sparse)
        TRY(add_columns(&x, n_rows, dim, err));
    int64_t n = x.form.sparse ? x.form.rows.rowptr[n_rows] : n_rows * dim;
    if (dropout && !(x.dropped = alloc_array(n, sizeof(float)))) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for dropout");
        goto out;
    }
    *out = x;
    x = (struct train_features){0};
out:
    train_features_finish(&x);
    return st;
}
