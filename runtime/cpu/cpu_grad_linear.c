// Gradients of weights: g^T x, long and thin matrices whose product is small.
// Chunks of rows are multiplied side by side and then added in order.
#include "cpu/cpu_chunks.h"
#include "cpu/cpu_grad.h"
#include "cpu/cpu_micro.h"

#include <string.h>

enum {
    DEPTH = 256, // rows of g and x that are multiplied at a time
    G_COLS = 48, // a multiple of the rows of every tile
    BLOCK = 16,  // of a transposition
};

void cpu_transpose(const float *in, int32_t rows, int32_t cols, float *out,
                   int n_threads)
{
#pragma omp parallel for schedule(static) \
    num_threads(n_threads) if ((int64_t)rows * cols > 1 << 15)
    for (int32_t c = 0; c < cols; c += BLOCK)
        for (int32_t r = 0; r < rows; r += BLOCK)
            for (int32_t j = c; j < cols && j < c + BLOCK; j++)
                for (int32_t i = r; i < rows && i < r + BLOCK; i++)
                    out[(int64_t)j * rows + i] = in[(int64_t)i * cols + j];
}

struct grad_job {
    const struct cpu_micro *micro;
    struct const_view g, x;
};

// panel[k][j] = x[first + k][col + j]; missing columns are zero.
static void copy_panel(const struct grad_job *w, int64_t first, int depth,
                       int32_t col, int n_cols, int width, float *panel)
{
    for (int k = 0; k < depth; k++) {
        const float *from = w->x.data + (first + k) * w->x.pitch + col;
        memcpy(panel + k * width, from, (size_t)n_cols * sizeof(float));
        for (int j = n_cols; j < width; j++)
            panel[k * width + j] = 0;
    }
}

// columns[j][k] = g[first + k][col + j]
static void copy_columns(const struct grad_job *w, int64_t first, int depth,
                         int32_t col, int n_cols, float *columns)
{
    for (int k = 0; k < depth; k++) {
        const float *from = w->g.data + (first + k) * w->g.pitch + col;
        for (int j = 0; j < n_cols; j++)
            columns[j * DEPTH + k] = from[j];
    }
}

// out [g.dim, x.dim], of which columns from `col` on, over rows first .. end.
static void multiply_chunk(const struct grad_job *w, int64_t first, int64_t end,
                           int32_t col, float *out)
{
    _Alignas(64) float panel[DEPTH * TILE_COLS];
    _Alignas(64) float columns[G_COLS * DEPTH];
    int32_t left = w->x.dim - col, most = w->micro->max_tile_cols;
    struct tile t = {.x = columns,
                     .x_pitch = DEPTH,
                     .panel = panel,
                     .out_pitch = w->x.dim,
                     .n_cols = left < most ? left : most};
    int width = t.n_cols <= w->micro->lanes ? w->micro->lanes : most;
    for (int64_t v = first; v < end; v += DEPTH) {
        t.depth = end - v < DEPTH ? (int)(end - v) : DEPTH;
        t.accumulate = v > first;
        copy_panel(w, v, t.depth, col, t.n_cols, width, panel);
        for (int32_t j = 0; j < w->g.dim; j += G_COLS) {
            t.n_rows = w->g.dim - j < G_COLS ? w->g.dim - j : G_COLS;
            t.out = out + (int64_t)j * w->x.dim + col;
            copy_columns(w, v, t.depth, j, (int)t.n_rows, columns);
            w->micro->multiply(&t);
        }
    }
}

static void add_slabs(const float *slabs, int64_t n_slabs, int64_t n,
                      float *sum, int n_threads)
{
#pragma omp parallel for schedule(static) \
    num_threads(n_threads) if (n > 1 << 14)
    for (int64_t i = 0; i < n; i++) {
        float s = slabs[i];
        for (int64_t c = 1; c < n_slabs; c++)
            s += slabs[c * n + i];
        sum[i] = s;
    }
}

size_t cpu_weight_grad_scratch(int64_t n_rows, int32_t rows, int32_t cols)
{
    return (size_t)row_chunks(n_rows) * (size_t)rows * (size_t)cols;
}

void cpu_weight_grad(int64_t n_rows, struct const_view g, struct const_view x,
                     float *scratch, float *grad, int n_threads)
{
    struct grad_job w = {cpu_micro(), g, x};
    int64_t n_chunks = row_chunks(n_rows), n = (int64_t)g.dim * x.dim;
    int32_t step = w.micro->max_tile_cols;
    if (n_rows == 0) {
        memset(grad, 0, (size_t)n * sizeof(float));
        return;
    }
#pragma omp parallel for collapse(2) schedule(dynamic) num_threads(n_threads)
    for (int64_t c = 0; c < n_chunks; c++)
        for (int32_t col = 0; col < x.dim; col += step)
            multiply_chunk(&w, chunk_row(n_rows, c, n_chunks),
                           chunk_row(n_rows, c + 1, n_chunks), col,
                           n_chunks == 1 ? grad : scratch + c * n);
    if (n_chunks > 1)
        add_slabs(scratch, n_chunks, n, grad, n_threads);
}
