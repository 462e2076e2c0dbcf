// x W^T in tiles that stay in registers and the first cache: a panel of PANEL
// output columns by DEPTH inputs is transposed into a buffer on the stack, then
// used by all rows of the chunk, ROWS at a time.
#include <string.h>

#include "cpu_kernels.h"

enum {
    ROWS = 4,
    PANEL = 8,
    DEPTH = 512,  // PANEL * DEPTH floats: 16 KiB
    CHUNK = 128,  // rows that share a transposed panel
};

// What every machine has; wider vectors are slower where they are emulated.
typedef float vec __attribute__((vector_size(16)));
enum { LANES = 4, VECS = PANEL / LANES };

struct tile {
    const float *x;
    int64_t x_pitch;
    float *out;
    int64_t out_pitch;
    int n_cols; // of the panel, at most PANEL
    bool accumulate;
};

// panel[k][j] = weight[first + j][k0 + k]; missing columns are zero.
static void transpose_panel(const float *weight, int32_t in_dim, int32_t k0,
                            int depth, int n_cols, float *panel)
{
    for (int k = 0; k < depth; k++)
        for (int j = 0; j < PANEL; j++)
            panel[k * PANEL + j] =
                j < n_cols ? weight[(int64_t)j * in_dim + k0 + k] : 0;
}

static void store_row(const struct tile *t, float *out, const vec sum[VECS])
{
    float s[PANEL];
    memcpy(s, sum, sizeof(s));
    for (int j = 0; j < t->n_cols; j++)
        out[j] = t->accumulate ? out[j] + s[j] : s[j];
}

static void multiply_four_rows(const struct tile *t, const float *panel,
                               int depth)
{
    const float *a = t->x, *b = a + t->x_pitch, *c = b + t->x_pitch,
                *d = c + t->x_pitch;
    vec sum[ROWS][VECS] = {{{0}}};
    for (int k = 0; k < depth; k++)
        for (int i = 0; i < VECS; i++) {
            vec w;
            memcpy(&w, panel + k * PANEL + i * LANES, sizeof(w));
            sum[0][i] += a[k] * w;
            sum[1][i] += b[k] * w;
            sum[2][i] += c[k] * w;
            sum[3][i] += d[k] * w;
        }
    for (int r = 0; r < ROWS; r++)
        store_row(t, t->out + r * t->out_pitch, sum[r]);
}

static void multiply_one_row(const struct tile *t, const float *panel,
                             int depth)
{
    vec sum[VECS] = {{0}};
    for (int k = 0; k < depth; k++)
        for (int i = 0; i < VECS; i++) {
            vec w;
            memcpy(&w, panel + k * PANEL + i * LANES, sizeof(w));
            sum[i] += t->x[k] * w;
        }
    store_row(t, t->out, sum);
}

static void multiply_rows(struct tile t, int64_t n_rows, const float *panel,
                          int depth)
{
    int64_t v = 0;
    for (; v + ROWS <= n_rows; v += ROWS) {
        multiply_four_rows(&t, panel, depth);
        t.x += ROWS * t.x_pitch;
        t.out += ROWS * t.out_pitch;
    }
    for (; v < n_rows; v++) {
        multiply_one_row(&t, panel, depth);
        t.x += t.x_pitch;
        t.out += t.out_pitch;
    }
}

static void multiply_chunk(int64_t first, int64_t n_rows, struct const_view x,
                           const float *weight, struct view out,
                           bool accumulate)
{
    _Alignas(64) float panel[DEPTH * PANEL];
    for (int32_t j = 0; j < out.dim; j += PANEL)
        for (int32_t k = 0; k < x.dim; k += DEPTH) {
            int depth = x.dim - k < DEPTH ? x.dim - k : DEPTH;
            int n_cols = out.dim - j < PANEL ? out.dim - j : PANEL;
            struct tile t = {.x = x.data + first * x.pitch + k,
                             .x_pitch = x.pitch,
                             .out = out.data + first * out.pitch + j,
                             .out_pitch = out.pitch,
                             .n_cols = n_cols,
                             .accumulate = accumulate || k > 0};
            transpose_panel(weight + (int64_t)j * x.dim, x.dim, k, depth,
                            n_cols, panel);
            multiply_rows(t, n_rows, panel, depth);
        }
}

void cpu_linear(int64_t n_rows, struct const_view x, const float *weight,
                struct view out, bool accumulate, int n_threads)
{
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v += CHUNK) {
        int64_t n = n_rows - v < CHUNK ? n_rows - v : CHUNK;
        multiply_chunk(v, n, x, weight, out, accumulate);
    }
}
