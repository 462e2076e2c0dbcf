// Which epoch of a training is the best so far, and when to stop waiting for a
// better one.
#ifndef GNNAC_TRAIN_WATCH_H
#define GNNAC_TRAIN_WATCH_H

#include "training/train_protocol.h"

// Of one part of the split; of none NaN.
struct score {
    double metric, loss; // metric: see train_score.h
};

// By WATCH_METRIC an epoch is better whose metric is higher or, of equals,
// whose loss is lower; by WATCH_LOSS whose loss is lower. By WATCH_BOTH an
// epoch is the best that has both the highest metric and the lowest loss so
// far, and either of them is worth going on (Velickovic et al. 2018). With
// nothing to validate by, the latest is as good as any.
struct watch {
    enum watch_rule rule;
    int64_t best_epoch, last_rise; // 0: none yet
    struct score best;             // of best_epoch
    double metric, loss;           // the best of each
};

struct watch watch_begin(enum watch_rule rule);

// Whether `epoch` is the best so far.
bool watch_epoch(struct watch *w, int64_t epoch, struct score s);

// What an epoch's score does not tell, as a line: the best of each, and since
// when to wait. false: the text is no such line of a training of `epochs`.
void watch_write(const struct watch *w, char *text, size_t n_bytes);
bool watch_read(struct watch *w, const char *text, int64_t epochs);

// Epochs since the last one that was worth going on for.
int64_t watch_waited(const struct watch *w, int64_t epoch);

#endif
