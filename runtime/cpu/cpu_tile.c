// Tiles of a matrix product: a few rows of x times a panel of one or two
// vectors' width, all sums in registers. Built once for each instruction set.
#include "cpu/cpu_lanes.h"

// Rows by vectors: as many sums as registers allow beside the inputs.
#if LANES == 16
#define ROWS 12
#else
#define ROWS 6
#endif

#define VEC PASTE(vec, LANES)
#define LOAD PASTE(load, LANES)
#define STORE PASTE(store, LANES)

ALWAYS_INLINE void store_row(const struct tile *t, int64_t v, const VEC *sum,
                             const int n_vecs)
{
    float s[TILE_VECS * LANES] = {0}, *out = t->out + v * t->out_pitch;
    if (t->n_cols == n_vecs * LANES) {
        for (int i = 0; i < n_vecs; i++)
            STORE(out + i * LANES,
                  t->accumulate ? LOAD(out + i * LANES) + sum[i] : sum[i]);
        return;
    }
    for (int i = 0; i < n_vecs; i++)
        STORE(s + i * LANES, sum[i]);
    for (int j = 0; j < t->n_cols; j++)
        out[j] = t->accumulate ? out[j] + s[j] : s[j];
}

ALWAYS_INLINE void multiply_rows(const struct tile *t, int64_t first,
                                 const int n_rows, const int n_vecs)
{
    const float *x = t->x + first * t->x_pitch;
    VEC sum[ROWS][TILE_VECS] = {{{0}}};
    for (int k = 0; k < t->depth; k++) {
        VEC w[TILE_VECS];
        for (int i = 0; i < n_vecs; i++)
            w[i] = LOAD(t->panel + (k * n_vecs + i) * LANES);
        for (int r = 0; r < n_rows; r++)
            for (int i = 0; i < n_vecs; i++)
                sum[r][i] += x[r * t->x_pitch + k] * w[i];
    }
    for (int r = 0; r < n_rows; r++)
        store_row(t, first + r, sum[r], n_vecs);
}

ALWAYS_INLINE void multiply(const struct tile *t, const int n_vecs)
{
    int64_t v = 0;
    for (; v + ROWS <= t->n_rows; v += ROWS)
        multiply_rows(t, v, ROWS, n_vecs);
    for (; v + 3 <= t->n_rows; v += 3)
        multiply_rows(t, v, 3, n_vecs);
    for (; v < t->n_rows; v++)
        multiply_rows(t, v, 1, n_vecs);
}

void ISA(cpu_tile)(const struct tile *t)
{
    if (t->n_cols <= LANES)
        multiply(t, 1);
    else
        multiply(t, 2);
}
