// A trainer on a GPU: train_program.h's step as one captured CUDA graph, which
// is launched again and again. Everything stays on the device; what differs
// from step to step is in a struct train_state there. cuda_train_memory.c makes
// and fills its memory, cuda_train_run.c runs the steps, cuda_train.c is the
// backend. All runs inside cuda_enter/cuda_leave.
#ifndef GNNAC_CUDA_TRAIN_H
#define GNNAC_CUDA_TRAIN_H

#include "cuda/cuda_model.h"
#include "train/train_program.h"
#include "train/trainer.h"

// Arrays beside the weights, each laid out as they are.
enum train_array {
    ARRAY_GRAD,
    ARRAY_FIRST,
    ARRAY_SECOND,
    ARRAY_KEPT,
    N_ARRAYS
};

// The targets that the device has, to find out whether others come.
struct seen_targets {
    int64_t n;       // -1: none, or too many to remember
    int32_t per_row; // labels of a node
    int32_t words;   // numbers that hold them as uploaded
    int32_t *nodes;  // [n_nodes]
    int32_t *labels; // [n_nodes, per_row]
    int32_t *label;  // [n_nodes, words] as uploaded; of BCE bits
    float *share;    // [n_nodes] the same
};

// Features by sparse rows: their entries by rows and by columns.
struct sparse_input {
    bool used;
    struct features form;                  // host
    struct transposed by_column;           // host
    struct cuda_graph rows, columns;       // of these
    cu_ptr row_values, column_values;
    cu_ptr weight_t; // scratch: a weight, turned round
};

struct cuda_trainer {
    const struct cuda_context *c;
    struct cuda_model *cm;
    const gnnac_trainer *t;
    struct program p;  // one step
    int32_t dropped_x; // the buffer; that of the features where nothing drops
    struct cuda_graph transposed;
    struct cuda_blas blas;
    cu_stream stream;
    cu_graph_exec step; // the program, captured
    bool predicts;      // nothing is dropped

    size_t offset[MAX_BUFFERS]; // in `values`
    cu_ptr values, x, dropped;  // x: the features, where they are dense
    struct sparse_input sparse; // where not
    cu_ptr edge_of; // of the edges by sources which they are by rows; 0 where
                    // nothing attends
    cu_ptr arrays[N_ARRAYS], treatment, state, scratch, partial;
    cu_ptr label, share; // as in `seen`
    struct seen_targets seen;
};

// ---- cuda_train_memory.c ----------------------------------------------------

// All but the kernels. On failure cuda_train_free takes what is there.
gnnac_status cuda_train_alloc(struct cuda_trainer *ct, const gnnac_features *x,
                              gnnac_error *err);
void cuda_train_free(struct cuda_trainer *ct);
// The state as options and steps so far make it.
gnnac_status cuda_train_send_state(struct cuda_trainer *ct, gnnac_error *err);
bool cuda_train_has_targets(const struct cuda_trainer *ct,
                            const struct targets *at);
// Unless they are known.
gnnac_status cuda_train_send_targets(struct cuda_trainer *ct,
                                     const struct targets *at,
                                     gnnac_error *err);

// ---- cuda_train_run.c -------------------------------------------------------

// Take the bundle's kernels for training. GNNAC_EUNSUPPORTED where it has none.
gnnac_status cuda_train_load_kernels(struct cuda_trainer *ct, gnnac_error *err);
// Run it once without an update, so that all is loaded, then capture it.
gnnac_status cuda_train_capture(struct cuda_trainer *ct, gnnac_error *err);
// The network's output, in buffer 1.
gnnac_status cuda_train_forward(struct cuda_trainer *ct, gnnac_error *err);

cu_ptr cuda_train_buffer(const struct cuda_trainer *ct, int32_t buffer);

#endif
