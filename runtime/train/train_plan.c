#include "train/train_plan.h"

// What the steps so far did to the buffers and parameters.
struct history {
    bool written[MAX_BUFFERS], read[MAX_BUFFERS], used[MAX_PARAMS];
    int32_t layer;
};

static bool in_place(const struct step *s)
{
    return s->out == s->x || s->accumulate;
}

static void mark_read(struct history *h, const struct step *s, int32_t buffer)
{
    if (buffer >= 0 && buffer != s->out)
        h->read[buffer] = true;
}

static gnnac_status refuse(int32_t i, const char *what, gnnac_error *err)
{
    return FAIL(err, GNNAC_EUNSUPPORTED,
                "the program cannot be trained: step %d %s", (int)i, what);
}

static gnnac_status check_step(struct history *h, const struct step *s,
                               int32_t i, gnnac_error *err)
{
    bool attends =
        s->kind == STEP_ATTENTION_SCORES || s->kind == STEP_ATTENTION_V2;
    if (attends && (s->x == 0 || s->self == 0))
        return refuse(i, "attends to the features themselves", err);
    if (s->layer < h->layer)
        return refuse(i, "belongs to an earlier layer", err);
    if (in_place(s) && h->read[s->out])
        return refuse(i, "changes what another has read", err);
    if (!in_place(s) && h->written[s->out])
        return refuse(i, "overwrites a buffer", err);
    h->layer = s->layer;
    h->written[s->out] = true;
    mark_read(h, s, s->x);
    mark_read(h, s, s->self);
    return GNNAC_OK;
}

static gnnac_status use_params(struct history *h, const struct step *s,
                               int32_t i, struct train_plan *plan,
                               gnnac_error *err)
{
    bool scores = s->kind == STEP_ATTENTION_SCORES;
    const int32_t params[] = {s->weight, s->bias, s->eps,
                              scores ? s->weight + 1 : -1};
    for (size_t k = 0; k < sizeof(params) / sizeof(params[0]); k++) {
        if (params[k] < 0)
            continue;
        if (h->used[params[k]])
            return refuse(i, "shares a parameter with another", err);
        h->used[params[k]] = true;
        plan->param_layer[params[k]] = s->layer;
        plan->wants_grad[s->out] = true;
    }
    return GNNAC_OK;
}

static void follow_data(const struct step *s, struct train_plan *plan)
{
    if (plan->wants_grad[s->x] || (s->self >= 0 && plan->wants_grad[s->self]))
        plan->wants_grad[s->out] = true;
    plan->has_log_softmax =
        plan->has_log_softmax || s->kind == STEP_LOG_SOFTMAX;
}

// What ends its layer but for a residual, in front of another layer.
static bool ends_layer(const struct program *p, int32_t i)
{
    const struct step *s = &p->steps[i];
    int32_t next = i + 1;
    if (s->kind == STEP_RESIDUAL)
        return false;
    if (next < p->n_steps && p->steps[next].kind == STEP_RESIDUAL &&
        p->steps[next].x == s->out)
        next++;
    return next < p->n_steps && p->steps[next].layer != s->layer;
}

gnnac_status train_plan_build(const struct program *p, struct train_plan *out,
                              gnnac_error *err)
{
    struct history h = {.layer = 0};
    struct train_plan plan = {.has_log_softmax = false};
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        gnnac_status st = p->buffers[s->out].dtype == DTYPE_F32
                              ? check_step(&h, s, i, err)
                              : refuse(i, "stores its result in 16 bits", err);
        if (st == GNNAC_OK)
            st = use_params(&h, s, i, &plan, err);
        if (st != GNNAC_OK)
            return st;
        follow_data(s, &plan);
        plan.drop_after[i] = ends_layer(p, i);
    }
    *out = plan;
    return GNNAC_OK;
}
