// x W^T in tiles that stay in registers and the first cache: a panel of the
// weight, a few columns by DEPTH inputs, is transposed into a buffer on the
// stack and used by all rows of a chunk. (Goto and van de Geijn 2008, without
// the packing of x: its rows are as long as a panel is deep.)
#include <omp.h>

#include "apart.h"
#include "bundle/dtype.h"
#include "cpu/cpu_micro.h"

enum {
    DEPTH = 256, // DEPTH * TILE_COLS floats: 32 KiB
    LEAST_ROWS = 96,
    MOST_ROWS = 960,
    CHUNKS_PER_THREAD = 4,
};

// panel[k][j] = weight[j][k], rounded; missing columns are zero.
static void transpose_panel(const float *weight, enum dtype dtype,
                            int32_t in_dim, int depth, int n_cols, int width,
                            float *panel)
{
    for (int j = 0; j < n_cols; j++)
        for (int k = 0; k < depth; k++)
            panel[k * width + j] =
                dtype_round(dtype, weight[(int64_t)j * in_dim + k]);
    for (int j = n_cols; j < width; j++)
        for (int k = 0; k < depth; k++)
            panel[k * width + j] = 0;
}

struct product {
    struct const_view x;
    const float *weight;
    enum dtype dtype; // of the weight
    struct view out;
    bool accumulate;
};

// Inputs k to k + depth of the chunk: they are in the second cache after the
// first panel.
static void multiply_depth(const struct cpu_micro *micro,
                           const struct product *p, int64_t first,
                           int64_t n_rows, int32_t k)
{
    _Alignas(64) float panel[DEPTH * TILE_COLS];
    int32_t in_dim = p->x.dim, out_dim = p->out.dim;
    struct tile t = {.x = p->x.data + first * p->x.pitch + k,
                     .x_pitch = p->x.pitch,
                     .panel = panel,
                     .out_pitch = p->out.pitch,
                     .n_rows = n_rows,
                     .depth = in_dim - k < DEPTH ? in_dim - k : DEPTH,
                     .accumulate = p->accumulate || k > 0};
    for (int32_t j = 0; j < out_dim; j += micro->max_tile_cols) {
        int32_t left = out_dim - j;
        t.n_cols = left < micro->max_tile_cols ? left : micro->max_tile_cols;
        t.out = p->out.data + first * p->out.pitch + j;
        transpose_panel(p->weight + (int64_t)j * in_dim + k, p->dtype, in_dim,
                        t.depth, t.n_cols,
                        t.n_cols <= micro->lanes ? micro->lanes
                                                 : micro->max_tile_cols,
                        panel);
        micro->multiply(&t);
    }
}

// Whole multiples of the rows of a tile, so that one chunk at most has a rest.
static int64_t chunk_rows(int64_t n_rows, int n_threads)
{
    int64_t rows = n_rows / ((int64_t)n_threads * CHUNKS_PER_THREAD);
    rows = rows < LEAST_ROWS ? LEAST_ROWS : rows > MOST_ROWS ? MOST_ROWS : rows;
    return (rows + 11) / 12 * 12;
}

void cpu_linear_rounded(int64_t n_rows, struct const_view x,
                        const float *weight, enum dtype dtype, struct view out,
                        bool accumulate, int n_threads)
{
    const struct cpu_micro *micro = cpu_micro();
    const struct product p = {x, weight, dtype, out, accumulate};
    int64_t chunk = chunk_rows(n_rows, n_threads);
    struct apart apart;
    apart_begin(&apart);
#pragma omp parallel num_threads(n_threads) if (n_rows > chunk)
    {
        if (omp_get_thread_num() > 0)
            apart_join(&apart);
#pragma omp for schedule(dynamic) nowait
        for (int64_t v = 0; v < n_rows; v += chunk)
            for (int32_t k = 0; k < x.dim; k += DEPTH)
                multiply_depth(micro, &p, v,
                               n_rows - v < chunk ? n_rows - v : chunk, k);
    }
}

void cpu_linear(int64_t n_rows, struct const_view x, const float *weight,
                struct view out, bool accumulate, int n_threads)
{
    cpu_linear_rounded(n_rows, x, weight, DTYPE_F32, out, accumulate,
                       n_threads);
}
