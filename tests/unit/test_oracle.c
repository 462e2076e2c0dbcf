// The gate's float64 aggregation against sums written edge by edge from the
// list of pairs, on graphs that are easy to get wrong.
#include <math.h>

#include "bundle/train_state.h"
#include "cpu/cpu_dropout.h"
#include "graph_fixture.h"
#include "tune/hard_graphs.h"
#include "tune/oracle.h"
#include "tune/oracle_memory.h"

enum { MAX_NODES = 70, MAX_PAIRS = 400, DIM = 5, PITCH = 8 };

// A graph as pairs src, dst.
struct pairs_graph {
    const char *name;
    int32_t n_nodes, n_edges;
    int32_t pairs[MAX_PAIRS][2];
};

static void hub(struct pairs_graph *g)
{
    g->n_nodes = 65;
    for (int32_t v = 1; v < 65; v++) {
        g->pairs[g->n_edges][0] = v;
        g->pairs[g->n_edges++][1] = 0;
        g->pairs[g->n_edges][0] = 0;
        g->pairs[g->n_edges++][1] = v;
    }
}

static const struct pairs_graph graphs[] = {
    {"no nodes", 0, 0, {{0}}},
    {"one node", 1, 0, {{0}}},
    {"one node with a loop", 1, 1, {{0, 0}}},
    {"no edges", 6, 0, {{0}}},
    {"the last node alone", 4, 3, {{0, 1}, {1, 2}, {2, 0}}},
    {"the first node alone", 4, 2, {{1, 2}, {3, 2}}},
    {"loops", 3, 5, {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {2, 1}}},
    {"duplicates", 3, 6, {{0, 1}, {0, 1}, {0, 1}, {2, 1}, {2, 2}, {2, 2}}},
    {"one way", 5, 4, {{0, 4}, {1, 4}, {2, 4}, {4, 3}}},
    {"against the order", 4, 4, {{3, 0}, {2, 0}, {1, 0}, {0, 0}}},
};
enum { N_GRAPHS = sizeof(graphs) / sizeof(graphs[0]) };

static float x[MAX_NODES * PITCH], self[MAX_NODES * PITCH], dinv[MAX_NODES],
    bias[DIM], y[MAX_NODES * PITCH];
static const struct operand_data data = {.x = x, .self = self, .dinv = dinv,
                                         .bias = bias, .eps = 0.25f};

// Columns beyond a row's width are NaN: nobody may read them.
static void fill_operands(void)
{
    for (int i = 0; i < MAX_NODES * PITCH; i++) {
        bool there = i % PITCH < DIM;
        x[i] = there ? (float)(i * 37 % 101 - 50) / 8 : NAN;
        self[i] = there ? (float)(i * 53 % 97 - 40) / 16 : NAN;
    }
    for (int i = 0; i < MAX_NODES; i++)
        dinv[i] = 1.0f / (float)(1 + i % 7);
    for (int c = 0; c < DIM; c++)
        bias[c] = (float)(c - 2);
}

static struct kernel_spec spec_of(enum norm norm, enum self_term own, bool b,
                                  enum activation act)
{
    return (struct kernel_spec){.kind = STEP_AGGREGATE,
                                .dim = DIM, .x_pitch = PITCH,
                                .out_pitch = PITCH, .self_pitch = PITCH,
                                .norm = norm, .self_term = own, .bias = b,
                                .act = act, .offset_bits = 32};
}

// One element from the pairs alone; *size receives sum |w x| and the rest, *n
// the in-degree.
static double naive(const struct pairs_graph *g, const struct kernel_spec *s,
                    int32_t v, int32_t c, double *size, int32_t *n)
{
    double sum = 0, sizes = 0;
    *n = 0;
    for (int32_t e = 0; e < g->n_edges; e++) {
        int32_t u = g->pairs[e][0];
        if (g->pairs[e][1] != v)
            continue;
        double w = s->norm == NORM_GCN ? (double)dinv[u] : 1;
        sum += w * x[u * PITCH + c];
        sizes += fabs(w * x[u * PITCH + c]);
        ++*n;
    }
    double scale = s->norm == NORM_MEAN && *n ? 1.0 / *n
                   : s->norm == NORM_GCN || s->norm == NORM_SCALED
                       ? (double)dinv[v]
                                              : 1;
    double own[N_SELF_TERMS] = {
        [SELF_NONE] = 0,
        [SELF_ONE] = self[v * PITCH + c],
        [SELF_EPS] = 1.25 * self[v * PITCH + c],
        [SELF_GCN] = (double)dinv[v] * dinv[v] * self[v * PITCH + c],
        [SELF_SCALED] = (double)dinv[v] * self[v * PITCH + c],
    };
    double shift = s->bias ? bias[c] : 0;
    double all = sum * scale + own[s->self_term] + shift;
    *size = sizes * scale + fabs(own[s->self_term]) + fabs(shift);
    return s->act == ACT_RELU && all < 0 ? 0 : all;
}

static void check_graph(const struct pairs_graph *g,
                        const struct kernel_spec *s)
{
    struct csr csr =
        csr_of(coo_of(g->n_nodes, g->n_edges, &g->pairs[0][0]), NULL);
    double got[DIM], bound[DIM], size;
    int32_t n;
    for (int32_t v = 0; v < g->n_nodes; v++) {
        oracle_row(&csr, s, &data, v, got, bound);
        for (int32_t c = 0; c < DIM; c++) {
            double want = naive(g, s, v, c, &size, &n);
            double least = 4 * 0x1p-24 * (n + 2) * size;
            if (!(fabs(got[c] - want) <= 1e-12 * size))
                TEST__FAIL("%s, row %d: %g, expected %g", g->name, (int)v,
                           got[c], want);
            if (!(fabs(bound[c] - least) <= 1e-12 * least + 0x1p-120))
                TEST__FAIL("%s, row %d: bound %g, expected %g", g->name, (int)v,
                           bound[c], least);
        }
    }
    csr_finish(&csr);
}

static void check_all(struct kernel_spec s)
{
    struct pairs_graph star = {.name = "a hub"};
    hub(&star);
    for (size_t i = 0; i < N_GRAPHS; i++)
        check_graph(&graphs[i], &s);
    check_graph(&star, &s);
}

TEST(sums_are_those_of_the_pairs)
{
    check_all(spec_of(NORM_NONE, SELF_NONE, false, ACT_NONE));
}

TEST(means_are_those_of_the_pairs_and_0_without_any)
{
    check_all(spec_of(NORM_MEAN, SELF_NONE, false, ACT_NONE));
    struct kernel_spec s = spec_of(NORM_MEAN, SELF_NONE, false, ACT_NONE);
    struct csr g = csr_of(coo_of(2, 0, NULL), NULL);
    double got[DIM], bound[DIM];
    oracle_row(&g, &s, &data, 1, got, bound);
    CHECK(got[0] == 0 && bound[0] > 0);
    csr_finish(&g);
}

TEST(every_norm_and_own_term_is_that_of_the_pairs)
{
    for (int norm = 0; norm < N_NORMS; norm++)
        for (int own = 0; own < N_SELF_TERMS; own++) {
            check_all(spec_of((enum norm)norm, (enum self_term)own, false,
                              ACT_NONE));
            check_all(spec_of((enum norm)norm, (enum self_term)own, true,
                              ACT_RELU));
        }
}

// ---- tails ------------------------------------------------------------------

enum { TAIL_DIM = 3 };
static const float tail_bias[TAIL_DIM] = {0.75f, -9, 2};
static const float weight[TAIL_DIM * DIM] = {1, -2, 0.5f, 3, -1, 0, 1, 1,
                                             1, 1, -4, 0.25f, 2, -1, 8};

static double logarithm_of_sum(const double *h)
{
    double sum = 0;
    for (int c = 0; c < DIM; c++)
        sum += exp(h[c]);
    return log(sum);
}

static double tail_of_row(const struct kernel_spec *s, const double *h,
                          int32_t v, int32_t c)
{
    double sum = 0;
    if (s->tail == TAIL_LOG_SOFTMAX)
        return h[c] - logarithm_of_sum(h);
    for (int i = 0; i < DIM; i++)
        sum += weight[c * DIM + i] * h[i];
    if (s->tail == TAIL_SCALED_LINEAR)
        sum *= dinv[v];
    sum += s->tail_bias ? tail_bias[c] : 0;
    return s->tail_act == ACT_RELU && sum < 0 ? 0 : sum;
}

TEST(a_row_goes_on_to_its_tail)
{
    struct operand_data with = data;
    with.weight = weight;
    with.tail_bias = tail_bias;
    // each alone, then the products with what may come last
    for (int i = 0; i < 5; i++) {
        static const enum tail tails[] = {TAIL_LOG_SOFTMAX, TAIL_LINEAR,
                                          TAIL_SCALED_LINEAR};
        enum tail tail = tails[i % 3 + i / 3];
        struct kernel_spec s = spec_of(NORM_MEAN, SELF_NONE, true, ACT_RELU);
        s.tail = tail;
        s.tail_bias = i > 2;
        s.tail_act = i > 2 ? ACT_RELU : ACT_NONE;
        s.tail_dim = tail == TAIL_LOG_SOFTMAX ? 0 : TAIL_DIM;
        const struct pairs_graph *g = &graphs[7];
        struct csr csr = csr_of(coo_of(g->n_nodes, g->n_edges, &g->pairs[0][0]),
                                NULL);
        double h[DIM], size, got[DIM + TAIL_DIM], bound[DIM + TAIL_DIM];
        int32_t n;
        for (int32_t v = 0; v < g->n_nodes; v++) {
            for (int32_t c = 0; c < DIM; c++)
                h[c] = naive(g, &s, v, c, &size, &n);
            oracle_row(&csr, &s, &with, v, got, bound);
            for (int32_t c = 0; c < spec_out_dim(&s); c++) {
                double want = tail_of_row(&s, h, v, c);
                CHECK(fabs(got[c] - want) <= 1e-9 * (1 + fabs(want)));
                CHECK(bound[c] > 0 && bound[c] < 1e-4 * (1 + fabs(want)));
            }
        }
        csr_finish(&csr);
    }
}

// What the trainer on the CPU leaves of the sums, and twice as wide a bound as
// twice the sums have.
TEST(dropout_of_a_row_is_the_cpus)
{
    const struct train_state state = {.seed = 5,
                                      .step = 4,
                                      .drop_threshold = 32768,
                                      .drop_scale = 2};
    struct operand_data with = data;
    struct kernel_spec s = spec_of(NORM_MEAN, SELF_NONE, true, ACT_RELU);
    const struct pairs_graph *g = &graphs[7];
    struct csr csr =
        csr_of(coo_of(g->n_nodes, g->n_edges, &g->pairs[0][0]), NULL);
    const struct dropout d = dropout_of(0.5f, 5, 4, 9);
    double whole[DIM], bounds[DIM], got[DIM], bound[DIM];
    int n_dropped = 0, n_kept = 0;
    with.state = &state;
    with.tail_place = 9;
    for (int32_t v = 0; v < g->n_nodes; v++) {
        float left[DIM];
        s.drops = false;
        oracle_row(&csr, &s, &with, v, whole, bounds);
        s.drops = true;
        oracle_row(&csr, &s, &with, v, got, bound);
        for (int c = 0; c < DIM; c++)
            left[c] = 1;
        cpu_dropout_piece(&d, v, DIM, 0, DIM, left, left);
        for (int c = 0; c < DIM; c++) {
            CHECK(got[c] == (left[c] > 0 ? 2 * whole[c] : 0));
            CHECK(bound[c] >= (left[c] > 0 ? 2 * bounds[c] : 0));
            n_dropped += left[c] == 0;
            n_kept += left[c] > 0;
        }
    }
    CHECK(n_dropped > 0 && n_kept > 0);
    csr_finish(&csr);
}

// As it is stored: by rows, whose pitch is its own.
TEST(a_residual_is_added_last_of_all)
{
    enum { ROW = DIM + 2, N = MAX_NODES * ROW };
    static float more[N];
    struct operand_data with = data;
    struct kernel_spec s = spec_of(NORM_GCN, SELF_GCN, true, ACT_RELU);
    const struct pairs_graph *g = &graphs[7];
    struct csr csr =
        csr_of(coo_of(g->n_nodes, g->n_edges, &g->pairs[0][0]), NULL);
    double bare[DIM], bounds[DIM], got[DIM], bound[DIM];
    for (int i = 0; i < N; i++)
        more[i] = (float)(i % 7 - 3);
    with.residual = more;
    for (int32_t v = 0; v < g->n_nodes; v++) {
        s.residual_pitch = 0;
        oracle_row(&csr, &s, &with, v, bare, bounds);
        s.residual_pitch = ROW;
        oracle_row(&csr, &s, &with, v, got, bound);
        for (int c = 0; c < DIM; c++) {
            double want = bare[c] + (double)more[v * ROW + c];
            CHECK(got[c] == want);
            CHECK(bound[c] >= bounds[c] + 0x1p-24 * fabs(want));
        }
    }
    csr_finish(&csr);
}

// ---- comparing --------------------------------------------------------------

static const struct pairs_graph *const compared = &graphs[7];

static double compare(const struct csr *g, const struct kernel_spec *s,
                      int64_t *row)
{
    return oracle_compare(g, s, &data, &(struct kernel_results){.out = y}, row);
}

// Sums in float32, as a kernel would make them.
static struct csr prepare(struct kernel_spec *s)
{
    *s = spec_of(NORM_NONE, SELF_NONE, false, ACT_NONE);
    struct csr g = csr_of(
        coo_of(compared->n_nodes, compared->n_edges, &compared->pairs[0][0]),
        NULL);
    for (int i = 0; i < MAX_NODES * PITCH; i++)
        y[i] = i % PITCH < DIM && i / PITCH < compared->n_nodes ? 0.0f : NAN;
    for (int32_t e = 0; e < compared->n_edges; e++)
        for (int c = 0; c < DIM; c++)
            y[compared->pairs[e][1] * PITCH + c] +=
                x[compared->pairs[e][0] * PITCH + c];
    return g;
}

TEST(a_right_result_is_within_its_bound)
{
    struct kernel_spec s;
    int64_t row;
    struct csr g = prepare(&s);
    CHECK(compare(&g, &s, &row) <= 1);
    csr_finish(&g);
}

TEST(one_edge_too_many_or_too_few_is_found)
{
    struct kernel_spec s;
    int64_t row;
    struct csr g = prepare(&s);
    for (int sign = -1; sign <= 1; sign += 2) {
        y[1 * PITCH + 3] += (float)sign * x[0 * PITCH + 3];
        CHECK(compare(&g, &s, &row) > 1000);
        CHECK_INT(row, 1);
        y[1 * PITCH + 3] -= (float)sign * x[0 * PITCH + 3];
    }
    csr_finish(&g);
}

TEST(what_is_no_number_is_infinitely_wrong)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    struct kernel_spec s;
    int64_t row;
    struct csr g = prepare(&s);
    for (int32_t v = 0; v < compared->n_nodes; v++)
        for (int c = 0; c < DIM; c++)
            for (int i = 0; i < 3; i++) {
                float was = y[v * PITCH + c];
                y[v * PITCH + c] = bad[i];
                CHECK(isinf(compare(&g, &s, &row)));
                CHECK_INT(row, v);
                y[v * PITCH + c] = was;
            }
    csr_finish(&g);
}

TEST(of_equally_wrong_rows_the_first_is_named)
{
    struct kernel_spec s;
    int64_t row;
    struct csr g = prepare(&s);
    y[2 * PITCH] = y[1 * PITCH + 4] = NAN;
    CHECK(isinf(compare(&g, &s, &row)));
    CHECK_INT(row, 1);
    csr_finish(&g);
}

// By what was remembered, and anew: alike.
static double compare_again(struct oracle_memory *m, const struct csr *g,
                            const struct kernel_spec *s, int64_t *row)
{
    const struct kernel_results got = {.out = y};
    int64_t anew_row;
    double anew = compare(g, s, &anew_row);
    double again = oracle_compare_again(m, g, s, &data, &got, row);
    CHECK(again == anew);
    CHECK_INT(*row, anew_row);
    return again;
}

TEST(a_later_candidate_is_compared_with_what_the_first_left)
{
    struct oracle_memory m = {0};
    struct kernel_spec s;
    int64_t row;
    struct csr g = prepare(&s);
    CHECK(compare_again(&m, &g, &s, &row) <= 1);
    CHECK(m.filled);
    y[2 * PITCH] += 1;
    CHECK(compare_again(&m, &g, &s, &row) > 1);
    CHECK_INT(row, 2);
    y[2 * PITCH] = NAN;
    CHECK(isinf(compare_again(&m, &g, &s, &row)));
    oracle_memory_finish(&m);
    csr_finish(&g);
}

TEST(what_is_remembered_is_not_computed_again)
{
    const struct kernel_results got = {.out = y};
    struct oracle_memory m = {0};
    struct kernel_spec s;
    int64_t row;
    struct csr g = prepare(&s);
    CHECK(compare_again(&m, &g, &s, &row) <= 1);
    const struct operand_data gone = {.x = NULL}; // nobody may read it
    CHECK(oracle_compare_again(&m, &g, &s, &gone, &got, &row) <= 1);
    oracle_memory_finish(&m);
    csr_finish(&g);
}

TEST(what_would_take_too_much_memory_is_not_remembered)
{
    struct oracle_memory m = {0};
    double value;
    oracle_memory_open(&m, INT64_C(1) << 40, 64);
    oracle_memory_keep(&m, 5, &value, &value);
    oracle_memory_fill(&m);
    CHECK(!m.kept && !oracle_memory_recall(&m, 5, &value, &value));
    oracle_memory_open(&m, INT64_MAX, INT32_MAX); // more than there are
    CHECK(!m.kept);
    oracle_memory_finish(&m);
}

TEST(rows_that_nothing_flows_to_must_be_written)
{
    struct kernel_spec s;
    int64_t row;
    struct csr g = prepare(&s); // node 0 has no in-edges
    y[0] = 1e-30f;
    CHECK(compare(&g, &s, &row) > 1);
    CHECK_INT(row, 0);
    csr_finish(&g);
}

TEST(an_empty_graph_has_no_errors)
{
    struct kernel_spec s = spec_of(NORM_NONE, SELF_NONE, false, ACT_NONE);
    int64_t row = 0;
    struct csr g = csr_of(coo_of(0, 0, NULL), NULL);
    CHECK(compare(&g, &s, &row) == 0);
    CHECK_INT(row, -1);
    csr_finish(&g);
}

// Of a row's edges, those that are like the one before or come from the row.
static void count_kinds(const struct csr *g, int64_t v, int64_t *equal,
                        int64_t *own)
{
    for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++) {
        bool first = e == g->rowptr[v];
        CHECK(g->colidx[e] >= 0 && g->colidx[e] < g->n_nodes);
        CHECK(first || g->colidx[e - 1] <= g->colidx[e]);
        *equal += !first && g->colidx[e - 1] == g->colidx[e];
        *own += g->colidx[e] == v;
    }
}

TEST(the_hard_graphs_are_graphs_and_have_what_is_hard)
{
    int64_t equal = 0, own = 0, empty = 0, longest = 0, single = 0;
    for (size_t i = 0; i < N_HARD_GRAPHS; i++) {
        struct csr g = {0};
        CHECK_INT(hard_graph(i, &g, NULL), GNNAC_OK);
        CHECK_INT(g.rowptr[0], 0);
        CHECK_INT(g.rowptr[g.n_nodes], g.n_edges);
        for (int64_t v = 0; v < g.n_nodes; v++) {
            count_kinds(&g, v, &equal, &own);
            empty += csr_degree(&g, v) == 0;
        }
        longest = csr_max_degree(&g) > longest ? csr_max_degree(&g) : longest;
        single += g.n_nodes == 1;
        csr_finish(&g);
    }
    CHECK(equal > 0 && own > 0 && empty > 0 && longest > 256 && single == 2);
}

int main(void)
{
    fill_operands();
    RUN(sums_are_those_of_the_pairs);
    RUN(means_are_those_of_the_pairs_and_0_without_any);
    RUN(every_norm_and_own_term_is_that_of_the_pairs);
    RUN(a_row_goes_on_to_its_tail);
    RUN(dropout_of_a_row_is_the_cpus);
    RUN(a_residual_is_added_last_of_all);
    RUN(a_right_result_is_within_its_bound);
    RUN(one_edge_too_many_or_too_few_is_found);
    RUN(what_is_no_number_is_infinitely_wrong);
    RUN(of_equally_wrong_rows_the_first_is_named);
    RUN(a_later_candidate_is_compared_with_what_the_first_left);
    RUN(what_is_remembered_is_not_computed_again);
    RUN(what_would_take_too_much_memory_is_not_remembered);
    RUN(rows_that_nothing_flows_to_must_be_written);
    RUN(an_empty_graph_has_no_errors);
    RUN(the_hard_graphs_are_graphs_and_have_what_is_hard);
    return test_done();
}
