// Static pruning: which candidates are not worth timing, by what the compiler
// says of them and what the device has. Only where another candidate of the
// family is better off: a family is never left out.
#ifndef GNNAC_PRUNE_H
#define GNNAC_PRUNE_H

#include "plan/device.h"
#include "tune/variant.h"

// Fewer warps than this on a multiprocessor wait for memory most of the time.
enum { PRUNE_LEAST_WARPS = 8 };

// Warps of a kernel whose threads have so many registers, and blocks so many
// bytes of static shared memory, that a multiprocessor of `d` holds at once:
// the least of its launches.
int64_t resident_warps(const struct device *d, const struct kernel *kernel,
                       int registers, int shared);

// Whether variant `v` spills registers, or a multiprocessor holds fewer than
// PRUNE_LEAST_WARPS of its warps, while an option of its family does better.
// Says so in *why.
bool is_pruned(const struct device *d, const struct variant *all,
               const int32_t *options, size_t n, int32_t v, gnnac_error *why);

#endif
