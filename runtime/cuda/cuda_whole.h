// The kernel that runs all steps of a model at once (bundle/whole_layout.h), on
// a GPU that can start it: its blocks wait for each other, so all of them have
// to run at the same time.
#ifndef GNNAC_CUDA_WHOLE_H
#define GNNAC_CUDA_WHOLE_H

#include "cuda/cuda_kernel.h"

// Inferences that may run at once, each in a workspace of its own, are each
// given a barrier of their own. With more workspaces the others run by steps.
enum { MAX_BARRIERS = 64 };

struct cuda_whole {
    struct cuda_kernel kernel; // without a library: not to be started here
    bool off;                  // it could be, and is not to be
    cu_ptr barriers;           // MAX_BARRIERS, of n_blocks words each
    int32_t n_blocks, n_barriers;
    cu_ptr workspaces[MAX_BARRIERS]; // whose the barriers are
};

// Loads the kernel and tries whether the device starts it. Where it does not,
// as it has too few multiprocessors or is shared, *out stays empty: that is no
// failure. `g` was prepared for the kernel.
gnnac_status cuda_whole_load(const struct cuda_graph *g,
                             const struct gnnac_bundle *b,
                             struct cuda_whole *out, gnnac_error *err);
void cuda_whole_unload(const struct cuda_context *c, struct cuda_whole *w);

// Bytes that it wants of a workspace; 0 where it is not started.
size_t cuda_whole_workspace(const struct cuda_whole *w,
                            const struct gnnac_bundle *b);

// Whether an inference in that workspace is to be run by it.
bool cuda_whole_takes(struct cuda_whole *w, cu_ptr workspace);

// Queue one; cuda_whole_takes has said so.
gnnac_status cuda_whole_launch(const struct cuda_graph *g,
                               const struct cuda_whole *w, cu_ptr x, cu_ptr out,
                               cu_ptr weights, cu_ptr workspace,
                               cu_stream stream, gnnac_error *err);

#endif
