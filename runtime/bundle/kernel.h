// How a compiled kernel is started, and what it may be given: the part of
// program.h that templates answer for. Plain data.
#ifndef GNNAC_KERNEL_H
#define GNNAC_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "bundle/dtype.h"

enum {
    MAX_LAUNCHES = 4, // kernels that one step starts, in order
    MAX_CLUSTER = 16, // blocks of a cluster on any GPU so far
    MAX_ARGS = 24,
    MAX_TICKETS = 65535, // as many as a grid has blocks along y
    NAME_LEN = 192,
};

// Everything a launch may be given, by name: the closed list that templates
// pick from. ARG(enum name, text name)
#define LAUNCH_ARGS(ARG)                                                       \
    ARG(OUT, "out")                 /* float *        */                       \
    ARG(X, "x")                     /* const float *  */                       \
    ARG(SELF, "self")               /* const float *  */                       \
    ARG(RESIDUAL, "residual")       /* const out's type *, added last of all */\
    ARG(BIAS, "bias")               /* const float *  */                       \
    ARG(TAIL_BIAS, "tail_bias")     /* const float *, of the last fused step */\
    ARG(EPS, "eps")                 /* const float *, one element */           \
    ARG(WEIGHT, "weight")           /* const x's type *, [dim, depth] */       \
    ARG(ATT_SRC, "att_src")         /* const float *, [heads, channels] */     \
    ARG(ATT_DST, "att_dst")         /* const float *, [heads, channels] */     \
    ARG(ATT, "att")                 /* const float *, [heads, channels] */     \
    ARG(DINV, "dinv")               /* const float *, [n_rows] */              \
    ARG(ROWPTR, "rowptr")           /* const offset_t *, [n_rows + 1] */       \
    ARG(COLIDX, "colidx")           /* const int *, [n_edges] */               \
    ARG(PART_PTR, "part_ptr")       /* const offset_t *, [n_parts + 1] */      \
    ARG(PART_END, "part_end")       /* const offset_t *, [n_parts] */          \
    ARG(PART_ROW, "part_row")       /* const int *, [n_parts + 1] */           \
    ARG(SPLIT_ROW, "split_row")     /* const int *, [n_splits] */              \
    ARG(SPLIT_FIRST, "split_first") /* const int *, [n_splits] */              \
    ARG(SPLIT_LAST, "split_last")   /* const int *, [n_splits] */              \
    ARG(PARTIAL, "partial")         /* float *, scratch */                     \
    ARG(SOURCE_ROW, "source_row") /* const int *, [n_rows]: where each row of  \
                                     out comes from */                         \
    ARG(N_ROWS, "n_rows")         /* int */                                    \
    ARG(N_PARTS, "n_parts")       /* int */                                    \
    ARG(N_SPLITS, "n_splits")     /* int */                                    \
    ARG(N_CUT, "n_cut")           /* int */                                    \
    ARG(N_WIDE, "n_wide")         /* int */                                    \
    /* Of the steps of training, and of operators, alone: */                   \
    ARG(STATE, "state")     /* train_state *, see bundle/train_state.h */      \
    ARG(PLACE, "place")     /* int: which of a step's dropouts this is */      \
    ARG(TAIL_PLACE, "tail_place") /* int: the same of the dropout of what the  \
                                     kernel has made, which comes last */      \
    ARG(LABELS, "labels")   /* const int *, [n_rows]; -1: not in the loss. Of  \
                               bce_loss bits, [n_rows, dim / 32 rounded up] */ \
    ARG(SHARE, "share")     /* const float *, [n_rows]: of the loss, or 0 */   \
    ARG(SCRATCH, "scratch") /* double *, [blocks of the first launch, n]: n is \
                               dim, of attention_scores_grad 2 dim */          \
    ARG(GRAD, "grad")       /* float *: of a parameter, or of all */           \
    ARG(WEIGHTS, "weights") /* float *, all parameters */                      \
    ARG(FIRST, "first")     /* float *, what the optimiser remembers */        \
    ARG(SECOND, "second")   /* float *, the same */                            \
    ARG(TREATMENT, "treatment") /* const int *, of every 64 parameters */      \
    ARG(WEIGHT_T, "weight_t")   /* float *, scratch: weight, turned round,     \
                                   [depth, x_pitch] */                         \
    ARG(KEPT, "kept")           /* float *, self; see ATTENTION_KEPT */        \
    ARG(G, "g")                 /* const float *, attention's gradient */      \
    ARG(ATT_ROWS, "att_rows")   /* float *, laid out as out */                 \
    ARG(EDGE_OF, "edge_of") /* const long long *, [n_edges]: the number that   \
                               each edge has elsewhere: among the rows' edges  \
                               where it is stored by sources, or the caller's  \
                               */                                              \
    ARG(GRAD_NEXT, "grad_next") /* float *: of the parameter behind */         \
    ARG(N_WEIGHTS, "n_weights") /* int */                                      \
    ARG(EDGE_VALUES, "edge_values") /* const float *, a weight of each edge */ \
    ARG(EDGE_OUT, "edge_out") /* float *, a value of each edge and head */     \
    /* Of tiles of rows, see tiles.h: */                                       \
    ARG(TILES, "tiles")               /* const int *, [4 (n_tiles + 1)] */     \
    ARG(TILE_COLUMNS, "tile_columns") /* const int *, [8 blocks] */            \
    ARG(TILE_MASKS, "tile_masks")     /* const unsigned *, [2 blocks] */       \
    ARG(N_TILES, "n_tiles")           /* int */                               \
    /* Of whole models, see whole_layout.h; beside them WEIGHTS: */            \
    ARG(BUFFERS, "buffers") /* float *, what lies between the steps */         \
    ARG(BARRIER, "barrier") /* unsigned *, a word for each block */            \
    /* Of kernels that join the rows they cut, see parts.h: */                 \
    ARG(MEETS, "meets")     /* const int *, [n_slots, 2] */                    \
    ARG(TICKETS, "tickets") /* unsigned *, [n_slots, kernel.tickets]: zeros,   \
                               which a launch leaves as it found them */

enum launch_arg {
#define ARG(id, name) ARG_##id,
    LAUNCH_ARGS(ARG)
#undef ARG
        N_LAUNCH_ARGS
};

// Whether the argument is an int, not an address.
bool launch_arg_is_int(enum launch_arg a);
// Whether only steps of training, and operators, have it.
bool launch_arg_trains(enum launch_arg a);
// Whether only a whole model has it.
bool launch_arg_of_whole(enum launch_arg a);

// What the grid is counted in. See parts.h for the parts of the edges behind
// n_parts and n_splits, buckets.h for n_warps; the last is the argument of
// that name.
enum grid_count {
    GRID_ROWS,
    GRID_PARTS,
    GRID_SPLITS,
    GRID_WARPS,
    GRID_ONE, // 1
    GRID_WEIGHTS,
    N_GRID_COUNTS
};

// grid = (ceil(count / per_block), grid_y, 1); nothing is launched when the
// count is 0. Blocks of a cooperative launch wait for each other: no more are
// started than run at once, one on each multiprocessor; or, where the kernel
// says how many, that one cluster.
struct launch {
    char entry[NAME_LEN]; // extern "C" name inside the image
    enum grid_count count;
    int32_t per_block, grid_y;
    int32_t block;        // threads
    int32_t shared_bytes; // dynamic shared memory
    bool cooperative;
    int32_t cluster; // blocks; 0: of no cluster
    // The kernel begins by waiting until those before it have ended, where its
    // native code is for sm_90 or later: so it may be started before they have.
    bool follows;
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
    // Parts sorted by length, see buckets.h; all 0 for parts in row order.
    int32_t packed_rows;  // short rows that share a warp
    int32_t packed_edges; // edges of such a row, at most
    int32_t packed_step;  // edges that a team takes at a time
    // Windows of rows that share columns, see tiles.h; 0 where there are none.
    int32_t tile_percent; // edges of 100 distinct columns, at least
    int32_t tile_blocks;  // blocks of columns of a tile, at most
    bool partials;        // needs the PARTIAL scratch: 2 rows of `dim` floats
                          // per block; of sorted parts 1 per piece of a row,
                          // of tiles 8 per piece of a window
    int32_t tickets;      // words of TICKETS for each partial sum, or 0
    bool atomics;         // adds floats atomically, in no order: its results
                          // do not repeat bit by bit
    int32_t dim;          // width it was specialised for
    int32_t heads;        // the same of heads, see step_heads; mostly 0
    enum dtype x_type, out_type, self_type; // of the matrices it expects
    int32_t x_slab, out_slab, self_slab;    // the same: columns of a slab
    int32_t offset_bits;                    // 32 or 64: the type offset_t
    int32_t n_launches;
    struct launch launches[MAX_LAUNCHES];
};

// Whether one of its launches is given the argument.
bool kernel_takes(const struct kernel *k, enum launch_arg a);

#endif
