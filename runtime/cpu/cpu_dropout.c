#include "cpu/cpu_dropout.h"

#include <stdbool.h>
#include <string.h>

#include "rng.h"

enum { DRAWS = 4, DRAW_BITS = 16 }; // of one random number

struct dropout dropout_of(float p, uint64_t seed, int64_t step, int32_t place)
{
    uint32_t threshold = (uint32_t)((double)p * 65536 + 0.5);
    if (threshold > 65535)
        threshold = 65535; // 1 would divide by zero
    return (struct dropout){
        .stream = rng_at(rng_at(seed, (uint64_t)step), (uint64_t)place),
        .threshold = threshold,
        .scale = (float)(65536.0 / (65536 - threshold))};
}

// x, or 0 whatever x is. No branch: nobody can predict it.
static inline float keep_if(bool keep, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    bits &= 0u - (uint32_t)keep;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

// The first n elements of a draw's four.
static inline void drop_draw(const struct dropout *d, uint64_t draw,
                             const int n, const float *from, float *to)
{
    uint64_t bits = rng_at(d->stream, draw);
#pragma GCC unroll 4
    for (int i = 0; i < n; i++, bits >>= DRAW_BITS)
        to[i] = keep_if((bits & 0xffff) >= d->threshold, d->scale * from[i]);
}

static void drop(const struct dropout *d, uint64_t first_draw, int64_t n,
                 const float *from, float *to)
{
    int64_t i = 0;
    for (; i + DRAWS <= n; i += DRAWS)
        drop_draw(d, first_draw++, DRAWS, from + i, to + i);
    if (i < n)
        drop_draw(d, first_draw, (int)(n - i), from + i, to + i);
}

// The first draw of a row: rows begin with a draw of their own.
static inline uint64_t row_draw(int64_t row, int32_t dim)
{
    return (uint64_t)row * (uint64_t)((dim + DRAWS - 1) / DRAWS);
}

void cpu_dropout_rows(int64_t n_rows, struct const_view from, struct dropout d,
                      struct view to, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < n_rows; v++)
        drop(&d, row_draw(v, from.dim), from.dim, from.data + v * from.pitch,
             to.data + v * to.pitch);
}

void cpu_dropout_piece(const struct dropout *d, int64_t row, int32_t dim,
                       int32_t first, int32_t n, const float *from, float *to)
{
    drop(d, row_draw(row, dim) + (uint64_t)(first / DRAWS), n, from, to);
}

void cpu_dropout_entries(const struct sparse_rows *x, int32_t dim,
                         struct dropout d, float *to, int n_threads)
{
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (int64_t v = 0; v < x->n_rows; v++)
        for (int64_t e = x->rowptr[v]; e < x->rowptr[v + 1]; e++) {
            int32_t c = x->colidx[e];
            uint64_t bits =
                rng_at(d.stream, row_draw(v, dim) + (uint64_t)(c / DRAWS));
            bits = bits >> DRAW_BITS * (c % DRAWS) & 0xffff;
            to[e] = keep_if(bits >= d.threshold, d.scale * x->value[e]);
        }
}
