// What a training is asked for: a protocol's hyper-parameters where options do
// not say otherwise.
#ifndef GNNAC_TRAIN_PROTOCOL_H
#define GNNAC_TRAIN_PROTOCOL_H

#include "cli/cli.h"
#include "graph/dataset.h"
#include "plan/lower.h"

// Which epochs count as better ones; see train_watch.h.
enum watch_rule { WATCH_METRIC, WATCH_LOSS, WATCH_BOTH };

struct hyper {
    int64_t epochs, patience; // patience 0: never stop early
    enum watch_rule watch;
    bool normalize, keep_last;
    enum label_kind labels; // what --loss is for
    gnnac_train_options train;
};

void read_hyper(const struct options *o, struct hyper *out);

// The network for a graph; `dim` and `classes` are the data's. Of the loss's
// kind of output it knows nothing.
struct model_request requested_network(const struct options *o, int32_t dim,
                                       int32_t classes);

#endif
