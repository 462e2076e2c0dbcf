// Steps in reverse order. The gradient of a step's output is known when its
// turn comes, and is overwritten: nobody reads it later.
#include <string.h>

#include "cpu/cpu_grad.h"
#include "train/train_program.h"
#include "train/trainer.h"

// One step's turn.
struct turn {
    gnnac_trainer *t;
    struct cpu_run run;
    const struct step *s;
    int64_t n_rows;
    int n_threads;
    struct view g; // of the output
};

static bool wants(const struct turn *b, int32_t buffer)
{
    return buffer > 0 && b->t->plan.wants_grad[buffer];
}

// Whether a buffer's gradient is to be added to, from now on.
static bool take_grad(const struct turn *b, int32_t buffer)
{
    bool had = b->t->has_grad[buffer];
    b->t->has_grad[buffer] = true;
    return had;
}

// ---- parameters -------------------------------------------------------------

static void bias_grad(const struct turn *b)
{
    if (b->s->bias >= 0)
        cpu_column_sums(b->n_rows, as_const(b->g), b->t->sums,
                        b->t->grad.of[b->s->bias], b->n_threads);
}

static void sparse_weight_grad(const struct turn *b, const struct param *w,
                               float *grad)
{
    const gnnac_trainer *t = b->t;
    const struct transposed *columns = &t->x.columns;
    const struct sparse_columns x = {w->cols, columns->rowptr, columns->colidx,
                                     t->x.by_column};
    cpu_scatter(columns->rowptr[w->cols], b->run.x, columns->position,
                t->x.by_column, b->n_threads);
    cpu_sparse_weight_grad(&x, as_const(b->g), t->scratch, b->n_threads);
    cpu_transpose(t->scratch, w->cols, w->rows, grad, b->n_threads);
}

static void weight_grad(const struct turn *b)
{
    const struct param *w = &trained_program(b->t)->params[b->s->weight];
    float *grad = b->t->grad.of[b->s->weight];
    if (b->t->x.form.sparse && b->s->x == 0)
        sparse_weight_grad(b, w, grad);
    else
        cpu_weight_grad(b->n_rows, as_const(b->g), cpu_input(&b->run, b->s->x),
                        b->t->scratch, grad, b->n_threads);
}

static void eps_grad(const struct turn *b)
{
    if (b->s->eps < 0 || !b->t->o.learn_eps)
        return;
    double sum =
        cpu_dot(b->n_rows, as_const(b->g), cpu_input(&b->run, b->s->self),
                b->t->sums, b->n_threads);
    b->t->grad.of[b->s->eps][0] = (float)sum;
}

// ---- steps ------------------------------------------------------------------

static void back_linear(struct turn *b)
{
    const struct step *s = b->s;
    const struct param *w = &trained_program(b->t)->params[s->weight];
    weight_grad(b);
    if (!wants(b, s->x))
        return;
    cpu_transpose(b->t->m->params[s->weight], w->rows, w->cols, b->t->scratch,
                  b->n_threads);
    cpu_linear(b->n_rows, as_const(b->g), b->t->scratch,
               trainer_grad(b->t, s->x), take_grad(b, s->x), b->n_threads);
}

// How much larger dropout left what it kept of the step's output.
static float scale_after(const struct turn *b)
{
    const gnnac_trainer *t = b->t;
    bool dropped =
        t->x.dropped && t->plan.drop_after[b->s - trained_program(t)->steps];
    return dropped ? trainer_dropout(t, b->s->layer + 1).scale : 1;
}

static void back_activation(const struct turn *b)
{
    struct const_view out = as_const(cpu_output(&b->run, b->s->out));
    if (b->s->act == ACT_RELU)
        cpu_relu_grad(b->n_rows, out, b->g, b->n_threads);
    if (b->s->act == ACT_ELU)
        cpu_elu_grad(b->n_rows, out, scale_after(b), b->g, b->n_threads);
}

// Of a step that wrote to another buffer than it read.
static void pass_on(const struct turn *b, int32_t buffer, struct row_factor f)
{
    if (wants(b, buffer))
        cpu_scale_rows(b->n_rows, as_const(b->g), f, trainer_grad(b->t, buffer),
                       take_grad(b, buffer), b->n_threads);
}

static void back_bias_act(struct turn *b)
{
    back_activation(b);
    bias_grad(b);
    if (b->s->x != b->s->out)
        pass_on(b, b->s->x, (struct row_factor){.factor = 1});
}

static void back_residual(struct turn *b)
{
    pass_on(b, b->s->x, (struct row_factor){.factor = 1});
    pass_on(b, b->s->self, (struct row_factor){.factor = 1});
}

static void back_log_softmax(struct turn *b)
{
    cpu_log_softmax_grad(b->n_rows, as_const(cpu_output(&b->run, b->s->out)),
                         b->g, b->n_threads);
    if (b->s->x != b->s->out)
        pass_on(b, b->s->x, (struct row_factor){.factor = 1});
}

static void back_self(const struct turn *b)
{
    const struct gnnac_model *m = b->t->m;
    struct row_factor f = {.factor = 1};
    if (b->s->self_term == SELF_NONE)
        return;
    if (b->s->self_term == SELF_EPS)
        f.factor += m->params[b->s->eps][0];
    if (backward_self_term(b->s->self_term) == SELF_GCN)
        f.dinv = m->dinv;
    pass_on(b, b->s->self, f);
}

// The sum over in-neighbours, backward: a sum over the nodes sent to. What is
// there already is the row's own term.
static void back_sum(const struct turn *b)
{
    const struct gnnac_trainer *t = b->t;
    struct view to = trainer_grad(t, b->s->x);
    bool add = take_grad(b, b->s->x);
    struct aggregate_job job = {
        .n_rows = b->n_rows,
        .rowptr = t->graph.rowptr,
        .colidx = t->graph.colidx,
        .dinv = t->m->dinv,
        .x = as_const(b->g),
        .self = add ? as_const(to) : (struct const_view){0},
        .out = to,
        .norm = backward_norm(b->s->norm),
        .self_term = add ? SELF_ONE : SELF_NONE,
    };
    cpu_aggregate(&job, b->n_threads);
}

static void back_aggregate(struct turn *b)
{
    const struct row_factor mean = {1, NULL, b->t->m->bundle->rowptr};
    back_activation(b);
    bias_grad(b);
    eps_grad(b);
    back_self(b);
    if (!wants(b, b->s->x))
        return;
    if (b->s->norm == NORM_MEAN)
        cpu_scale_rows(b->n_rows, as_const(b->g), mean, b->g, false,
                       b->n_threads);
    back_sum(b);
}

// A buffer's gradient, zero where none has arrived yet.
static struct view grad_to_add(const struct turn *b, int32_t buffer)
{
    struct view g = trainer_grad(b->t, buffer);
    if (!take_grad(b, buffer))
        memset(g.data, 0, (size_t)(b->n_rows * g.pitch) * sizeof(float));
    return g;
}

static void back_attention(struct turn *b)
{
    back_activation(b);
    bias_grad(b);
    train_attention_backward(b->t, &b->run, b->s, as_const(b->g),
                             grad_to_add(b, b->s->x),
                             grad_to_add(b, b->s->self));
}

static void back_scores(struct turn *b)
{
    train_scores_backward(b->t, &b->run, b->s, as_const(b->g),
                          grad_to_add(b, b->s->x));
}

// Rows that were brought into one order go back into the other.
static void back_order(struct turn *b)
{
    const struct gnnac_bundle *bundle = b->t->m->bundle;
    if (!wants(b, b->s->x))
        return;
    take_grad(b, b->s->x); // orders copy: nobody else reads their input
    cpu_permute_rows(b->n_rows, as_const(b->g),
                     b->s->kind == STEP_GRAPH_ORDER ? bundle->perm
                                                    : bundle->inverse,
                     trainer_grad(b->t, b->s->x), b->n_threads);
}

static void (*const back[N_STEP_KINDS])(struct turn *) = {
    [STEP_LINEAR] = back_linear,       [STEP_AGGREGATE] = back_aggregate,
    [STEP_BIAS_ACT] = back_bias_act,   [STEP_LOG_SOFTMAX] = back_log_softmax,
    [STEP_GRAPH_ORDER] = back_order,   [STEP_INPUT_ORDER] = back_order,
    [STEP_ATTENTION] = back_attention, [STEP_ATTENTION_SCORES] = back_scores,
    [STEP_ATTENTION_V2] = back_attention, [STEP_RESIDUAL] = back_residual,
};

static void undo_dropout(const struct turn *b)
{
    struct dropout d = trainer_dropout(b->t, b->s->layer + 1);
    cpu_dropout_rows(b->n_rows, as_const(b->g), d, b->g, b->n_threads);
}

void train_backward(gnnac_trainer *t)
{
    const struct program *p = trained_program(t);
    struct turn b = {.t = t,
                     .run = trainer_run(t, trainer_x(t, t->x.dropped)),
                     .n_rows = t->m->bundle->manifest->n_nodes,
                     .n_threads = cpu_threads(t->m)};
    for (int32_t i = p->n_steps - 1; i >= 0; i--) {
        b.s = &p->steps[i];
        if (!t->has_grad[b.s->out])
            continue; // nothing that the loss depends on
        b.g = trainer_grad(t, b.s->out);
        if (t->x.dropped && t->plan.drop_after[i])
            undo_dropout(&b);
        back[b.s->kind](&b);
    }
}
