// Features on a GPU: a dense matrix, or sparse rows and the program that reads
// them. Made outside cuda_enter/cuda_leave (backend.h has the functions).
#ifndef GNNAC_CUDA_INPUT_H
#define GNNAC_CUDA_INPUT_H

#include "cuda/cuda_model.h"

struct cuda_input {
    cu_ptr x; // [n_nodes, in_dim]; 0 where they are sparse, and then:
    cu_ptr values;
    struct cuda_graph rows; // the entries as edges, from columns to nodes
    struct program p;       // program_read_sparse's
    size_t partial_bytes;   // that all its steps share, those of the model's
    size_t turned_bytes;
};

#endif
