// What the kernels of losses are given, and what they must make of it.
#include <math.h>
#include <string.h>

#include "run.h"

static const double unit = 0x1p-24;

static bool is_binary(const run &r)
{
    return !strcmp(r.k.op, "bce_loss");
}

bool is_loss(const shim_kernel &k)
{
    return !strcmp(k.op, "bce_loss") || !strcmp(k.op, "nll_loss");
}

static bool is_outside(int v)
{
    return v % 3 == 1;
}

// ---- operands ---------------------------------------------------------------

// A class, or a bit for each class; where a node has none, nothing sensible.
static void set_labels(run &r, int v)
{
    int dim = r.k.spec.dim, n = is_binary(r) ? (dim + 31) / 32 : 1;
    uint64_t end = is_binary(r) ? 1ULL << 32 : (uint64_t)dim;
    for (int i = 0; i < n; i++) {
        int label = (int)rng_below(21, (uint64_t)(v * n + i), end);
        r.train.labels.push_back(is_outside(v) ? -1 : label);
    }
}

// Logits that exp of would overflow; what must not be read.
static void set_logits(run &r, int v)
{
    for (int c = 0; c < r.x.dim; c++)
        if (is_outside(v))
            r.x.set(v, c, NAN);
        else if (v % 5 == 4)
            r.x.set(v, c, 200 * r.x.at(v, c));
}

void set_targets(run &r)
{
    training_operands &t = r.train;
    float none = is_binary(r) ? 0 : NAN;
    for (int v = 0; v < r.g.n_nodes; v++) {
        set_labels(r, v);
        set_logits(r, v);
        t.share.push_back(is_outside(v) ? none : 1.0f / (float)(v + 2));
    }
    t.labels.shrink_to_fit();
    t.share.shrink_to_fit();
    r.pointers[ARG_LABELS] = t.labels.data();
    r.pointers[ARG_SHARE] = t.share.data();
}

// ---- one class a node -------------------------------------------------------

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

expected nll_loss(run &r, int v, int c)
{
    if (is_outside(v))
        return {0, 0};
    double shift = shift_of(r, v), p = exp(r.x.at(v, c) - shift);
    double share = r.train.share[v];
    return {share * (p - (c == r.train.labels[v])),
            8 * unit * share * (r.x.dim + 8 + fabs(shift))};
}

void check_nll(run &r)
{
    double sum = 0, bound = 0;
    for (int v = 0; v < r.g.n_nodes; v++) {
        if (is_outside(v))
            continue;
        double shift = shift_of(r, v), x = r.x.at(v, r.train.labels[v]);
        sum += r.train.share[v] * (shift - x);
        bound += 8 * unit * r.train.share[v] *
                 (r.x.dim + 8 + fabs(shift) + fabs(x));
    }
    check_number(r, "the loss", 0, r.train.state.loss, sum, bound);
}

// ---- each class by itself ---------------------------------------------------

static bool has_class(const run &r, int v, int c)
{
    int words = (r.k.spec.dim + 31) / 32;
    unsigned word = (unsigned)r.train.labels[(size_t)(v * words + c / 32)];
    return word >> (c % 32) & 1;
}

expected bce_loss(run &r, int v, int c)
{
    if (is_outside(v))
        return {0, 0};
    double weight = (double)r.train.share[v] / r.x.dim;
    double p = 1 / (1 + exp(-r.x.at(v, c)));
    return {weight * (p - has_class(r, v, c)), 16 * unit * weight};
}

// Minus the log of what the row's classes are taken to be.
void check_bce(run &r)
{
    double sum = 0, bound = 0;
    for (int v = 0; v < r.g.n_nodes; v++)
        for (int c = 0; c < r.x.dim && !is_outside(v); c++) {
            double weight = (double)r.train.share[v] / r.x.dim;
            double x = r.x.at(v, c), y = has_class(r, v, c) ? -x : x;
            sum += weight * (fmax(y, 0) + log1p(exp(-fabs(y))));
            bound += 16 * unit * weight * (1 + fabs(y));
        }
    check_number(r, "the loss", 0, r.train.state.loss, sum, bound);
}
