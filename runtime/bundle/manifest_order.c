// That a program of a reordered graph never mixes rows of the two orders: what
// the graph's edges speak of is in its order, the caller's matrices are in the
// input's.
#include "bundle/manifest.h"

enum order { INPUT_ORDER, GRAPH_ORDER };

static bool changes_order(const struct step *s)
{
    return s->kind == STEP_GRAPH_ORDER || s->kind == STEP_INPUT_ORDER;
}

static enum order order_needed(const struct step *s, enum order x)
{
    if (step_reads_edges(s->kind) || s->kind == STEP_INPUT_ORDER)
        return GRAPH_ORDER;
    return s->kind == STEP_GRAPH_ORDER ? INPUT_ORDER : x;
}

static enum order order_written(const struct step *s, enum order x)
{
    if (changes_order(s))
        return s->kind == STEP_GRAPH_ORDER ? GRAPH_ORDER : INPUT_ORDER;
    return x;
}

static gnnac_status bad_step(int32_t i, const struct step *s, const char *what,
                             gnnac_error *err)
{
    return FAIL(err, GNNAC_EFORMAT, "manifest: step %d (%s): %s", (int)i,
                step_kind_name(s->kind), what);
}

// Every step reads and writes rows of one order.
static gnnac_status follow_orders(const struct program *p, gnnac_error *err)
{
    enum order of[MAX_BUFFERS] = {INPUT_ORDER};
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        enum order x = of[s->x], out = order_written(s, x);
        if (x != order_needed(s, x) || (s->self >= 0 && of[s->self] != x) ||
            (s->accumulate && of[s->out] != out))
            return bad_step(i, s, "its rows are in another order", err);
        of[s->out] = out;
    }
    if (of[1] != INPUT_ORDER)
        return FAIL(err, GNNAC_EFORMAT,
                    "manifest: the output is not in the input's order");
    return GNNAC_OK;
}

gnnac_status manifest_check_orders(const struct manifest *m, gnnac_error *err)
{
    const struct program *p = &m->program;
    if (is_reordered(m))
        return follow_orders(p, err);
    for (int32_t i = 0; i < p->n_steps; i++)
        if (changes_order(&p->steps[i]))
            return bad_step(i, &p->steps[i], "the graph is not reordered", err);
    return GNNAC_OK;
}
