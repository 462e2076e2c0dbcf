// Launches of compute capability 9.0 and later. Of one cluster: blocks that run
// at the same time, near each other, and have a barrier of their own. And early
// ones.
#ifndef GNNAC_CUDA_CLUSTER_H
#define GNNAC_CUDA_CLUSTER_H

#include "cuda/cuda_context.h"
#include "bundle/kernel.h"

// Whether the device can start `l`, whose cluster is all of its grid. False
// also with a driver, or an architecture, that knows no clusters, and where the
// context is given too few multiprocessors of one neighbourhood. It allows the
// kernel to be started. GNNAC_EDRIVER.
gnnac_status cuda_cluster_fits(const struct cuda_context *c, cu_function f,
                               const struct launch *l, bool *fits,
                               gnnac_error *err);

// Queues it; the driver's result. cuda_cluster_fits has said so. It can be
// captured.
int cuda_cluster_launch(const struct driver_calls *cu, cu_function f,
                        const struct launch *l, void **params,
                        cu_stream stream);

// Queues a grid that need not wait for those ahead of it: its threads do. The
// driver's result; the context is one whose `early` is set.
int cuda_early_launch(const struct driver_calls *cu, cu_function f,
                      const struct launch *l, unsigned grid, void **params,
                      cu_stream stream);

#endif
