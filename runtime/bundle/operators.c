#include "bundle/operators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1, MAX_DIM = 1 << 20 };

// An operator's part of a program.
struct builder {
    struct program *p;
    int32_t base, layer; // its first buffer
    const gnnac_plan_options *o;
    const struct kind *kind;
};

// What there are kernels for.
struct kind {
    const char *name;
    gnnac_op op;
    gnnac_reduce reduce; // of GNNAC_AGGREGATE
    void (*add)(struct builder *b);
    enum norm norm, back_norm;
    enum self_term self_term;
};

static void add_buffer(struct builder *b, enum operator_buffer at, int32_t dim)
{
    bool callers = at < OP_BUFFER_SCRATCH;
    b->p->buffers[b->base + (int32_t)at] =
        callers ? (struct buffer){dim, dim, DTYPE_F32}
                : padded_buffer(dim, DTYPE_F32);
}

static struct step *add_step(struct builder *b, enum step_kind kind,
                             enum operator_buffer x, enum operator_buffer out)
{
    struct step *s = &b->p->steps[b->p->n_steps++];
    *s = (struct step){.kind = kind,
                       .layer = b->layer,
                       .x = b->base + (int32_t)x,
                       .out = b->base + (int32_t)out,
                       .self = NONE,
                       .weight = NONE,
                       .bias = NONE,
                       .eps = NONE,
                       .kernel = NONE};
    return s;
}

static struct step *add_sum(struct builder *b, enum norm norm,
                            enum operator_buffer x, enum operator_buffer out)
{
    struct step *s = add_step(b, STEP_AGGREGATE, x, out);
    s->norm = norm;
    s->self_term = b->kind->self_term;
    s->self = s->self_term == SELF_NONE ? NONE : s->x;
    return s;
}

// The gradient of a mean goes back as that of a sum, row by row divided.
static void add_aggregate(struct builder *b)
{
    int32_t dim = b->o->dim;
    enum operator_buffer grad = OP_BUFFER_OUT_GRAD;
    add_buffer(b, OP_BUFFER_X, dim);
    add_buffer(b, OP_BUFFER_OUT, dim);
    add_sum(b, b->kind->norm, OP_BUFFER_X, OP_BUFFER_OUT);
    if (!b->o->backward)
        return;
    add_buffer(b, OP_BUFFER_OUT_GRAD, dim);
    add_buffer(b, OP_BUFFER_X_GRAD, dim);
    if (b->kind->norm == NORM_MEAN) {
        add_buffer(b, OP_BUFFER_SCRATCH, dim);
        add_step(b, STEP_ROW_MEAN, grad, OP_BUFFER_SCRATCH);
        grad = OP_BUFFER_SCRATCH;
    }
    add_sum(b, b->kind->back_norm, grad, OP_BUFFER_X_GRAD)->transposed = true;
}

static const struct kind kinds[] = {
    {"sum", GNNAC_AGGREGATE, GNNAC_SUM, add_aggregate, NORM_NONE, NORM_NONE,
     SELF_NONE},
    {"mean", GNNAC_AGGREGATE, GNNAC_MEAN, add_aggregate, NORM_MEAN, NORM_NONE,
     SELF_NONE},
    {"gcn", GNNAC_AGGREGATE, GNNAC_GCN, add_aggregate, NORM_GCN, NORM_GCN,
     SELF_GCN},
};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static gnnac_status find_kind(const gnnac_plan_options *o,
                              const struct kind **out, gnnac_error *err)
{
    for (int i = 0; i < N_KINDS; i++)
        if (kinds[i].op == o->op && kinds[i].reduce == o->reduce &&
            !o->weighted) {
            *out = &kinds[i];
            return GNNAC_OK;
        }
    return FAIL(err, GNNAC_EUNSUPPORTED,
                "on a GPU there are sum, mean and gcn, without weights: this "
                "operator runs on the CPU alone");
}

// ---- keys -------------------------------------------------------------------

gnnac_status operator_key(const gnnac_plan_options *o,
                          char out[OPERATOR_KEY_LEN], gnnac_error *err)
{
    const struct kind *kind;
    gnnac_status st = find_kind(o, &kind, err);
    if (st == GNNAC_OK)
        snprintf(out, OPERATOR_KEY_LEN, "%s:%d", kind->name, (int)o->dim);
    return st;
}

static const struct kind *kind_named(const char *name, size_t n)
{
    for (int i = 0; i < N_KINDS; i++)
        if (strlen(kinds[i].name) == n && memcmp(kinds[i].name, name, n) == 0)
            return &kinds[i];
    return NULL;
}

// A width as operator_key writes it.
static bool read_width(const char *text, int32_t *out)
{
    char *end;
    long width = strtol(text, &end, 10);
    *out = (int32_t)width;
    return text[0] >= '1' && text[0] <= '9' && *end == '\0' &&
           strlen(text) <= 7 && width <= MAX_DIM;
}

gnnac_status operator_from_key(const char *key, gnnac_plan_options *out,
                               gnnac_error *err)
{
    size_t n = strcspn(key, ":");
    const struct kind *kind = kind_named(key, n);
    int32_t dim;
    if (!kind)
        return FAIL(err, GNNAC_EUSAGE,
                    "operator '%.60s': expected sum:DIM, mean:DIM or gcn:DIM",
                    key);
    if (key[n] != ':' || !read_width(key + n + 1, &dim))
        return FAIL(err, GNNAC_EUSAGE,
                    "operator '%.60s': DIM is from 1 to %d columns", key,
                    (int)MAX_DIM);
    *out = (gnnac_plan_options){.struct_size = sizeof(*out),
                                .op = kind->op,
                                .reduce = kind->reduce,
                                .dim = dim,
                                .heads = 1,
                                .backward = 1};
    return GNNAC_OK;
}

// ---- steps ------------------------------------------------------------------

gnnac_status operator_add(const gnnac_plan_options *o, int32_t layer,
                          struct program *p, gnnac_error *err)
{
    struct builder b = {
        .p = p, .base = p->n_buffers, .layer = layer, .o = o};
    gnnac_status st = find_kind(o, &b.kind, err);
    if (st != GNNAC_OK)
        return st;
    p->n_buffers += N_OP_BUFFERS;
    b.kind->add(&b);
    return GNNAC_OK;
}

bool operator_step_is_backward(const struct step *s)
{
    return s->out % N_OP_BUFFERS > OP_BUFFER_OUT;
}
