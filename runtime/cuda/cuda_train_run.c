#include <string.h>

#include "bundle/manifest.h"
#include "checked.h"
#include "cuda/cuda_capture.h"
#include "cuda/cuda_train.h"

enum { BUFFER_X = 0 };

static const struct manifest *manifest_of(const struct cuda_trainer *ct)
{
    return ct->t->m->bundle->manifest;
}

// ---- what runs --------------------------------------------------------------

// Dropped or as they are.
static bool reads_features(const struct cuda_trainer *ct, int32_t buffer)
{
    return buffer == BUFFER_X || buffer == ct->dropped_x;
}

// Whether the options and the features leave the step something to do.
static bool is_needed(const struct cuda_trainer *ct, const struct step *s)
{
    switch (s->kind) {
    case STEP_DROPOUT:
        return ct->t->o.dropout > 0 && !(ct->sparse.used && s->x == BUFFER_X);
    case STEP_LINEAR:
        return !(ct->sparse.used && reads_features(ct, s->x));
    case STEP_WEIGHT_GRAD:
        return !(ct->sparse.used && reads_features(ct, s->self));
    case STEP_SPARSE_LINEAR:
    case STEP_SPARSE_WEIGHT_GRAD:
        return ct->sparse.used;
    case STEP_LOSS:
        return ct->t->o.loss == GNNAC_CROSS_ENTROPY;
    case STEP_BCE_LOSS:
        return ct->t->o.loss == GNNAC_BCE;
    case STEP_EPS_GRAD:
        return ct->t->o.learn_eps;
    default:
        return true;
    }
}

// ---- kernels ----------------------------------------------------------------

static gnnac_status check_training(const struct cuda_trainer *ct,
                                   gnnac_error *err)
{
    const struct derived_kernels *tr = &manifest_of(ct)->training;
    if (!tr->rules[0])
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the bundle has no kernels for training on a GPU: compile "
                    "it with --train");
    if (strcmp(tr->rules, TRAIN_RULES) != 0 || tr->n_steps != ct->p.n_steps)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the bundle's kernels for training are of another version "
                    "of gnnac: compile it anew");
    return GNNAC_OK;
}

static struct cuda_graph *graph_of(struct cuda_trainer *ct,
                                   const struct step *s)
{
    switch (s->kind) {
    case STEP_SPARSE_LINEAR:
        return &ct->sparse.rows;
    case STEP_SPARSE_WEIGHT_GRAD:
        return &ct->sparse.columns;
    default:
        return s->transposed ? &ct->transposed : &ct->cm->graph;
    }
}

// What the kernel before does as well, by the manifest's word: that it can is
// checked with the kernel.
static bool is_done_before(const struct program *p, int32_t i)
{
    const struct step *s = &p->steps[i], *before = i ? s - 1 : NULL;
    if (!before || (!before->fused && before->kernel < 0))
        return false;
    return train_dropout_ends(p, i) ||
           (s->kind == STEP_BIAS_ACT && s->x == s->out && s->x == before->out &&
            before->kind == STEP_LINEAR);
}

static void take_kernels(struct cuda_trainer *ct)
{
    for (int32_t i = 0; i < ct->p.n_steps; i++) {
        struct step *s = &ct->p.steps[i];
        s->kernel = manifest_of(ct)->training.steps[i].kernel;
        s->fused = s->kernel < 0 && is_done_before(&ct->p, i);
    }
}

static gnnac_status load_kernel(struct cuda_trainer *ct, int32_t i,
                                size_t *partial, size_t *scratch,
                                gnnac_error *err)
{
    const struct manifest *m = manifest_of(ct);
    const struct step *s = &ct->p.steps[i];
    gnnac_status st = manifest_check_step_kernel(m, &ct->p, i, err);
    if (st == GNNAC_OK)
        st = cuda_model_load_kernel(ct->cm, s->kernel, graph_of(ct, s), partial,
                                    err);
    if (st != GNNAC_OK)
        return st;
    size_t n = cuda_graph_scratch_bytes(&ct->cm->graph, &m->kernels[s->kernel]);
    *scratch = n > *scratch ? n : *scratch;
    return GNNAC_OK;
}

gnnac_status cuda_train_load_kernels(struct cuda_trainer *ct, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    // Predictions run the model's own kernels.
    size_t partial = ct->cm->partial_bytes, scratch = 0;
    TRY(check_training(ct, err));
    take_kernels(ct);
    for (int32_t i = 0; i < ct->p.n_steps; i++)
        if (!step_by_blas(&ct->p.steps[i]) && !ct->p.steps[i].fused &&
            is_needed(ct, &ct->p.steps[i]))
            TRY(load_kernel(ct, i, &partial, &scratch, err));
    TRY(cuda_alloc(ct->c, partial, "partial sums", &ct->partial, err));
    TRY(cuda_alloc(ct->c, scratch, "sums over rows", &ct->scratch, err));
out:
    return st;
}

// ---- one step ---------------------------------------------------------------

cu_ptr cuda_train_buffer(const struct cuda_trainer *ct, int32_t buffer)
{
    if (buffer < 0)
        return 0;
    if (buffer == BUFFER_X || (buffer == ct->dropped_x && !ct->dropped))
        return ct->x;
    return buffer == ct->dropped_x ? ct->dropped
                                   : ct->values + ct->offset[buffer];
}

static cu_ptr grad_of(const struct cuda_trainer *ct, int32_t param)
{
    return param < 0 ? 0
                     : ct->arrays[ARRAY_GRAD] +
                           (cu_ptr)ct->cm->layout.offset[param] * sizeof(float);
}

// Where a kernel leaves what it makes of a parameter's gradient, or reads all.
static cu_ptr grad_operand(const struct cuda_trainer *ct, const struct step *s)
{
    switch (s->kind) {
    case STEP_BIAS_ACT_GRAD:
        return grad_of(ct, s->bias);
    case STEP_EPS_GRAD:
        return grad_of(ct, s->eps);
    case STEP_ATTENTION_SCORES_GRAD:
    case STEP_SPARSE_WEIGHT_GRAD:
        return grad_of(ct, s->weight);
    default:
        return ct->arrays[ARRAY_GRAD];
    }
}

// Which of a step's dropouts it is about, as the CPU counts them; -1: none.
static int32_t place_of(const struct step *s, bool drops)
{
    switch (s->kind) {
    case STEP_ATTENTION_KEEP:
    case STEP_ATTENTION_ROWS_GRAD:
    case STEP_ATTENTION_GRAD:
    case STEP_ATTENTION_V2_KEEP:
    case STEP_ATTENTION_V2_ROWS_GRAD:
    case STEP_ATTENTION_V2_GRAD:
        return MAX_LAYERS + s->layer;
    case STEP_BIAS_ACT_GRAD:
        return s->layer + 1;
    case STEP_SPARSE_LINEAR:
    case STEP_SPARSE_WEIGHT_GRAD:
        return s->dropped && drops ? s->layer : -1;
    default:
        return s->layer;
    }
}

static gnnac_status run_kernel(struct cuda_trainer *ct, const struct program *p,
                               const struct step *s, gnnac_error *err)
{
    bool scores = s->kind == STEP_ATTENTION_SCORES ||
                  s->kind == STEP_ATTENTION_SCORES_GRAD;
    const struct step *tail = step_tail(p, s);
    const struct operands o = {
        .out = cuda_train_buffer(ct, s->out),
        .x = cuda_train_buffer(ct, s->x),
        .self = cuda_train_buffer(ct, s->self),
        .weight = cuda_param(ct->cm, s->weight),
        .bias = cuda_param(ct->cm, s->bias),
        .tail_bias = cuda_param(ct->cm, tail ? tail->bias : -1),
        .eps = cuda_param(ct->cm, s->eps),
        .partial = ct->partial,
        .source_row = cuda_source_rows(ct->cm, s),
        .state = ct->state,
        .labels = ct->label,
        .share = ct->share,
        .scratch = ct->scratch,
        .grad = grad_operand(ct, s),
        .weights = ct->cm->weights,
        .first = ct->arrays[ARRAY_FIRST],
        .second = ct->arrays[ARRAY_SECOND],
        .treatment = ct->treatment,
        .weight_t = ct->sparse.weight_t,
        .att_src = scores ? cuda_param(ct->cm, s->weight) : 0,
        .att_dst = scores ? cuda_param(ct->cm, s->weight + 1) : 0,
        .g = s->grad ? cuda_train_buffer(ct, s->grad) : 0,
        .att_rows = s->att_rows ? cuda_train_buffer(ct, s->att_rows) : 0,
        .edge_of = ct->edge_of,
        .grad_next = scores ? grad_of(ct, s->weight + 1) : 0,
        .edge_values = s->kind == STEP_SPARSE_LINEAR ? ct->sparse.row_values
                                                     : ct->sparse.column_values,
        .place = place_of(s, ct->t->o.dropout > 0 && !ct->predicts),
        .tail_place = step_last(p, s)->layer,
        .n_weights = (int32_t)ct->cm->layout.n_floats,
        .early = true,
    };
    return cuda_kernel_launch(graph_of(ct, s), &ct->cm->kernels[s->kernel], &o,
                              ct->stream, err);
}

static struct device_matrix matrix(const struct cuda_trainer *ct,
                                   int32_t buffer)
{
    const struct buffer *b = &ct->p.buffers[buffer];
    return (struct device_matrix){cuda_train_buffer(ct, buffer), b->pitch,
                                  b->dtype};
}

static gnnac_status run_product(const struct cuda_trainer *ct,
                                const struct step *s, gnnac_error *err)
{
    const struct param *w = &ct->p.params[s->weight];
    const struct product size = {manifest_of(ct)->n_nodes, w->rows, w->cols,
                                 s->accumulate};
    cu_ptr weight = cuda_param(ct->cm, s->weight);
    switch (s->kind) {
    case STEP_LINEAR:
        return cuda_blas_linear(&ct->blas, &size, weight, matrix(ct, s->x),
                                matrix(ct, s->out), err);
    case STEP_INPUT_GRAD:
        return cuda_blas_input_grad(&ct->blas, &size, weight, matrix(ct, s->x),
                                    matrix(ct, s->out), err);
    default:
        return cuda_blas_weight_grad(&ct->blas, &size, matrix(ct, s->x),
                                     matrix(ct, s->self),
                                     grad_of(ct, s->weight), err);
    }
}

static gnnac_status run_step(struct cuda_trainer *ct, const struct program *p,
                             const struct step *s, gnnac_error *err)
{
    if (s->fused)
        return GNNAC_OK;
    return step_by_blas(s) ? run_product(ct, s, err)
                           : run_kernel(ct, p, s, err);
}

// The first steps of one.
static gnnac_status run_steps(struct cuda_trainer *ct, int32_t n_steps,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (int32_t i = 0; i < n_steps && st == GNNAC_OK; i++) {
        const struct step *s = &ct->p.steps[i];
        if (is_needed(ct, s))
            st = run_step(ct, &ct->p, s, err);
    }
    return st;
}

// What a product with the features is where they are sparse.
static const struct step *sparse_form(const struct cuda_trainer *ct,
                                      const struct step *product)
{
    const struct step *s = ct->p.steps;
    while (s->kind != STEP_SPARSE_LINEAR || s->weight != product->weight)
        s++;
    return s;
}

gnnac_status cuda_train_forward(struct cuda_trainer *ct, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct program *p = &manifest_of(ct)->program;
    ct->predicts = true;
    for (int32_t i = 0; i < p->n_steps && st == GNNAC_OK; i++) {
        const struct step *s = &p->steps[i];
        st = ct->sparse.used && s->x == BUFFER_X
                 ? run_step(ct, &ct->p, sparse_form(ct, s), err)
                 : run_step(ct, p, s, err);
    }
    ct->predicts = false;
    return st;
}

// ---- the graph --------------------------------------------------------------

static gnnac_status queue_step(void *work, cu_stream stream, gnnac_error *err)
{
    struct cuda_trainer *ct = work;
    (void)stream; // it is the trainer's
    return run_steps(ct, ct->p.n_steps, err);
}

gnnac_status cuda_train_capture(struct cuda_trainer *ct, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(cuda_blas_on(&ct->blas, ct->stream, err));
    TRY(run_steps(ct, ct->p.n_steps - 1, err)); // the last updates
    TRY(CU(ct->c, cuStreamSynchronize, (ct->stream), err));
    TRY(cuda_capture(ct->c, ct->stream, queue_step, ct, 1, &ct->step, err));
out:
    return st;
}
