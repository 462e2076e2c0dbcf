// What rules and the cost model may know of a GPU: measured from the one at
// hand, or the datasheet of a typical card of an architecture. Plain data.
#ifndef GNNAC_DEVICE_H
#define GNNAC_DEVICE_H

#include "base/props.h"
#include "fail.h"

struct device {
    char name[128];
    int32_t arch; // 90 for sm_90
    int64_t sm_count, l2_bytes, smem_per_block, smem_per_sm, max_threads,
        regs_per_sm;
    double mem_bandwidth; // bytes per second
    bool present; // a GPU that kernels can be timed on
};

// The datasheet figures for architecture `arch`; those of the newest known
// architecture not above it when it has no row.
void device_typical(int32_t arch, struct device *out);

// What a multiprocessor of an architecture holds at most at once.
struct residents {
    int32_t warps, blocks;
};
struct residents arch_residents(int32_t arch);

// Bytes of the L2 cache that rows of one matrix can count on: the rest is for
// all else.
double device_usable_l2(const struct device *d);

// "device.*" properties.
void device_props(const struct device *d, struct props *out);

// "sm_90" or "compute_90" or "90" to 90; GNNAC_EUSAGE.
gnnac_status arch_parse(const char *text, int32_t *out, gnnac_error *err);

#endif
