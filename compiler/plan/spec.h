// What an operation demands of a kernel; not a choice. Plain data, filled by
// plan/opspec.c, read by templates as `spec`.
#ifndef GNNAC_SPEC_H
#define GNNAC_SPEC_H

#include "bundle/program.h"

// Whether edges have values of their own, and which of them is an edge's.
enum edge_order {
    EDGES_NONE,
    EDGES_STORED, // that of its place among the rows' edges
    EDGES_MAPPED, // that of its number, which edge_of has at this place
    N_EDGE_ORDERS
};
const char *edge_order_name(enum edge_order v); // "none", "stored", "mapped"
int edge_order_from_name(const char *s);        // -1: there is none

// What follows a row's activation in the same kernel; see plan/fuse.h.
enum tail {
    TAIL_NONE,
    TAIL_LOG_SOFTMAX,
    TAIL_LINEAR,        // the row times weight^T
    TAIL_SCALED_LINEAR, // then times the row's dinv
    TAIL_BIAS_ACT,      // of a product: tail_bias and tail_act alone
    N_TAILS
};

struct kernel_spec {
    enum step_kind kind;                    // what is computed
    int32_t dim;                            // columns
    enum dtype x_type, out_type, self_type; // how the matrices are stored
    int32_t x_pitch, out_pitch, self_pitch; // elements between rows
    int32_t grad_pitch;                     // of attention's and extreme_*'s g;
                                            // else 0
    enum norm norm;
    enum self_term self_term;
    bool bias;
    enum activation act;
    int32_t offset_bits;     // 32 or 64
    int32_t depth;           // (sparse_)linear: columns of x; else 0
    int32_t heads, channels; // attention and sddmm, whose x has heads *
                             // channels columns; else 0
    bool smallest;           // extreme: not the largest
    bool drops;              // sparse_*: features go through dropout; others:
                             // what is made does, last of all, or in
                             // bias_act_grad did
    enum edge_order edges;   // weights of a sum's edges; sddmm's results
    bool adds;               // linear: to what out holds
    enum tail tail;          // of an aggregation or a product
    int32_t tail_dim;        // of a product in the tail, its columns; else 0
    bool tail_bias;          // added last, then tail_act
    enum activation tail_act;
    int32_t residual_pitch;  // of what is added last of all, stored as out is;
                             // 0: nothing is
    int32_t x_slab, out_slab, self_slab; // columns of a slab; 0: by rows
    // Of a kernel for all steps of a program (plan/whole.h), that; else NULL.
    const struct program *whole;
};

// Columns of out.
static inline int32_t spec_out_dim(const struct kernel_spec *s)
{
    return s->tail_dim ? s->tail_dim : s->dim;
}

// Whether a kernel adds to what out holds.
static inline bool spec_adds_to_out(const struct kernel_spec *s)
{
    return s->adds || s->kind == STEP_ATTENTION_SCORES_GRAD;
}

// Whether what the kernel has made goes through dropout.
static inline bool spec_drops_result(const struct kernel_spec *s)
{
    return s->drops &&
           (s->kind == STEP_AGGREGATE || s->kind == STEP_LINEAR ||
            s->kind == STEP_BIAS_ACT || s->kind == STEP_ATTENTION_KEEP ||
            s->kind == STEP_ATTENTION_V2_KEEP);
}

// Whether the kernel goes on with what its operation has made.
static inline bool spec_goes_on(const struct kernel_spec *s)
{
    return s->tail != TAIL_NONE || spec_drops_result(s) || s->residual_pitch;
}

// Whether a kernel has to do more than a family of its operation must know.
static inline bool spec_is_special(const struct kernel_spec *s)
{
    return spec_goes_on(s) || s->adds;
}

// Whether one of its matrices lies slab after slab (bundle/slab.h).
static inline bool spec_has_slabs(const struct kernel_spec *s)
{
    return s->x_slab || s->out_slab || s->self_slab;
}

static inline bool spec_is_f32(const struct kernel_spec *s)
{
    return s->x_type == DTYPE_F32 && s->out_type == DTYPE_F32 &&
           s->self_type == DTYPE_F32;
}

// Columns of x; of a sparse_linear those of W^T, which stands for it; of a
// whole program those of its features.
static inline int32_t kernel_x_dim(const struct kernel_spec *s)
{
    return s->whole              ? s->whole->buffers[0].dim
           : s->depth && !s->edges ? s->depth
           : s->heads            ? s->heads * s->channels
                                 : s->dim;
}

#endif
