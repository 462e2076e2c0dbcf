#include "plan/fuse.h"

#include <stdio.h>

#include "plan/products.h"
#include "train/train_program.h"

enum { FUSED_COLUMNS = 64, FUSED_WEIGHTS = 256, BUFFER_X = 0 };

static const char *const names[] = {[TAIL_NONE] = "none",
                                    [TAIL_LOG_SOFTMAX] = "log_softmax",
                                    [TAIL_LINEAR] = "linear",
                                    [TAIL_SCALED_LINEAR] = "scaled_linear",
                                    [TAIL_BIAS_ACT] = "bias_act"};
static const struct name_table tails = {N_TAILS, names};

const char *tail_name(enum tail v)
{
    return name_of(&tails, (int)v);
}

int tail_from_name(const char *s)
{
    return value_of(&tails, s);
}

enum tail tail_of(const struct program *p, const struct step *s)
{
    const struct step *tail = step_tail(p, s);
    if (!tail || tail->kind == STEP_DROPOUT || tail->kind == STEP_RESIDUAL)
        return TAIL_NONE;
    if (tail->kind != STEP_LINEAR)
        return tail->kind == STEP_BIAS_ACT ? TAIL_BIAS_ACT : TAIL_LOG_SOFTMAX;
    return tail->norm == NORM_GCN ? TAIL_SCALED_LINEAR : TAIL_LINEAR;
}

const char *tail_text(const struct program *p, const struct step *s,
                      char text[64])
{
    size_t n = 0;
    text[0] = '\0';
    for (const struct step *t = s; (t = step_tail(p, t)) && n < 64;)
        n += (size_t)snprintf(text + n, 64 - n, "%s%s", n ? ", " : "",
                              step_kind_name(t->kind));
    return text;
}

static bool is_read_by_others(const struct program *p, int32_t buffer,
                              const struct step *reader)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        if (s != reader && (s->x == buffer || s->self == buffer))
            return true;
    }
    return false;
}

static bool can_fuse_product(const struct program *p, const struct step *s)
{
    int64_t weights =
        (int64_t)p->buffers[s->x].dim * p->buffers[s->out].dim;
    return is_narrow_product(p, s) && !s->accumulate &&
           p->buffers[s->x].dtype == p->buffers[s->out].dtype &&
           weights <= FUSED_WEIGHTS && !is_read_by_others(p, s->x, s);
}

bool sum_takes_log_softmax(int32_t columns)
{
    return columns <= FUSED_COLUMNS;
}

static bool can_fuse(const struct program *p, const struct step *sum,
                     const struct step *s)
{
    if (sum->kind != STEP_AGGREGATE || s->x != sum->out ||
        s->out == sum->x || s->out == sum->self)
        return false;
    if (s->kind == STEP_LOG_SOFTMAX)
        return s->out == s->x && sum_takes_log_softmax(p->buffers[s->x].dim);
    return s->kind == STEP_LINEAR && can_fuse_product(p, s);
}

static bool is_last_of_product(const struct program *p,
                               const struct step *product,
                               const struct step *s)
{
    return is_own_product(p, product) && s->kind == STEP_BIAS_ACT &&
           s->x == product->out && s->out == s->x;
}

// What makes a layer's result, whatever kernel does it.
static bool ends_in_residual(const struct step *before, const struct step *s)
{
    return s->kind == STEP_RESIDUAL && s->x == before->out;
}

void program_part_features(struct program *p)
{
    for (int32_t i = 0; i + 1 < p->n_steps; i++)
        if (p->steps[i].x == BUFFER_X && p->steps[i].kind == STEP_LINEAR)
            p->steps[i + 1].fused = false;
}

void program_fuse(struct program *p, bool in_place)
{
    for (int32_t i = 1; i < p->n_steps; i++) {
        struct step *s = &p->steps[i];
        s->fused = is_last_of_product(p, s - 1, s) ||
                   (!in_place && (can_fuse(p, s - 1, s) ||
                                  ends_in_residual(s - 1, s)));
    }
}

// The step whose kernel does step i.
static struct step *head_of(struct program *p, int32_t i)
{
    while (p->steps[i].fused)
        i--;
    return &p->steps[i];
}

void program_fuse_dropout(struct program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++)
        if (train_dropout_ends(p, i)) {
            head_of(p, i - 1)->kernel = -1;
            p->steps[i].fused = true;
        }
}
