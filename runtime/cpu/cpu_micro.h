// The innermost loops of the CPU backend, built once for each instruction set
// that a machine may have (meson.build lists them); the best one that this
// machine has is taken at run time. Their callers cut the work to size and
// share it among threads.
//
// Results differ between instruction sets by roundings (a multiply-add is one
// rounding or two), but never with how the work is cut: an element is summed in
// the same order whatever rows and threads are about it.
#ifndef GNNAC_CPU_MICRO_H
#define GNNAC_CPU_MICRO_H

#include "cpu/cpu_kernels.h"

// Columns of some rows of an aggregation.
struct sum_block {
    int64_t first_row, end_row;
    int32_t first_col, n_cols; // 1 <= n_cols <= max_sum_cols
};

// Rows of x times a packed panel of the weight. `panel` is [depth, width], its
// columns from n_cols on zero, `width` as width_of gives it.
struct tile {
    const float *x; // [n_rows, depth]
    int64_t x_pitch;
    const float *panel; // aligned to 64 bytes
    float *out;         // [n_rows, n_cols]
    int64_t out_pitch;
    int64_t n_rows;
    int depth, n_cols; // n_cols <= max_tile_cols
    bool accumulate;   // add to what `out` holds
};

enum { TILE_COLS = 32 }; // the most of all instruction sets

struct cpu_micro {
    const char *name;
    int max_sum_cols;
    void (*aggregate)(const struct aggregate_job *a, struct sum_block b);
    int lanes, max_tile_cols; // a panel is one or two vectors wide
    void (*multiply)(const struct tile *t);
};

// The best of this machine, or what the environment variable GNNAC_CPU_ISA
// names ("base", "avx2", "avx512") where the machine has it. Read once.
const struct cpu_micro *cpu_micro(void);

#endif
