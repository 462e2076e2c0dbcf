// What the oracle computed of a question, for its next candidate: values and
// bounds of every row that is looked at.
#ifndef GNNAC_ORACLE_MEMORY_H
#define GNNAC_ORACLE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// More is not remembered, but computed anew.
#define ORACLE_MEMORY_BYTES ((size_t)256 << 20)

// Zero to begin with. Of places that nobody keeps there are addresses only.
struct oracle_memory {
    size_t columns;
    double *kept; // owned; of a place its values, then its bounds; or NULL
    bool filled;  // all is there that will be asked for
};

// Room for it, where that is not too much.
void oracle_memory_open(struct oracle_memory *m, int64_t n_places,
                        int32_t columns);
void oracle_memory_finish(struct oracle_memory *m);

// False: it is not there, and is to be computed. Threads may share `m` while
// each has places of its own.
bool oracle_memory_recall(const struct oracle_memory *m, int64_t place,
                          double *want, double *bound);
void oracle_memory_keep(struct oracle_memory *m, int64_t place,
                        const double *want, const double *bound);

// A comparison has ended, and kept all that it looked at.
void oracle_memory_fill(struct oracle_memory *m);

#endif
