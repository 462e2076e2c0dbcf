// What the kernels of a training step are given, and what they must make of it.
#include <algorithm>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attention_edges.h"
#include "run.h"

enum { N_PARAMS = 5 }; // of the optimiser, 64 floats each

static const double unit = 0x1p-24;

// ---- operands ---------------------------------------------------------------

static std::vector<float> squares(std::vector<float> v)
{
    for (float &x : v)
        x *= x;
    return v;
}

// W^T ends with its last row's last column. Columns of x are as many as W's.
static void set_sparse(run &r)
{
    const kernel_spec &s = r.k.spec;
    training_operands &t = r.train;
    if (!strcmp(r.k.op, "sparse_linear")) {
        t.weight_t.assign((size_t)(s.depth - 1) * s.x_pitch + s.dim, NAN);
        for (int &c : r.colidx)
            c %= s.depth;
        if (s.self_term != SELF_NONE) { // what is added to
            r.out = r.self;
            r.pointers[ARG_SELF] = r.out.data();
        }
    }
    if (!strcmp(r.k.op, "sparse_weight_grad")) {
        t.grad.assign((size_t)s.dim * r.g.n_nodes, NAN);
        t.grad.shrink_to_fit();
    }
    if (r.g.n_nodes % 4 == 1 && s.drops && s.edges)
        t.place = -1;
}

static void set_gradient(run &r)
{
    const kernel_spec &s = r.k.spec;
    if (s.grad_pitch == 0 || r.g.n_nodes == 0)
        return;
    int n = (r.g.n_nodes - 1) * s.grad_pitch + kernel_x_dim(&s);
    r.train.g = random_vector(n, 27);
    r.pointers[ARG_G] = r.train.g.data();
}

// What the steps before left behind the scores, and nothing more. D is what
// attention_rows_grad finds.
static void set_kept(run &r)
{
    const kernel_spec &s = r.k.spec;
    training_operands &t = r.train;
    int dim = s.heads * s.channels;
    if (!keeps(r.k))
        return;
    bool v2 = !strncmp(r.k.op, "attention_v2", 12);
    bool forward = strstr(r.k.op, "_keep"), rows = strstr(r.k.op, "_rows_");
    for (int v = 0; v < r.g.n_nodes; v++)
        for (int h = 0; h < s.heads; h++) {
            float *kept =
                &r.self.a[(size_t)v * r.self.pitch + kept_at(r.k) + h];
            kept[0] = forward ? NAN : 2 + fabsf(kept[0]);
            kept[s.heads] = forward ? NAN : 0.25f;
            kept[2 * s.heads] = forward || rows ? NAN : kept[2 * s.heads];
            if (!v2 && strcmp(r.k.op, "attention_scores_grad"))
                kept[3 * s.heads] = kept[4 * s.heads] = NAN;
        }
    t.att_rows.assign(r.g.n_nodes ? (size_t)(r.g.n_nodes - 1) * s.out_pitch + dim
                                  : 0, NAN);
    r.pointers[ARG_ATT_ROWS] = t.att_rows.data();
    if (!strcmp(r.k.op, "attention_scores_grad"))
        for (int v = 0; v < r.g.n_nodes; v++)
            for (int c = 0; c < dim; c++)
                r.out.set(v, c, (float)(v % 5 - c % 3));
    t.grad_next = random_vector(dim, 28);
    t.grad = random_vector(dim, 29);
    r.pointers[ARG_KEPT] = r.self.a.data();
    r.pointers[ARG_GRAD_NEXT] = t.grad_next.data();
}

void run::set_training()
{
    training_operands &t = train;
    size_t blocks = (g.n_nodes + k.launches[0].per_block - 1) /
                    k.launches[0].per_block;
    t.state = {.seed = 77, .step = 6, .loss = NAN, .drop_threshold = 26214,
               .drop_scale = 65536.0f / (65536 - 26214),
               .attention_threshold = g.n_nodes % 3 ? 20000u : 0,
               .attention_scale = 65536.0f / (65536 - 20000),
               .is_sgd = g.n_nodes % 2, .lr = 0.05f, .decay = 0.01f,
               .shrink = 0.999f, .beta1 = 0.9f, .beta2 = 0.99f,
               .epsilon = 1e-6f, .step_lr = NAN, .correct2 = NAN};
    if (g.n_nodes % 5 == 1 && spec_drops_result(&k.spec)) {
        t.state.drop_threshold = 0;
        t.state.drop_scale = 1;
    }
    if (is_loss(k))
        set_targets(*this);
    t.scratch.assign(blocks * k.spec.dim * (keeps(k) ? 2 : 1), NAN);
    t.weights = random_vector(64 * N_PARAMS, 23);
    t.grad = random_vector(
        std::max(64 * N_PARAMS, strcmp(k.op, "optimizer") ? k.spec.dim : 0),
        24);
    t.first = random_vector(64 * N_PARAMS, 25);
    t.second = squares(random_vector(64 * N_PARAMS, 26));
    for (int i = 0; i < N_PARAMS; i++)
        t.treatment.push_back(i % 3);
    t.treatment.shrink_to_fit();
    set_sparse(*this);
    set_gradient(*this);
    set_kept(*this);
    counts[ARG_PLACE] = t.place;
    counts[ARG_TAIL_PLACE] = t.tail_place;
    counts[ARG_N_WEIGHTS] = 64 * N_PARAMS;
    pointers[ARG_STATE] = &t.state;
    pointers[ARG_SCRATCH] = t.scratch.data();
    pointers[ARG_GRAD] = t.grad.data();
    pointers[ARG_WEIGHTS] = t.weights.data();
    pointers[ARG_FIRST] = t.first.data();
    pointers[ARG_SECOND] = t.second.data();
    pointers[ARG_TREATMENT] = t.treatment.data();
    pointers[ARG_WEIGHT_T] = t.weight_t.data();
}

// ---- elements of out --------------------------------------------------------

// As the CPU's trainer draws it (cpu/cpu_dropout.c).
static unsigned drawn_at(const run &r, int place, uint64_t draw, int element)
{
    const train_state &s = r.train.state;
    uint64_t stream =
        rng_at(rng_at(s.seed, (uint64_t)s.step), (uint64_t)place);
    return (unsigned)(rng_at(stream, draw) >> (16 * element) & 0xffff);
}

static unsigned drawn(const run &r, uint64_t draw, int element)
{
    return drawn_at(r, r.train.place, draw, element);
}

static bool is_kept(const run &r, uint64_t draw, int element)
{
    return drawn(r, draw, element) >= r.train.state.drop_threshold;
}

expected drop_result(const run &r, int v, int c, expected e)
{
    const train_state &s = r.train.state;
    uint64_t draws = (uint64_t)(r.out.dim + 3) / 4;
    if (!spec_drops_result(&r.k.spec))
        return e;
    if (drawn_at(r, r.train.tail_place, v * draws + c / 4, c % 4) <
        s.drop_threshold)
        return {0, 0};
    return {s.drop_scale * e.y,
            s.drop_scale * e.bound + unit * fabs(s.drop_scale * e.y)};
}

static expected scaled(const run &r, bool kept, float x)
{
    double y = kept ? (double)r.train.state.drop_scale * x : 0;
    return {y, unit * fabs(y)};
}

static expected dropout(run &r, int v, int c)
{
    uint64_t draws = (uint64_t)(r.x.dim + 3) / 4;
    return scaled(r, is_kept(r, v * draws + c / 4, c % 4), r.x.at(v, c));
}

// What is left of the element of x that entry `e` is.
static double entry_of(const run &r, int64_t e, int row, int column, int columns)
{
    uint64_t draws = (uint64_t)(columns + 3) / 4;
    float x = r.edges.values[e];
    if (!r.k.spec.drops || r.train.place < 0)
        return x;
    return scaled(r, is_kept(r, row * draws + column / 4, column % 4), x).y;
}

static expected sparse_linear(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    double sum = 0, size = 0;
    for (int64_t e = r.g.rowptr[v]; e < r.g.rowptr[v + 1]; e++) {
        int column = r.colidx[e];
        double term = entry_of(r, e, v, column, s.depth) *
                      r.weight[(size_t)c * s.depth + column];
        sum += term;
        size += fabs(term);
    }
    double scale = s.norm == NORM_SCALED ? (double)r.dinv[v] : 1;
    double own = s.self_term == SELF_NONE ? 0 : r.self.at(v, c);
    double terms = (double)(r.g.rowptr[v + 1] - r.g.rowptr[v] + 4);
    return {scale * sum + own,
            2 * unit * terms * (scale * size + fabs(own))};
}

// Of a ReLU the output alone says what was dropped: self holds what it likes.
static expected bias_act_grad(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    bool relu = s.act == ACT_RELU;
    double y = s.act == ACT_NONE ? 0 : r.self.at(v, c), g = r.x.at(v, c);
    double left = s.drops ? (double)r.train.state.drop_scale : 1;
    uint64_t draws = (uint64_t)(r.x.dim + 3) / 4;
    bool kept = !s.drops || relu || is_kept(r, v * draws + c / 4, c % 4);
    if (!kept || (relu && !(y > 0)))
        return {0, 0};
    double slope = s.act == ACT_ELU && y < 0 ? y / left + 1 : 1;
    double bound = s.act == ACT_ELU
                       ? 5 * unit * fabs(left * g) * (fabs(slope) + fabs(y) + 1)
                       : unit * fabs(left * g);
    return {g * left * slope, s.drops || s.act == ACT_ELU ? bound : 0};
}

static expected row_mean(run &r, int v, int c)
{
    int64_t degree = r.g.rowptr[v + 1] - r.g.rowptr[v];
    double y = r.x.at(v, c) / (double)(degree > 1 ? degree : 1);
    return {y, 2 * unit * fabs(y)};
}

// ---- attention --------------------------------------------------------------

// An edge between the node that gives the source's score and the one that gives
// the row's: coefficient, what dropout leaves of it, <g, x>, the slope.
struct edge_terms {
    double a, w, d, slope;
    double d_size, far; // sum |g x|; the exponent's size
};

double left_of(const run &r, int64_t number, int head, double a)
{
    const train_state &s = r.train.state;
    uint64_t draws = (uint64_t)(r.k.spec.heads + 3) / 4;
    bool gone = drawn(r, (uint64_t)number * draws + head / 4, head % 4) <
                s.attention_threshold;
    return s.attention_threshold == 0 ? a : gone ? 0 : s.attention_scale * a;
}

static edge_terms terms_of(run &r, int source, int target, int64_t number,
                           int head)
{
    const kernel_spec &s = r.k.spec;
    edge_terms t = {};
    double z =
        (double)r.self.at(source, head) + r.self.at(target, s.heads + head);
    t.slope = z < 0 ? 0.2 : 1;
    double top = r.self.at(target, 2 * s.heads + head);
    t.far = fabs(z * t.slope) / log(2.0) + fabs(top);
    t.a = exp2(t.slope * z / log(2.0) - top) *
          r.self.at(target, 3 * s.heads + head);
    t.w = left_of(r, number, head, t.a);
    for (int c = head * s.channels; c < (head + 1) * s.channels; c++) {
        double part = (double)r.train.g[(size_t)target * s.grad_pitch + c] *
                      r.x.at(source, c);
        t.d += part;
        t.d_size += fabs(part);
    }
    return t;
}

int kept_at(const shim_kernel &k)
{
    bool v2 = !strncmp(k.op, "attention_v2", 12);
    return (v2 ? k.spec.channels : 2) * k.spec.heads;
}

int64_t n_edges_of(const run &r, int v)
{
    return r.g.rowptr[v + 1] - r.g.rowptr[v] + 1;
}

int neighbour(const run &r, int v, int64_t i)
{
    return i + 1 < n_edges_of(r, v) ? r.g.colidx[r.g.rowptr[v] + i] : v;
}

int64_t number_of(const run &r, int v, int64_t i, bool by_sources)
{
    int64_t e = r.g.rowptr[v] + i;
    if (i + 1 == n_edges_of(r, v))
        return r.g.n_edges + v;
    return by_sources ? r.edges.number[e] : e;
}

static expected attention_keep(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    int head = c / s.channels;
    double total = 0, sum = 0, size = 0, far = 0;
    for (int64_t i = 0; i < n_edges_of(r, v); i++) {
        int u = neighbour(r, v, i);
        double z = (double)r.self.at(u, head) + r.self.at(v, s.heads + head);
        double p = exp(z < 0 ? 0.2 * z : z);
        double w = left_of(r, number_of(r, v, i, false), head, p);
        total += p;
        sum += w * r.x.at(u, c);
        size += (w + p) * fabs(r.x.at(u, c));
        far = fmax(far, fabs(z));
    }
    double bias = s.bias ? r.bias[c] : 0, y = sum / total + bias;
    double q = 8 * far + 4 * (double)n_edges_of(r, v) + 24;
    double act = s.act == ACT_ELU    ? (y < 0 ? expm1(y) : y)
                 : s.act == ACT_RELU ? fmax(y, 0)
                                     : y;
    return {act, unit * (q * size / total + fabs(bias) + 4 * fabs(y))};
}

static expected attention_grad(run &r, int u, int c)
{
    const kernel_spec &s = r.k.spec;
    double sum = 0, bound = 0;
    for (int64_t i = 0; i < n_edges_of(r, u); i++) {
        int v = neighbour(r, u, i);
        edge_terms t =
            terms_of(r, u, v, number_of(r, u, i, true), c / s.channels);
        double part = t.w * r.train.g[(size_t)v * s.grad_pitch + c];
        sum += part;
        bound += (4 * t.far + (double)n_edges_of(r, u) + 16) * fabs(part);
    }
    return {sum, 2 * unit * bound};
}

static expected attention_scores_grad(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    int head = c / s.channels;
    double before = v % 5 - c % 3;
    double source = (double)r.self.at(v, 5 * s.heads + head) * r.att_src[c];
    double target = (double)r.self.at(v, 6 * s.heads + head) * r.att_dst[c];
    return {before + source + target,
            4 * unit * (fabs(before) + fabs(source) + fabs(target))};
}

// None changes out.
static expected nothing(run &, int, int)
{
    return {NAN, 0};
}

reference_fn *training_reference(const char *op)
{
    static const struct {
        const char *op;
        reference_fn *f;
    } all[] = {{"dropout", dropout},   {"sparse_linear", sparse_linear},
               {"row_mean", row_mean}, {"bias_act_grad", bias_act_grad},
               {"nll_loss", nll_loss}, {"bce_loss", bce_loss},
               {"eps_grad", nothing}, {"optimizer", nothing},
               {"sparse_weight_grad", nothing},
               {"attention_keep", attention_keep},
               {"attention_rows_grad", nothing}, {"sddmm", nothing},
               {"attention_grad", attention_grad},
               {"attention_scores_grad", attention_scores_grad}};
    for (auto &a : all)
        if (!strcmp(a.op, op))
            return a.f;
    return attention_v2_reference(op);
}

bool writes_out(const shim_kernel &k)
{
    return training_reference(k.op) != nothing &&
           (strcmp(k.op, "bias_act_grad") || k.spec.act != ACT_NONE);
}

// ---- all else ---------------------------------------------------------------

void check_number(run &r, const char *what, int at, double got, double want,
                  double bound)
{
    char text[160];
    if (fabs(got - want) <= bound)
        return;
    snprintf(text, sizeof(text), "%s: %.9g, expected %.9g within %.3g", what,
             got, want, bound);
    wrong(r, text, -1, at);
}

void check_kept(run &r, const char *what, int v, int place, double want,
                double bound)
{
    check_number(r, what, v, r.self.at(v, place), want, bound);
}

static void check_softmax(run &r, int v, int head)
{
    const kernel_spec &s = r.k.spec;
    double top = -INFINITY, total = 0, far = 1;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < n_edges_of(r, v); i++) {
            double z = (double)r.self.at(neighbour(r, v, i), head) +
                       r.self.at(v, s.heads + head);
            double e = (z < 0 ? 0.2 * z : z) / log(2.0);
            top = fmax(top, e);
            far = fmax(far, fabs(e));
            total += pass ? exp2(e - top) : 0;
        }
    double q = unit * (8 * far + 4 * (double)n_edges_of(r, v) + 16);
    check_kept(r, "the maximum", v, 2 * s.heads + head, top, 8 * unit * far);
    check_kept(r, "one over the sum", v, 3 * s.heads + head, 1 / total,
               q / total);
}

static void check_softmaxes(run &r)
{
    for (int v = 0; v < r.g.n_nodes; v++)
        for (int head = 0; head < r.k.spec.heads; head++)
            check_softmax(r, v, head);
}

static void check_row_grad(run &r, int v, int head)
{
    const kernel_spec &s = r.k.spec;
    double dots = 0, sloped = 0, slopes = 0, size = 0, sum_a = 0, far = 0;
    for (int64_t i = 0; i < n_edges_of(r, v); i++) {
        edge_terms t = terms_of(r, neighbour(r, v, i), v,
                                number_of(r, v, i, false), head);
        dots += t.w * t.d;
        sloped += t.slope * t.w * t.d;
        slopes += t.slope * t.a;
        size += t.w * t.d_size;
        sum_a += t.a;
        far = fmax(far, t.far);
    }
    double q = 2 * unit *
               (4 * far + s.channels + (double)n_edges_of(r, v) + 16);
    check_kept(r, "D", v, 4 * s.heads + head, dots, q * size);
    check_kept(r, "the row's score's gradient", v, 6 * s.heads + head,
               sloped - dots * slopes, 2 * q * size * (1 + sum_a));
}

static void check_rows_grad(run &r)
{
    for (int v = 0; v < r.g.n_nodes; v++)
        for (int head = 0; head < r.k.spec.heads; head++)
            check_row_grad(r, v, head);
}

static void check_source_grad(run &r)
{
    const kernel_spec &s = r.k.spec;
    for (int u = 0; u < r.g.n_nodes; u++)
        for (int head = 0; head < s.heads; head++) {
            double sum = 0, bound = 0;
            for (int64_t i = 0; i < n_edges_of(r, u); i++) {
                int v = neighbour(r, u, i);
                edge_terms t =
                    terms_of(r, u, v, number_of(r, u, i, true), head);
                double d = r.self.at(v, 4 * s.heads + head);
                sum += t.slope * (t.w * t.d - t.a * d);
                bound += (4 * t.far + s.channels +
                          (double)n_edges_of(r, u) + 16) *
                         (t.w * t.d_size + t.a * fabs(d));
            }
            check_kept(r, "the source's score's gradient", u,
                       5 * s.heads + head, sum, 2 * unit * bound);
        }
}

static void check_att_grads(run &r)
{
    const kernel_spec &s = r.k.spec;
    for (int k = 0; k < 2; k++)
        for (int c = 0; c < s.heads * s.channels; c++) {
            double sum = 0, size = 0;
            for (int v = 0; v < r.g.n_nodes; v++) {
                double part =
                    (double)r.self.at(v, (5 + k) * s.heads + c / s.channels) *
                    r.x.at(v, c);
                sum += part;
                size += fabs(part);
            }
            check_number(r, k ? "att_dst's gradient" : "att_src's gradient", c,
                         k ? r.train.grad_next[c] : r.train.grad[c], sum,
                         unit * (r.g.n_nodes + 2) * size);
        }
}

static void check_bias_grad(run &r)
{
    for (int c = 0; c < r.k.spec.dim && r.k.spec.bias; c++) {
        double sum = 0, size = 0;
        for (int v = 0; v < r.g.n_nodes; v++) {
            expected e = bias_act_grad(r, v, c);
            sum += e.y;
            size += fabs(e.y) + e.bound / unit;
        }
        check_number(r, "the bias's gradient", c, r.train.grad[c], sum,
                     unit * (r.g.n_nodes + 2) * size);
    }
}

// Rows of the graph are columns of x.
static void check_sparse_weight_grad(run &r)
{
    int n = r.g.n_nodes; // of rows, and of columns
    for (int column = 0; column < n; column++)
        for (int c = 0; c < r.k.spec.dim; c++) {
            double sum = 0, size = 0;
            int64_t e = r.g.rowptr[column], end = r.g.rowptr[column + 1];
            double terms = (double)(end - e + 4);
            for (; e < end; e++) {
                double term = entry_of(r, e, r.colidx[e], column, n) *
                              r.x.at(r.colidx[e], c);
                sum += term;
                size += fabs(term);
            }
            check_number(r, "the weight's gradient", c * n + column,
                         r.train.grad[(size_t)c * n + column], sum,
                         2 * unit * terms * size);
        }
}

static void check_eps_grad(run &r)
{
    double sum = 0, size = 0;
    for (int v = 0; v < r.g.n_nodes; v++)
        for (int c = 0; c < r.x.dim; c++) {
            double product = (double)r.x.at(v, c) * r.self.at(v, c);
            sum += product;
            size += fabs(product);
        }
    check_number(r, "epsilon's gradient", 0, r.train.grad[0], sum,
                 unit * (r.g.n_nodes + r.x.dim + 2) * size);
}

// PyTorch's definitions, in float64.
static double stepped(const train_state &s, bool decays, double w, double g,
                      double m, double v)
{
    g += decays ? s.decay * w : 0;
    m = s.beta1 * m + (s.is_sgd ? 1 : 1 - s.beta1) * g;
    if (s.is_sgd)
        return w - s.lr * m;
    v = s.beta2 * v + (1 - s.beta2) * g * g;
    double step = (double)s.step; // counted already
    double mean = m / (1 - pow(s.beta1, step));
    double root = sqrt(v / (1 - pow(s.beta2, step)));
    return (decays ? s.shrink : 1) * w - s.lr * mean / (root + s.epsilon);
}

static void check_optimizer(run &r)
{
    const training_operands &t = r.train;
    auto w = random_vector(64 * N_PARAMS, 23);
    auto m = random_vector(64 * N_PARAMS, 25);
    auto v = squares(random_vector(64 * N_PARAMS, 26));
    check_number(r, "the step", 0, (double)t.state.step, 7, 0);
    for (int i = 0; i < 64 * N_PARAMS; i++) {
        int how = t.treatment[i / 64];
        double want = how == TREAT_LEAVE
                          ? w[i]
                          : stepped(t.state, how == TREAT_DECAY, w[i],
                                    t.grad[i], m[i], v[i]);
        check_number(r, "the weight", i, t.weights[i], want, 1e-6);
        if (how == TREAT_LEAVE)
            check_number(r, "what is remembered", i, t.first[i], m[i], 0);
    }
}

void check_training(run &r)
{
    static const struct {
        const char *op;
        void (*check)(run &r);
    } all[] = {{"bias_act_grad", check_bias_grad},
               {"eps_grad", check_eps_grad},
               {"sparse_weight_grad", check_sparse_weight_grad},
               {"nll_loss", check_nll}, {"bce_loss", check_bce},
               {"optimizer", check_optimizer},
               {"attention_keep", check_softmaxes},
               {"attention_rows_grad", check_rows_grad},
               {"attention_grad", check_source_grad},
               {"attention_scores_grad", check_att_grads}};
    for (auto &a : all)
        if (!strcmp(a.op, r.k.op))
            a.check(r);
    check_attention_v2(r);
}
