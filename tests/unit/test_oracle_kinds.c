// The gate's oracles of what is no aggregation, against the CPU backend's
// loops: they accept what those compute, and nothing that is a little off.
#include "backend.h"
#include "bundle/dtype.h"
#include "bundle/graph_transpose.h"
#include "bundle/train_state.h"
#include "cpu/cpu_chunks.h"
#include "cpu/cpu_dropout.h"
#include "cpu/cpu_edges.h"
#include "cpu/cpu_grad.h"
#include "graph_fixture.h"
#include "plan/opspec.h"
#include "rng.h"
#include "tune/oracle.h"
#include "tune/oracle_kinds.h"

enum { N = 23, N_EDGES = 150, HEADS = 3, CHANNELS = 5, DIM = HEADS * CHANNELS,
       KEPT = ATTENTION_KEPT * HEADS,
       ROWS = DIM + ATTENTION_V2_KEPT * HEADS };

// Row 0 has many edges, some twice; the last rows have none.
static int32_t pairs[N_EDGES][2];
static struct csr graph, turned; // turned: by sources
static int64_t number[N_EDGES];  // of turned's edges, among graph's
static float x[N * DIM], self[N * DIM], grad[N * DIM], out[N * DIM],
    edge_out[N_EDGES * HEADS], kept[N * KEPT], kept_after[N * KEPT], bias[DIM],
    att_v2[DIM];

static void make_graphs(void)
{
    struct transposed t;
    for (int i = 0; i < N_EDGES; i++) {
        pairs[i][0] = (int32_t)rng_below(1, (uint64_t)i, N);
        pairs[i][1] = i % 3 ? (int32_t)rng_below(2, (uint64_t)i, N - 3) : 0;
    }
    graph = csr_of(coo_of(N, N_EDGES, &pairs[0][0]), NULL);
    CHECK_INT(transpose_rows(N, N, graph.rowptr, graph.colidx, true, &t, NULL),
              GNNAC_OK);
    turned = (struct csr){.n_nodes = N, .n_edges = N_EDGES,
                          .rowptr = t.rowptr, .colidx = t.colidx};
    for (int64_t e = 0; e < N_EDGES; e++)
        number[t.position[e]] = e;
    free(t.position);
}

static void fill(float *m, int64_t n, uint64_t seed, bool ties)
{
    rng_fill_normal(seed, m, n);
    for (int64_t i = 0; i < n && ties; i++)
        m[i] = i % 37 == 5 ? NAN : i % 29 == 3 ? -INFINITY : roundf(m[i]);
}

static void fill_all(bool ties)
{
    fill(x, N * DIM, 1, ties);
    fill(self, N * DIM, 2, ties);
    fill(grad, N * DIM, 3, false);
    fill(bias, DIM, 4, false);
    fill(att_v2, DIM, 5, false);
    for (int c = 0; c < DIM; c++) // scores of a few units
        att_v2[c] /= sqrtf(CHANNELS);
}

static struct const_view view_of(const float *m)
{
    return (struct const_view){m, DIM, DIM};
}

static struct kernel_spec spec_of(enum step_kind kind)
{
    return (struct kernel_spec){.kind = kind,
                                .dim = DIM,
                                .x_pitch = DIM,
                                .out_pitch = DIM,
                                .self_pitch = DIM,
                                .grad_pitch = DIM,
                                .offset_bits = 32,
                                .heads = HEADS,
                                .channels = CHANNELS};
}

// ---- accepting and refusing -------------------------------------------------

struct question {
    const char *name;
    const struct csr *g;
    struct kernel_spec spec;
    struct operand_data data;
    struct kernel_results got;
};

static double error_of(const struct question *q)
{
    int64_t row;
    return oracle_compare(q->g, &q->spec, &q->data, &q->got, &row);
}

// What an error might make of a number that is right: more than storing does.
static float spoiled(enum dtype type, float v)
{
    float share = fmaxf(1e-3F, 4 * (float)dtype_unit(type));
    return isnan(v) ? 0 : isinf(v) ? 1e30F : v + share * (1 + fabsf(v));
}

// A right result, of which `values`, n of them, are looked at.
static void check_accepted(const struct question *q, float *values, int64_t n)
{
    double error = error_of(q);
    if (!(error <= 1))
        TEST__FAIL("%s: %g times the allowed error", q->name, error);
    for (int64_t i = 0; i < n; i++) {
        float was = values[i];
        values[i] = spoiled(q->spec.out_type, was);
        if (!(error_of(q) > 1))
            TEST__FAIL("%s: %g for %g at %lld is accepted", q->name,
                       values[i], was, (long long)i);
        values[i] = was;
    }
    CHECK(error_of(q) <= 1);
}

// ---- products of rows -------------------------------------------------------

TEST(products_of_rows_are_the_cpus)
{
    fill_all(false);
    for (int i = 0; i < 4; i++) {
        bool mapped = i & 1, mean = i & 2;
        struct question q = {"sddmm", &graph, spec_of(STEP_SDDMM),
                             {.x = x, .self = self, .edge_of = number},
                             {.out = edge_out}};
        q.spec.edges = mapped ? EDGES_MAPPED : EDGES_STORED;
        q.spec.norm = mean ? NORM_MEAN : NORM_NONE;
        const struct edge_dot_job job = {
            N, graph.rowptr, graph.colidx, mapped ? number : NULL,
            view_of(self), view_of(x), HEADS, mean, edge_out};
        cpu_edge_dot(&job, 1);
        check_accepted(&q, edge_out, N_EDGES * HEADS);
    }
}

// ---- products of matrices ---------------------------------------------------

enum { DEPTH = 11 };

// What BLAS does, then bias and ReLU.
TEST(products_of_matrices_are_the_cpus)
{
    static float in[N * DEPTH], w[DIM * DEPTH], before[N * DIM];
    fill_all(false);
    fill(in, N * DEPTH, 11, false);
    fill(w, DIM * DEPTH, 12, false);
    fill(before, N * DIM, 13, false);
    for (int i = 0; i < 4; i++) {
        bool adds = i & 1, ends = i & 2;
        struct question q = {"linear", &graph, spec_of(STEP_LINEAR),
                             {.x = in, .weight = w, .before = before,
                              .tail_bias = bias},
                             {.out = out}};
        q.spec.x_pitch = q.spec.depth = DEPTH;
        q.spec.adds = adds;
        q.spec.tail = ends ? TAIL_BIAS_ACT : TAIL_NONE;
        q.spec.tail_bias = ends;
        q.spec.tail_act = ends ? ACT_RELU : ACT_NONE;
        memcpy(out, before, sizeof(out));
        cpu_linear(N, (struct const_view){in, DEPTH, DEPTH}, w,
                   (struct view){out, DIM, DIM}, adds, 1);
        if (ends)
            cpu_bias_act(N, view_of(out), bias, ACT_RELU,
                         (struct view){out, DIM, DIM}, 1);
        check_accepted(&q, out, N * DIM);
    }
}

static const enum dtype halves[] = {DTYPE_F16, DTYPE_BF16};

static void round_all(enum dtype type, float *m, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        m[i] = dtype_round(type, m[i]);
}

TEST(products_of_matrices_in_16_bits_are_the_cpus_rounded)
{
    static float in[N * DEPTH], w[DIM * DEPTH];
    fill(in, N * DEPTH, 11, false);
    fill(w, DIM * DEPTH, 12, false);
    for (int i = 0; i < 2; i++) {
        struct question q = {"linear", &graph, spec_of(STEP_LINEAR),
                             {.x = in, .weight = w}, {.out = out}};
        q.spec.x_pitch = q.spec.depth = DEPTH;
        cpu_linear(N, (struct const_view){in, DEPTH, DEPTH}, w,
                   (struct view){out, DIM, DIM}, false, 1);
        round_all(halves[i], out, N * DIM);
        CHECK(error_of(&q) > 1); // that of float32
        q.spec.out_type = halves[i];
        check_accepted(&q, out, N * DIM);
    }
}

TEST(a_row_times_its_dinv_is_not_the_row)
{
    static float in[N * DEPTH], w[DIM * DEPTH], dinv[N];
    fill(in, N * DEPTH, 11, false);
    fill(w, DIM * DEPTH, 12, false);
    graph_dinv(N, graph.rowptr, dinv);
    struct question q = {"linear", &graph, spec_of(STEP_LINEAR),
                         {.x = in, .weight = w, .dinv = dinv}, {.out = out}};
    q.spec.x_pitch = q.spec.depth = DEPTH;
    q.spec.norm = NORM_GCN;
    cpu_linear(N, (struct const_view){in, DEPTH, DEPTH}, w,
               (struct view){out, DIM, DIM}, false, 1);
    CHECK(error_of(&q) > 1);
    cpu_multiply_rows(N, dinv, (struct view){out, DIM, DIM}, 1);
    check_accepted(&q, out, N * DIM);
}

// ---- largest and smallest ---------------------------------------------------

static struct extreme_job extreme_of(const struct csr *g, float *to,
                                     bool smallest)
{
    return (struct extreme_job){N,          g->rowptr, g->colidx,
                                view_of(x), smallest,  {to, DIM, DIM}};
}

TEST(the_largest_and_smallest_are_the_cpus_to_the_bit)
{
    fill_all(true);
    for (int smallest = 0; smallest < 2; smallest++) {
        struct question q = {"extreme", &graph, spec_of(STEP_EXTREME),
                             {.x = x}, {.out = out}};
        struct extreme_job job = extreme_of(&graph, out, smallest);
        q.spec.smallest = smallest;
        cpu_extreme(&job, 1);
        check_accepted(&q, out, N * DIM);
        int64_t at = DIM * 2; // row 2
        while (isnan(out[at]) || isinf(out[at]))
            at++;
        out[at] = nextafterf(out[at], 1e30F);
        CHECK(isinf(error_of(&q)));
    }
}

// Rounded where they are stored narrower than they came, else to the bit.
TEST(the_largest_in_16_bits_is_the_cpus_rounded)
{
    for (int i = 0; i < 4; i++) {
        enum dtype type = halves[i & 1];
        bool came_so = i & 2;
        struct question q = {"extreme", &graph, spec_of(STEP_EXTREME),
                             {.x = x}, {.out = out}};
        struct extreme_job job = extreme_of(&graph, out, false);
        fill_all(true);
        for (int64_t k = 0; k < N * DIM; k++)
            x[k] *= 1.37F;
        if (came_so)
            round_all(type, x, N * DIM);
        cpu_extreme(&job, 1);
        round_all(type, out, N * DIM);
        CHECK((error_of(&q) > 1) == !came_so);
        q.spec.x_type = came_so ? type : DTYPE_F32;
        q.spec.out_type = type;
        check_accepted(&q, out, N * DIM);
    }
}

TEST(shares_of_the_largests_and_smallests_gradient_are_the_cpus)
{
    for (int smallest = 0; smallest < 2; smallest++) {
        fill_all(true);
        struct question q = {"extreme_share", &graph,
                             spec_of(STEP_EXTREME_SHARE),
                             {.x = x, .self = self, .grad = grad},
                             {.out = out}};
        struct extreme_job job = extreme_of(&graph, self, smallest);
        q.spec.smallest = smallest;
        cpu_extreme(&job, 1);
        cpu_extreme_share(&job, view_of(grad), (struct view){out, DIM, DIM}, 1);
        check_accepted(&q, out, N * DIM);
    }
}

TEST(gradients_of_the_largest_and_smallest_are_the_cpus)
{
    for (int smallest = 0; smallest < 2; smallest++) {
        fill_all(true);
        struct question q = {"extreme_grad", &turned,
                             spec_of(STEP_EXTREME_GRAD),
                             {.x = x, .self = self, .grad = grad},
                             {.out = out}};
        struct extreme_job job = extreme_of(&graph, self, smallest);
        q.spec.smallest = smallest;
        cpu_extreme(&job, 1);
        job = extreme_of(&turned, self, smallest);
        cpu_extreme_grad(&job, view_of(grad), (struct view){out, DIM, DIM}, 1);
        check_accepted(&q, out, N * DIM);
    }
}

// ---- attention --------------------------------------------------------------

TEST(attention_is_the_cpus)
{
    static const enum activation acts[] = {ACT_NONE, ACT_RELU, ACT_ELU};
    fill_all(false);
    fill(kept, N * KEPT, 8, false);
    for (int i = 0; i < 12; i++) {
        bool has_bias = i & 1, v2 = i >= 6;
        struct question q = {"attention", &graph, spec_of(STEP_ATTENTION),
                             {.x = x, .self = kept, .bias = bias,
                              .weight = att_v2},
                             {.out = out}};
        q.spec.self_pitch = KEPT;
        q.spec.bias = has_bias;
        q.spec.act = acts[i / 2 % 3];
        struct attention_job job = {
            .n_rows = N, .rowptr = graph.rowptr, .colidx = graph.colidx,
            .bias = has_bias ? bias : NULL, .x = view_of(x),
            .scores = {kept, KEPT, 2 * HEADS}, .out = {out, DIM, DIM},
            .act = q.spec.act};
        if (v2) {
            q.spec.kind = STEP_ATTENTION_V2;
            q.data.self = self;
            q.spec.self_pitch = DIM;
            job.scores = view_of(self);
            job.att = (struct att){att_v2, HEADS};
        }
        cpu_attention(&job, 1);
        check_accepted(&q, out, N * DIM);
    }
}

// What the CPU makes of the scores, and what goes back.
struct attended {
    struct train_state state;
    struct dropout drop;
    float softmax[N * 3 * HEADS], out[N * DIM], grad_x[N * DIM],
        grad_scores[N * 2 * HEADS];
};

static struct attended attend(bool drops)
{
    static struct attended a;
    float p = drops ? 0.25F : 0;
    a = (struct attended){.state = {.seed = 5, .step = 9},
                          .drop = dropout_of(p, 5, 9, 4)};
    a.state.attention_threshold = a.drop.threshold;
    a.state.attention_scale = a.drop.scale;
    const struct dropout *drop = drops ? &a.drop : NULL;
    const struct const_view scores = {kept, KEPT, 2 * HEADS};
    const struct view softmax = {a.softmax, 3 * HEADS, 3 * HEADS};
    const struct attention_job forward = {
        .n_rows = N, .rowptr = graph.rowptr, .colidx = graph.colidx,
        .bias = bias, .x = view_of(x), .scores = scores,
        .out = {a.out, DIM, DIM}, .drop = drop, .softmax = softmax};
    cpu_attention(&forward, 1);
    const struct attention_grad_job back = {
        .n_rows = N,
        .rowptr = graph.rowptr,
        .colidx = graph.colidx,
        .by_source = {turned.rowptr, turned.colidx, number},
        .drop = drop,
        .g = view_of(grad),
        .x = view_of(x),
        .scores = scores,
        .softmax = softmax,
        .grad_x = {a.grad_x, DIM, DIM},
        .grad_scores = {a.grad_scores, 2 * HEADS, 2 * HEADS}};
    cpu_attention_grad(&back, 1);
    return a;
}

// The scores, and behind them the numbers of each head up to number `end`.
static void keep(const struct attended *a, float *to, int end)
{
    for (int v = 0; v < N; v++)
        for (int h = 0; h < HEADS; h++) {
            const float *s = a->softmax + v * 3 * HEADS + h;
            const float *g = a->grad_scores + v * 2 * HEADS + h;
            const float all[] = {kept[v * KEPT + h],
                                 kept[v * KEPT + HEADS + h],
                                 s[0] * 1.44269504F, 1 / s[HEADS],
                                 s[2 * HEADS], g[0], g[HEADS]};
            for (int i = 0; i < ATTENTION_KEPT; i++)
                to[v * KEPT + i * HEADS + h] = i < end ? all[i] : NAN;
        }
}

// The step between these two states of what is kept.
static void check_step(enum step_kind kind, const struct csr *g,
                       const struct attended *a, const float *result)
{
    static float before[N * KEPT];
    struct question q = {
        op_of_step_kind(kind), g, spec_of(kind),
        {.x = x, .self = before, .bias = bias, .grad = grad,
         .edge_of = number, .state = &a->state, .place = 4},
        {.out = out, .kept = kept_after}};
    q.spec.self_pitch = KEPT;
    q.spec.bias = kind == STEP_ATTENTION_KEEP;
    int begin = kind == STEP_ATTENTION_KEEP        ? 2
                : kind == STEP_ATTENTION_ROWS_GRAD ? 4
                                                   : 5;
    keep(a, before, begin);
    memcpy(kept_after, before, sizeof(before));
    if (result)
        memcpy(out, result, sizeof(out));
    static float all[N * KEPT];
    keep(a, all, ATTENTION_KEPT);
    for (int v = 0; v < N; v++)
        for (int i = 0; i < ATTENTION_KEPT; i++) {
            bool written =
                kind == STEP_ATTENTION_KEEP ? i == 2 || i == 3
                : kind == STEP_ATTENTION_ROWS_GRAD ? i == 4 || i == 6
                                                   : i == 5;
            if (written)
                memcpy(&kept_after[v * KEPT + i * HEADS],
                       &all[v * KEPT + i * HEADS], HEADS * sizeof(float));
        }
    check_accepted(&q, kept_after, N * KEPT);
    if (result)
        check_accepted(&q, out, N * DIM);
}

TEST(attention_in_training_is_the_cpus_forward_and_backward)
{
    fill_all(false);
    fill(kept, N * KEPT, 8, false);
    for (int drops = 0; drops < 2; drops++) {
        static struct attended a;
        a = attend(drops);
        check_step(STEP_ATTENTION_KEEP, &graph, &a, a.out);
        check_step(STEP_ATTENTION_ROWS_GRAD, &graph, &a, NULL);
        check_step(STEP_ATTENTION_GRAD, &turned, &a, a.grad_x);
    }
}

// ---- GATv2's attention ------------------------------------------------------

// What the CPU makes of it, and what goes back.
struct attended_v2 {
    struct train_state state;
    struct dropout drop;
    float softmax[N * 3 * HEADS], out[N * DIM], grad_x[N * DIM],
        grad_rows[N * DIM], grad_att[DIM];
};

static void back_v2(struct attended_v2 *a)
{
    double sums[DIM];
    memset(a->grad_x, 0, sizeof(a->grad_x));
    memset(a->grad_rows, 0, sizeof(a->grad_rows));
    const struct attention_grad_job back = {
        .n_rows = N, .rowptr = graph.rowptr, .colidx = graph.colidx,
        .by_source = {turned.rowptr, turned.colidx, number},
        .drop = a->drop.threshold ? &a->drop : NULL,
        .g = view_of(grad), .x = view_of(x), .scores = view_of(self),
        .att = {att_v2, HEADS}, .softmax = {a->softmax, 3 * HEADS, 3 * HEADS},
        .grad_x = {a->grad_x, DIM, DIM},
        .grad_scores = {a->grad_rows, DIM, DIM},
        .scratch = sums, .grad_att = a->grad_att};
    cpu_attention_v2_grad(&back, 1);
}

static void attend_v2(bool drops, struct attended_v2 *a)
{
    float p = drops ? 0.25F : 0;
    *a = (struct attended_v2){.state = {.seed = 5, .step = 9},
                              .drop = dropout_of(p, 5, 9, 4)};
    a->state.attention_threshold = a->drop.threshold;
    a->state.attention_scale = a->drop.scale;
    const struct attention_job forward = {
        .n_rows = N, .rowptr = graph.rowptr, .colidx = graph.colidx,
        .bias = bias, .x = view_of(x), .scores = view_of(self),
        .att = {att_v2, HEADS}, .out = {a->out, DIM, DIM},
        .drop = drops ? &a->drop : NULL,
        .softmax = {a->softmax, 3 * HEADS, 3 * HEADS}};
    cpu_attention(&forward, 1);
    back_v2(a);
}

// The rows, and behind them each head's numbers up to number `end`.
static void keep_rows(const struct attended_v2 *a, float *to, int end)
{
    for (int v = 0; v < N; v++) {
        memcpy(to + v * ROWS, self + v * DIM, DIM * sizeof(float));
        for (int h = 0; h < HEADS; h++) {
            const float *s = a->softmax + v * 3 * HEADS + h;
            const float all[] = {s[0] * 1.44269504F, 1 / s[HEADS],
                                 s[2 * HEADS]};
            for (int i = 0; i < ATTENTION_V2_KEPT; i++)
                to[v * ROWS + DIM + i * HEADS + h] = i < end ? all[i] : NAN;
        }
    }
}

// att's gradient row by row: where the others' g is 0 it is one row's.
static void find_att_rows(struct attended_v2 *a, float *to)
{
    static float all[N * DIM];
    memcpy(all, grad, sizeof(all));
    for (int v = 0; v < N; v++) {
        memset(grad, 0, sizeof(grad));
        memcpy(grad + v * DIM, all + v * DIM, DIM * sizeof(float));
        back_v2(a);
        memcpy(to + v * DIM, a->grad_att, DIM * sizeof(float));
    }
    memcpy(grad, all, sizeof(all));
    back_v2(a);
}

static void check_step_v2(enum step_kind kind, const struct csr *g,
                          struct attended_v2 *a, float *result)
{
    static float before[N * ROWS], after[N * ROWS], att_rows[N * DIM];
    int begin = kind == STEP_ATTENTION_V2_KEEP        ? 0
                : kind == STEP_ATTENTION_V2_ROWS_GRAD ? 2
                                                      : 3;
    struct question q = {
        op_of_step_kind(kind), g, spec_of(kind),
        {.x = x, .self = before, .bias = bias, .weight = att_v2, .grad = grad,
         .edge_of = number, .state = &a->state, .place = 4},
        {.out = result, .kept = after, .sums = att_rows}};
    q.spec.self_pitch = ROWS;
    q.spec.bias = begin == 0;
    keep_rows(a, before, begin);
    keep_rows(a, after, begin == 0 ? 2 : 3);
    find_att_rows(a, att_rows);
    check_accepted(&q, after, N * ROWS);
    check_accepted(&q, result, N * DIM);
    if (kind == STEP_ATTENTION_V2_ROWS_GRAD)
        check_accepted(&q, att_rows, N * DIM);
}

TEST(attention_of_gatv2_in_training_is_the_cpus_forward_and_backward)
{
    static struct attended_v2 a;
    fill_all(false);
    for (int drops = 0; drops < 2; drops++) {
        attend_v2(drops, &a);
        check_step_v2(STEP_ATTENTION_V2_KEEP, &graph, &a, a.out);
        check_step_v2(STEP_ATTENTION_V2_ROWS_GRAD, &graph, &a, a.grad_rows);
        check_step_v2(STEP_ATTENTION_V2_GRAD, &turned, &a, a.grad_x);
    }
}

// What the CPU adds to a gradient, and the sums over the rows that it makes.
TEST(the_scores_backward_and_its_sums_are_the_cpus)
{
    static float att[2 * DIM], before[N * DIM], sums[2 * DIM];
    static double room[MOST_CHUNKS * DIM];
    fill_all(false);
    fill(kept, N * KEPT, 8, false);
    fill(att, 2 * DIM, 9, false);
    fill(before, N * DIM, 10, false);
    struct question q = {
        "attention_scores_grad", &graph, spec_of(STEP_ATTENTION_SCORES_GRAD),
        {.x = x, .self = kept, .before = before, .att_src = att,
         .att_dst = att + DIM},
        {.out = out, .kept = kept_after, .sums = sums}};
    const struct const_view g = {kept + 5 * HEADS, KEPT, 2 * HEADS};
    q.spec.self_pitch = KEPT;
    memcpy(kept_after, kept, sizeof(kept));
    memcpy(out, before, sizeof(out));
    cpu_scores_grad(N, g, att, att + DIM, (struct view){out, DIM, DIM}, 1);
    for (int i = 0; i < 2; i++)
        cpu_head_sums(N,
                      (struct const_view){g.data + i * HEADS, KEPT, HEADS},
                      view_of(x), room, sums + i * DIM, 1);
    check_accepted(&q, out, N * DIM);
    check_accepted(&q, sums, 2 * DIM);
    check_accepted(&q, kept_after, N * KEPT);
}

// ---- which ------------------------------------------------------------------

TEST(what_is_tuned_has_an_oracle)
{
    int n = 0;
    for (int kind = 0; kind < N_STEP_KINDS; kind++) {
        const char *op = op_of_step_kind((enum step_kind)kind);
        if (op && is_tuned_op(op))
            n++;
        CHECK(oracle_knows((enum step_kind)kind) == (op && is_tuned_op(op)));
    }
    CHECK(n >= 11);
}

int main(void)
{
    make_graphs();
    RUN(products_of_rows_are_the_cpus);
    RUN(products_of_matrices_are_the_cpus);
    RUN(products_of_matrices_in_16_bits_are_the_cpus_rounded);
    RUN(a_row_times_its_dinv_is_not_the_row);
    RUN(the_largest_and_smallest_are_the_cpus_to_the_bit);
    RUN(the_largest_in_16_bits_is_the_cpus_rounded);
    RUN(shares_of_the_largests_and_smallests_gradient_are_the_cpus);
    RUN(gradients_of_the_largest_and_smallest_are_the_cpus);
    RUN(attention_is_the_cpus);
    RUN(attention_in_training_is_the_cpus_forward_and_backward);
    RUN(attention_of_gatv2_in_training_is_the_cpus_forward_and_backward);
    RUN(the_scores_backward_and_its_sums_are_the_cpus);
    RUN(what_is_tuned_has_an_oracle);
    csr_finish(&graph);
    csr_finish(&turned);
    return test_done();
}
