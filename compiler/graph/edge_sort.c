#include "graph/edge_sort.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"

// ---- lists in order ---------------------------------------------------------

bool edge_list_is_sorted(const struct edge_list *l)
{
    enum { BLOCK = 1 << 14 };
    bool differ = false;
#pragma omp parallel for schedule(static)
    for (int64_t first = 1; first < l->n; first += BLOCK) {
        bool stop, bad = false;
        int64_t end = l->n - first < BLOCK ? l->n : first + BLOCK;
#pragma omp atomic read
        stop = differ;
        for (int64_t e = first; e < end && !stop && !bad; e++)
            bad = l->row[e - 1] > l->row[e] ||
                  (l->row[e - 1] == l->row[e] && l->col[e - 1] > l->col[e]);
        if (bad) {
#pragma omp atomic write
            differ = true;
        }
    }
    return !differ;
}

void edge_list_starts(const struct edge_list *l, int64_t *rowptr)
{
#pragma omp parallel for schedule(static)
    for (int64_t e = 0; e <= l->n; e++) {
        int64_t row = e < l->n ? l->row[e] : l->n_rows;
        int64_t before = e > 0 ? l->row[e - 1] : -1;
        for (; before < row; before++)
            rowptr[before + 1] = e;
    }
}

// ---- one bucket -------------------------------------------------------------

enum { DIGIT_BITS = 11, N_DIGITS = 1 << DIGIT_BITS };

// An entry as one number: row above column.
typedef uint64_t cell;

// Two buffers, between which entries go to and fro. Grown as buckets need.
struct scratch {
    int64_t room;
    cell *cells[2];
    float *weight[2]; // used when there are weights
};

static void scratch_finish(struct scratch *s)
{
    for (int i = 0; i < 2; i++) {
        free(s->cells[i]);
        free(s->weight[i]);
    }
    *s = (struct scratch){0};
}

static bool scratch_grow(struct scratch *s, int64_t n, bool weighted)
{
    bool ok = true;
    if (n <= s->room)
        return true;
    scratch_finish(s);
    for (int i = 0; i < 2; i++) {
        s->cells[i] = alloc_array(n, sizeof(cell));
        s->weight[i] = weighted ? alloc_array(n, sizeof(float)) : NULL;
        ok = ok && s->cells[i] && (!weighted || s->weight[i]);
    }
    s->room = ok ? n : 0;
    return ok;
}

// What is sorted, and where to; `row`, `col` and `weight` begin at the bucket.
struct task {
    int64_t n, row_begin, row_end, start;
    const int32_t *row;
    int32_t *col;
    float *weight;
    int64_t *rowptr;
    int col_bits;
};

// Pack the entries and count those of each row. True when columns ascend.
static bool pack(const struct task *k, cell *out)
{
    bool ascend = true;
    int32_t before = 0;
    for (int64_t i = 0; i < k->n; i++) {
        int32_t row = k->row[i], col = k->col[i];
        ascend &= before <= col;
        before = col;
        k->rowptr[row]++;
        out[i] = (cell)row << 32 | (uint32_t)col;
    }
    return ascend;
}

// Counting sort by the digit at `shift`.
static void sort_digit(const cell *in, const float *weight_in, int64_t n,
                       int shift, int bits, cell *out, float *weight_out)
{
    int64_t place[N_DIGITS] = {0}, sum = 0;
    const cell mask = ((cell)1 << bits) - 1;
    for (int64_t i = 0; i < n; i++)
        place[in[i] >> shift & mask]++;
    for (cell d = 0; d <= mask; d++) {
        int64_t here = place[d];
        place[d] = sum;
        sum += here;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t at = place[in[i] >> shift & mask]++;
        out[at] = in[i];
        if (weight_out)
            weight_out[at] = weight_in[i];
    }
}

// Sort by column; returns which buffer holds the result.
static int sort_columns(const struct task *k, struct scratch *s)
{
    int n_passes = (k->col_bits + DIGIT_BITS - 1) / DIGIT_BITS, from = 0;
    int shift = 0;
    for (int i = n_passes; i > 0; i--, from = !from) {
        int bits = (k->col_bits - shift + i - 1) / i;
        sort_digit(s->cells[from], s->weight[from], k->n, shift, bits,
                   s->cells[!from], s->weight[!from]);
        shift += bits;
    }
    return from;
}

// The last pass, by row, whose counts are known.
static void place_rows(const struct task *k, const cell *in,
                       const float *weight)
{
    int64_t *next = k->rowptr, at = 0;
    for (int64_t v = k->row_begin; v < k->row_end; v++) {
        int64_t here = next[v];
        next[v] = at;
        at += here;
    }
    for (int64_t i = 0; i < k->n; i++) {
        at = next[in[i] >> 32]++;
        k->col[at] = (int32_t)(uint32_t)in[i];
        if (k->weight)
            k->weight[at] = weight[i];
    }
    // Each row's place is now the next row's beginning.
    for (int64_t v = k->row_end - 1; v > k->row_begin; v--)
        next[v] = k->start + next[v - 1];
    if (k->row_begin < k->row_end)
        next[k->row_begin] = k->start;
}

static bool sort_bucket(const struct task *k, struct scratch *s)
{
    if (!scratch_grow(s, k->n, k->weight != NULL))
        return false;
    for (int64_t v = k->row_begin; v < k->row_end; v++)
        k->rowptr[v] = 0;
    if (k->weight && k->n > 0)
        memcpy(s->weight[0], k->weight, (size_t)k->n * sizeof(float));
    int at = pack(k, s->cells[0]) ? 0 : sort_columns(k, s);
    place_rows(k, s->cells[at], s->weight[at]);
    return true;
}

// ---- all buckets ------------------------------------------------------------

static struct task bucket_task(const struct edge_buckets *b, int64_t i,
                               int64_t *rowptr, int32_t *col, float *weight)
{
    int64_t at = b->begin[i];
    return (struct task){.n = b->begin[i + 1] - at,
                         .row_begin = b->row_begin[i],
                         .row_end = b->row_begin[i + 1],
                         .start = at,
                         .row = b->row + at,
                         .col = col + at,
                         .weight = weight ? weight + at : NULL,
                         .rowptr = rowptr};
}

static int bits_below(int64_t n)
{
    int bits = 0;
    while (bits < 31 && n > (int64_t)1 << bits)
        bits++;
    return bits;
}

bool edge_sort(const struct edge_list *l, int64_t *rowptr, int32_t *col,
               float *weight)
{
    struct edge_buckets b;
    bool ok = true;
    int col_bits = bits_below(l->n_rows);
    if (!edge_partition(l, col, weight, &b))
        return false;
#pragma omp parallel reduction(&& : ok)
    {
        struct scratch s = {0};
#pragma omp for schedule(dynamic, 1)
        for (int64_t i = 0; i < b.n; i++) {
            struct task k = bucket_task(&b, i, rowptr, col, weight);
            k.col_bits = col_bits;
            ok = sort_bucket(&k, &s) && ok;
        }
        scratch_finish(&s);
    }
    rowptr[l->n_rows] = l->n;
    edge_buckets_finish(&b);
    return ok;
}
