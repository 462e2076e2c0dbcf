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
#include "bundle/slab.h"

enum {
    MAX_LAYERS = 64,
    MAX_STEPS = 512,
    MAX_BUFFERS = 416,
    MAX_PARAMS = 512,
    MAX_KERNELS = 256,
};

enum conv_op { CONV_GCN, CONV_GIN, CONV_SAGE, CONV_GAT, CONV_GATV2,
               N_CONV_OPS };
enum activation { ACT_NONE, ACT_RELU, ACT_ELU, N_ACTIVATIONS };

// One convolution, as in PyTorch Geometric (GCNConv, GINConv, SAGEConv,
// GATConv, GATv2Conv), and the activation behind it.
struct layer {
    enum conv_op op;
    int32_t in_dim, out_dim;
    int32_t mlp; // GIN: linear layers in its MLP, 1 or 2; else 0
    bool bias;
    enum activation act;
    float eps;     // GIN: initial value of epsilon
    int32_t heads; // attention: heads, side by side in the output; else 0
    bool residual; // its input, as wide, is added last
};

struct model {
    char name[32]; // "gcn", "gin", "sage", "gat", "gatv2"
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
// in the workspace, of the model's dtype or float32, rows 16-byte aligned. On a
// GPU such a one may lie slab-major instead (slab.h); pitch is a multiple of
// slab then, and tells its size. A CPU takes it for rows.
struct buffer {
    int32_t dim, pitch;
    enum dtype dtype;
    int32_t slab; // columns; 0: row by row
};

// A workspace buffer. Its pitch lets rows start at a multiple of 16 bytes,
// narrow ones of the power of two that holds them: loads are as wide as can be.
struct buffer padded_buffer(int32_t dim, enum dtype dtype);
int32_t padded_pitch(int32_t dim); // of floats

// What scales the sum over the in-neighbours u of row v.
enum norm {
    NORM_NONE,   // sum x[u]
    NORM_MEAN,   // sum x[u] / max(1, in-degree)
    NORM_GCN,    // dinv[v] * sum dinv[u] x[u]; dinv = 1/sqrt(in-degree + 1)
    NORM_SCALED, // the same of rows that are scaled: x[u] has its dinv[u]
    N_NORMS
};

// The row's own term, added after the scaling: coefficient * self[v].
enum self_term {
    SELF_NONE,
    SELF_ONE,    // self[v]
    SELF_EPS,    // (1 + eps) self[v]; eps is a parameter
    SELF_GCN,    // dinv[v]^2 self[v]: the self loop of A + I
    SELF_SCALED, // the same of a scaled row: dinv[v] self[v]
    N_SELF_TERMS
};

enum step_kind {
    STEP_LINEAR,           // out = x W^T, or out += x W^T; of NORM_GCN, which
                           // takes a kernel, dinv[v] times row v of it
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
    STEP_ATTENTION_V2, // the same, but a is that of <weight, LeakyReLU(x[u] +
                       // self[v])> of each head; weight is att
    STEP_RESIDUAL, // out = x + self, the layer's input; ends the layer
    // What follows occurs in training (train/train_program.h) and in operators
    // (operators.h) alone, never in a bundle's program. g is a gradient, `self`
    // a value that forward kept.
    STEP_DROPOUT,       // out = x, dropped and scaled; out may be x
    STEP_SPARSE_LINEAR, // as LINEAR, of features by sparse rows; NORM_SCALED:
                        // times dinv[v]; SELF_ONE: added to self, which is out
    STEP_LOSS,          // out = the gradient of the loss by the logits x
    STEP_BCE_LOSS,      // the same of binary cross-entropy
    STEP_BIAS_ACT_GRAD, // out = x times act's slope at self; out may be x;
                        // bias's gradient = the sums of out's columns
    STEP_EPS_GRAD,       // eps's gradient = the sum of x * self
    STEP_ROW_MEAN,       // out = x / max(1, in-degree); out may be x
    STEP_ATTENTION_KEEP, // as ATTENTION; coefficients are dropped; what the
                         // backward needs is kept behind the scores
    STEP_ATTENTION_ROWS_GRAD, // of ATTENTION, what sums over a row's edges; out
                              // and self are the scores, grad its gradient
    STEP_ATTENTION_GRAD,      // then, transposed, out = the gradient of x
    STEP_ATTENTION_SCORES_GRAD, // out += the scores' part of the gradient of x;
                                // weight's gradient and the next one's
    STEP_ATTENTION_V2_KEEP, // to ATTENTION_V2 what KEEP is; kept behind self
    STEP_ATTENTION_V2_ROWS_GRAD, // of ATTENTION_V2, what sums over a row's
                                 // edges: out = the gradient of self, att_rows
                                 // = what each row adds to weight's; D is kept
    STEP_ATTENTION_V2_GRAD,      // then, transposed, out = the gradient of x
    STEP_INPUT_GRAD,            // out = x W, or out += x W
    STEP_WEIGHT_GRAD,           // weight's gradient = x^T self
    STEP_SPARSE_WEIGHT_GRAD,    // the same of features by sparse rows
    STEP_OPTIMIZER,             // all parameters take a step
    STEP_SDDMM,         // out holds values of edges, for each head the product
                        // of self's row, the edge's, and x's, its source's; of
                        // NORM_MEAN divided by the row's in-degree
    STEP_EXTREME,       // out = the largest x[u], column by column
    STEP_EXTREME_SHARE, // out = grad shared among the x[u] that equal self
    STEP_EXTREME_GRAD,  // transposed: the sum of the shares `grad` of the rows
                        // whose value self is x's own
    STEP_WHOLE_MODEL, // all the steps before it; only where a kernel for them
                      // all is asked for (plan/whole.h)
    N_STEP_KINDS,
    N_MODEL_STEP_KINDS = STEP_DROPOUT
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
    int32_t kernel;  // index into kernels; -1: BLAS, of products
    // The kernel before does this step, too, and leaves its own result
    // unwritten: of an AGGREGATE a product or log-softmax, of a product what
    // BIAS_ACT makes of it in place, or both; behind an activation, last,
    // RESIDUAL, in training DROPOUT. Who runs steps one by one does not ask.
    bool fused;
    // While a program is compiled: a kernel of ours has the wide product; BLAS
    // has one that a kernel of ours could.
    bool claimed, left_to_blas;
    bool transposed; // in training: sums over the nodes sent to
    // In training and operators alone, of attention and extremes:
    int32_t grad; // the buffer of the output's gradient (of EXTREME_GRAD: of
                  // the shares); 0: none
    int32_t att_rows; // of ATTENTION_V2_ROWS_GRAD, laid out as out; else 0
    bool dropped; // BIAS_ACT_GRAD: self has gone through dropout since, and
                  // the gradient x goes back through it first; SPARSE_*:
                  // features go through it
    // In operators alone:
    int32_t edges; // AGGREGATE: the values of edges, for each head one, that
                   // multiply their rows; 0: none
    bool smallest; // EXTREME: not the largest
};

struct program {
    int32_t n_buffers, n_params, n_steps;
    struct buffer buffers[MAX_BUFFERS];
    struct param params[MAX_PARAMS];
    struct step steps[MAX_STEPS];
};

#include "bundle/attention_kept.h"
#include "bundle/kernel.h"
#include "bundle/program_names.h"
#include "bundle/program_steps.h"

#endif
