// The CPU backend: a program's steps in order.
#include "backend.h"
#include "cpu_kernels.h"

// One inference.
struct run {
    const struct gnnac_model *m;
    const struct manifest *manifest;
    const float *x;
    float *y;
    char *workspace;
};

static struct view output_of(const struct run *r, int32_t buffer)
{
    const struct buffer *b = &r->manifest->program.buffers[buffer];
    // The workspace is aligned to 16 bytes and offsets to 256.
    void *at = buffer == 1 ? (void *)r->y
                           : r->workspace + r->m->plan.offset[buffer];
    return (struct view){.data = at, .pitch = b->pitch, .dim = b->dim};
}

static struct const_view input_of(const struct run *r, int32_t buffer)
{
    if (buffer < 0)
        return (struct const_view){0};
    if (buffer == 0) {
        const struct buffer *b = &r->manifest->program.buffers[0];
        return (struct const_view){r->x, b->pitch, b->dim};
    }
    struct view v = output_of(r, buffer);
    return (struct const_view){v.data, v.pitch, v.dim};
}

static const float *param_of(const struct run *r, int32_t param)
{
    return param < 0 ? NULL : r->m->params[param];
}

static void run_aggregate(const struct run *r, const struct step *s)
{
    const struct gnnac_bundle *b = r->m->bundle;
    struct aggregate_job job = {
        .n_rows = r->manifest->n_nodes,
        .rowptr = b->rowptr,
        .colidx = b->colidx,
        .dinv = r->m->dinv,
        .bias = param_of(r, s->bias),
        .eps = param_of(r, s->eps),
        .x = input_of(r, s->x),
        .self = input_of(r, s->self),
        .out = output_of(r, s->out),
        .norm = s->norm,
        .self_term = s->self_term,
        .act = s->act,
    };
    cpu_aggregate(&job, r->m->ctx->n_threads);
}

static void run_step(const struct run *r, const struct step *s)
{
    int64_t n = r->manifest->n_nodes;
    int n_threads = r->m->ctx->n_threads;
    struct const_view x = input_of(r, s->x);
    struct view out = output_of(r, s->out);
    switch (s->kind) {
    case STEP_LINEAR:
        cpu_linear(n, x, param_of(r, s->weight), out, s->accumulate, n_threads);
        break;
    case STEP_AGGREGATE:
        run_aggregate(r, s);
        break;
    case STEP_BIAS_ACT:
        cpu_bias_act(n, x, param_of(r, s->bias), s->act, out, n_threads);
        break;
    case STEP_LOG_SOFTMAX:
        cpu_log_softmax(n, x, out, n_threads);
        break;
    default:
        cpu_permute_rows(n, x, bundle_source_rows(r->m->bundle, s), out,
                         n_threads);
        break;
    }
}

void cpu_forward(const struct gnnac_model *m, const float *x, float *y,
                 void *workspace)
{
    struct run r = {.m = m,
                    .manifest = m->bundle->manifest,
                    .x = x,
                    .y = y,
                    .workspace = workspace};
    for (int32_t i = 0; i < r.manifest->program.n_steps; i++)
        run_step(&r, &r.manifest->program.steps[i]);
}
