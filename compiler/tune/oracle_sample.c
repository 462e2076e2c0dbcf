#include "tune/oracle_sample.h"

#include <math.h>
#include <stdlib.h>

#include "rng.h"

enum { DRAW_OCTAVE = 11, DRAW_WINDOW = 12 }; // seeds

// ---- work -------------------------------------------------------------------

// What an edge costs a head of attention before it comes to columns,
// exponentials and scores from all over memory, is worth so many terms; what
// walks a row's edges once for every column, twice as many as it has. GATv2's
// scores, found anew each time, are walks along the columns.
enum { EXPONENTIALS = 64, COLUMN_WALK = 2, V2_WALKS = 4 };

struct oracle_work oracle_work_of(const struct kernel_spec *s)
{
    double dim = s->dim, heads = s->heads, columns = heads * s->channels;
    switch (s->kind) {
    case STEP_LINEAR:
        return (struct oracle_work){dim * s->depth, 0};
    case STEP_AGGREGATE:
        return (struct oracle_work){dim * (1 + s->tail_dim), dim};
    case STEP_ATTENTION:
    case STEP_ATTENTION_KEEP:
    case STEP_ATTENTION_ROWS_GRAD:
    case STEP_ATTENTION_GRAD:
        return (struct oracle_work){heads * EXPONENTIALS + columns,
                                    heads * EXPONENTIALS + columns};
    case STEP_ATTENTION_V2: // as often again for each score
    case STEP_ATTENTION_V2_KEEP:
    case STEP_ATTENTION_V2_ROWS_GRAD:
    case STEP_ATTENTION_V2_GRAD:
        return (struct oracle_work){heads * EXPONENTIALS + V2_WALKS * columns,
                                    heads * EXPONENTIALS + V2_WALKS * columns};
    case STEP_SDDMM:
        return (struct oracle_work){0, columns};
    case STEP_EXTREME:
    case STEP_EXTREME_SHARE:
    case STEP_EXTREME_GRAD:
        return (struct oracle_work){dim, COLUMN_WALK * dim};
    default:
        return (struct oracle_work){dim, 0};
    }
}

// ---- special rows -----------------------------------------------------------

static int64_t degree_of(const struct csr *g, int64_t v)
{
    return g->rowptr[v + 1] - g->rowptr[v];
}

// The rows with the largest keys; of equal ones the first.
struct top {
    size_t n;
    uint64_t keys[SAMPLE_LONGEST];
    int64_t rows[SAMPLE_LONGEST];
};

// In order, the largest first.
static void keep_top(struct top *t, size_t room, uint64_t key, int64_t row)
{
    if (t->n == room && key <= t->keys[room - 1])
        return;
    size_t at = t->n < room ? t->n++ : room - 1;
    for (; at > 0 && t->keys[at - 1] < key; at--) {
        t->keys[at] = t->keys[at - 1];
        t->rows[at] = t->rows[at - 1];
    }
    t->keys[at] = key;
    t->rows[at] = row;
}

// 0: no edges; k: 2^(k-1) or more.
static int octave_of(int64_t degree)
{
    int k = 0;
    while (degree >> k)
        k++;
    return k;
}

// All octaves together are a part of the limit, however long their rows.
static size_t room_of(int octave, const struct oracle_work *w, double limit)
{
    double work = w->row + ldexp(w->edge, octave);
    double room = limit / 128 / work;
    return room < 1 ? 1 : room < SAMPLE_OF_OCTAVE ? (size_t)room
                                                  : SAMPLE_OF_OCTAVE;
}

struct strata {
    struct top longest, octaves[SAMPLE_OCTAVES];
    size_t room[SAMPLE_OCTAVES];
};

static void add_special(struct oracle_sample *s, const struct top *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s->special[s->n_special++] = t->rows[i];
}

static void take_longest(struct oracle_sample *s, const struct top *t,
                         const struct oracle_work *w, double limit)
{
    size_t n = 0;
    double work = 0; // without the first
    for (; n < t->n && work < limit / 2; n++)
        work += n ? w->row + w->edge * (double)t->keys[n] : 0;
    add_special(s, t, n);
}

static void find_special(const struct csr *g, const struct oracle_work *w,
                         double limit, struct oracle_sample *out)
{
    struct strata all = {0};
    for (int k = 0; k < SAMPLE_OCTAVES; k++)
        all.room[k] = room_of(k, w, limit);
    for (int64_t v = 0; v < g->n_nodes; v++) {
        int64_t degree = degree_of(g, v);
        int k = octave_of(degree);
        keep_top(&all.longest, SAMPLE_LONGEST, (uint64_t)degree, v);
        keep_top(&all.octaves[k], all.room[k],
                 rng_at(DRAW_OCTAVE, (uint64_t)v), v);
    }
    take_longest(out, &all.longest, w, limit);
    for (int k = 0; k < SAMPLE_OCTAVES; k++)
        add_special(out, &all.octaves[k], all.octaves[k].n);
}

// ---- the others -------------------------------------------------------------

static int64_t block_of(int64_t n)
{
    int64_t block = 1;
    while (n / block > SAMPLE_SEAMS)
        block *= 2;
    return block;
}

static bool is_at_seam(const struct oracle_sample *s, int64_t v)
{
    int64_t begin = s->g->rowptr[v], end = s->g->rowptr[v + 1];
    if (end - begin > s->longest_common)
        return false;
    return v % s->row_block == 0 || (v + 1) % s->row_block == 0 ||
           (end > begin && begin / s->edge_block != (end - 1) / s->edge_block);
}

static bool is_drawn(const struct oracle_sample *s, int64_t v)
{
    int64_t window = v / s->step;
    uint64_t at = rng_below(DRAW_WINDOW, (uint64_t)window, (uint64_t)s->step);
    return v - window * s->step == (int64_t)at;
}

bool oracle_sample_has(const struct oracle_sample *s, int64_t v)
{
    return s->step == 1 || v < SAMPLE_ENDS ||
           v >= s->g->n_nodes - SAMPLE_ENDS || is_at_seam(s, v) ||
           is_drawn(s, v);
}

// ---- all of it --------------------------------------------------------------

static int compare_rows(const void *pa, const void *pb)
{
    const int64_t *a = pa, *b = pb;
    return (*a > *b) - (*a < *b);
}

static void count_rows(struct oracle_sample *s)
{
    int64_t sorted[SAMPLE_SPECIAL];
    size_t n = (size_t)s->n_special;
    for (size_t i = 0; i < n; i++)
        sorted[i] = s->special[i];
    qsort(sorted, n, sizeof(*sorted), compare_rows);
    for (size_t i = 0; i < n; i++)
        s->n_rows += (i == 0 || sorted[i] != sorted[i - 1]) &&
                     !oracle_sample_has(s, sorted[i]);
    for (int64_t v = 0; v < s->g->n_nodes; v++)
        s->n_rows += oracle_sample_has(s, v);
}

void oracle_sample_rows(const struct csr *g, const struct kernel_spec *spec,
                        double limit, struct oracle_sample *out)
{
    struct oracle_work w = oracle_work_of(spec);
    double all = w.row * (double)g->n_nodes + w.edge * (double)g->n_edges;
    *out = (struct oracle_sample){
        .g = g, .step = (int64_t)(all / limit) + 1, .n_rows = g->n_nodes};
    if (out->step == 1)
        return;
    out->row_block = block_of(g->n_nodes);
    out->edge_block = block_of(g->n_edges);
    out->longest_common =
        w.edge > 0 ? (int64_t)(limit / SAMPLE_SEAMS / w.edge) : g->n_edges;
    out->n_rows = 0;
    find_special(g, &w, limit, out);
    count_rows(out);
}
