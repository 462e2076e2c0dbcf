// "Did you mean ...?": the known name most like one that is not known.
#ifndef GNNAC_NEAREST_H
#define GNNAC_NEAREST_H

#include <stddef.h>

// Feed every known name; the best stays. Zero all but `wanted` first.
struct nearest {
    const char *wanted;
    char best[64]; // empty: nothing is close
    size_t distance;
};
void nearest_offer(struct nearest *n, const char *name);

// " (did you mean 'best'?)" or "", in a buffer of the caller's.
const char *nearest_hint(const struct nearest *n, char *buf, size_t size);

// Slips between two names: 2 for a letter too many, too few or swapped with its
// neighbour, 3 for a wrong one. Only the first 63 bytes count.
size_t edit_distance(const char *a, const char *b);

#endif
