// What the rules say of the order of the nodes: `reorder` in what they choose
// for the first aggregation.
#ifndef GNNAC_ORDER_VOTE_H
#define GNNAC_ORDER_VOTE_H

#include "tune/select.h"

struct order_vote {
    char order[16]; // a name of order_methods or reorder_rules; empty: no vote
    char rule[64];
};

// Of the first rule that votes; empty with --set, where rules are not asked,
// and where none has anything to say. GNNAC_EFORMAT from a rule, GNNAC_ENOMEM.
gnnac_status order_vote(struct workbench *wb, const struct model *m,
                        const struct program *p, struct graph_input *g,
                        struct order_vote *out, gnnac_error *err);

#endif
