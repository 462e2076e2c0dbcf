// What a GPU is like, for the compiler.
#ifndef GNNAC_CUDA_PROPS_H
#define GNNAC_CUDA_PROPS_H

#include "fail.h"

struct cuda_context;

struct cuda_device_props {
    char name[128];
    int cc; // 90 for compute capability 9.0
    int sm_count, l2_bytes, smem_per_block, smem_per_sm, max_threads,
        regs_per_sm, driver_version;
    double mem_bandwidth; // bytes per second; 0: unknown
};

gnnac_status cuda_device_get_props(const struct cuda_context *c,
                                   struct cuda_device_props *out,
                                   gnnac_error *err);

#endif
