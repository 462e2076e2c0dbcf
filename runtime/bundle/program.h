// What a bundle computes, in two forms that stand side by side in its manifest:
// the model (layers, as a paper would define them) and the program (the steps
// that a device executes). The float64 reference runs the model; the CPU and
// CUDA backends run the program. Plain data; knows nothing of files or devices.
#ifndef GNNAC_PROGRAM_H
#define GNNAC_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include <gnnac/gnnac.h>
#include "bundle/dtype.h"

enum {
    MAX_LAYERS = 64,
    MAX_STEPS = 512,
    MAX_BUFFERS = 320,
    MAX_PARAMS = 512,
    MAX_KERNELS = 256,
    MAX_LAUNCHES = 4, // kernels that one aggregate step starts, in order
    MAX_ARGS = 24,
    NAME_LEN = 192,
};

enum conv_op { CONV_GCN, CONV_GIN, CONV_SAGE, CONV_GAT, N_CONV_OPS };
enum activation { ACT_NONE, ACT_RELU, ACT_ELU, N_ACTIVATIONS };

// One convolution, as in PyTorch Geometric (GCNConv, GINConv, SAGEConv,
// GATConv), and the activation behind it.
struct layer {
    enum conv_op op;
    int32_t in_dim, out_dim;
    int32_t mlp; // GIN: linear layers in its MLP, 1 or 2; else 0
    bool bias;
    enum activation act;
    float eps;     // GIN: initial value of epsilon
    int32_t heads; // GAT: heads, side by side in the output; else 0
};

struct model {
    char name[32]; // "gcn", "gin", "sage", "gat"
    int32_t n_layers;
    struct layer layers[MAX_LAYERS];
    bool log_softmax; // last, over the columns
    enum dtype dtype; // the exactness class
};

// A learnable tensor. `name` is PyTorch Geometric's.
struct param {
    char name[64];
    int32_t rows, cols; // a bias is 1 x n, epsilon 1 x 1
    enum {
        INIT_GLOROT,
        INIT_ZERO,
        INIT_EPS,
        INIT_ATTENTION, // as GLOROT; in files [1, rows, cols]
        N_INITS
    } init;
    float eps;
};

// A matrix [n_nodes, dim]; row v begins at element v * pitch. Buffer 0 is the
// caller's x, buffer 1 the caller's y (both with pitch == dim); the others lie
// in the workspace, of the model's dtype or float32, rows 16-byte aligned.
struct buffer {
    int32_t dim, pitch;
    enum dtype dtype;
};

// What scales the sum over the in-neighbours u of row v.
enum norm {
    NORM_NONE, // sum x[u]
    NORM_MEAN, // sum x[u] / max(1, in-degree)
    NORM_GCN,  // dinv[v] * sum dinv[u] x[u]; dinv = 1/sqrt(in-degree + 1)
    N_NORMS
};

// The row's own term, added after the scaling: coefficient * self[v].
enum self_term {
    SELF_NONE,
    SELF_ONE, // self[v]
    SELF_EPS, // (1 + eps) self[v]; eps is a parameter
    SELF_GCN, // dinv[v]^2 self[v]: the self loop of A + I
    N_SELF_TERMS
};

enum step_kind {
    STEP_LINEAR,           // out = x W^T, or out += x W^T
    STEP_AGGREGATE,        // out = act(norm-sum(x) + self + bias)
    STEP_BIAS_ACT,         // out = act(x + bias); out may be x; also casts
    STEP_LOG_SOFTMAX,      // out = log_softmax(x) along each row; out may be x
    STEP_GRAPH_ORDER,      // out = x, rows brought into the graph's node order
    STEP_INPUT_ORDER,      // out = x, rows back in the input's node order
    STEP_ATTENTION_SCORES, // x is [n, heads * channels], out [n, 2 * heads]:
                           // <x, att_src> of each head, then <x, att_dst>;
                           // weight is att_src, the parameter behind it att_dst
    STEP_ATTENTION, // out = act(sum of a[v,u] x[u] over u, and v itself, +
                    // bias); self holds the scores; a is the softmax over u of
                    // LeakyReLU(src score of u + dst score of v)
    N_STEP_KINDS
};

// -1 in a buffer, parameter or kernel index means "none".
struct step {
    enum step_kind kind;
    int32_t layer;             // the layer it belongs to, for people
    int32_t x, out, self;      // buffers
    int32_t weight, bias, eps; // parameters
    bool accumulate;           // LINEAR: add to what `out` holds
    enum norm norm;
    enum self_term self_term;
    enum activation act;
    int32_t kernel; // index into kernels; -1 for LINEAR (BLAS)
};

// The slope of attention's LeakyReLU below zero.
#define ATTENTION_SLOPE 0.2

struct program {
    int32_t n_buffers, n_params, n_steps;
    struct buffer buffers[MAX_BUFFERS];
    struct param params[MAX_PARAMS];
    struct step steps[MAX_STEPS];
};

// Whether the operation gives every node exactly one self loop itself, so that
// the stored graph has none.
bool conv_adds_self_loops(enum conv_op op);
// Whether the step sums over the graph's edges.
bool step_reads_edges(enum step_kind kind);

// ---- kernels ----------------------------------------------------------------

// Everything a launch may be given, by name: the closed list that templates
// pick from. ARG(enum name, text name)
#define LAUNCH_ARGS(ARG)                                                      \
    ARG(OUT, "out")                 /* float *        */                      \
    ARG(X, "x")                     /* const float *  */                      \
    ARG(SELF, "self")               /* const float *  */                      \
    ARG(BIAS, "bias")               /* const float *  */                      \
    ARG(EPS, "eps")                 /* const float *, one element */          \
    ARG(ATT_SRC, "att_src")         /* const float *, [heads, channels] */    \
    ARG(ATT_DST, "att_dst")         /* const float *, [heads, channels] */    \
    ARG(DINV, "dinv")               /* const float *, [n_rows] */             \
    ARG(ROWPTR, "rowptr")           /* const offset_t *, [n_rows + 1] */      \
    ARG(COLIDX, "colidx")           /* const int *, [n_edges] */              \
    ARG(PART_PTR, "part_ptr")       /* const offset_t *, [n_parts + 1] */     \
    ARG(PART_ROW, "part_row")       /* const int *, [n_parts + 1] */          \
    ARG(SPLIT_ROW, "split_row")     /* const int *, [n_splits] */             \
    ARG(SPLIT_FIRST, "split_first") /* const int *, [n_splits] */             \
    ARG(SPLIT_LAST, "split_last")   /* const int *, [n_splits] */             \
    ARG(PARTIAL, "partial")         /* float *, scratch */                    \
    ARG(SOURCE_ROW, "source_row") /* const int *, [n_rows]: where each row of \
                                     out comes from */                        \
    ARG(N_ROWS, "n_rows")         /* int */                                   \
    ARG(N_PARTS, "n_parts")       /* int */                                   \
    ARG(N_SPLITS, "n_splits")     /* int */

enum launch_arg {
#define ARG(id, name) ARG_##id,
    LAUNCH_ARGS(ARG)
#undef ARG
        N_LAUNCH_ARGS
};

// What the grid is counted in. See parts.h for the parts of the edges behind
// n_parts and n_splits.
enum grid_count { GRID_ROWS, GRID_PARTS, GRID_SPLITS, N_GRID_COUNTS };

// grid = (ceil(count / per_block), grid_y, 1); nothing is launched when the
// count is 0.
struct launch {
    char entry[NAME_LEN]; // extern "C" name inside the image
    enum grid_count count;
    int32_t per_block, grid_y;
    int32_t block;        // threads
    int32_t shared_bytes; // dynamic shared memory
    int32_t n_args;
    enum launch_arg args[MAX_ARGS];
};

// One compiled source text: an image per architecture, one or more entries.
struct kernel {
    char name[NAME_LEN]; // tensors kernel/NAME/cubin, .../ptx, .../source
    char family[64];     // the template
    int32_t part_size;   // edges of a part, at most; 0: needs no parts
    int32_t part_rows;   // rows of a part, at most; 0 is 1: neighbour groups
    int32_t parts_per_block; // parts that share a block
    bool partials;       // needs the PARTIAL scratch: 2 rows of `dim` floats
                         // per block
    int32_t dim;         // width it was specialised for
    enum dtype x_type, out_type, self_type; // of the matrices it expects
    int32_t offset_bits; // 32 or 64: the type offset_t
    int32_t n_launches;
    struct launch launches[MAX_LAUNCHES];
};

#include "bundle/program_names.h"

#endif
