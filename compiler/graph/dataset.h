// What there is to learn about a graph's nodes: features, labels, and which
// nodes are for training, validation and test.
#ifndef GNNAC_DATASET_H
#define GNNAC_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"

struct node_list {
    int64_t n;
    int32_t *nodes; // owned
};

enum { SPLIT_TRAIN, SPLIT_VAL, SPLIT_TEST, N_SPLITS };

// Row v is node v in the order of the graph file. Owns its arrays.
struct dataset {
    int64_t n_nodes;
    int32_t dim, n_classes;
    float *dense; // [n_nodes, dim]; or NULL, and then by rows:
    int64_t *rowptr;
    int32_t *colidx;
    float *values;
    bool many;       // classes a node:
    int32_t *labels; // [n_nodes], -1: none; many: [n_nodes, n_classes], 0 or 1
    struct node_list split[N_SPLITS]; // .nodes NULL: the file has no split
};
void dataset_finish(struct dataset *d);

// The labels that are wanted: a class a node; a matrix, for each node and class
// 0 or 1; whichever the file has, where [n_nodes, 1] is a class a node.
enum label_kind { LABELS_CLASS, LABELS_MATRIX, LABELS_EITHER };

// An .npz file: features as x or features, or by sparse rows as x_indptr,
// x_indices, x_data, x_shape; labels as y or labels; perhaps num_classes; a
// split perhaps as train_idx, val_idx, test_idx or train_mask, val_mask,
// test_mask. Nodes of a split must have labels. GNNAC_EIO, GNNAC_EFORMAT,
// GNNAC_ENOMEM.
gnnac_status dataset_load(const char *path, enum label_kind labels,
                          struct dataset *out, gnnac_error *err);

// The features alone, of such a file or of one that matrix_load (matrix.h)
// reads. The same errors.
gnnac_status dataset_load_features(const char *path, struct dataset *out,
                                   gnnac_error *err);

// As the runtime takes them; borrowed.
gnnac_features dataset_features(const struct dataset *d, gnnac_form form);

// Whether such a file has labels; false as well where it cannot be read.
bool dataset_has_labels(const char *path);

// Divide each row by its sum; rows whose sum is 0 stay.
void dataset_normalize(struct dataset *d);

// A split of all labelled nodes, 60 : 20 : 20, drawn from `seed`. GNNAC_ENOMEM;
// GNNAC_EFORMAT where fewer than three nodes have labels.
gnnac_status dataset_draw_split(struct dataset *d, uint64_t seed,
                                gnnac_error *err);

#endif
