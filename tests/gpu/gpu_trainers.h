// Two trainers of one network on two sides, mostly the GPU and the CPU: the
// same bundle, weights and options.
#ifndef GNNAC_GPU_TRAINERS_H
#define GNNAC_GPU_TRAINERS_H

#include "gpu_fixture.h"
#include "train/trainer.h"

enum { GPU, CPU, N_SIDES, N_STEPS = 3 };

static gnnac_context *contexts[N_SIDES];

// ---- two trainers of one network --------------------------------------------

struct pair {
    gnnac_bundle *bundle;
    gnnac_bundle_info info;
    gnnac_model *model[N_SIDES];
    gnnac_trainer *trainer[N_SIDES];
    float *x, *values, *y[N_SIDES];
    int64_t *rowptr;
    int32_t *colidx, *labels, *nodes;
    size_t n_labels;
    int32_t n_values; // that a label may have
    int64_t n;        // nodes in the loss
    gnnac_error err;
};

// What of the features is not zero.
enum pattern {
    A_THIRD,
    NOTHING,
    ALL,
    A_COLUMN,      // of all rows, and a third of the last row
    HALF_THE_ROWS, // a third of them, in every second column
    N_PATTERNS
};

static inline bool is_filled(enum pattern pattern, int64_t row, int64_t column,
                      int64_t n_rows, int64_t i)
{
    bool third = rng_below(6, (uint64_t)i, 3) == 0;
    switch (pattern) {
    case NOTHING:
        return false;
    case ALL:
        return true;
    case A_COLUMN:
        return column == 0 || (row == n_rows - 1 && third);
    case HALF_THE_ROWS:
        return row % 2 == 1 && column % 2 == 0 && third;
    default:
        return third;
    }
}

// The same dense and by rows, where every fifth stands there in two halves.
static inline void make_features(struct pair *p, enum pattern pattern)
{
    int64_t n = p->info.n_nodes * p->info.in_dim, e = 0;
    p->x = gpu_features(n, 5);
    p->rowptr = calloc((size_t)p->info.n_nodes + 1, sizeof(int64_t));
    p->colidx = malloc((size_t)(2 * n + 1) * sizeof(int32_t));
    p->values = malloc((size_t)(2 * n + 1) * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        int64_t row = i / p->info.in_dim, column = i % p->info.in_dim;
        if (!is_filled(pattern, row, column, p->info.n_nodes, i))
            p->x[i] = 0;
        for (int half = i % 5 == 0; p->x[i] != 0 && half >= 0; half--) {
            p->colidx[e] = (int32_t)column;
            p->values[e++] = i % 5 ? p->x[i] : p->x[i] / 2;
        }
        p->rowptr[row + 1] = e;
    }
}

// A class of each node, or of each class whether the node has it.
static inline void make_targets(struct pair *p, bool binary)
{
    size_t n = (size_t)p->info.n_nodes, classes = (size_t)p->info.out_dim;
    size_t end = binary ? 2 : classes;
    p->n_labels = n * (binary ? classes : 1);
    p->n_values = (int32_t)end;
    p->labels = malloc((p->n_labels + 1) * sizeof(int32_t));
    p->nodes = malloc((n + 1) * sizeof(int32_t));
    for (size_t i = 0; i < p->n_labels; i++)
        p->labels[i] = (int32_t)rng_below(9, i, end);
    for (size_t v = 0; v < n; v++)
        if (v % 3 != 1 || n < 4)
            p->nodes[p->n++] = (int32_t)v;
}

static inline gnnac_status open_side(struct pair *p, int side,
                              const gnnac_train_options *o, bool sparse)
{
    gnnac_status st = GNNAC_OK;
    const gnnac_features x = {.struct_size = sizeof(x),
                              .dense = sparse ? NULL : p->x,
                              .rowptr = p->rowptr,
                              .colidx = p->colidx,
                              .values = p->values,
                              .form = sparse ? GNNAC_FORM_SPARSE
                                             : GNNAC_FORM_DENSE};
    TRY(gnnac_model_create(contexts[side], p->bundle, &p->model[side],
                           &p->err));
    TRY(gnnac_model_init_weights(p->model[side], 7, &p->err));
    TRY(gnnac_trainer_create(p->model[side], &x, o, &p->trainer[side],
                             &p->err));
    p->y[side] = gpu_features(p->info.n_nodes * p->info.out_dim, 1);
out:
    return st;
}

struct setting {
    struct model_request model;
    struct gpu_build build;
    gnnac_train_options options;
    bool sparse; // on the GPU; the CPU's are dense
    enum pattern features;
};

static inline bool pair_open(struct pair *p, const struct csr *g,
                      const struct setting *s)
{
    struct gpu_build build = s->build;
    gnnac_train_options o = s->options;
    o.struct_size = sizeof(o);
    build.train = true;
    *p = (struct pair){.n = 0};
    p->bundle = gpu_bundle(g, &s->model, &build, &p->err);
    if (!p->bundle)
        return false;
    gnnac_bundle_get_info(p->bundle, &p->info);
    make_features(p, s->features);
    make_targets(p, o.loss == GNNAC_BCE);
    return open_side(p, GPU, &o, s->sparse) == GNNAC_OK &&
           open_side(p, CPU, &o, false) == GNNAC_OK;
}

static inline void pair_close(struct pair *p)
{
    for (int side = 0; side < N_SIDES; side++) {
        gnnac_trainer_destroy(p->trainer[side]);
        gnnac_model_destroy(p->model[side]);
        free(p->y[side]);
    }
    gnnac_bundle_close(p->bundle);
    free(p->x);
    free(p->values);
    free(p->rowptr);
    free(p->colidx);
    free(p->labels);
    free(p->nodes);
}

static inline bool open_contexts(void)
{
    static const char *const devices[N_SIDES] = {"cuda:0", "cpu"};
    gnnac_error err = {{0}};
    for (int side = 0; side < N_SIDES; side++) {
        const gnnac_context_options o = {.struct_size = sizeof(o),
                                         .device = devices[side]};
        if (gnnac_context_create(&o, &contexts[side], &err) != GNNAC_OK) {
            printf("not ok 1 - %s\n1..1\n", err.msg);
            return false;
        }
    }
    return true;
}

#endif
