// One compiled kernel on a GPU: loading an image, binding arguments by name,
// launching. Everything here runs inside cuda_enter/cuda_leave.
#ifndef GNNAC_CUDA_KERNEL_H
#define GNNAC_CUDA_KERNEL_H

#include "cuda/cuda_graph.h"

// An image to try. Text (PTX) need not be NUL-terminated.
struct image_view {
    const void *bytes;
    size_t n_bytes;
    bool is_ptx;
};

struct cuda_kernel {
    const struct kernel *k; // borrowed
    bool from_ptx;
    bool early; // launches that follow may begin before those ahead have ended
    cu_library lib;
    cu_function functions[MAX_LAUNCHES];
};

// Loads the first image that this GPU takes, all entries included, so that
// nothing is loaded later (a stream capture would not allow it).
// GNNAC_EUNSUPPORTED when none fits: the message tells what each one said.
gnnac_status cuda_kernel_load(const struct cuda_context *c,
                              const struct kernel *k,
                              const struct image_view *images, size_t n_images,
                              struct cuda_kernel *out, gnnac_error *err);
// One of a bundle's, from the images that it has. The bundle must outlive it.
gnnac_status cuda_kernel_from_bundle(const struct cuda_context *c,
                                     const struct gnnac_bundle *b,
                                     int32_t kernel, struct cuda_kernel *out,
                                     gnnac_error *err);
void cuda_kernel_unload(const struct cuda_context *c, struct cuda_kernel *k);

// Device addresses of what the step at hand works on; 0 where it has none. The
// second half is of training and of operators: see LAUNCH_ARGS.
struct operands {
    cu_ptr out, x, self, residual, weight, bias, tail_bias;
    cu_ptr eps, partial, source_row, att_src, att_dst;
    cu_ptr state, labels, share, scratch, grad, weights, first, second,
        treatment, weight_t, g, edge_of, grad_next, edge_values, edge_out,
        att_rows;
    int32_t place, tail_place, n_weights;
    // Of a whole model, and the blocks of its cooperative launch:
    cu_ptr buffers, barrier;
    int32_t n_blocks;
    // The first launch, too, need not wait for what is ahead of it to have
    // ended, where the kernel waits itself. Of steps in a row; one that is
    // timed waits.
    bool early;
};

// Queue the kernel's launches, in order, on `stream`. Nothing is allocated or
// waited for. GNNAC_EDRIVER, GNNAC_EUNSUPPORTED (grid beyond 2^31 - 1 blocks; a
// cooperative launch of more blocks than run at once), GNNAC_EINTERNAL (the
// kernel asks for what the step does not have).
gnnac_status cuda_kernel_launch(const struct cuda_graph *g,
                                const struct cuda_kernel *k,
                                const struct operands *o, cu_stream stream,
                                gnnac_error *err);

#endif
