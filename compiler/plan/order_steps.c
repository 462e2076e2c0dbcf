#include "plan/order_steps.h"

#include <string.h>

#include "bundle/dtype.h"
#include "fail.h"
#include "plan/lower.h"

enum { BUFFER_Y = 1 };

static bool reads(const struct step *s, int32_t buffer)
{
    return s->x == buffer || s->self == buffer ||
           (s->accumulate && s->out == buffer);
}

// Whether what `buffer` holds before step `at` is still wanted.
static bool is_live(const struct program *p, int32_t buffer, int32_t at)
{
    for (int32_t i = at; i < p->n_steps; i++) {
        if (reads(&p->steps[i], buffer))
            return true;
        if (p->steps[i].out == buffer)
            return false;
    }
    return buffer == BUFFER_Y;
}

int64_t program_live_bytes(const struct program *p, int32_t at)
{
    int64_t bytes = 0;
    for (int32_t b = 0; b < p->n_buffers; b++)
        if (is_live(p, b, at))
            bytes +=
                p->buffers[b].dim * (int64_t)dtype_bytes(p->buffers[b].dtype);
    return bytes;
}

// The place in [first, last] where the fewest bytes of a row are live; of
// equals the first.
static int32_t narrowest(const struct program *p, int32_t first, int32_t last)
{
    int32_t best = first;
    for (int32_t at = first + 1; at <= last; at++)
        if (program_live_bytes(p, at) < program_live_bytes(p, best))
            best = at;
    return best;
}

static void rename_buffer(struct program *p, int32_t first, int32_t end,
                          int32_t from, int32_t to)
{
    for (int32_t i = first; i < end; i++) {
        struct step *s = &p->steps[i];
        s->x = s->x == from ? to : s->x;
        s->out = s->out == from ? to : s->out;
        s->self = s->self == from ? to : s->self;
    }
}

void program_insert_step(struct program *p, int32_t at, enum step_kind kind,
                         int32_t x, int32_t out)
{
    int32_t neighbour = at < p->n_steps ? at : at - 1;
    struct step s = {.kind = kind, .layer = p->steps[neighbour].layer, .x = x,
                     .out = out, .self = -1, .weight = -1, .bias = -1,
                     .eps = -1, .kernel = -1};
    memmove(&p->steps[at + 1], &p->steps[at],
            (size_t)(p->n_steps - at) * sizeof(s));
    p->steps[at] = s;
    p->n_steps++;
}

// Before step `at` move one buffer's rows. Whoever reads it later reads the
// copy; only the caller's output keeps its place, so there it is what was
// written before that moves.
static void move_buffer(struct program *p, int32_t at, enum step_kind kind,
                        int32_t buffer)
{
    int32_t copy = p->n_buffers++;
    const struct buffer *b = &p->buffers[buffer];
    p->buffers[copy] = padded_buffer(b->dim, b->dtype);
    if (b->pitch > p->buffers[copy].pitch) // there is room behind its rows
        p->buffers[copy].pitch = b->pitch;
    if (buffer == BUFFER_Y) {
        rename_buffer(p, 0, at, BUFFER_Y, copy);
        program_insert_step(p, at, kind, copy, BUFFER_Y);
    } else {
        rename_buffer(p, at, p->n_steps, buffer, copy);
        program_insert_step(p, at, kind, buffer, copy);
    }
}

static gnnac_status change_order(struct program *p, int32_t at,
                                 enum step_kind kind, gnnac_error *err)
{
    bool live[MAX_BUFFERS];
    int32_t n_buffers = p->n_buffers, n = 0;
    for (int32_t b = 0; b < n_buffers; b++)
        n += live[b] = is_live(p, b, at);
    if (p->n_buffers + n > MAX_BUFFERS || p->n_steps + n > MAX_STEPS)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the model is too deep for one bundle with a reordered "
                    "graph");
    for (int32_t b = 0; b < n_buffers; b++)
        if (live[b])
            move_buffer(p, at++, kind, b);
    return GNNAC_OK;
}

gnnac_status program_add_order(struct program *p, gnnac_error *err)
{
    int32_t first = -1, last = -1;
    for (int32_t i = 0; i < p->n_steps; i++)
        if (step_reads_edges(p->steps[i].kind)) {
            first = first < 0 ? i : first;
            last = i;
        }
    // From the back, so that the places in front keep their numbers.
    int32_t back = narrowest(p, last + 1, p->n_steps);
    gnnac_status st = change_order(p, back, STEP_INPUT_ORDER, err);
    return st == GNNAC_OK ? change_order(p, narrowest(p, 0, first),
                                         STEP_GRAPH_ORDER, err)
                          : st;
}
