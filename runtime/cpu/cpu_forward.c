// The CPU backend: a program's steps in order. Here all buffers are floats;
// those that have another dtype hold values rounded to it.
#include "cpu/cpu_run.h"
#include "input_features.h"

static const struct manifest *manifest_of(const struct cpu_run *r)
{
    return r->m->bundle->manifest;
}

struct view cpu_output(const struct cpu_run *r, int32_t buffer)
{
    const struct buffer *b = &manifest_of(r)->program.buffers[buffer];
    // The workspace is aligned to 16 bytes and offsets to 256.
    void *at = buffer == 1 ? (void *)r->y : r->workspace + r->offset[buffer];
    return (struct view){.data = at, .pitch = b->pitch, .dim = b->dim};
}

enum { LEAST_SHARED = 1 << 17 }; // numbers that a step touches

int cpu_threads(const struct gnnac_model *m)
{
    const struct manifest *b = m->bundle->manifest;
    int64_t widest = 1;
    for (int32_t i = 0; i < b->model.n_layers; i++) {
        const struct layer *l = &b->model.layers[i];
        int32_t wider = l->in_dim > l->out_dim ? l->in_dim : l->out_dim;
        widest = wider > widest ? wider : widest;
    }
    int64_t rows = b->n_nodes + b->n_stored_edges;
    return rows < LEAST_SHARED / widest ? 1 : m->ctx->n_threads;
}

struct const_view cpu_input(const struct cpu_run *r, int32_t buffer)
{
    if (buffer < 0)
        return (struct const_view){0};
    if (buffer == 0) {
        const struct buffer *b = &manifest_of(r)->program.buffers[0];
        return (struct const_view){r->x, b->pitch, b->dim};
    }
    return as_const(cpu_output(r, buffer));
}

static const float *param_of(const struct cpu_run *r, int32_t param)
{
    return param < 0 ? NULL : r->m->params[param];
}

static void run_aggregate(const struct cpu_run *r, const struct step *s)
{
    const struct gnnac_bundle *b = r->m->bundle;
    struct aggregate_job job = {
        .n_rows = manifest_of(r)->n_nodes,
        .rowptr = b->rowptr,
        .colidx = b->colidx,
        .dinv = r->m->dinv,
        .bias = param_of(r, s->bias),
        .eps = param_of(r, s->eps),
        .x = cpu_input(r, s->x),
        .self = cpu_input(r, s->self),
        .out = cpu_output(r, s->out),
        .norm = s->norm,
        .self_term = s->self_term,
        .act = s->act,
    };
    cpu_aggregate(&job, cpu_threads(r->m));
}

struct attention_job cpu_attention_job(const struct cpu_run *r,
                                       const struct step *s)
{
    const struct gnnac_bundle *b = r->m->bundle;
    bool v2 = s->kind == STEP_ATTENTION_V2;
    return (struct attention_job){
        .n_rows = manifest_of(r)->n_nodes,
        .rowptr = b->rowptr,
        .colidx = b->colidx,
        .bias = param_of(r, s->bias),
        .x = cpu_input(r, s->x),
        .scores = cpu_input(r, s->self),
        .att = {v2 ? param_of(r, s->weight) : NULL,
                step_heads(&manifest_of(r)->program, s)},
        .out = cpu_output(r, s->out),
        .act = s->act,
    };
}

static void run_attention(const struct cpu_run *r, const struct step *s)
{
    struct attention_job job = cpu_attention_job(r, s);
    cpu_attention(&job, cpu_threads(r->m));
}

void cpu_scale_product(const struct cpu_run *r, const struct step *s)
{
    struct view out = cpu_output(r, s->out);
    if (s->norm == NORM_GCN)
        cpu_multiply_rows(manifest_of(r)->n_nodes, r->m->dinv, out,
                          cpu_threads(r->m));
}

static enum dtype dtype_of(const struct cpu_run *r, int32_t buffer)
{
    return manifest_of(r)->program.buffers[buffer].dtype;
}

static void compute(const struct cpu_run *r, const struct step *s)
{
    int64_t n = manifest_of(r)->n_nodes;
    int n_threads = cpu_threads(r->m);
    struct const_view x = cpu_input(r, s->x);
    struct view out = cpu_output(r, s->out);
    switch (s->kind) {
    case STEP_LINEAR:
        cpu_linear_rounded(n, x, param_of(r, s->weight), dtype_of(r, s->x), out,
                           s->accumulate, n_threads);
        cpu_scale_product(r, s);
        break;
    case STEP_AGGREGATE:
        run_aggregate(r, s);
        break;
    case STEP_ATTENTION_SCORES:
        cpu_attention_scores(n, x, param_of(r, s->weight),
                             param_of(r, s->weight + 1), out, n_threads);
        break;
    case STEP_ATTENTION:
    case STEP_ATTENTION_V2:
        run_attention(r, s);
        break;
    case STEP_BIAS_ACT:
        cpu_bias_act(n, x, param_of(r, s->bias), s->act, out, n_threads);
        break;
    case STEP_RESIDUAL:
        cpu_add(n, x, cpu_input(r, s->self), out, n_threads);
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

void cpu_run_step(const struct cpu_run *r, const struct step *s)
{
    compute(r, s);
    if (dtype_of(r, s->out) != DTYPE_F32)
        cpu_round(manifest_of(r)->n_nodes, dtype_of(r, s->out),
                  cpu_output(r, s->out), cpu_threads(r->m));
}

void cpu_run_sparse_product(const struct cpu_run *r, const struct step *s,
                            const struct sparse_rows *x, float *scratch)
{
    const struct param *w = &manifest_of(r)->program.params[s->weight];
    int n_threads = cpu_threads(r->m);
    cpu_transpose(param_of(r, s->weight), w->rows, w->cols, scratch, n_threads);
    cpu_sparse_linear(x, scratch, cpu_output(r, s->out), s->accumulate,
                      n_threads);
    cpu_scale_product(r, s);
}

void cpu_forward(const struct gnnac_model *m, const struct features *x,
                 float *y, void *workspace, float *scratch)
{
    const struct program *p = &m->bundle->manifest->program;
    struct cpu_run r = {.m = m,
                        .offset = m->plan.offset,
                        .x = x->dense,
                        .y = y,
                        .workspace = workspace};
    for (int32_t i = 0; i < p->n_steps; i++)
        if (x->sparse && p->steps[i].x == 0)
            cpu_run_sparse_product(&r, &p->steps[i], &x->rows, scratch);
        else
            cpu_run_step(&r, &p->steps[i]);
}
