// Runs emitted kernels, built for the CPU by cuda_shim.h, on small graphs and
// compares them with float64. usage: run_cases [NUMBER-OF-ONE-KERNEL]
// Exit status 0: all right; otherwise the first fault is on stderr.
#include <algorithm>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attention_edges.h"
#include "cuda_shim.h"
#include "run.h"

static const double unit = 0x1p-24;
static const float canary = -12345.678f;

std::vector<shim_kernel> &all_kernels()
{
    static std::vector<shim_kernel> kernels;
    return kernels;
}

// ---- buffers ----------------------------------------------------------------

static void fill(matrix &m, uint64_t seed)
{
    for (int v = 0; v < m.rows; v++)
        for (int c = 0; c < m.dim; c++)
            m.set(v, c, (float)rng_normal(seed, (uint64_t)v * m.dim + c));
}

// Columns of x, and of self.
static int x_dim(const kernel_spec &s)
{
    return kernel_x_dim(&s);
}

static int self_dim(const shim_kernel &k)
{
    if (strncmp(k.op, "attention", 9))
        return k.spec.dim;
    if (!strncmp(k.op, "attention_v2", 12))
        return k.spec.dim + (keeps(k) ? ATTENTION_V2_KEPT * k.spec.heads : 0);
    return (keeps(k) ? ATTENTION_KEPT : 2) * k.spec.heads;
}

bool keeps(const shim_kernel &k)
{
    return !strncmp(k.op, "attention_", 10) &&
           strcmp(k.op, "attention_scores") && strcmp(k.op, "attention_v2");
}

std::vector<float> random_vector(int n, uint64_t seed)
{
    std::vector<float> v;
    for (int i = 0; i < n; i++)
        v.push_back((float)rng_normal(seed, i));
    v.shrink_to_fit();
    return v;
}

// ---- one run ----------------------------------------------------------------

void run::set_tiles()
{
    const struct tiles &t = parts.tiles;
    if (!t.tile)
        return;
    tile.assign(t.tile, t.tile + TILE_NUMBERS * (t.n_tiles + 1));
    tile_columns.assign(t.columns, t.columns + TILE_COLUMNS * t.n_blocks);
    tile_masks.assign(t.masks, t.masks + 2 * t.n_blocks);
    pointers[ARG_TILES] = tile.data();
    pointers[ARG_TILE_COLUMNS] = tile_columns.data();
    pointers[ARG_TILE_MASKS] = tile_masks.data();
    counts[ARG_N_TILES] = (int)t.n_tiles;
}

void run::set_parts()
{
    if (!k.part_size)
        return;
    struct part_limits limits = {
        k.part_size,       k.part_rows ? k.part_rows : 1,
        k.parts_per_block, k.packed_rows,
        k.packed_edges,    k.packed_step,
        k.tile_percent,    k.tile_blocks};
    if (parts_build(g.n_nodes, g.rowptr, g.colidx, &limits, &parts, nullptr) !=
            GNNAC_OK ||
        parts_list_meets(&parts, nullptr) != GNNAC_OK)
        abort();
    pointers[ARG_PART_PTR] =
        part_ptr.set(parts.part_ptr, parts.n_parts + 1, k.spec.offset_bits);
    if (parts.part_end)
        pointers[ARG_PART_END] =
            part_end.set(parts.part_end, parts.n_parts, k.spec.offset_bits);
    part_row.assign(parts.part_row, parts.part_row + parts.n_parts + 1);
    split_row.assign(parts.split_row, parts.split_row + parts.n_splits);
    split_first.assign(parts.split_first, parts.split_first + parts.n_splits);
    split_last.assign(parts.split_last, parts.split_last + parts.n_splits);
    if (k.partials)
        partial.assign(parts.n_slots * ((k.spec.dim + 3) / 4 * 4), NAN);
    meets.assign(parts.meets, parts.meets + 2 * parts.n_slots);
    tickets.assign(parts.n_slots * k.tickets, 0);
    counts[ARG_N_PARTS] = (int)parts.n_parts;
    counts[ARG_N_SPLITS] = (int)parts.n_splits;
    counts[ARG_N_CUT] = (int)parts.n_cut;
    counts[ARG_N_WIDE] = (int)parts.n_wide;
    n_warps = (int)parts.n_warps;
    set_tiles();
    parts_finish(&parts);
}

// A product's weight is stored as its x is, that of a tail as the sums would be.
void run::narrow_weight(dtype type)
{
    if (type == DTYPE_F32)
        return;
    for (float &w : weight) {
        bool f16 = type == DTYPE_F16;
        half_weight.push_back(f16 ? f16_from_float(w) : bf16_from_float(w));
        w = f16 ? f16_to_float(half_weight.back())
                : bf16_to_float(half_weight.back());
    }
    half_weight.shrink_to_fit();
}

run::run(const shim_kernel &k_, const mini_graph &g_, bool self_is_x,
         bool in_place)
    : k(k_), g(g_),
      x(g_.n_nodes, x_dim(k_.spec), k_.spec.x_pitch, k_.spec.x_type, NAN,
        k_.spec.x_slab),
      out(g_.n_nodes, spec_out_dim(&k_.spec), k_.spec.out_pitch,
          k_.spec.out_type, canary, k_.spec.out_slab),
      self(g_.n_nodes, self_dim(k_), k_.spec.self_pitch, k_.spec.self_type,
           NAN, k_.spec.self_slab),
      before(out),
      residual(g_.n_nodes, k_.spec.residual_pitch ? spec_out_dim(&k_.spec) : 1,
               k_.spec.residual_pitch ? k_.spec.residual_pitch : 1,
               k_.spec.out_type, NAN)
{
    const kernel_spec &s = k.spec;
    fill(x, 11);
    fill(self, 12);
    fill(residual, 19);
    if (self_is_x)
        self = x;
    for (int v = 0; v < g.n_nodes; v++)
        for (int c = 0; c < out.dim; c++)
            out.set(v, c, NAN);
    weight = random_vector(s.dim * (s.depth + s.tail_dim), 16);
    narrow_weight(s.depth ? s.x_type : s.tail_dim ? s.out_type : DTYPE_F32);
    bias = random_vector(s.dim, 13);
    tail_bias = random_vector(out.dim, 17);
    if (s.adds)
        fill(out, 18);
    before = out;
    att_src = random_vector(x_dim(s), 14);
    att_dst = random_vector(x_dim(s), 15);
    if (s.kind == STEP_ATTENTION_V2_ROWS_GRAD || s.kind == STEP_ATTENTION_V2_GRAD)
        for (float &a : att_src) // nothing keeps exponents of backward small
            a /= sqrtf((float)s.channels);
    for (int v = 0; v < g.n_nodes; v++)
        dinv.push_back(
            (float)(1 / sqrt((double)(g.rowptr[v + 1] - g.rowptr[v] + 1))));
    dinv.shrink_to_fit();
    colidx.assign(g.colidx, g.colidx + g.n_edges);
    for (int v = 0; v < g.n_nodes; v++) // pairs swapped, and moved on
        source_row.push_back((v ^ 1) < g.n_nodes ? v ^ 1 : v);
    std::rotate(source_row.begin(), source_row.begin() + g.n_nodes / 3,
                source_row.end());
    source_row.shrink_to_fit();
    if (in_place)
        out = x;
    pointers[ARG_ROWPTR] = rowptr.set(g.rowptr, g.n_nodes + 1, s.offset_bits);
    counts[ARG_N_ROWS] = g.n_nodes;
    set_parts();
    pointers[ARG_OUT] = out.data();
    pointers[ARG_X] = in_place ? out.data() : x.data();
    pointers[ARG_SELF] = self_is_x ? x.data() : self.data();
    pointers[ARG_RESIDUAL] = residual.data();
    pointers[ARG_BIAS] = bias.data();
    pointers[ARG_TAIL_BIAS] = tail_bias.data();
    pointers[ARG_EPS] = &eps;
    pointers[ARG_WEIGHT] =
        half_weight.empty() ? (void *)weight.data() : half_weight.data();
    pointers[ARG_ATT_SRC] = att_src.data();
    pointers[ARG_ATT_DST] = att_dst.data();
    pointers[ARG_ATT] = att_src.data();
    pointers[ARG_DINV] = dinv.data();
    pointers[ARG_COLIDX] = colidx.data();
    pointers[ARG_PART_ROW] = part_row.data();
    pointers[ARG_SPLIT_ROW] = split_row.data();
    pointers[ARG_SPLIT_FIRST] = split_first.data();
    pointers[ARG_SPLIT_LAST] = split_last.data();
    pointers[ARG_PARTIAL] = partial.data();
    pointers[ARG_MEETS] = meets.data();
    pointers[ARG_TICKETS] = tickets.data();
    pointers[ARG_SOURCE_ROW] = source_row.data();
    set_edges();
    set_training();
}

void run::launch(bool backwards)
{
    const int grid_counts[N_GRID_COUNTS] = {
        counts[ARG_N_ROWS], counts[ARG_N_PARTS],   counts[ARG_N_SPLITS],
        n_warps,            1,                     counts[ARG_N_WEIGHTS]};
    for (const shim_launch_info &l : k.launches) {
        int n = grid_counts[l.count];
        if (n == 0)
            continue;
        std::vector<void *> args;
        for (launch_arg a : l.args)
            args.push_back(launch_arg_is_int(a) ? (void *)&counts[a]
                                       : (void *)&pointers[a]);
        unsigned blocks = (unsigned)((n + l.per_block - 1) / l.per_block);
        shim_launch(l.call, args.data(), {blocks, (unsigned)l.grid_y, 1},
                    (unsigned)l.block, backwards);
    }
}

// ---- the reference ----------------------------------------------------------

static double inverse_root(const mini_graph &g, int v)
{
    return 1 / sqrt((double)(g.rowptr[v + 1] - g.rowptr[v] + 1));
}

double activated(activation act, double y)
{
    if (act == ACT_ELU)
        return y < 0 ? expm1(y) : y;
    return act == ACT_RELU && y < 0 ? 0 : y;
}

// What comes behind all else: the layer's input.
static expected with_residual(const run &r, int v, int c, expected e)
{
    if (!r.k.spec.residual_pitch)
        return e;
    double y = e.y + r.residual.at(v, c);
    return {y, e.bound + unit * (fabs(y) + e.bound)};
}

// What comes last of a tail: its bias and activation.
static expected ended(run &r, int c, expected e)
{
    const kernel_spec &s = r.k.spec;
    double bias = s.tail_bias ? r.tail_bias[c] : 0;
    return {activated(s.tail_act, e.y + bias),
            e.bound + unit * (fabs(e.y) + fabs(bias))};
}

static expected aggregated(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    const mini_graph &g = r.g;
    int64_t degree = g.rowptr[v + 1] - g.rowptr[v];
    double sum = 0, size = 0, scale = 1;
    for (int64_t e = g.rowptr[v]; e < g.rowptr[v + 1]; e++) {
        int u = g.colidx[e];
        double w = edge_weight(r, e, c);
        w *= s.norm == NORM_GCN ? inverse_root(g, u) : 1;
        sum += w * r.x.at(u, c);
        size += fabs(w * r.x.at(u, c));
    }
    if (s.norm == NORM_MEAN)
        scale = 1.0 / (degree > 0 ? degree : 1);
    if (s.norm == NORM_GCN || s.norm == NORM_SCALED)
        scale = inverse_root(g, v);
    double own = s.self_term == SELF_NONE  ? 0
                 : s.self_term == SELF_ONE ? 1
                 : s.self_term == SELF_EPS
                     ? 1 + (double)r.eps
                 : s.self_term == SELF_SCALED
                     ? inverse_root(g, v)
                     : inverse_root(g, v) * inverse_root(g, v);
    if (s.self_term != SELF_NONE)
        own *= r.self.at(v, c);
    double bias = s.bias ? r.bias[c] : 0;
    return {activated(s.act, scale * sum + own + bias),
            4 * unit * (degree + 2) * (scale * size + fabs(own) + fabs(bias))};
}

// Of the sums, with their bounds.
static expected tail_product(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    double scale = s.tail == TAIL_SCALED_LINEAR ? inverse_root(r.g, v) : 1;
    double sum = 0, bound = 0;
    for (int i = 0; i < s.dim; i++) {
        double w = scale * r.weight[(size_t)c * s.dim + i];
        expected h = aggregated(r, v, i);
        sum += w * h.y;
        bound += fabs(w) * (h.bound + unit * (s.dim + 4) * fabs(h.y));
    }
    return ended(r, c, {sum, bound});
}

static expected tail_softmax(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    double top = -INFINITY, total = 0, bound = 0;
    for (int i = 0; i < s.dim; i++) {
        top = fmax(top, aggregated(r, v, i).y);
        bound = fmax(bound, aggregated(r, v, i).bound);
    }
    for (int i = 0; i < s.dim; i++)
        total += exp(aggregated(r, v, i).y - top);
    double y = aggregated(r, v, c).y - top - log(total);
    return {y, 2 * bound + 4 * unit * (s.dim + 2 + fabs(y) + log(total))};
}

static expected aggregate(run &r, int v, int c)
{
    if (r.k.spec.tail == TAIL_NONE)
        return aggregated(r, v, c);
    return r.k.spec.tail == TAIL_LOG_SOFTMAX ? tail_softmax(r, v, c)
                                             : tail_product(r, v, c);
}

static expected linear(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    double sum = 0, size = 0;
    for (int i = 0; i < s.depth; i++) {
        double term = (double)r.weight[(size_t)c * s.depth + i] * r.x.at(v, i);
        sum += term;
        size += fabs(term);
    }
    double scale = s.norm == NORM_GCN ? inverse_root(r.g, v) : 1;
    double added = s.adds ? r.before.at(v, c) : 0;
    return ended(r, c, {scale * sum + added,
                        unit * ((s.depth + 4) * scale * size + fabs(added))});
}

static expected bias_act(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    double y = (double)r.x.at(v, c) + (s.bias ? r.bias[c] : 0);
    return {activated(s.act, y), unit * fabs(y)};
}

static expected residual(run &r, int v, int c)
{
    double y = (double)r.x.at(v, c) + r.self.at(v, c);
    return {y, unit * fabs(y)};
}

static expected log_softmax(run &r, int v, int c)
{
    double top = -INFINITY, total = 0;
    for (int i = 0; i < r.x.dim; i++)
        top = fmax(top, r.x.at(v, i));
    for (int i = 0; i < r.x.dim; i++)
        total += exp(r.x.at(v, i) - top);
    double y = r.x.at(v, c) - top - log(total);
    return {y, 4 * unit * (r.x.dim + 2 + fabs(y) + log(total))};
}

static expected permute_rows(run &r, int v, int c)
{
    return {r.x.at(r.source_row[v], c), 0};
}

// c is a head's source score, or, behind all those, its destination score.
static expected attention_scores(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    const std::vector<float> &att = c < s.heads ? r.att_src : r.att_dst;
    int first = c % s.heads * s.channels;
    double sum = 0, size = 0;
    for (int i = first; i < first + s.channels; i++) {
        sum += (double)att[i] * r.x.at(v, i);
        size += fabs((double)att[i] * r.x.at(v, i));
    }
    return {sum, unit * (s.channels + 4) * size};
}

static expected attention(run &r, int v, int c)
{
    const kernel_spec &s = r.k.spec;
    const mini_graph &g = r.g;
    int head = c / s.channels;
    std::vector<int> from(g.colidx + g.rowptr[v], g.colidx + g.rowptr[v + 1]);
    from.push_back(v);
    std::vector<double> e;
    double top = -INFINITY, low = INFINITY, far = 0;
    for (int u : from) {
        double z = (double)r.self.at(u, head) + r.self.at(v, s.heads + head);
        e.push_back(z < 0 ? 0.2 * z : z);
        top = fmax(top, e.back());
        low = fmin(low, e.back());
        far = fmax(far, fabs(e.back()));
    }
    double sum = 0, size = 0, total = 0;
    for (size_t i = 0; i < from.size(); i++) {
        double p = exp(e[i] - top);
        total += p;
        sum += p * r.x.at(from[i], c);
        size += p * fabs(r.x.at(from[i], c));
    }
    double bias = s.bias ? r.bias[c] : 0, y = sum / total + bias;
    double q = 4 * far + 2 * (top - low) + 4 * (double)from.size() + 16;
    return {activated(s.act, y),
            unit * (q * size / total + fabs(bias) + 4 * fabs(y))};
}

// ---- checking ---------------------------------------------------------------

[[noreturn]] void wrong(const run &r, const char *what, int v, int c)
{
    fprintf(stderr, "%s\n  on \"%s\": row %d column %d: %s\n", r.k.line,
            r.g.name, v, c, what);
    exit(1);
}

static reference_fn *reference_of(const char *op)
{
    static const struct {
        const char *op;
        reference_fn *f;
    } all[] = {
        {"aggregate", aggregate},     {"linear", linear},
        {"bias_act", bias_act},       {"residual", residual},
        {"log_softmax", log_softmax}, {"permute_rows", permute_rows},
        {"attention", attention},     {"attention_scores", attention_scores}};
    for (auto &a : all)
        if (!strcmp(a.op, op))
            return a.f;
    if (training_reference(op))
        return training_reference(op);
    if (edge_reference(op))
        return edge_reference(op);
    fprintf(stderr, "%s: there is no reference\n", op);
    exit(1);
}

static void check_values(run &r)
{
    if (!writes_out(r.k))
        return;
    auto reference = reference_of(r.k.op);
    char what[128];
    for (int v = 0; v < r.g.n_nodes; v++)
        for (int c = 0; c < r.out.dim; c++) {
            expected e = with_residual(
                r, v, c, drop_result(r, v, c, reference(r, v, c)));
            double got = r.out.at(v, c);
            double bound = e.bound + storage_error(r.out.type, e.y);
            if (isnan(e.y)   ? isnan(got)
                : isinf(e.y) ? got == e.y
                             : fabs(got - e.y) <= bound)
                continue;
            snprintf(what, sizeof(what), "%.9g, expected %.9g within %.3g", got,
                     e.y, e.bound);
            wrong(r, what, v, c);
        }
}

static void check_padding(run &r, float pad)
{
    const matrix &m = r.out; // of slabs the last alone has padding within
    int end = m.slab ? (m.dim + m.slab - 1) / m.slab * m.slab : m.pitch;
    for (int v = 0; v + 1 < r.g.n_nodes; v++)
        for (int c = m.dim; c < end; c++)
            if (!r.out.same_bits(v, c, pad))
                wrong(r, "written beyond the row", v, c);
}

static bool same_floats(const std::vector<float> &a,
                        const std::vector<float> &b)
{
    return a.empty() || !memcmp(a.data(), b.data(), a.size() * sizeof(float));
}

// Every launch leaves them for the next one.
static void check_tickets(const run &r)
{
    for (unsigned ticket : r.tickets)
        if (ticket != 0)
            wrong(r, "leaves a ticket that is not 0", 0, 0);
}

static void check_kernel(const shim_kernel &k, const mini_graph &g,
                         bool self_is_x, bool in_place)
{
    run r(k, g, self_is_x, in_place), again(k, g, self_is_x, in_place);
    r.launch(false);
    check_values(r);
    check_training(r);
    check_edges(r);
    check_tickets(r);
    check_padding(r, in_place ? NAN : canary);
    again.launch(true);
    if (k.atomics) { // the order makes a difference, but not a wrong one
        check_values(again);
        check_padding(again, canary);
        return;
    }
    if (!same_floats(r.train.grad, again.train.grad) ||
        !same_floats(r.train.att_rows, again.train.att_rows))
        wrong(r, "has another gradient in another order of the threads", 0, 0);
    if (!r.self.same_bits(again.self))
        wrong(r, "keeps something else in another order of the threads", 0, 0);
    if (!r.out.same_bits(again.out) || !same_edges(r, again))
        wrong(r, "differs when the threads run in another order", 0, 0);
}

// An infinity comes where an edge leads from it, and nowhere else: what pads a
// load multiplies by nothing. Of a product one, and the sum has it.
static void check_infinities(const shim_kernel &k, const mini_graph &g)
{
    run r(k, g, false, false);
    bool is_product = !strcmp(k.op, "linear");
    for (int v = 0; v < g.n_nodes; v += 3)
        for (int c = 0; c < (is_product ? 1 : r.x.dim); c++)
            r.x.set(v, c, INFINITY);
    r.launch(false);
    check_values(r);
}

static bool works_in_place(const char *op)
{
    for (const char *one :
         {"bias_act", "log_softmax", "dropout", "bias_act_grad", "row_mean",
          "residual"})
        if (!strcmp(one, op))
            return true;
    return false;
}

static void check_all_graphs(const shim_kernel &k,
                             const std::vector<mini_graph> &graphs)
{
    bool aggregates = !strcmp(k.op, "aggregate");
    bool goes_on = aggregates || !strcmp(k.op, "attention") ||
                   !strcmp(k.op, "extreme") || !strcmp(k.op, "linear");
    bool in_place = works_in_place(k.op);
    int i = 0;
    for (const mini_graph &g : graphs) {
        i++;
        if (k.spec.dim > 300 && g.n_edges > 120)
            continue; // the fibers are slow
        bool same_form = k.spec.self_pitch == k.spec.x_pitch &&
                         k.spec.self_slab == k.spec.x_slab &&
                         k.spec.self_type == k.spec.x_type;
        check_kernel(k, g, aggregates && same_form && i % 2, false);
        if (in_place && k.spec.x_pitch == k.spec.out_pitch &&
            !k.spec.out_slab &&
            k.spec.x_type == k.spec.out_type)
            check_kernel(k, g, false, true);
        if (goes_on && !k.spec.tail && g.n_edges < 120)
            check_infinities(k, g);
    }
}

int main(int argc, char **argv)
{
    std::vector<mini_graph> graphs(N_MINI_GRAPHS);
    mini_graphs(graphs.data());
    size_t only = argc > 1 ? (size_t)atol(argv[1]) : SIZE_MAX;
    for (size_t i = 0; i < all_kernels().size(); i++)
        if (argc < 2 || i == only)
            check_all_graphs(all_kernels()[i], graphs);
    return 0;
}
