// Which property tells some workloads from others: for people who write a rule
// and for the tree that is learnt from a database.
#ifndef GNNAC_SEPARATE_H
#define GNNAC_SEPARATE_H

#include "workshop/evidence.h"

// A cut of a property: on one side are the values above it.
struct cut {
    const char *name; // "graph.degree.cv", of the schema
    double threshold; // as few digits as tell the two sides apart
};
bool cut_is_above(const struct cut *c, const struct workload *w);

// Values in between which a cut may lie, ascending, each once, of a numeric
// property over `n` workloads. Returns how many; fewer than 2: no cut. `values`
// has room for `n`.
size_t distinct_values(const char *name, const struct workload *const *w,
                       size_t n, double *values);
// A number t with low <= t < high of the fewest digits.
double plain_between(double low, double high);

// The `i`-th property that can be cut: a number or boolean of the schema that
// does not merely name something. NULL beyond the last.
const char *property_to_cut(size_t i);

// One side of a cut that holds many of the marked workloads and few others.
struct separation {
    struct cut cut;
    bool above;                // the side
    size_t n_marked, n_others; // there
};
// The best cuts of different properties, best first: by the share of the marked
// on the side less that of the others, equals in the order of the schema.
// Returns how many of `max` there are; cuts that separate nothing are left out.
// GNNAC_ENOMEM through *st.
size_t separate(const struct workload *const *w, const bool *marked, size_t n,
                struct separation *out, size_t max, gnnac_status *st);

#endif
