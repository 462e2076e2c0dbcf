// The part of the driver's interface that starts clusters of blocks. A part of
// cuda_calls.h.
#ifndef GNNAC_CUDA_CLUSTER_CALLS_H
#define GNNAC_CUDA_CLUSTER_CALLS_H

enum {
    CU_INVALID_CLUSTER = 912,
    CU_ATTR_CLUSTERS = 120,   // whether the device starts them
    CU_FUNC_ANY_CLUSTER = 14, // more blocks than every GPU starts
    CU_LAUNCH_CLUSTER = 4,
    CU_LAUNCH_EARLY = 6, // the launch before it need not have ended
};

// CUlaunchAttribute: of the values only these are used.
// CUlaunchConfig: what cuLaunchKernel takes, and attributes.
struct cu_launch_attribute {
    int id;
    int unused;
    union {
        char room[64];
        unsigned cluster[3];
        int early;
    } value;
};
struct cu_launch_config {
    unsigned grid[3], block[3], shared_bytes;
    cu_stream stream;
    struct cu_launch_attribute *attributes;
    unsigned n_attributes;
};

// Of clusters; NULL where the driver has none.
#define CLUSTER_CALLS(CALL)                                                \
    CALL(cuLaunchKernelEx,                                                 \
         (const struct cu_launch_config *config, cu_function function,     \
          void **params, void **extra))                                    \
    CALL(cuOccupancyMaxActiveClusters,                                     \
         (int *n, cu_function function, const struct cu_launch_config *config))

#endif
