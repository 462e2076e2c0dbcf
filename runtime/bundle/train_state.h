// What a training step on a GPU reads and writes in device memory, so that it
// is the same work whatever the number of the step. templates/train.lib.lua
// declares the same for kernels.
#ifndef GNNAC_TRAIN_STATE_H
#define GNNAC_TRAIN_STATE_H

#include <stdint.h>

struct train_state {
    uint64_t seed;                // of dropout
    int64_t step;                 // updates so far
    double loss;                  // of the latest step, before its update
    uint32_t drop_threshold;      // of 65536: how often an element is dropped
    float drop_scale;             // of what is kept
    uint32_t attention_threshold; // the same of attention's coefficients
    float attention_scale;
    int32_t is_sgd; // else Adam or AdamW
    // Options: decay is the share of the weight that is added to its gradient,
    // shrink what the weight is multiplied with (AdamW).
    float lr, decay, shrink, beta1, beta2, epsilon;
    // Of this update, set by the optimiser itself: lr / (1 - beta1^step) and
    // 1 / sqrt(1 - beta2^step).
    float step_lr, correct2;
};

// How the optimiser treats 64 parameters, each of a tensor of its own.
enum { TREAT_LEAVE, TREAT_UPDATE, TREAT_DECAY, TREATED_TOGETHER = 64 };

#endif
