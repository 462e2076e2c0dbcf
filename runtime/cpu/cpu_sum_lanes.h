// A template: sums of rows with vectors of LANES_ floats, 1 to MAX_VECS_ of
// them. Included by cpu_sum.c once for each number of lanes, as narrow
// rows need narrow vectors: nothing beyond a row's last column is read.
//
// The sums of a row stay in registers over all its neighbours. A width that is
// no multiple of LANES_ ends in a vector that overlaps the one before.

#define NAME(name) PASTE(name, LANES_)
#define VEC NAME(vec)

// Where vector i begins, in columns.
ALWAYS_INLINE int32_t NAME(column)(int i, int n_vecs, int32_t n_cols)
{
    return i + 1 < n_vecs ? i * LANES_ : n_cols - LANES_;
}

ALWAYS_INLINE void NAME(add_edge)(struct edges g, int64_t e, int32_t n_cols,
                                  VEC *sum, const int n_vecs,
                                  const enum weighting by)
{
    int64_t u = g.colidx[e];
    UNROLL
    for (int i = 0; i < n_vecs; i++) {
        VEC x = NAME(load)(g.x + u * g.pitch + NAME(column)(i, n_vecs, n_cols));
        sum[i] += by == BY_NOTHING ? x : edge_weight(g, e, by) * x;
    }
}

// n_sums independent chains of additions, each of every n_sums-th edge: a
// processor begins several vectors in the time that one needs to be done.
ALWAYS_INLINE void NAME(sum_edges)(struct edges g, int64_t e, int64_t end,
                                   int32_t n_cols, VEC *total, const int n_vecs,
                                   const int n_sums, const enum weighting by)
{
    VEC sum[MAX_SUMS][MAX_VECS_] = {{{0}}};
    for (; e + n_sums <= end; e += n_sums) {
        UNROLL
        for (int s = 0; s < n_sums; s++) {
            prefetch(g, e + s, n_vecs * LANES_);
            NAME(add_edge)(g, e + s, n_cols, sum[s], n_vecs, by);
        }
    }
    for (; e < end; e++) {
        prefetch(g, e, n_vecs * LANES_);
        NAME(add_edge)(g, e, n_cols, sum[0], n_vecs, by);
    }
    UNROLL
    for (int i = 0; i < n_vecs; i++) {
        total[i] = sum[0][i];
        UNROLL
        for (int s = 1; s < n_sums; s++)
            total[i] += sum[s][i];
    }
}

// All of the row's inputs are read before its first column is written.
ALWAYS_INLINE void NAME(finish_row)(const struct aggregate_job *a,
                                    struct sum_block b, int64_t v, VEC *sum,
                                    const int n_vecs)
{
    struct row_scales scale = row_scales(a, v);
    const float *self = a->self.data + v * a->self.pitch + b.first_col;
    float *out = a->out.data + v * a->out.pitch + b.first_col;
    UNROLL
    for (int i = 0; i < n_vecs; i++) {
        int32_t j = NAME(column)(i, n_vecs, b.n_cols);
        sum[i] *= scale.sum;
        if (a->self_term != SELF_NONE)
            sum[i] += scale.self * NAME(load)(self + j);
        if (a->bias)
            sum[i] += NAME(load)(a->bias + b.first_col + j);
        if (a->act == ACT_RELU)
            sum[i] = NAME(relu)(sum[i]);
    }
    UNROLL
    for (int i = 0; i < n_vecs; i++)
        NAME(store)(out + NAME(column)(i, n_vecs, b.n_cols), sum[i]);
}

ALWAYS_INLINE void NAME(sum_rows)(const struct aggregate_job *a,
                                  struct sum_block b, const int n_vecs,
                                  const enum weighting by)
{
    const int n_sums = n_vecs <= 2 ? MAX_SUMS : n_vecs <= 4 ? 2 : 1;
    struct edges g = edges_of(a, b.first_col);
    for (int64_t v = b.first_row; v < b.end_row; v++) {
        VEC sum[MAX_VECS_];
        NAME(sum_edges)
        (g, a->rowptr[v], a->rowptr[v + 1], b.n_cols, sum, n_vecs, n_sums, by);
        NAME(finish_row)(a, b, v, sum, n_vecs);
    }
}

#define SUM(n)                                                    \
    static void NAME(sum_##n##_of)(const struct aggregate_job *a, \
                                   struct sum_block b)            \
    {                                                             \
        if (a->weight)                                            \
            NAME(sum_rows)(a, b, n, BY_EDGE);                     \
        else if (a->norm == NORM_GCN)                             \
            NAME(sum_rows)(a, b, n, BY_SOURCE);                   \
        else                                                      \
            NAME(sum_rows)(a, b, n, BY_NOTHING);                  \
    }
SUM(1)
#if MAX_VECS_ > 1
SUM(2)
#endif
#if MAX_VECS_ > 2
SUM(3)
SUM(4)
SUM(5)
SUM(6)
SUM(7)
SUM(8)
#endif
#undef SUM

static void NAME(aggregate)(const struct aggregate_job *a, struct sum_block b)
{
#define SUM(n) NAME(sum_##n##_of)
    static void (*const of[])(const struct aggregate_job *,
                              struct sum_block) = {
        SUM(1),
#if MAX_VECS_ > 1
        SUM(2),
#endif
#if MAX_VECS_ > 2
        SUM(3),
        SUM(4),
        SUM(5),
        SUM(6),
        SUM(7),
        SUM(8),
#endif
    };
#undef SUM
    of[(b.n_cols - 1) / LANES_](a, b);
}

#undef NAME
#undef VEC
#undef LANES_
#undef MAX_VECS_
