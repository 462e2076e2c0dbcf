// A small decision tree over properties of graph, layer and device, whose
// leaves are points: learnt by best-first growth (Shi 2007) of a regression
// tree in the sense of Breiman et al. 1984, with the mean log slowdown of the
// best common point as impurity, so that a cut is worth what it saves.
#ifndef GNNAC_TREE_H
#define GNNAC_TREE_H

#include "workshop/lesson.h"
#include "workshop/separate.h"

enum { MAX_LEAVES = 8, MAX_NODES = 2 * MAX_LEAVES - 1 };

// Node 0 is the root. Every node knows the point that it would choose, so a
// tree with fewer leaves is the same tree cut off.
struct tree_node {
    struct cut cut;
    int below, above; // nodes; 0: none
    size_t born;      // 1 for the first cut, 2 for the second ...; 0: none
    size_t point;     // index into the lesson
    size_t n;         // workloads that it was learnt from
    size_t *members;  // owned: their indices, ascending
};

struct tree {
    size_t n_nodes, n_leaves;
    struct tree_node nodes[MAX_NODES];
};

// Learns from the workloads of the lesson for which keep[i] (NULL: all) holds.
// A leaf has at least 4 workloads of 2 graphs, and every cut saves at least
// 0.2 % in the mean of all. Equal cuts go to the property that the schema lists
// first. Deterministic. GNNAC_ENOMEM.
gnnac_status tree_grow(const struct lesson *l, const bool *keep,
                       struct tree *out, gnnac_error *err);
void tree_finish(struct tree *t);

// The node that stands for `w` in the tree's first `n_leaves` leaves.
const struct tree_node *tree_find(const struct tree *t, size_t n_leaves,
                                  const struct workload *w);
// Whether node `i` is a leaf among the first `n_leaves`.
bool tree_is_leaf(const struct tree *t, size_t n_leaves, size_t i);

// Mean log loss on the workloads for which keep[i] == wanted (NULL: all).
double tree_loss(const struct tree *t, size_t n_leaves, const struct lesson *l,
                 const bool *keep, bool wanted);

// Grows trees without one group of graphs at a time and judges them by it:
// losses[k] is the mean log loss of trees of at most k + 1 leaves. Up to 10
// groups, each graph with all its workloads in one. GNNAC_ENOMEM.
gnnac_status tree_cross_validate(const struct lesson *l,
                                 double losses[MAX_LEAVES], gnnac_error *err);

// The fewest leaves whose cross-validated loss is within 0.1 % of the least.
size_t tree_fewest_leaves(const double losses[MAX_LEAVES]);

#endif
