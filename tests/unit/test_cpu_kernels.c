// The CPU backend's loops over every width, against float64. The padding of
// rows is NaN and nothing lies behind the last one, so that no result and no
// sanitizer forgives reading it.
#include "cpu/cpu_kernels.h"
#include "cpu/cpu_micro.h"
#include "cpu/cpu_partition.h"
#include "rng.h"
#include "test.h"

static const float poison = NAN;

// Rows of `dim` random numbers, `pitch` apart; the last ends at its dim.
static float *random_rows(int64_t n, int32_t dim, int64_t pitch, uint64_t seed)
{
    int64_t size = n > 0 ? (n - 1) * pitch + dim : 0;
    float *x = malloc((size_t)size * sizeof(float) + (size == 0));
    for (int64_t i = 0; i < size; i++)
        x[i] = i % pitch < dim ? (float)rng_normal(seed, (uint64_t)i) : poison;
    return x;
}

static bool same_bytes(const float *a, const float *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof(float)) == 0;
}

// ---- graphs -----------------------------------------------------------------

struct rows {
    int64_t n;
    int64_t *rowptr;
    int32_t *colidx;
    float *dinv;
};

// Row v of n has degree_of(v) random neighbours.
static struct rows make_rows(int64_t n, int64_t (*degree_of)(int64_t, int64_t))
{
    struct rows g = {.n = n};
    g.rowptr = calloc((size_t)n + 1, sizeof(*g.rowptr));
    g.dinv = malloc((size_t)n * sizeof(float) + 1);
    for (int64_t v = 0; v < n; v++) {
        int64_t degree = degree_of(v, n);
        g.rowptr[v + 1] = g.rowptr[v] + degree;
        g.dinv[v] = (float)(1 / sqrt((double)degree + 1));
    }
    g.colidx = malloc((size_t)g.rowptr[n] * sizeof(*g.colidx) + 1);
    for (int64_t e = 0; e < g.rowptr[n]; e++)
        g.colidx[e] =
            (int32_t)rng_below(9, (uint64_t)e, (uint64_t)n);
    return g;
}

static void free_rows(struct rows *g)
{
    free(g->rowptr);
    free(g->colidx);
    free(g->dinv);
}

// Empty rows, every degree to 20, and a hub in the middle.
static int64_t mixed_degree(int64_t v, int64_t n)
{
    return v == n / 2 ? 300 : v % 3 == 0 ? 0 : v % 21;
}

// Half of all edges in one row, which is the last.
static int64_t hub_degree(int64_t v, int64_t n)
{
    return v == n - 1 ? 8 * n : v % 17;
}

static int64_t no_degree(int64_t v, int64_t n)
{
    (void)v;
    (void)n;
    return 0;
}

// ---- aggregations -----------------------------------------------------------

// An aggregation that owns its arrays; eps and bias are always there.
struct sums {
    struct aggregate_job job;
    float *x, *self, *out, *bias, eps;
};

static void sums_init(struct sums *s, const struct rows *g, int32_t dim,
                      int32_t padding)
{
    int64_t pitch = dim + padding;
    s->x = random_rows(g->n, dim, pitch, 1);
    s->self = random_rows(g->n, dim, pitch + 1, 2);
    s->out = random_rows(g->n, dim, pitch + 2, 3);
    s->bias = random_rows(1, dim, dim, 4);
    s->eps = 0.375f;
    s->job = (struct aggregate_job){
        .n_rows = g->n, .rowptr = g->rowptr, .colidx = g->colidx,
        .dinv = g->dinv, .bias = s->bias, .eps = &s->eps,
        .x = {s->x, pitch, dim}, .self = {s->self, pitch + 1, dim},
        .out = {s->out, pitch + 2, dim},
    };
}

static void sums_finish(struct sums *s)
{
    free(s->x);
    free(s->self);
    free(s->out);
    free(s->bias);
}

// The definition. `size` is the sum of absolute values of what is added.
static double want_sum(const struct aggregate_job *a, int64_t v, int32_t j,
                       double *size)
{
    double sum = 0, d = (double)a->dinv[v];
    int64_t degree = a->rowptr[v + 1] - a->rowptr[v];
    double scale = a->norm == NORM_GCN                   ? d
                   : a->norm == NORM_SCALED              ? d
                   : a->norm == NORM_MEAN && degree > 0 ? 1 / (double)degree
                                                        : 1;
    double self = a->self_term == SELF_NONE  ? 0
                  : a->self_term == SELF_EPS ? 1 + (double)a->eps[0]
                  : a->self_term == SELF_GCN ? d * d
                  : a->self_term == SELF_SCALED ? d
                                             : 1;
    *size = 0;
    for (int64_t e = a->rowptr[v]; e < a->rowptr[v + 1]; e++) {
        int64_t u = a->colidx[e];
        double x = (double)a->x.data[u * a->x.pitch + j] * scale;
        x *= a->norm == NORM_GCN ? (double)a->dinv[u] : 1;
        x *= a->weight ? (double)a->weight[e] : 1;
        sum += x;
        *size += fabs(x);
    }
    if (a->self_term != SELF_NONE) {
        self *= (double)a->self.data[v * a->self.pitch + j];
        sum += self;
    }
    double bias = a->bias ? (double)a->bias[j] : 0;
    *size += fabs(self) + fabs(bias);
    return a->act == ACT_RELU ? fmax(sum + bias, 0) : sum + bias;
}

static void check_sums(const struct aggregate_job *a)
{
    for (int64_t v = 0; v < a->n_rows; v++) {
        int64_t degree = a->rowptr[v + 1] - a->rowptr[v];
        for (int32_t j = 0; j < a->out.dim; j++) {
            double size, want = want_sum(a, v, j, &size);
            double got = (double)a->out.data[v * a->out.pitch + j];
            if (!(fabs(got - want) <=
                  (double)(degree + 6) * 0x1p-24 * size)) {
                TEST__FAIL("%d columns, norm %d, self %d: [%d][%d] is %g, "
                           "expected %g", (int)a->out.dim, (int)a->norm,
                           (int)a->self_term, (int)v, (int)j, got, want);
                return;
            }
        }
        for (int64_t j = a->out.dim; v + 1 < a->n_rows && j < a->out.pitch; j++)
            CHECK(isnan(a->out.data[v * a->out.pitch + j]));
    }
}

// What a step may ask for, by number.
enum { N_FORMS = 4 * 5 * 2 * 2 };

static void set_form(struct sums *s, int form)
{
    static const enum norm norms[] = {NORM_NONE, NORM_MEAN, NORM_GCN,
                                      NORM_SCALED};
    static const enum self_term selves[] = {SELF_NONE, SELF_ONE, SELF_EPS,
                                            SELF_GCN, SELF_SCALED};
    s->job.norm = norms[form % 4];
    s->job.self_term = selves[form / 4 % 5];
    s->job.bias = form / 20 % 2 ? s->bias : NULL;
    s->job.act = form / 40 ? ACT_RELU : ACT_NONE;
}

static void check_width(const struct rows *g, int32_t dim, int first_form,
                        int stride)
{
    struct sums s;
    sums_init(&s, g, dim, dim % 4);
    for (int form = first_form; form < N_FORMS; form += stride) {
        set_form(&s, form);
        cpu_aggregate(&s.job, 1 + form % 3);
        check_sums(&s.job);
    }
    sums_finish(&s);
}

TEST(every_width_sums_right)
{
    struct rows g = make_rows(40, mixed_degree);
    for (int32_t dim = 1; dim <= 70; dim++)
        check_width(&g, dim, dim % 7, 7);
    const int32_t wide[] = {100, 127, 128, 129, 192, 193, 257, 500, 1433};
    for (int i = 0; i < 9; i++)
        check_width(&g, wide[i], i % 7, 7);
    free_rows(&g);
}

TEST(every_norm_self_term_bias_and_activation_sums_right)
{
    struct rows g = make_rows(40, mixed_degree);
    const int32_t widths[] = {1, 3, 6, 13, 16, 64, 90};
    for (int i = 0; i < 7; i++)
        check_width(&g, widths[i], 0, 1);
    free_rows(&g);
}

TEST(weights_of_edges_are_multiplied_in_every_width)
{
    struct rows g = make_rows(40, mixed_degree);
    float *weight = random_rows(1, (int32_t)g.rowptr[g.n], g.rowptr[g.n], 5);
    for (int32_t dim = 1; dim <= 140; dim++) {
        struct sums s;
        sums_init(&s, &g, dim, dim % 4);
        set_form(&s, 4 * (dim % 3)); // norm none
        s.job.weight = weight;
        cpu_aggregate(&s.job, 1 + dim % 3);
        check_sums(&s.job);
        sums_finish(&s);
    }
    free(weight);
    free_rows(&g);
}

TEST(graphs_without_edges_leave_self_and_bias)
{
    struct rows g = make_rows(33, no_degree), none = make_rows(0, no_degree);
    check_width(&g, 24, 0, 1);
    check_width(&none, 24, 0, 5);
    free_rows(&g);
    free_rows(&none);
}

static void check_threads(const struct rows *g, int32_t dim, int form)
{
    struct sums s;
    sums_init(&s, g, dim, 0);
    int64_t n = (g->n - 1) * s.job.out.pitch + dim;
    float *one = malloc((size_t)n * sizeof(float));
    const int n_threads[] = {2, 3, 8};
    set_form(&s, form);
    cpu_aggregate(&s.job, 1);
    memcpy(one, s.out, (size_t)n * sizeof(float));
    for (int i = 0; i < 3; i++) {
        for (int64_t v = 0; v < g->n; v++)
            for (int32_t j = 0; j < dim; j++)
                s.out[v * s.job.out.pitch + j] = poison;
        cpu_aggregate(&s.job, n_threads[i]);
        CHECK(same_bytes(one, s.out, n));
    }
    free(one);
    sums_finish(&s);
}

TEST(any_number_of_threads_gives_the_same_bytes)
{
    struct rows g = make_rows(4000, hub_degree);
    const int32_t widths[] = {1, 5, 16, 64, 100, 128};
    for (int i = 0; i < 6; i++)
        check_threads(&g, widths[i], i * 9 + 2);
    free_rows(&g);
}

TEST(relu_keeps_nan_and_sums_keep_infinity)
{
    for (int32_t dim = 1; dim <= 40; dim++) {
        struct rows g = make_rows(40, mixed_degree);
        struct sums s;
        sums_init(&s, &g, dim, 0);
        s.job.act = ACT_RELU;
        for (int32_t j = 0; j < dim; j++) {
            s.x[g.colidx[0] * (int64_t)dim + j] = j % 2 ? NAN : INFINITY;
        }
        cpu_aggregate(&s.job, 1);
        for (int32_t j = 0; j < dim; j++) {
            // The first edge is row 1's.
            float got = s.out[s.job.out.pitch + j];
            CHECK(j % 2 ? isnan(got) : isinf(got) && got > 0);
        }
        sums_finish(&s);
        free_rows(&g);
    }
}

// ---- chunks -----------------------------------------------------------------

static int64_t work_before(const struct rows *g, int64_t v)
{
    return g->rowptr[v] + v;
}

static void check_chunks(const struct rows *g, int64_t n)
{
    int64_t longest = 0, work = work_before(g, g->n);
    for (int64_t v = 0; v < g->n; v++)
        longest = g->rowptr[v + 1] - g->rowptr[v] > longest
                      ? g->rowptr[v + 1] - g->rowptr[v]
                      : longest;
    CHECK_INT(partition_row(g->rowptr, g->n, 0, n), 0);
    CHECK_INT(partition_row(g->rowptr, g->n, n, n), g->n);
    for (int64_t i = 0; i < n; i++) {
        int64_t first = partition_row(g->rowptr, g->n, i, n);
        int64_t end = partition_row(g->rowptr, g->n, i + 1, n);
        CHECK(first <= end && end <= g->n);
        // A share of the whole, its rounding, and the row that ends it.
        CHECK(work_before(g, end) - work_before(g, first) <=
              work / n + n + longest + 1);
    }
}

TEST(chunks_cover_all_rows_and_share_the_work)
{
    int64_t (*const degrees[])(int64_t, int64_t) = {mixed_degree, hub_degree,
                                                    no_degree};
    const int64_t sizes[] = {0, 1, 2, 100, 5000};
    for (int d = 0; d < 3; d++)
        for (int i = 0; i < 5; i++) {
            struct rows g = make_rows(sizes[i], degrees[d]);
            for (int64_t n = 1; n < 40; n += 3)
                check_chunks(&g, n);
            free_rows(&g);
        }
}

TEST(one_thread_has_one_chunk_and_many_have_several)
{
    struct rows g = make_rows(5000, mixed_degree);
    CHECK_INT(partition_chunks(g.rowptr, g.n, 1), 1);
    CHECK(partition_chunks(g.rowptr, g.n, 2) >= 8);
    CHECK(partition_chunks(g.rowptr, g.n, 1000) <=
          g.rowptr[g.n] + g.n); // none is empty for want of work
    free_rows(&g);
}

// ---- linear layers ----------------------------------------------------------

// x [n, in] times the transpose of w [out, in], with padded rows.
static void check_product(int64_t n, int32_t in, int32_t out, bool accumulate,
                          int n_threads)
{
    int64_t pitch = out + 3, x_pitch = in + 2;
    float *x = random_rows(n, in, x_pitch, 1), *w = random_rows(out, in, in, 2);
    float *y = random_rows(n, out, pitch, 3);
    float *before = random_rows(n, out, pitch, 3);
    cpu_linear(n, (struct const_view){x, x_pitch, in}, w,
               (struct view){y, pitch, out}, accumulate, n_threads);
    for (int64_t v = 0; v < n; v++) {
        for (int32_t j = 0; j < out; j++) {
            double want = accumulate ? (double)before[v * pitch + j] : 0;
            double size = fabs(want), got = (double)y[v * pitch + j];
            for (int32_t k = 0; k < in; k++) {
                double p = (double)x[v * x_pitch + k] *
                           (double)w[(int64_t)j * in + k];
                want += p;
                size += fabs(p);
            }
            if (!(fabs(got - want) <= (in + 2) * 0x1p-24 * size))
                TEST__FAIL("%d x %d x %d: [%d][%d] is %g, expected %g", (int)n,
                           (int)in, (int)out, (int)v, (int)j, got, want);
        }
        for (int64_t j = out; v + 1 < n && j < pitch; j++)
            CHECK(isnan(y[v * pitch + j]));
    }
    free(x);
    free(w);
    free(y);
    free(before);
}

TEST(products_of_every_shape_are_right)
{
    for (int32_t out = 1; out <= 70; out++)
        check_product(out % 29, 1 + out % 31, out, out % 2, 1);
    for (int64_t n = 0; n <= 40; n++)
        check_product(n, 19, (int32_t)n + 1, n % 3 == 0, 2);
    const int32_t deep[] = {255, 256, 257, 512, 1433};
    for (int i = 0; i < 5; i++)
        check_product(14, deep[i], 20 + i, i % 2, 1);
    check_product(300, 33, 17, true, 3);
}

// What rows share a tile, a chunk or a thread changes nothing.
TEST(a_row_alone_gives_the_bytes_it_gives_among_others)
{
    enum { N = 700, IN = 300, OUT = 45 };
    float *x = random_rows(N, IN, IN, 1), *w = random_rows(OUT, IN, IN, 2);
    float *all = random_rows(N, OUT, OUT, 3), alone[OUT];
    const int n_threads[] = {1, 2, 3, 8};
    for (int i = 0; i < 4; i++) {
        cpu_linear(N, (struct const_view){x, IN, IN}, w,
                   (struct view){all, OUT, OUT}, false, n_threads[i]);
        for (int64_t v = 0; v < N; v++) {
            cpu_linear(1, (struct const_view){x + v * IN, IN, IN}, w,
                       (struct view){alone, OUT, OUT}, false, 1);
            CHECK(same_bytes(all + v * OUT, alone, OUT));
        }
    }
    free(x);
    free(w);
    free(all);
}

// ---- instruction sets -------------------------------------------------------

// Its place among the sets that this file knows; the last place if unknown.
static int place_of(const char *isa)
{
    static const char *const known[] = {"base", "avx2", "avx512"};
    int i = 0;
    while (i < 3 && (!isa || strcmp(isa, known[i]) != 0))
        i++;
    return i;
}

TEST(no_wider_instruction_set_is_taken_than_asked_for)
{
    const struct cpu_micro *m = cpu_micro();
    printf("# instruction set %s\n", m->name);
    CHECK(place_of(m->name) < 3);
    CHECK(place_of(m->name) <= place_of(getenv("GNNAC_CPU_ISA")));
    CHECK_INT(m->lanes, 4 << place_of(m->name));
}

TEST(panels_fit_their_buffer)
{
    const struct cpu_micro *m = cpu_micro();
    CHECK(m->max_tile_cols <= TILE_COLS);
    CHECK(m->max_tile_cols >= m->lanes);
    CHECK(m->max_sum_cols % m->lanes == 0);
}

int main(void)
{
    RUN(no_wider_instruction_set_is_taken_than_asked_for);
    RUN(panels_fit_their_buffer);
    RUN(every_width_sums_right);
    RUN(every_norm_self_term_bias_and_activation_sums_right);
    RUN(weights_of_edges_are_multiplied_in_every_width);
    RUN(graphs_without_edges_leave_self_and_bias);
    RUN(any_number_of_threads_gives_the_same_bytes);
    RUN(relu_keeps_nan_and_sums_keep_infinity);
    RUN(chunks_cover_all_rows_and_share_the_work);
    RUN(one_thread_has_one_chunk_and_many_have_several);
    RUN(products_of_every_shape_are_right);
    RUN(a_row_alone_gives_the_bytes_it_gives_among_others);
    return test_done();
}
