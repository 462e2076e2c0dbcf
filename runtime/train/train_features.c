#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "options.h"
#include "train/trainer.h"

void train_features_finish(struct train_features *x)
{
    transposed_finish(&x->columns);
    free(x->dropped);
    free(x->by_column);
    free(x->own_dense);
    *x = (struct train_features){0};
}

static gnnac_status check_rows(const gnnac_features *f, int64_t n_rows,
                               int32_t dim, gnnac_error *err)
{
    if (f->rowptr[0] != 0)
        return FAIL(err, GNNAC_EUSAGE, "features: rowptr does not begin at 0");
    for (int64_t v = 0; v < n_rows; v++)
        if (f->rowptr[v + 1] < f->rowptr[v])
            return FAIL(err, GNNAC_EUSAGE,
                        "features: rowptr descends at row %lld", (long long)v);
    for (int64_t e = 0; e < f->rowptr[n_rows]; e++)
        if (f->colidx[e] < 0 || f->colidx[e] >= dim)
            return FAIL(err, GNNAC_EUSAGE,
                        "features: column %d of %d, entry %lld",
                        (int)f->colidx[e], (int)dim, (long long)e);
    return GNNAC_OK;
}

static gnnac_status check_given(const gnnac_features *f, int64_t n_rows,
                                int32_t dim, gnnac_error *err)
{
    gnnac_status st = options_check(f, sizeof(*f), "gnnac_features", err);
    if (st != GNNAC_OK || f->dense)
        return st;
    if (!f->rowptr || !f->colidx || !f->values)
        return FAIL(err, GNNAC_EUSAGE,
                    "features: neither dense nor rowptr, colidx and values");
    return check_rows(f, n_rows, dim, err);
}

// Entries that stand twice add up, as they do in a product.
static gnnac_status make_dense(const gnnac_features *f, int64_t n_rows,
                               int32_t dim, struct train_features *x,
                               gnnac_error *err)
{
    x->own_dense = calloc_array(n_rows * dim, sizeof(float));
    if (!x->own_dense)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for dense features");
    for (int64_t v = 0; v < n_rows; v++)
        for (int64_t e = f->rowptr[v]; e < f->rowptr[v + 1]; e++)
            x->own_dense[v * dim + f->colidx[e]] += f->values[e];
    x->dense = x->own_dense;
    return GNNAC_OK;
}

static gnnac_status keep_sparse(const gnnac_features *f, int64_t n_rows,
                                int32_t dim, struct train_features *x,
                                gnnac_error *err)
{
    x->sparse = true;
    x->rows = (struct sparse_view){f->rowptr, f->colidx, f->values};
    x->by_column = alloc_array(f->rowptr[n_rows], sizeof(*x->by_column));
    if (!x->by_column)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for sparse features");
    return transpose_rows(n_rows, dim, f->rowptr, f->colidx, true, &x->columns,
                          err);
}

gnnac_status train_features_init(const gnnac_features *f,
                                 const struct gnnac_model *m, bool dense,
                                 bool dropout, struct train_features *out,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *mf = m->bundle->manifest;
    int64_t n_rows = mf->n_nodes;
    int32_t dim = mf->program.buffers[0].dim;
    struct train_features x = {.dense = f->dense};
    TRY(check_given(f, n_rows, dim, err));
    if (!f->dense && dense)
        TRY(make_dense(f, n_rows, dim, &x, err));
    else if (!f->dense)
        TRY(keep_sparse(f, n_rows, dim, &x, err));
    if (dropout &&
        !(x.dropped = alloc_array(x.sparse ? f->rowptr[n_rows] : n_rows * dim,
                                  sizeof(float)))) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for dropout");
        goto out;
    }
    *out = x;
    x = (struct train_features){0};
out:
    train_features_finish(&x);
    return st;
}
