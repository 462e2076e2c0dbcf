#include "plan/slabs.h"

#include <stdio.h>

#include "plan/order_steps.h"
#include "plan/products.h"

enum { FIRST_BUFFER = 2, LINE_BYTES = 128 };

// Edges of a node that make slabs worth reading all ids once more for each, and
// that also make up for a copy, which is two passes over the matrix.
static const double least_edges = 4, least_edges_of_copy = 16;

// ---- how wide ---------------------------------------------------------------

static bool has_edges(const struct slab_request *rq, double least)
{
    return (double)rq->n_edges >= least * (double)rq->n_nodes;
}

static int32_t automatic(const struct slab_request *rq)
{
    double usable = device_usable_l2(rq->device), n = (double)rq->n_nodes;
    if (!has_edges(rq, least_edges) || n * LINE_BYTES <= usable)
        return SLABS_NONE;
    for (int32_t bytes = LINE_BYTES / 2; bytes >= SLAB_MIN_BYTES; bytes /= 2)
        if (n * bytes <= usable)
            return bytes;
    return SLABS_NONE;
}

int32_t slab_bytes_for(const struct slab_request *rq, int64_t row_bytes)
{
    int32_t bytes = rq->bytes == SLABS_AUTO ? automatic(rq) : rq->bytes;
    return row_bytes > bytes ? bytes : SLABS_NONE;
}

// ---- what can ---------------------------------------------------------------

static bool works_in_place(const struct step *s)
{
    return s->kind == STEP_BIAS_ACT && s->x == s->out;
}

// Whether a kernel of the step writes slabs: the step's own, or the one that it
// is fused with.
static bool can_write(const struct program *p, const struct step *s,
                      const struct slab_request *rq)
{
    if (s->kind == STEP_LINEAR)
        return is_own_product(p, s) && !s->fused && !(rq->sparse && s->x == 0);
    return step_writes_slabs(s->kind) &&
           (s->kind != STEP_AGGREGATE || !step_tail(p, s));
}

static bool can_lie(const struct program *p, int32_t buffer,
                    const struct step *reader, const struct slab_request *rq)
{
    if (buffer < FIRST_BUFFER)
        return false;
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        bool reads = s->x == buffer || s->self == buffer;
        if ((reads && s != reader && !works_in_place(s)) ||
            (s->out == buffer && !can_write(p, s, rq)))
            return false;
    }
    return true;
}

// ---- all of it --------------------------------------------------------------

struct buffer slab_buffer(const struct buffer *b, int32_t bytes)
{
    int32_t slab = bytes / (int32_t)dtype_bytes(b->dtype);
    if (bytes <= 0 || b->dim <= slab)
        return *b;
    return (struct buffer){b->dim, (b->dim + slab - 1) / slab * slab, b->dtype,
                           slab};
}

// Returns whether there was room for the step.
static bool copy_before(struct program *p, int32_t step, int32_t bytes)
{
    int32_t from = p->steps[step].x, copy = p->n_buffers;
    if (p->n_buffers == MAX_BUFFERS || p->n_steps == MAX_STEPS)
        return false;
    p->buffers[p->n_buffers++] = slab_buffer(&p->buffers[from], bytes);
    program_insert_step(p, step, STEP_BIAS_ACT, from, copy);
    p->steps[step + 1].x = copy;
    return true;
}

void program_lay_slabs(struct program *p, const struct slab_request *rq)
{
    bool copies =
        rq->bytes != SLABS_AUTO || has_edges(rq, least_edges_of_copy);
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        struct buffer *x = &p->buffers[s->x];
        if (s->kind != STEP_AGGREGATE)
            continue;
        int32_t bytes =
            slab_bytes_for(rq, x->dim * (int64_t)dtype_bytes(x->dtype));
        if (bytes == SLABS_NONE)
            continue;
        if (can_lie(p, s->x, s, rq))
            *x = slab_buffer(x, bytes);
        else if (copies && copy_before(p, i, bytes))
            i++;
    }
}

// ---- for people -------------------------------------------------------------

const char *slabs_text(const struct program *p, const struct step *s,
                       char text[64])
{
    const struct {
        const char *name;
        int32_t buffer;
    } all[] = {{"x", s->x}, {"out", step_last(p, s)->out}, {"self", s->self}};
    int n = 0;
    text[0] = '\0';
    for (int i = 0; i < 3; i++)
        if (all[i].buffer >= 0 && p->buffers[all[i].buffer].slab)
            n += snprintf(text + n, (size_t)(64 - n), "%s%s by %d",
                          n ? ", " : "", all[i].name,
                          (int)p->buffers[all[i].buffer].slab);
    if (n)
        snprintf(text + n, (size_t)(64 - n), " columns");
    return text;
}
