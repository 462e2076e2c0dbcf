#include "graph/edge_partition.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/pages.h"

// Bins are runs of 2^shift rows; buckets are runs of bins. A bucket of
// BUCKET_EDGES and what sorting it needs fit a cache of level 2.
enum { MAX_BINS = 1 << 14, BUCKET_EDGES = 1 << 14, MAX_BUCKETS = 1 << 11 };
enum { BLOCK = 1 << 12, RELEASE = 1 << 20 }; // entries at a time

struct plan {
    int shift, n_threads;
    int64_t n_bins;
    int64_t *count;     // [n_threads, n_bins]
    uint16_t *bucket;   // [n_bins]
    int64_t *place;     // [n_threads, n_buckets]: where to write next
};

void edge_buckets_finish(struct edge_buckets *b)
{
    free(b->begin);
    free(b->row_begin);
    free(b->row);
    *b = (struct edge_buckets){0};
}

static int64_t share(const struct edge_list *l, const struct plan *p, int t)
{
    return l->n / p->n_threads * t + l->n % p->n_threads * t / p->n_threads;
}

static void count_bins(const struct edge_list *l, const struct plan *p)
{
#pragma omp parallel for num_threads(p->n_threads) schedule(static, 1)
    for (int t = 0; t < p->n_threads; t++) {
        int64_t *mine = p->count + t * p->n_bins;
        int64_t end = share(l, p, t + 1);
        for (int64_t e = share(l, p, t); e < end; e++)
            mine[l->row[e] >> p->shift]++;
    }
}

static int64_t bin_size(const struct plan *p, int64_t bin)
{
    int64_t n = 0;
    for (int t = 0; t < p->n_threads; t++)
        n += p->count[t * p->n_bins + bin];
    return n;
}

// Two buckets in a row hold more than `target`, so there are at most
// 2 n / target + 1 of them.
static void choose_buckets(const struct edge_list *l, const struct plan *p,
                           struct edge_buckets *out)
{
    int64_t even = l->n / (MAX_BUCKETS / 2 - 1) + 1;
    int64_t target = even > BUCKET_EDGES ? even : BUCKET_EDGES;
    int64_t at = 0, b = 0;
    out->begin[0] = out->row_begin[0] = 0;
    for (int64_t bin = 0; bin < p->n_bins; bin++) {
        int64_t n = bin_size(p, bin);
        if (at > out->begin[b] && at + n - out->begin[b] > target) {
            out->begin[++b] = at;
            out->row_begin[b] = bin << p->shift;
        }
        p->bucket[bin] = (uint16_t)b;
        at += n;
    }
    out->n = b + 1;
    out->begin[out->n] = l->n;
    out->row_begin[out->n] = l->n_rows;
}

// Threads write behind each other within a bucket: file order stays.
static void choose_places(const struct plan *p, const struct edge_buckets *b)
{
    for (int t = 0; t < p->n_threads; t++)
        for (int64_t bin = 0; bin < p->n_bins; bin++)
            p->place[t * b->n + p->bucket[bin]] +=
                p->count[t * p->n_bins + bin];
    for (int64_t i = 0; i < b->n; i++) {
        int64_t at = b->begin[i];
        for (int t = 0; t < p->n_threads; t++) {
            int64_t n = p->place[t * b->n + i];
            p->place[t * b->n + i] = at;
            at += n;
        }
    }
}

// The row of `starts` that holds entry e.
static int64_t row_of(const struct edge_list *l, int64_t e)
{
    int64_t low = 0, high = l->n_starts;
    while (high - low > 1) {
        int64_t mid = low + (high - low) / 2;
        if (l->starts[mid] <= e)
            low = mid;
        else
            high = mid;
    }
    return low;
}

// Columns of the entries begin .. end of a transpose; *v is the row of the
// first of them, then of the one behind the last.
static const int32_t *expand(const struct edge_list *l, int64_t begin,
                             int64_t end, int64_t *v, int32_t *buffer)
{
    for (int64_t e = begin; e < end; e++) {
        while (l->starts[*v + 1] <= e)
            ++*v;
        buffer[e - begin] = (int32_t)*v;
    }
    return buffer;
}

struct target {
    int32_t *row, *col;
    float *weight;
};

static void scatter(const struct edge_list *l, const struct plan *p,
                    int64_t begin, int64_t end, const int32_t *col,
                    int64_t *place, const struct target *to)
{
    for (int64_t e = begin; e < end; e++) {
        int32_t row = l->row[e];
        int64_t at = place[p->bucket[row >> p->shift]]++;
        to->row[at] = row;
        to->col[at] = col[e - begin];
        if (to->weight)
            to->weight[at] = l->weight[e];
    }
}

static void release(const struct edge_list *l, int64_t begin, int64_t end)
{
    size_t n = (size_t)(end - begin) * sizeof(*l->row);
    pages_release(l->row + begin, n);
    if (l->col)
        pages_release(l->col + begin, n);
    if (l->weight)
        pages_release(l->weight + begin, n);
}

static void scatter_share(const struct edge_list *l, const struct plan *p,
                          int t, int64_t *place, const struct target *to)
{
    int32_t buffer[BLOCK];
    int64_t end = share(l, p, t + 1), begin = share(l, p, t), kept = begin;
    int64_t v = l->col || begin == end ? 0 : row_of(l, begin);
    for (int64_t e = begin; e < end; e += BLOCK) {
        int64_t stop = end - e < BLOCK ? end : e + BLOCK;
        const int32_t *col =
            l->col ? l->col + e : expand(l, e, stop, &v, buffer);
        scatter(l, p, e, stop, col, place, to);
        if (l->consume && (stop - kept >= RELEASE || stop == end)) {
            release(l, kept, stop);
            kept = stop;
        }
    }
}

static bool make_plan(const struct edge_list *l, struct plan *p,
                      struct edge_buckets *out)
{
    int64_t worth = l->n / MAX_BINS + 1;
    *p = (struct plan){.n_threads = omp_get_max_threads()};
    if (p->n_threads > worth)
        p->n_threads = (int)worth;
    while ((l->n_rows - 1) >> p->shift >= MAX_BINS)
        p->shift++;
    p->n_bins = (l->n_rows >> p->shift) + 1;
    p->count = calloc_array(p->n_threads * p->n_bins, sizeof(*p->count));
    p->bucket = alloc_array(p->n_bins, sizeof(*p->bucket));
    p->place = calloc_array((int64_t)p->n_threads * MAX_BUCKETS,
                            sizeof(*p->place));
    *out = (struct edge_buckets){
        .begin = alloc_array(MAX_BUCKETS + 1, sizeof(*out->begin)),
        .row_begin = alloc_array(MAX_BUCKETS + 1, sizeof(*out->row_begin)),
        .row = alloc_array(l->n, sizeof(*out->row))};
    return p->count && p->bucket && p->place && out->begin &&
           out->row_begin && out->row;
}

// Writing jumps about in these. Large pages are whole pages at once, though: a
// list that is given back while it is read would not make room for all of them.
static void prefer_large_pages(const struct edge_list *l, int32_t *col,
                               float *weight, const struct edge_buckets *b)
{
    size_t n = (size_t)l->n * sizeof(*col);
    pages_prefer_large(col, n);
    if (weight)
        pages_prefer_large(weight, n);
    if (weight || !l->consume)
        pages_prefer_large(b->row, n);
}

bool edge_partition(const struct edge_list *l, int32_t *col, float *weight,
                    struct edge_buckets *out)
{
    struct plan p;
    bool ok = make_plan(l, &p, out);
    if (ok) {
        const struct target to = {out->row, col, weight};
        prefer_large_pages(l, col, weight, out);
        count_bins(l, &p);
        choose_buckets(l, &p, out);
        choose_places(&p, out);
#pragma omp parallel for num_threads(p.n_threads) schedule(static, 1)
        for (int t = 0; t < p.n_threads; t++)
            scatter_share(l, &p, t, p.place + t * out->n, &to);
    }
    free(p.count);
    free(p.bucket);
    free(p.place);
    if (!ok)
        edge_buckets_finish(out);
    return ok;
}
