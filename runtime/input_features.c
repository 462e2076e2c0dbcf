#include "input_features.h"

#include <stddef.h>
#include <stdlib.h>

#include "checked.h"
#include "options.h"
#include "spans.h"

enum { BUFFER_X = 0 };

// ---- which form -------------------------------------------------------------

int64_t features_most_entries(const struct program *p, int64_t n_rows)
{
    double entry = 0, element = 0; // bytes of one
    if (!program_takes_sparse(p))
        return -1;
    for (int32_t i = 0; i < p->n_steps; i++) {
        int32_t dim = p->buffers[p->steps[i].out].dim;
        if (p->steps[i].x != BUFFER_X)
            continue;
        entry += 8 + 4.0 * dim;
        element += 4 + 2.0 * dim / FLOPS_PER_BYTE;
    }
    double elements = (double)n_rows * p->buffers[BUFFER_X].dim;
    return (int64_t)(elements * element / entry);
}

static int64_t count_entries(const gnnac_features *f, int64_t n_rows,
                             int32_t dim, int n_threads)
{
    int64_t n = 0;
    if (!f->dense)
        return f->rowptr[n_rows];
#pragma omp parallel for reduction(+ : n) num_threads(n_threads)
    for (int64_t i = 0; i < n_rows * dim; i++)
        n += f->dense[i] != 0;
    return n;
}

// ---- checks -----------------------------------------------------------------

static gnnac_status check_rows(const gnnac_features *f, int64_t n_rows,
                               int32_t dim, gnnac_error *err)
{
    if (f->rowptr[0] != 0)
        return FAIL(err, GNNAC_EUSAGE, "features: rowptr does not begin at 0");
    for (int64_t v = 0; v < n_rows; v++)
        if (f->rowptr[v + 1] < f->rowptr[v])
            return FAIL(err, GNNAC_EUSAGE,
                        "features: rowptr descends at row %lld", (long long)v);
    if (f->rowptr[n_rows] > 0 && (!f->colidx || !f->values))
        return FAIL(err, GNNAC_EUSAGE,
                    "features: %lld entries without colidx or values",
                    (long long)f->rowptr[n_rows]);
    for (int64_t e = 0; e < f->rowptr[n_rows]; e++)
        if (f->colidx[e] < 0 || f->colidx[e] >= dim)
            return FAIL(err, GNNAC_EUSAGE,
                        "features: column %d of %d, entry %lld",
                        (int)f->colidx[e], (int)dim, (long long)e);
    return GNNAC_OK;
}

// The first version of the struct had no form.
static gnnac_status read_given(const gnnac_features *given, gnnac_features *out,
                               gnnac_error *err)
{
    const size_t oldest = offsetof(gnnac_features, form);
    gnnac_status st = options_read(given, oldest, out, sizeof(*out),
                                   "gnnac_features", err);
    if (st != GNNAC_OK)
        return st;
    if (out->form < GNNAC_FORM_AUTO || out->form > GNNAC_FORM_SPARSE)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_features.form is %d",
                    (int)out->form);
    if (!out->dense && !out->rowptr)
        return FAIL(err, GNNAC_EUSAGE,
                    "features: neither dense nor rowptr, colidx and values");
    return GNNAC_OK;
}

// ---- forms ------------------------------------------------------------------

// Entries that stand twice add up, as they do in a product.
gnnac_status features_fill(const struct sparse_rows *x, int32_t dim,
                           float **out, gnnac_error *err)
{
    float *dense = calloc_array(x->n_rows * dim, sizeof(*dense));
    if (!dense)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for dense features");
    for (int64_t v = 0; v < x->n_rows; v++)
        for (int64_t e = x->rowptr[v]; e < x->rowptr[v + 1]; e++)
            dense[v * dim + x->colidx[e]] += x->value[e];
    *out = dense;
    return GNNAC_OK;
}

static void list_entries(const float *dense, int64_t n_rows, int32_t dim,
                         struct features *x)
{
    int64_t n = 0;
    for (int64_t v = 0; v < n_rows; v++) {
        x->own_rowptr[v] = n;
        for (int32_t c = 0; c < dim; c++)
            if (dense[v * dim + c] != 0) {
                x->own_colidx[n] = c;
                x->own_values[n++] = dense[v * dim + c];
            }
    }
    x->own_rowptr[n_rows] = n;
}

static gnnac_status make_sparse(const gnnac_features *f, int64_t n,
                                int64_t n_rows, int32_t dim,
                                struct features *x, gnnac_error *err)
{
    x->own_rowptr = alloc_array(n_rows + 1, sizeof(*x->own_rowptr));
    x->own_colidx = alloc_array(n, sizeof(*x->own_colidx));
    x->own_values = alloc_array(n, sizeof(*x->own_values));
    if (!x->own_rowptr || !x->own_colidx || !x->own_values)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for sparse features");
    list_entries(f->dense, n_rows, dim, x);
    x->rows = (struct sparse_rows){n_rows, x->own_rowptr, x->own_colidx,
                                   x->own_values};
    return GNNAC_OK;
}

// `n` entries.
static gnnac_status take_form(const gnnac_features *f, int64_t n,
                              int64_t n_rows, int32_t dim, struct features *x,
                              gnnac_error *err)
{
    const struct sparse_rows given = {n_rows, f->rowptr, f->colidx, f->values};
    gnnac_status st = GNNAC_OK;
    if (x->sparse && f->dense)
        return make_sparse(f, n, n_rows, dim, x, err);
    if (!x->sparse && !f->dense)
        st = features_fill(&given, dim, &x->own_values, err);
    x->rows = x->sparse ? given : (struct sparse_rows){0};
    x->dense = x->sparse ? NULL : f->dense ? f->dense : x->own_values;
    return st;
}

gnnac_status features_init(const gnnac_features *given,
                           const struct gnnac_model *model, const char *lack,
                           struct features *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *m = model->bundle->manifest;
    int64_t n_rows = m->n_nodes, n_entries = 0;
    int64_t most = features_most_entries(&m->program, n_rows);
    int32_t dim = m->program.buffers[BUFFER_X].dim;
    struct features x = {.sparse = false};
    gnnac_features f;
    TRY(read_given(given, &f, err));
    if (!f.dense)
        TRY(check_rows(&f, n_rows, dim, err));
    bool may = most >= 0 && f.form != GNNAC_FORM_DENSE;
    if (may && f.form == GNNAC_FORM_SPARSE && lack)
        return FAIL(err, GNNAC_EUNSUPPORTED, "%s", lack);
    if (may && !lack) {
        n_entries = count_entries(&f, n_rows, dim, model->ctx->n_threads);
        x.sparse = f.form == GNNAC_FORM_SPARSE || n_entries <= most;
    }
    TRY(take_form(&f, n_entries, n_rows, dim, &x, err));
    *out = x;
    x = (struct features){0};
out:
    features_finish(&x);
    return st;
}

bool features_overlap(const struct features *f, int64_t n_rows, int32_t dim,
                      const void *p, size_t n_bytes)
{
    const struct sparse_rows *x = &f->rows;
    size_t rows = (size_t)n_rows;
    if (!f->sparse)
        return spans_overlap(f->dense, rows * (size_t)dim * sizeof(*f->dense),
                             p, n_bytes);
    size_t n = (size_t)x->rowptr[n_rows];
    return spans_overlap(x->rowptr, (rows + 1) * sizeof(*x->rowptr), p,
                         n_bytes) ||
           spans_overlap(x->colidx, n * sizeof(*x->colidx), p, n_bytes) ||
           spans_overlap(x->value, n * sizeof(*x->value), p, n_bytes);
}

void features_finish(struct features *f)
{
    free(f->own_rowptr);
    free(f->own_colidx);
    free(f->own_values);
    *f = (struct features){0};
}
