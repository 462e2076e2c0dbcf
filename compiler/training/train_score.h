// How good a network's output is on a part of a data set's nodes: by accuracy
// where a node has one class, by micro-F1 where it may have many.
#ifndef GNNAC_TRAIN_SCORE_H
#define GNNAC_TRAIN_SCORE_H

#include "graph/dataset.h"
#include "training/train_watch.h"

// Its name for people, and those of its values in JSON.
struct metric {
    const char *text, *test, *best_val, *last_val;
};
const struct metric *metric_of(const struct dataset *d);

// Of `y` [n_nodes, dim]. Micro-F1 is 2 TP / (2 TP + FP + FN) over all nodes and
// classes, those of a logit above 0 being what the network says; 0 where
// neither it nor the labels have any, as scikit-learn has it. The loss is the
// trainer's, in float64. NaN for a part of no nodes.
struct score score_of(const struct dataset *d, int split, const float *y,
                      int64_t dim);

#endif
