#include "plan/whole.h"

#include <stdio.h>

#include "bundle/hash_text.h"
#include "plan/fuse.h"
#include "plan/opspec.h"

enum { BUFFER_X, BUFFER_Y };

static bool fits(const struct program *p, const struct step *s)
{
    const struct buffer *x = &p->buffers[s->x], *out = &p->buffers[s->out];
    if (x->dtype != DTYPE_F32 || out->dtype != DTYPE_F32 ||
        out->dim > WHOLE_COLUMNS || s->out == BUFFER_X ||
        s->kind == STEP_RESIDUAL)
        return false;
    return s->kind == STEP_LINEAR || s->kind == STEP_AGGREGATE || s->fused;
}

static bool all_fit(const struct program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++)
        if (!fits(p, &p->steps[i]))
            return false;
    return p->n_steps <= MAX_PHASES && p->n_steps < MAX_STEPS;
}

static bool any_meets(const struct phase *phases, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (phases[i].meets)
            return true;
    return false;
}

bool whole_program(const struct program *p, struct program *out)
{
    struct phase phases[MAX_PHASES];
    if (!all_fit(p))
        return false;
    *out = *p;
    out->steps[out->n_steps++] =
        (struct step){.kind = STEP_WHOLE_MODEL, .layer = 0, .x = BUFFER_X,
                      .out = BUFFER_Y, .self = -1, .weight = -1, .bias = -1,
                      .eps = -1, .kernel = -1};
    return any_meets(phases, whole_phases(out, phases));
}

static struct phase phase_of(const struct program *p, const struct step *s)
{
    const struct step *tail = step_tail(p, s), *last = step_last(p, s);
    return (struct phase){.kind = s->kind,
                          .spec = kernel_spec_of(p, s, 0, 0),
                          .x = s->x,
                          .out = last->out,
                          .self = s->self,
                          .weight = tail && s->weight < 0 ? tail->weight
                                                          : s->weight,
                          .bias = s->bias,
                          .tail_bias = tail ? last->bias : -1,
                          .eps = s->eps};
}

// What blocks have done to the buffers: ever, and since they last met.
struct history {
    bool made[MAX_BUFFERS], written[MAX_BUFFERS], read[MAX_BUFFERS];
};

static bool has_to_wait(const struct history *h, const struct phase *f)
{
    return h->written[f->x] || (f->self >= 0 && h->written[f->self]) ||
           h->written[f->out] || h->read[f->out];
}

static void add_to_history(struct history *h, struct phase *f)
{
    f->meets = has_to_wait(h, f);
    f->reads_made = h->made[f->x] || (f->self >= 0 && h->made[f->self]);
    for (int32_t b = 0; f->meets && b < MAX_BUFFERS; b++)
        h->written[b] = h->read[b] = false;
    h->made[f->out] = h->written[f->out] = h->read[f->x] = true;
    if (f->self >= 0)
        h->read[f->self] = true;
}

int32_t whole_phases(const struct program *p, struct phase out[MAX_PHASES])
{
    struct history h = {.made = {false}};
    int32_t n = 0;
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        if (s->fused || s->kind == STEP_WHOLE_MODEL)
            continue;
        out[n] = phase_of(p, s);
        add_to_history(&h, &out[n++]);
    }
    return n;
}

// A step in words; what it works on by number.
static int phase_text(const struct phase *f, char *out, size_t n_bytes)
{
    const struct kernel_spec *k = &f->spec;
    return snprintf(out, n_bytes,
                    "%s %d,%d,%d,%d,%d,%d,%d,%d dim=%d depth=%d "
                    "pitch=%d,%d,%d %s %s %s %s:%d %s adds=%d\n",
                    step_kind_name(f->kind), (int)f->x, (int)f->out,
                    (int)f->self, (int)f->weight, (int)f->bias,
                    (int)f->tail_bias, (int)f->eps, f->meets, (int)k->dim,
                    (int)k->depth, (int)k->x_pitch,
                    (int)k->out_pitch, (int)k->self_pitch, norm_name(k->norm),
                    self_term_name(k->self_term), activation_name(k->act),
                    tail_name(k->tail), (int)k->tail_dim,
                    activation_name(k->tail_act), k->adds);
}

void whole_hash(const struct program *p, char hex[33])
{
    enum { LINE = 256 };
    struct phase phases[MAX_PHASES];
    char text[MAX_PHASES * LINE];
    size_t used = 0;
    int32_t n = whole_phases(p, phases);
    for (int32_t i = 0; i < n; i++)
        used += (size_t)phase_text(&phases[i], text + used, LINE);
    hash_hex(text, used, hex);
}
