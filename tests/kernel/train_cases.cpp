// What the kernels of a training step are given, and what they must make of it.
#include <algorithm>
#include <math.h>
#include <stdio.h>
#include <string.h>

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

// Every third row is not in the loss.
static void set_targets(run &r)
{
    training_operands &t = r.train;
    for (int v = 0; v < r.g.n_nodes; v++) {
        int label = (int)rng_below(21, v, (uint64_t)r.k.spec.dim);
        t.labels.push_back(v % 3 == 1 ? -1 : label);
        t.share.push_back(v % 3 == 1 ? NAN : 1.0f / (float)(v + 2));
    }
    t.labels.shrink_to_fit();
    t.share.shrink_to_fit();
}

// Every second element of out is an entry, from the last to the first; the
// others are zero.
static void set_entries(run &r)
{
    training_operands &t = r.train;
    if (strcmp(r.k.op, "drop_entries"))
        return;
    std::fill(r.out.a.begin(), r.out.a.end(), 0.0f);
    for (int v = r.g.n_nodes - 1; v >= 0; v--)
        for (int c = r.out.dim - 1; c >= 0; c--)
            if ((v + c) % 2 == 0)
                t.entry_at.push_back((long long)v * r.out.pitch + c);
    t.entry_at.shrink_to_fit();
    t.entry = random_vector((int)t.entry_at.size(), 22);
}

void run::set_training()
{
    training_operands &t = train;
    size_t blocks = (g.n_nodes + k.launches[0].per_block - 1) /
                    k.launches[0].per_block;
    t.state = {.seed = 77, .step = 6, .loss = NAN, .drop_threshold = 26214,
               .drop_scale = 65536.0f / (65536 - 26214),
               .is_sgd = g.n_nodes % 2, .lr = 0.05f, .decay = 0.01f,
               .shrink = 0.999f, .beta1 = 0.9f, .beta2 = 0.99f,
               .epsilon = 1e-6f, .step_lr = NAN, .correct2 = NAN};
    set_targets(*this);
    set_entries(*this);
    t.scratch.assign(blocks * k.spec.dim, NAN);
    t.weights = random_vector(64 * N_PARAMS, 23);
    t.grad = random_vector(
        std::max(64 * N_PARAMS, strcmp(k.op, "optimizer") ? k.spec.dim : 0),
        24);
    t.first = random_vector(64 * N_PARAMS, 25);
    t.second = squares(random_vector(64 * N_PARAMS, 26));
    for (int i = 0; i < N_PARAMS; i++)
        t.treatment.push_back(i % 3);
    t.treatment.shrink_to_fit();
    counts[ARG_PLACE] = t.place;
    counts[ARG_N_WEIGHTS] = 64 * N_PARAMS;
    counts[ARG_N_ENTRIES] = (int)t.entry.size();
    pointers[ARG_STATE] = &t.state;
    pointers[ARG_LABELS] = t.labels.data();
    pointers[ARG_SHARE] = t.share.data();
    pointers[ARG_SCRATCH] = t.scratch.data();
    pointers[ARG_GRAD] = t.grad.data();
    pointers[ARG_WEIGHTS] = t.weights.data();
    pointers[ARG_FIRST] = t.first.data();
    pointers[ARG_SECOND] = t.second.data();
    pointers[ARG_TREATMENT] = t.treatment.data();
    pointers[ARG_ENTRY] = t.entry.data();
    pointers[ARG_ENTRY_AT] = t.entry_at.data();
}

// ---- elements of out --------------------------------------------------------

// As the CPU's trainer draws it (cpu/cpu_dropout.c).
static bool is_kept(const run &r, uint64_t draw, int element)
{
    const train_state &s = r.train.state;
    uint64_t stream =
        rng_at(rng_at(s.seed, (uint64_t)s.step), (uint64_t)r.train.place);
    return (rng_at(stream, draw) >> (16 * element) & 0xffff) >=
           s.drop_threshold;
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

static expected drop_entries(run &r, int v, int c)
{
    auto &at = r.train.entry_at;
    auto e = std::find(at.begin(), at.end(), (long long)v * r.out.pitch + c);
    if (e == at.end())
        return {0, 0};
    size_t i = (size_t)(e - at.begin());
    return scaled(r, is_kept(r, i / 4, i % 4), r.train.entry[i]);
}

static expected bias_act_grad(run &r, int v, int c)
{
    bool off = r.k.spec.act == ACT_RELU && !(r.self.at(v, c) > 0);
    return {off ? 0 : r.x.at(v, c), 0};
}

static expected row_mean(run &r, int v, int c)
{
    int64_t degree = r.g.rowptr[v + 1] - r.g.rowptr[v];
    double y = r.x.at(v, c) / (double)(degree > 1 ? degree : 1);
    return {y, 2 * unit * fabs(y)};
}

// log(sum(exp(x))) of a row.
static double shift_of(run &r, int v)
{
    double top = -INFINITY, total = 0;
    for (int i = 0; i < r.x.dim; i++)
        top = fmax(top, r.x.at(v, i));
    for (int i = 0; i < r.x.dim; i++)
        total += exp(r.x.at(v, i) - top);
    return top + log(total);
}

static expected nll_loss(run &r, int v, int c)
{
    int label = r.train.labels[v];
    if (label < 0)
        return {0, 0};
    double p = exp(r.x.at(v, c) - shift_of(r, v)), share = r.train.share[v];
    return {share * (p - (c == label)), 8 * unit * share * (r.x.dim + 8)};
}

// Neither changes out.
static expected nothing(run &, int, int)
{
    return {NAN, 0};
}

reference_fn *training_reference(const char *op)
{
    static const struct {
        const char *op;
        reference_fn *f;
    } all[] = {{"dropout", dropout},   {"drop_entries", drop_entries},
               {"row_mean", row_mean}, {"bias_act_grad", bias_act_grad},
               {"nll_loss", nll_loss}, {"eps_grad", nothing},
               {"optimizer", nothing}};
    for (auto &a : all)
        if (!strcmp(a.op, op))
            return a.f;
    return nullptr;
}

bool writes_out(const shim_kernel &k)
{
    return training_reference(k.op) != nothing &&
           (strcmp(k.op, "bias_act_grad") || k.spec.act == ACT_RELU);
}

// ---- all else ---------------------------------------------------------------

static void check_number(run &r, const char *what, int at, double got,
                         double want, double bound)
{
    char text[160];
    if (fabs(got - want) <= bound)
        return;
    snprintf(text, sizeof(text), "%s: %.9g, expected %.9g within %.3g", what,
             got, want, bound);
    wrong(r, text, -1, at);
}

static void check_bias_grad(run &r)
{
    for (int c = 0; c < r.k.spec.dim && r.k.spec.bias; c++) {
        double sum = 0, size = 0;
        for (int v = 0; v < r.g.n_nodes; v++) {
            sum += bias_act_grad(r, v, c).y;
            size += fabs(bias_act_grad(r, v, c).y);
        }
        check_number(r, "the bias's gradient", c, r.train.grad[c], sum,
                     unit * (r.g.n_nodes + 2) * size);
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

static void check_loss(run &r)
{
    double sum = 0, bound = 0;
    for (int v = 0; v < r.g.n_nodes; v++) {
        int label = r.train.labels[v];
        if (label < 0)
            continue;
        double y = shift_of(r, v) - r.x.at(v, label);
        sum += r.train.share[v] * y;
        bound += 8 * unit * r.train.share[v] * (r.x.dim + 8 + fabs(y));
    }
    check_number(r, "the loss", 0, r.train.state.loss, sum, bound);
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
               {"nll_loss", check_loss},
               {"optimizer", check_optimizer}};
    for (auto &a : all)
        if (!strcmp(a.op, r.k.op))
            a.check(r);
}
