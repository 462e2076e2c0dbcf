// Which rows the gate compares where all would take too long: those that are
// promised are among them, the work stays in bounds, and faults are found.
#include "graph_fixture.h"
#include "rng.h"
#include "tune/oracle.h"
#include "tune/oracle_kinds.h"
#include "tune/oracle_sample.h"

enum { N = 20000, HUB = 2777, HUB_EDGES = 20000, DIM = 4 };

static struct csr graph;
static bool seen[N];
static float x[N * DIM], out[N * DIM];

// One hub, others less so, a fifth of the rows empty, most of 1 .. 40 edges;
// one of 300, alone in its octave.
static int64_t degree(int64_t v)
{
    return v == HUB          ? HUB_EDGES
           : v % 4001 == 77  ? 600 + v / 1000
           : v == 12345     ? 300
           : v % 5 == 3     ? 0
                            : (int64_t)rng_below(1, (uint64_t)v, 40) + 1;
}

static void make_graph(void)
{
    graph = (struct csr){.n_nodes = N};
    graph.rowptr = calloc(N + 1, sizeof(*graph.rowptr));
    for (int64_t v = 0; v < N; v++)
        graph.rowptr[v + 1] = graph.rowptr[v] + degree(v);
    graph.n_edges = graph.rowptr[N];
    graph.colidx = calloc((size_t)graph.n_edges, sizeof(*graph.colidx));
    for (int64_t e = 0; e < graph.n_edges; e++)
        graph.colidx[e] = (int32_t)rng_below(2, (uint64_t)e, N);
}

static struct kernel_spec spec_of(enum step_kind kind)
{
    return (struct kernel_spec){.kind = kind, .dim = DIM, .x_pitch = DIM,
                                .out_pitch = DIM, .self_pitch = DIM,
                                .grad_pitch = DIM, .depth = DIM, .heads = 2,
                                .channels = 2, .offset_bits = 32};
}

static double all_work(const struct csr *g, const struct kernel_spec *s)
{
    struct oracle_work w = oracle_work_of(s);
    return w.row * (double)g->n_nodes + w.edge * (double)g->n_edges;
}

// A sample of a part of all work; marks its rows.
static struct oracle_sample sample_of(const struct kernel_spec *s, double part)
{
    struct oracle_sample sample;
    oracle_sample_rows(&graph, s, part * all_work(&graph, s), &sample);
    for (int64_t v = 0; v < N; v++)
        seen[v] = oracle_sample_has(&sample, v);
    for (int32_t i = 0; i < sample.n_special; i++)
        seen[sample.special[i]] = true;
    return sample;
}

// ---- which rows -------------------------------------------------------------

TEST(of_every_operation_all_rows_are_looked_at_or_of_much_work_a_part)
{
    for (int kind = 0; kind < N_STEP_KINDS; kind++) {
        struct kernel_spec s = spec_of((enum step_kind)kind);
        if (!oracle_knows(s.kind))
            continue;
        struct oracle_sample all = sample_of(&s, 1.01);
        CHECK_INT(all.step, 1);
        CHECK_INT(all.n_rows, N);
        struct oracle_sample some = sample_of(&s, 1 / 50.5);
        int64_t n = 0;
        for (int64_t v = 0; v < N; v++)
            n += seen[v];
        CHECK_INT(some.step, 51);
        CHECK_INT(some.n_rows, n);
        CHECK(n < N / 4);
    }
}

TEST(hubs_the_only_row_of_its_length_empty_and_outer_rows_are_always_seen)
{
    struct kernel_spec s = spec_of(STEP_AGGREGATE);
    int64_t n_empty = 0;
    sample_of(&s, 0.05);
    CHECK(seen[12345]); // by chance one of 20 would
    for (int64_t v = 0; v < N; v++) {
        n_empty += seen[v] && degree(v) == 0;
        if (degree(v) >= 600)
            CHECK(seen[v]);
        if (v < SAMPLE_ENDS || v >= N - SAMPLE_ENDS)
            CHECK(seen[v]);
    }
    CHECK(n_empty >= SAMPLE_OF_OCTAVE);
}

TEST(rows_where_blocks_meet_are_always_seen)
{
    struct kernel_spec s = spec_of(STEP_AGGREGATE);
    struct oracle_sample sample = sample_of(&s, 0.05);
    int64_t n_rows = 0, n_edges = 0;
    for (int64_t v = 0; v < N; v++) {
        int64_t first = graph.rowptr[v], end = graph.rowptr[v + 1];
        int64_t at = (first / sample.edge_block + 1) * sample.edge_block;
        int64_t place = v % sample.row_block;
        bool rows_meet = place == 0 || place == sample.row_block - 1;
        if (degree(v) > sample.longest_common || (at >= end && !rows_meet))
            continue;
        n_rows += rows_meet;
        n_edges += at < end;
        CHECK(seen[v]);
    }
    CHECK(n_rows > SAMPLE_SEAMS / 2 && n_edges > SAMPLE_SEAMS / 4);
}

// Whatever spoils a tile of 2 step - 1 rows spoils one that is seen.
TEST(no_tile_of_rows_is_overlooked)
{
    struct kernel_spec s = spec_of(STEP_SDDMM);
    struct oracle_sample sample = sample_of(&s, 0.05);
    int64_t gap = 0, widest = 0;
    for (int64_t v = 0; v < N; v++) {
        gap = seen[v] ? 0 : gap + 1;
        widest = gap > widest ? gap : widest;
    }
    CHECK(sample.step == 21 && widest < 2 * sample.step - 1);
    CHECK(widest >= sample.step); // or else none would be drawn
}

TEST(the_work_of_a_sample_is_some_limits_however_long_the_longest_rows_are)
{
    for (int kind = 0; kind < N_STEP_KINDS; kind++) {
        struct kernel_spec s = spec_of((enum step_kind)kind);
        struct oracle_work w = oracle_work_of(&s);
        double limit = 0.1 * all_work(&graph, &s), work = 0;
        if (!oracle_knows(s.kind))
            continue;
        struct oracle_sample sample = sample_of(&s, 0.1);
        for (int64_t v = 0; v < N; v++)
            work += seen[v] ? w.row + w.edge * (double)degree(v) : 0;
        CHECK(sample.step == 11 && work > 0.5 * limit && work < 4 * limit);
    }
}

// ---- faults -----------------------------------------------------------------

static const struct operand_data data = {.x = x};
static const struct kernel_results results = {.out = out};

static double error_of(const struct oracle_sample *sample,
                       const struct kernel_spec *s, int64_t *row)
{
    return oracle_compare_sample(sample, s, &data, &results, row);
}

static void compute(const struct kernel_spec *s)
{
    double y[DIM], bound[DIM];
    rng_fill_normal(3, x, N * DIM);
    for (int64_t v = 0; v < N; v++) {
        oracle_row(&graph, s, &data, v, y, bound);
        for (int c = 0; c < DIM; c++)
            out[v * DIM + c] = (float)y[c];
    }
}

TEST(a_fault_in_a_tile_is_found_though_most_rows_are_not_compared)
{
    enum { TILE = 16 };
    struct kernel_spec s = spec_of(STEP_AGGREGATE);
    struct oracle_sample sample = sample_of(&s, 0.15);
    int64_t row;
    compute(&s);
    CHECK(sample.n_rows < N / 2);
    CHECK(error_of(&sample, &s, &row) <= 1);
    for (int64_t tile = 0; tile < N / TILE; tile += 97) {
        float was[TILE * DIM], *at = &out[tile * TILE * DIM];
        memcpy(was, at, sizeof(was));
        for (int i = 0; i < TILE; i++)
            at[i * DIM + 2] += 1; // one column of it
        CHECK(error_of(&sample, &s, &row) > 1);
        CHECK(row / TILE == tile);
        memcpy(at, was, sizeof(was));
    }
}

TEST(what_was_never_written_is_found_in_every_row)
{
    const uint32_t ones = UINT32_MAX; // what the gate fills outputs with
    struct kernel_spec s = spec_of(STEP_AGGREGATE);
    struct oracle_sample sample = sample_of(&s, 0.02);
    int64_t row, n_unseen = 0;
    compute(&s);
    for (int64_t v = 1; v < N; v += 449) {
        float *at = &out[v * DIM + v % DIM], was = *at;
        memcpy(at, &ones, sizeof(ones));
        CHECK(isinf(error_of(&sample, &s, &row)));
        CHECK_INT(row, v);
        n_unseen += !seen[v];
        *at = was;
    }
    CHECK(n_unseen > 20);
}

// NaN is a result of the largest, but not that one.
TEST(of_the_largest_a_nan_is_no_fault_in_a_row_that_is_not_compared)
{
    const uint32_t ones = UINT32_MAX;
    struct kernel_spec s = spec_of(STEP_EXTREME);
    struct oracle_sample sample = sample_of(&s, 0.02);
    int64_t row, at = 0;
    rng_fill_normal(3, x, N * DIM);
    for (int64_t v = 0; v < N; v++)
        for (int c = 0; c < DIM; c++) {
            float best = graph.rowptr[v] < graph.rowptr[v + 1] ? -INFINITY : 0;
            for (int64_t e = graph.rowptr[v]; e < graph.rowptr[v + 1]; e++)
                best = fmaxf(best, x[graph.colidx[e] * DIM + c]);
            out[v * DIM + c] = best;
        }
    while (seen[at])
        at++;
    CHECK(error_of(&sample, &s, &row) == 0);
    out[at * DIM] = NAN;
    CHECK(error_of(&sample, &s, &row) == 0);
    memcpy(&out[at * DIM], &ones, sizeof(ones));
    CHECK(isinf(error_of(&sample, &s, &row)));
    CHECK_INT(row, at);
}

// The sums over all rows are whole, whatever part of the rows is compared.
TEST(a_row_that_the_scores_backward_leaves_out_of_its_sums_is_found)
{
    enum { PITCH = ATTENTION_KEPT * 2, GRADS = 5 * 2 };
    static float kept[N * PITCH], att[2 * DIM], before[N * DIM];
    struct kernel_spec s = spec_of(STEP_ATTENTION_SCORES_GRAD);
    s.self_pitch = PITCH;
    struct oracle_sample sample = sample_of(&s, 0.02);
    float sums[2 * DIM];
    double exact[2 * DIM] = {0};
    const struct operand_data d = {.x = x, .self = kept, .before = before,
                                   .att_src = att, .att_dst = att + DIM};
    const struct kernel_results got = {.out = out, .kept = kept, .sums = sums};
    int64_t row, left = N / 3;
    rng_fill_normal(3, x, N * DIM);
    rng_fill_normal(4, kept, N * PITCH);
    rng_fill_normal(5, att, 2 * DIM);
    rng_fill_normal(6, before, N * DIM);
    for (int64_t v = 0; v < N; v++)
        for (int i = 0; i < 2 * DIM; i++) {
            int c = i % DIM, which = i / DIM;
            float grad = kept[v * PITCH + GRADS + 2 * which + c / 2];
            float *to = &out[v * DIM + c];
            exact[i] += (double)grad * x[v * DIM + c];
            *to = (which ? *to : before[v * DIM + c]) + grad * att[i];
        }
    for (int i = 0; i < 2 * DIM; i++)
        sums[i] = (float)exact[i];
    CHECK(oracle_compare_sample(&sample, &s, &d, &got, &row) <= 1);
    for (int i = 0; i < 2 * DIM; i++)
        sums[i] -= kept[left * PITCH + GRADS + 2 * (i / DIM) + i % DIM / 2] *
                   x[left * DIM + i % DIM];
    CHECK(oracle_compare_sample(&sample, &s, &d, &got, &row) > 1);
    CHECK_INT(row, N);
}

int main(void)
{
    make_graph();
    RUN(of_every_operation_all_rows_are_looked_at_or_of_much_work_a_part);
    RUN(hubs_the_only_row_of_its_length_empty_and_outer_rows_are_always_seen);
    RUN(rows_where_blocks_meet_are_always_seen);
    RUN(no_tile_of_rows_is_overlooked);
    RUN(the_work_of_a_sample_is_some_limits_however_long_the_longest_rows_are);
    RUN(a_fault_in_a_tile_is_found_though_most_rows_are_not_compared);
    RUN(what_was_never_written_is_found_in_every_row);
    RUN(of_the_largest_a_nan_is_no_fault_in_a_row_that_is_not_compared);
    RUN(a_row_that_the_scores_backward_leaves_out_of_its_sums_is_found);
    csr_finish(&graph);
    return test_done();
}
