// GATv2's attention in float64, forward and backward: what its kernels must make.
#include <math.h>
#include <string.h>

#include "attention_edges.h"

static const double unit = 0x1p-24;

// One head's score of an edge, <att, LeakyReLU(x[source] + self[target])>;
// `size` is the sum of its terms' magnitudes.
struct score {
    double e, size;
};

static double leaky(double z)
{
    return z < 0 ? 0.2 * z : z;
}

static double both(const run &r, int source, int target, int c)
{
    return (double)r.x.at(source, c) + r.self.at(target, c);
}

static score score_of(const run &r, int source, int target, int head)
{
    int channels = r.k.spec.channels;
    score s = {0, 0};
    for (int c = head * channels; c < (head + 1) * channels; c++) {
        double term = r.att_src[c] * leaky(both(r, source, target, c));
        s.e += term;
        s.size += fabs(term);
    }
    return s;
}

// How far float32 may move the score, in units of `unit`.
static double score_error(const run &r, const score &s)
{
    return (r.k.spec.channels + 8) * s.size + 4 * fabs(s.e);
}

// ---- forward ----------------------------------------------------------------

// One head of a row.
struct softmax {
    double top = -INFINITY, low = INFINITY, total = 0, error = 0;
};

static softmax softmax_of(const run &r, int v, int head)
{
    softmax m;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < n_edges_of(r, v); i++) {
            score s = score_of(r, neighbour(r, v, i), v, head);
            m.top = fmax(m.top, s.e);
            m.low = fmin(m.low, s.e);
            m.error = fmax(m.error, score_error(r, s));
            m.total += pass ? exp(s.e - m.top) : 0;
        }
    return m;
}

static double roundings(const run &r, const softmax &m, int v)
{
    return 2 * m.error + 2 * (m.top - m.low) + 4 * (double)n_edges_of(r, v) +
           16;
}

static expected forward(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    int head = c / s.channels;
    softmax m = softmax_of(r, v, head);
    double sum = 0, size = 0;
    for (int64_t i = 0; i < n_edges_of(r, v); i++) {
        int u = neighbour(r, v, i);
        double p = exp(score_of(r, u, v, head).e - m.top);
        double w =
            keeps(r.k) ? left_of(r, number_of(r, v, i, false), head, p) : p;
        sum += w * r.x.at(u, c);
        size += (w + p) * fabs(r.x.at(u, c));
    }
    double bias = s.bias ? r.bias[c] : 0, y = sum / m.total + bias;
    double q = roundings(r, m, v);
    return {activated(s.act, y),
            unit * (q * size / m.total + fabs(bias) + 4 * fabs(y))};
}

static void check_softmax(run &r, int v, int head)
{
    int at = kept_at(r.k) + head;
    softmax m = softmax_of(r, v, head);
    check_kept(r, "the maximum", v, at, m.top / log(2.0),
               2 * unit * (m.error + fabs(m.top)));
    check_kept(r, "one over the sum", v, at + r.k.spec.heads, 1 / m.total,
               unit * roundings(r, m, v) / m.total);
}

// ---- backward ---------------------------------------------------------------

// An edge: its coefficient, what dropout leaves of it, <g, x>; `error` is of
// all that is made of them, by their sizes.
struct edge_terms {
    double a, w, d, d_size, error;
};

static edge_terms terms_of(run &r, int source, int target, int64_t number,
                           int head, int64_t n_edges)
{
    const kernel_spec &k = r.k.spec;
    score s = score_of(r, source, target, head);
    double top = r.self.at(target, kept_at(r.k) + head);
    edge_terms t = {};
    t.a = exp2(s.e / log(2.0) - top) *
          r.self.at(target, kept_at(r.k) + k.heads + head);
    t.w = left_of(r, number, head, t.a);
    for (int c = head * k.channels; c < (head + 1) * k.channels; c++) {
        double part = (double)r.train.g[(size_t)target * k.grad_pitch + c] *
                      r.x.at(source, c);
        t.d += part;
        t.d_size += fabs(part);
    }
    t.error = 2 * unit * (2 * score_error(r, s) + 4 * fabs(top) + k.channels +
                          (double)n_edges + 16);
    return t;
}

static double dot_of(const run &r, int v, int head)
{
    return r.self.at(v, kept_at(r.k) + 2 * r.k.spec.heads + head);
}

static expected source_grad(run &r, int u, int c)
{
    const kernel_spec &s = r.k.spec;
    int head = c / s.channels;
    int64_t n = n_edges_of(r, u);
    double sum = 0, bound = 0;
    for (int64_t i = 0; i < n; i++) {
        int v = neighbour(r, u, i);
        edge_terms t =
            terms_of(r, u, v, number_of(r, u, i, true), head, n);
        double g = r.train.g[(size_t)v * s.grad_pitch + c];
        double by = r.att_src[c] * (both(r, u, v, c) < 0 ? 0.2 : 1);
        sum += t.w * g + (t.w * t.d - t.a * dot_of(r, v, head)) * by;
        bound += t.error * (t.w * fabs(g) +
                            (t.w * t.d_size + t.a * fabs(dot_of(r, v, head))) *
                                fabs(by));
    }
    return {sum, bound};
}

// Of a row and a column: the gradient of self, what att's gets, and D; each with
// its bound.
struct row_terms {
    expected rows, att, dot;
};

static row_terms row_of(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    int head = c / s.channels;
    int64_t n = n_edges_of(r, v);
    double dot = 0, dot_error = 0;
    for (int64_t i = 0; i < n; i++) {
        edge_terms t = terms_of(r, neighbour(r, v, i), v,
                                number_of(r, v, i, false), head, n);
        dot += t.w * t.d;
        dot_error += t.error * t.w * t.d_size;
    }
    row_terms sums = {{0, 0}, {0, 0}, {dot, dot_error}};
    for (int64_t i = 0; i < n; i++) {
        int u = neighbour(r, v, i);
        edge_terms t = terms_of(r, u, v, number_of(r, v, i, false), head, n);
        double z = both(r, u, v, c), slope = z < 0 ? 0.2 : 1;
        double change = t.w * t.d - t.a * dot;
        double error = t.error * (t.w * t.d_size + t.a * fabs(dot)) +
                       t.a * dot_error;
        sums.rows.y += change * slope * r.att_src[c];
        sums.rows.bound += 2 * error * slope * fabs(r.att_src[c]);
        sums.att.y += change * slope * z;
        sums.att.bound += 2 * error * slope * fabs(z);
    }
    return sums;
}

static expected rows_grad(run &r, int v, int c)
{
    return row_of(r, v, c).rows;
}

static void check_row(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    row_terms want = row_of(r, v, c);
    check_number(r, "what att's gradient gets", c,
                 r.train.att_rows[(size_t)v * s.out_pitch + c], want.att.y,
                 want.att.bound);
    if (c % s.channels == 0)
        check_kept(r, "D", v, kept_at(r.k) + 2 * s.heads + c / s.channels,
                   want.dot.y, want.dot.bound);
}

// ---- both -------------------------------------------------------------------

reference_fn *attention_v2_reference(const char *op)
{
    static const struct {
        const char *op;
        reference_fn *f;
    } all[] = {{"attention_v2", forward},
               {"attention_v2_keep", forward},
               {"attention_v2_rows_grad", rows_grad},
               {"attention_v2_grad", source_grad}};
    for (auto &a : all)
        if (!strcmp(a.op, op))
            return a.f;
    return nullptr;
}

void check_attention_v2(run &r)
{
    const kernel_spec &s = r.k.spec;
    bool forward = !strcmp(r.k.op, "attention_v2_keep");
    bool rows = !strcmp(r.k.op, "attention_v2_rows_grad");
    for (int v = 0; v < r.g.n_nodes && forward; v++)
        for (int head = 0; head < s.heads; head++)
            check_softmax(r, v, head);
    for (int v = 0; v < r.g.n_nodes && rows; v++)
        for (int c = 0; c < s.dim; c++)
            check_row(r, v, c);
}
