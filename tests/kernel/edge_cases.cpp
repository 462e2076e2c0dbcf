// Values of edges, and the largest and smallest of neighbours: what kernels are
// given of them, and what they must make.
#include <math.h>
#include <string.h>

#include "run.h"

static const double unit = 0x1p-24;

// ---- operands ---------------------------------------------------------------

// Whole numbers, of which many are equal; in some rows infinities and NaN.
static void make_ties(matrix &m)
{
    for (int v = 0; v < m.rows; v++)
        for (int c = 0; c < m.dim; c++)
            m.set(v, c, v % 7 == 3   ? NAN
                        : v % 5 == 4 ? -INFINITY
                                     : roundf(m.at(v, c)));
}

// Numbers from the last edge's to the first's, and moved on.
void run::set_edges()
{
    for (int64_t e = 0; e < g.n_edges; e++)
        edges.number.push_back((g.n_edges - e + 4) % g.n_edges);
    edges.number.shrink_to_fit();
    int heads = k.spec.heads ? k.spec.heads : 1;
    edges.values = random_vector(g.n_edges * heads, 30);
    edges.out.assign((size_t)g.n_edges * k.spec.heads, NAN);
    if (!strncmp(k.op, "extreme", 7)) {
        make_ties(x);
        make_ties(self);
    }
    pointers[ARG_EDGE_OF] = edges.number.data();
    pointers[ARG_EDGE_VALUES] = edges.values.data();
    pointers[ARG_EDGE_OUT] = edges.out.data();
}

static int64_t number_of(const run &r, int64_t e)
{
    return r.k.spec.edges == EDGES_MAPPED ? r.edges.number[e] : e;
}

double edge_weight(const run &r, int64_t e, int c)
{
    const kernel_spec &s = r.k.spec;
    if (s.edges == EDGES_NONE)
        return 1;
    return s.heads ? r.edges.values[number_of(r, e) * s.heads + c / s.channels]
                   : r.edges.values[number_of(r, e)];
}

// ---- largest and smallest ---------------------------------------------------

static expected extreme(run &r, int v, int c)
{
    double best = r.k.spec.smallest ? INFINITY : -INFINITY;
    for (int64_t e = r.g.rowptr[v]; e < r.g.rowptr[v + 1]; e++) {
        double x = r.x.at(r.g.colidx[e], c);
        if (isnan(x) || (r.k.spec.smallest ? x < best : x > best))
            best = x;
    }
    return {r.g.rowptr[v] < r.g.rowptr[v + 1] ? best : 0, 0};
}

static double gradient(const run &r, int v, int c)
{
    return r.train.g[(size_t)v * r.k.spec.grad_pitch + c];
}

static expected extreme_share(run &r, int v, int c)
{
    int ties = 0;
    for (int64_t e = r.g.rowptr[v]; e < r.g.rowptr[v + 1]; e++)
        ties += r.x.at(r.g.colidx[e], c) == r.self.at(v, c);
    double share = ties ? gradient(r, v, c) / ties : 0;
    return {share, 2 * unit * fabs(share)};
}

static expected extreme_grad(run &r, int u, int c)
{
    double sum = 0, size = 0;
    for (int64_t e = r.g.rowptr[u]; e < r.g.rowptr[u + 1]; e++) {
        int v = r.g.colidx[e];
        if (r.self.at(v, c) != r.x.at(u, c))
            continue;
        sum += gradient(r, v, c);
        size += fabs(gradient(r, v, c));
    }
    int64_t degree = r.g.rowptr[u + 1] - r.g.rowptr[u];
    return {sum, unit * (double)(degree + 2) * size};
}

reference_fn *edge_reference(const char *op)
{
    return !strcmp(op, "extreme")         ? extreme
           : !strcmp(op, "extreme_share") ? extreme_share
           : !strcmp(op, "extreme_grad")  ? extreme_grad
                                          : nullptr;
}

// ---- products of rows -------------------------------------------------------

static void check_product(run &r, int v, int64_t e, int head)
{
    const kernel_spec &s = r.k.spec;
    int64_t degree = r.g.rowptr[v + 1] - r.g.rowptr[v];
    double scale = s.norm == NORM_MEAN ? 1.0 / (double)degree : 1;
    double sum = 0, size = 0;
    for (int c = head * s.channels; c < (head + 1) * s.channels; c++) {
        double part = (double)r.self.at(v, c) * r.x.at(r.g.colidx[e], c);
        sum += part;
        size += fabs(part);
    }
    int64_t at = number_of(r, e) * s.heads + head;
    check_number(r, "the edge's product", (int)at, r.edges.out[at],
                 scale * sum, unit * (s.channels + 4) * scale * size);
}

void check_edges(run &r)
{
    if (strcmp(r.k.op, "sddmm"))
        return;
    for (int v = 0; v < r.g.n_nodes; v++)
        for (int64_t e = r.g.rowptr[v]; e < r.g.rowptr[v + 1]; e++)
            for (int head = 0; head < r.k.spec.heads; head++)
                check_product(r, v, e, head);
}

bool same_edges(const run &r, const run &again)
{
    size_t n = r.edges.out.size() * sizeof(float);
    return n == 0 || !memcmp(r.edges.out.data(), again.edges.out.data(), n);
}
