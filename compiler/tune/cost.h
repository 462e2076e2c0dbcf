// A cost model: how long a kernel variant should take on a device, from bytes
// and balance alone. Ranks candidates where nothing can be timed; never
// reported as a time. compiler/tune/README.md states its terms.
#ifndef GNNAC_COST_H
#define GNNAC_COST_H

#include <stdbool.h>

#include "plan/device.h"
#include "plan/family.h"
#include "plan/spec.h"

// Relative cost (seconds on an ideal device); smaller is better. `graph` holds
// the "graph.*" properties.
double cost_estimate(const struct candidate *c, const struct kernel_spec *spec,
                     const struct props *graph, const struct device *device);

// How a candidate stands where nothing is timed: what spills registers behind
// what does not, then the smaller cost.
struct standing {
    bool spills;
    double cost; // NaN: behind nobody, before nobody
};
bool stands_before(struct standing a, struct standing b);

#endif
