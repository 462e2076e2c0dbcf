// A part of a large graph to try an order on: some nodes, spread over all ids,
// and those that a breadth-first search finds around them.
#ifndef GNNAC_GRAPH_BALL_H
#define GNNAC_GRAPH_BALL_H

#include "graph/csr.h"

// Owns `g`. All-zero is empty.
struct graph_ball {
    struct csr g; // edges between nodes of the ball, ids in their old order
    double kept;  // of the entries of the ball's rows, the share that is in `g`
};
void graph_ball_finish(struct graph_ball *b);

// Until it has max_nodes nodes, or their rows max_entries entries; the whole
// graph where that is less. A node leads to at most 16 of its neighbours, lest
// one hub fill the ball. O(nodes + max_entries); serial. GNNAC_ENOMEM.
gnnac_status graph_ball_cut(const struct csr *g, int64_t max_nodes,
                            int64_t max_entries, struct graph_ball *out,
                            gnnac_error *err);

#endif
