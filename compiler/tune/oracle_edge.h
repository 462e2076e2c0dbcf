// What the oracles of attention know of an edge (oracle_attention.c), that of
// GATv2's backward (oracle_attention_v2.c) included. The last edge of a row is
// its own self loop.
#ifndef GNNAC_ORACLE_EDGE_H
#define GNNAC_ORACLE_EDGE_H

#include "tune/oracle_kinds.h"

int64_t oracle_n_edges(const struct oracle_job *j, int64_t v);
int64_t oracle_neighbour(const struct oracle_job *j, int64_t v, int64_t i);

// One head's score of an edge, `error` in units of 2^-24; the LeakyReLU's slope
// where it is one number.
struct edge_score {
    double value, slope, error;
};
struct edge_score oracle_edge_score(const struct oracle_job *j, int64_t source,
                                    int64_t target, int32_t head);

// z of GATv2's score in column c.
static inline double oracle_row_sum(const struct oracle_job *j, int64_t source,
                                    int64_t target, int64_t c)
{
    const struct kernel_spec *s = j->spec;
    return (double)j->d->x[source * s->x_pitch + c] +
           j->d->self[target * s->self_pitch + c];
}

// In backward: the coefficient a, w which dropout left of it, d = <g, x>, whose
// terms' magnitudes sum up to d_size, and how often all that is rounded. Where
// the graph is turned round `at` is the source.
struct edge_terms {
    double a, w, d, slope, d_size, roundings;
};
struct edge_terms oracle_edge_terms(const struct oracle_job *j, int64_t at,
                                    int64_t i, int32_t head);

// A head's numbers behind the scores, or behind GATv2's rows, which have the
// first three; see ATTENTION_KEPT.
enum kept_number {
    KEPT_TOP,
    KEPT_PART,
    KEPT_DOT,
    KEPT_GRAD_SOURCE,
    KEPT_GRAD_TARGET,
    N_KEPT
};
// Where that of head 0 lies in a row, what it was, and its error now.
int32_t oracle_kept_at(const struct kernel_spec *s, enum kept_number which);
double oracle_kept(const struct oracle_job *j, int64_t v,
                   enum kept_number which, int32_t head);
double oracle_kept_error(const struct oracle_job *j, int64_t v,
                         enum kept_number which, int32_t head, double want,
                         double bound);
// y and bound of a row are 0.
void oracle_clear(const struct kernel_spec *s, double *y, double *bound);

#endif
