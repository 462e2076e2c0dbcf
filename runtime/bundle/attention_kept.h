// What attention leaves behind its scores while it is trained, forward for
// backward, and the slope of its LeakyReLU: a part of program.h.
#ifndef GNNAC_ATTENTION_KEPT_H
#define GNNAC_ATTENTION_KEPT_H

#include <stdint.h>

// Numbers of each head in a row of the scores while attention is trained: the
// scores, as a source and as a row; the softmax's maximum in units of log2, and
// one over its sum; the sum of coefficients times their gradients; the scores'
// gradients, as many numbers behind the first. All but the scores lie beyond
// the buffer's `dim`.
enum { ATTENTION_KEPT = 7, ATTENTION_KEPT_FOUND = 2, ATTENTION_KEPT_GRADS = 5 };

// Of ATTENTION_V2, whose self has no scores: maximum, one over the sum, and the
// sum of coefficients times their gradients, behind self's columns. Its rows
// have room for them in a bundle, too, so that both have one pitch.
enum { ATTENTION_V2_KEPT = 3 };

static inline int32_t attention_v2_columns(int32_t dim, int32_t heads)
{
    return dim + ATTENTION_V2_KEPT * heads;
}

// The slope of attention's LeakyReLU below zero.
#define ATTENTION_SLOPE 0.2

#endif
