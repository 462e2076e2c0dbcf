// Which CUDA driver and GPUs are here, asked without creating a context: takes
// no GPU memory and disturbs nobody. Knows nothing of running kernels.
#ifndef GNNAC_CUDA_PROBE_H
#define GNNAC_CUDA_PROBE_H

#include <stdint.h>

#include "fail.h"

enum { PROBE_MAX_GPUS = 32 };

struct probed_gpu {
    char name[128];
    int cc; // 90 for sm_90
    int sm_count;
    int64_t memory_bytes;
};

struct cuda_probe {
    char path[512]; // of libcuda
    int version;    // CUDA version that the driver supports: 13000 is 13.0
    int n_gpus;     // 0: a driver without a GPU
    struct probed_gpu gpus[PROBE_MAX_GPUS];
};

// GNNAC_ENOENT: no driver. GNNAC_EDRIVER, GNNAC_EUNSUPPORTED: there is one that
// does not work; the message says why.
gnnac_status cuda_probe(struct cuda_probe *out, gnnac_error *err);

#endif
