#include "tune/order_vote.h"

#include <stdio.h>
#include <stdlib.h>

#include "graph/csr.h"
#include "tune/propose.h"

static const struct step *first_aggregation(const struct program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++)
        if (step_reads_edges(p->steps[i].kind))
            return &p->steps[i];
    return NULL;
}

static void read_vote(const struct decision *d, struct order_vote *out)
{
    for (size_t i = 0; i < d->n_traces; i++) {
        const struct rule_trace *t = &d->traces[i];
        if (!t->reorder[0])
            continue;
        snprintf(out->order, sizeof(out->order), "%s", t->reorder);
        snprintf(out->rule, sizeof(out->rule), "%s", t->rule);
        return;
    }
}

gnnac_status order_vote(struct workbench *wb, const struct model *m,
                        const struct program *p, struct graph_input *g,
                        struct order_vote *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    gnnac_error mine = {{0}};
    const struct step *s = first_aggregation(p);
    const struct props *props;
    struct decision *d = NULL;
    struct opspec op;

    *out = (struct order_vote){.order = ""};
    if (!s || !propose_asks_rules(wb) ||
        !opspec_of_step(m, p, s, g->full->n_nodes, g->stored->n_edges, &op))
        return GNNAC_OK;
    if (!(d = calloc(1, sizeof(*d)))) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    TRY(graph_input_props(g, wb->request.n_threads, &props, err));
    st = propose(wb, &op, props, d, &mine);
    if (st == GNNAC_OK)
        read_vote(d, out);
    else if (st == GNNAC_ENOENT)
        st = GNNAC_OK; // that no kernel is proposed is said where one is needed
    else
        st = FAIL(err, st, "%s", mine.msg);
out:
    free(d);
    return st;
}
