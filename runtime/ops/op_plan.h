// Operators as plans: what each may do, needs and computes.
#ifndef GNNAC_OP_PLAN_H
#define GNNAC_OP_PLAN_H

#include "cpu/cpu_kernels.h"
#include "ops/op_graph.h"

enum operand {
    OPERAND_X,
    OPERAND_Y,
    OPERAND_WEIGHT,
    OPERAND_OUT,
    OPERAND_KEPT,
    N_OPERANDS
};

// What an operator needs, by its options.
struct op_needs {
    int32_t y_cols;      // 0: there is no y
    int32_t kept_cols;   // of what forward keeps; 0: nothing
    int32_t edge_values; // of each edge in `out`; 0: `out` is [n_nodes, dim]
    int64_t row_cols;    // of scratch [n_nodes, row_cols]
    bool edge_scratch;   // [n_edges]
};

struct gnnac_plan {
    struct gnnac_graph *g;
    gnnac_plan_options o; // heads at least 1
    const struct op *op;
    struct op_needs needs;
    size_t n_floats[N_OPERANDS]; // 0: the operator has no such operand
    size_t edges_at, n_bytes;    // of the workspace: rows, then edges
    struct op_cuda *cuda;        // ops/op_cuda.h; NULL on the CPU
};

// One execution.
struct op_run {
    const struct gnnac_plan *p;
    const gnnac_operands *in;
    float *out;                     // of forward
    const float *result, *out_grad; // of backward, as the next
    const gnnac_gradients *grads;
    float *rows, *edges; // scratch
    int n_threads;
};

struct op {
    const char *name;
    // Checks what is the operator's own, and makes what the graph lacks.
    gnnac_status (*prepare)(struct gnnac_graph *g, const gnnac_plan_options *o,
                            struct op_needs *needs, gnnac_error *err);
    void (*forward)(const struct op_run *r);
    void (*backward)(const struct op_run *r);
    // Which operands these gradients depend on; bit i is operand i.
    unsigned (*backward_reads)(const gnnac_plan_options *o, unsigned wanted);
};

extern const struct op op_aggregate, op_sddmm, op_attention;

static inline struct const_view packed_rows(const float *data, int32_t dim)
{
    return (struct const_view){data, dim, dim};
}

#endif
