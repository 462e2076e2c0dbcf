// Dropout (Srivastava et al., JMLR 2014) without a stored mask: whether an
// element is kept is a function of seed, step, place and the element's index,
// so forward and backward draw it anew and every thread draws the same.
#ifndef GNNAC_CPU_DROPOUT_H
#define GNNAC_CPU_DROPOUT_H

#include "cpu/cpu_kernels.h"

struct dropout {
    uint64_t stream;
    uint32_t threshold; // of 65536: how often an element is dropped
    float scale;        // of what is kept; the mean stays
};

// `p` in [0, 1) is rounded to a multiple of 2^-16. `place` tells the layers of
// one step apart.
struct dropout dropout_of(float p, uint64_t seed, int64_t step, int32_t place);

// to = from, dropped and scaled; to may be from. The mask depends on from.dim,
// not on pitches.
void cpu_dropout_rows(int64_t n_rows, struct const_view from, struct dropout d,
                      struct view to, int n_threads);

// Elements first .. first + n - 1 of row `row` of a matrix of `dim` columns:
// the same mask, a piece at a time. `first` is a multiple of 4.
void cpu_dropout_piece(const struct dropout *d, int64_t row, int32_t dim,
                       int32_t first, int32_t n, const float *from, float *to);

// The same of a sparse matrix of `dim` columns, entry by entry: `to` [entries]
// has what is left of those elements of the dense one.
void cpu_dropout_entries(const struct sparse_rows *x, int32_t dim,
                         struct dropout d, float *to, int n_threads);

#endif
