// Recorded workloads as something to learn from: how much every point would
// lose on each of them.
#ifndef GNNAC_LESSON_H
#define GNNAC_LESSON_H

#include "plan/family.h"
#include "workshop/evidence.h"

struct lesson {
    size_t n, n_points, n_graphs;
    const struct workload **w; // with two timed points or more
    struct candidate *points;  // each once, in the order of first sight
    // n x n_points: log of the time over the best. A point that was not timed
    // there counts as the slowest that was, one that failed as twice that.
    double *loss;
};

// Points of templates and knobs that `families` do not have are left out, and
// so are workloads of graphs whose properties are not recorded. GNNAC_ENOMEM.
gnnac_status lesson_of(const struct evidence *e,
                       const struct family_list *families, struct lesson *out,
                       gnnac_error *err);
void lesson_finish(struct lesson *l);

static inline double lesson_loss(const struct lesson *l, size_t workload,
                                 size_t point)
{
    return l->loss[workload * l->n_points + point];
}

// Graphs among the workloads of these indices.
size_t lesson_graphs(const struct lesson *l, const size_t *members, size_t n);

#endif
