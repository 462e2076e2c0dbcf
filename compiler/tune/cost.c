#include "tune/cost.h"

#include <math.h>

#include "bundle/dtype.h"

// Time for a dependent gather from device memory, and the number of 32-lane
// warps an SM keeps in flight. Round figures for recent GPUs; they only weigh
// the terms against each other.
static const double gather_latency_s = 0.7e-6;
static const double warps_per_sm = 48;

// An SM's instructions and lines of 128 bytes in a second.
static const double issue_rate = 4 * 1.7e9;
static const double line_rate = 1.7e9;

// What a byte from the L2 cache costs beside one from memory.
static const double line_bytes = 128;
static const double l2_share = 0.45;

// Instructions of a warp, fitted to counts (tests/bench/cost_rank.py): to begin
// and end a row or part, per batch of loads, and per edge besides its loads and
// sums. Teams that walk rows of their own wait for one another: twice as many.
static const double start_instructions = 60;
static const double batch_instructions = 5;
static const double edge_instructions = 2;
static const double apart = 2;

// Rows of x that are asked for: one an edge, but for windows of 8 rows that are
// tiles one a column. Taken for all of them where the mean window is one.
static double rows_fetched(const struct candidate *c, const struct props *graph,
                           double edges)
{
    double percent = (double)candidate_get(c, "tilePercent", 0);
    double reuse = props_number(graph, "graph.locality.window_reuse_8");
    return percent > 0 && 100 * reuse >= percent ? edges / reuse : edges;
}

// Bytes that a variant must move: gathered rows at `share` of their cost,
// indices for every tile, result, own term, residual.
static double bytes_moved(const struct kernel_spec *spec, double nodes,
                          double edges, double share, double tiles)
{
    double dim = spec->dim, row = dim * (double)dtype_bytes(spec->x_type);
    double out = dim * (double)dtype_bytes(spec->out_type);
    double self = dim * (double)dtype_bytes(spec->self_type);
    double own = spec->self_term == SELF_NONE ? 0 : nodes * self;
    double residual = spec->residual_pitch ? nodes * out : 0;
    return edges * (row * share + 4 * tiles) + nodes * (out + 8) + own +
           residual;
}

// The widest vector, at most `limit` values, that rows of x allow.
static int64_t widest(int64_t limit, int32_t pitch)
{
    for (int64_t w = 8; w > 1; w /= 2)
        if (w <= limit && pitch % w == 0)
            return w;
    return 1;
}

// Where a template is to choose lanes it takes as many as a head has vectors.
static int64_t lanes_for(const struct kernel_spec *spec, int64_t vec)
{
    int32_t channels = spec->channels ? spec->channels : spec->dim;
    int64_t width = widest(widest(vec, spec->x_pitch), channels), lanes = 1;
    while (lanes < 32 && lanes * width < channels)
        lanes *= 2;
    return lanes;
}

// What a family's knobs mean for balance: how many lanes work on one edge,
// edges that one team has in flight, and the longest run of edges that one
// team walks alone.
struct shape {
    double lanes;     // that share an edge
    double lane_use;  // share of them that have a column
    double vec;       // values per load
    double bytes;     // of such a load
    double slab;      // bytes of a row that lie together
    double floats;    // that a lane holds of a row
    double tiles;     // of columns, each with all edges
    double teams;     // teams of lanes that share a row or a part
    double in_flight; // loads a team issues before it waits
    double longest;   // edges of the longest row, part or range
    double units;     // rows, parts or ranges: each costs a start and a store
    double walks;     // runs of edges that are summed: rows, parts, or both
    double walkers;   // teams that share a walk
    double per_warp;  // walks that a warp is on at once
    double slowdown;  // of instructions, by teams that diverge
};

static void set_columns(const struct candidate *c,
                        const struct kernel_spec *spec, struct shape *s)
{
    // Knobs count words of 4 bytes.
    double per_word = 4.0 / (double)dtype_bytes(spec->x_type);
    double limit = (double)candidate_get(c, "vec", 4) * per_word;
    double vec = (double)widest((int64_t)limit, spec->x_pitch);
    double span = s->lanes * vec, loads = ceil(spec->dim / span);
    // Where coarsen is no knob, templates hold up to 8 words.
    double held = (double)candidate_get(c, "coarsen", 0) * limit;
    double most = fmax(1, floor((held > 0 ? held : 8 * per_word) / vec));
    double slab = (double)candidate_get(c, "slab", 0);
    s->vec = vec;
    s->slab = (spec->x_slab ? spec->x_slab : spec->dim) *
              (double)dtype_bytes(spec->x_type);
    s->bytes = vec * (double)dtype_bytes(spec->x_type);
    if (slab > 0)
        most = fmax(1, fmin(most, floor(slab / (s->lanes * s->bytes))));
    s->lane_use = spec->dim / (loads * span);
    s->tiles = ceil(loads / most);
    s->floats = fmin(loads, most) * vec;
}

// A warp for each part, which its teams share.
static void set_parts(double size, double nodes, double edges, struct shape *s)
{
    s->longest = fmin(s->longest, size);
    s->units = s->walks = nodes + edges / size;
    s->per_warp = 1;
}

// A team (or a lane) for each row of a range.
static void set_ranges(double per_warp, bool narrow, double nodes, double edges,
                       struct shape *s)
{
    double share = fmax(1, per_warp * s->lanes * s->teams / 32);
    s->longest = fmin(s->longest, share);
    // A row within a range costs no start, only its unfilled last batch.
    s->units = nodes / 2 + edges / share;
    s->walks = nodes + edges / share;
    s->walkers = 1;
    s->per_warp = floor(32 / s->lanes);
    s->slowdown = s->per_warp > 1 ? apart : 1;
    if (narrow)
        s->slowdown *= apart; // rows go through shared memory
}

// Rows by their length: short ones share a warp, a team each; others have it.
static void set_sorted(double packed, double segment, double nodes,
                       double edges, struct shape *s)
{
    bool share = edges <= packed * nodes;
    s->longest = fmin(s->longest, segment);
    s->units = s->walks = nodes + edges / segment;
    s->walkers = share ? 1 : s->teams;
    s->per_warp = share ? s->teams : 1;
}

static struct shape shape_of(const struct candidate *c,
                             const struct kernel_spec *spec,
                             const struct props *graph)
{
    double nodes = props_number(graph, "graph.nodes");
    double edges = props_number(graph, "graph.edges");
    int64_t part = candidate_get(c, "partSize", 0);
    int64_t per_warp = candidate_get(c, "edgesPerWarp", 0);
    int64_t packed = candidate_get(c, "packedEdges", 0);
    // Ranges without a dimWorker have a lane for every edge.
    bool narrow = per_warp && family_knob(c->family, "dimWorker") < 0;
    int64_t lanes = candidate_get(c, "dimWorker", narrow ? 1 : 32);
    if (lanes == 0)
        lanes = lanes_for(spec, candidate_get(c, "vec", 4));
    int64_t teams = part || packed ? 32 / lanes : narrow ? 32 : 1;
    struct shape s = {
        .lanes = (double)lanes,
        .teams = (double)candidate_get(c, "edgeWorker", teams),
        .in_flight = (double)candidate_get(c, "unroll", 1),
        .longest = props_number(graph, "graph.degree.max"),
        .units = nodes,
        .walks = nodes,
        .slowdown = 1,
    };
    s.walkers = s.teams;
    s.per_warp = fmax(1, floor(32 / (s.lanes * s.teams)));
    set_columns(c, spec, &s);
    if (part)
        set_parts((double)part, nodes, edges, &s);
    if (per_warp)
        set_ranges((double)per_warp, narrow, nodes, edges, &s);
    if (packed)
        set_sorted((double)packed,
                   (double)candidate_get(c, "segmentEdges", packed), nodes,
                   edges, &s);
    return s;
}

// Instructions of all warps. Of a walk's last batch half is empty, on average.
static double instructions(const struct shape *s, double edges)
{
    double run = edges / fmax(1, s->walks) / s->walkers;
    double batches = fmax(1, run / s->in_flight + 0.5);
    double edge = edge_instructions + s->floats + s->floats / s->vec;
    double walk = start_instructions +
                  batches * (batch_instructions + s->in_flight * edge);
    return s->walks / s->per_warp * s->tiles * walk * s->slowdown;
}

// The share of gathered bytes that come from memory, rather than from the L2
// cache at `l2_share` of memory's cost, where a row's lines are so many: rows
// are drawn at random, and a share of the cache is for all else.
static double from_memory(double rows, double lines, const struct device *d)
{
    double fits = device_usable_l2(d);
    double hits = fmin(1, fits / fmax(1, rows * lines * line_bytes));
    return 1 - hits * (1 - l2_share);
}

// How much less a slab's lines cost than those of whole rows. Of graphs whose
// rows fit as they are nothing is said: all candidates gather alike.
static double of_slabs(const struct shape *s, const struct kernel_spec *spec,
                       double nodes, const struct device *d)
{
    double row = spec->dim * (double)dtype_bytes(spec->x_type) / line_bytes;
    // Slab-major rows share lines.
    double least = spec->x_slab ? s->slab / line_bytes : 1;
    return from_memory(nodes, fmax(least, row / s->tiles), d) /
           from_memory(nodes, row, d);
}

// Lines of 128 bytes that loads of neighbours and of their ids ask L1 for.
static double lines(const struct shape *s, int32_t dim, double edges)
{
    double span = s->lanes * s->vec;
    double line = fmax(1, s->lanes * s->bytes / fmin(line_bytes, s->slab));
    return edges * (ceil(dim / span) * line + s->tiles);
}

// Until all have waited for their gathers, and the last for its own.
static double waiting(const struct shape *s, double edges, double sm_count)
{
    // All units, each one wait to begin and its share of steps, over all warps.
    double per_unit = 1 + edges / fmax(1, s->units) / (s->teams * s->in_flight);
    double lanes_per_unit = s->teams * s->lanes;
    double units_in_flight =
        sm_count * warps_per_sm * 32 / fmax(1, lanes_per_unit);
    return s->units * per_unit * gather_latency_s / units_in_flight /
           s->lane_use;
}

double cost_estimate(const struct candidate *c, const struct kernel_spec *spec,
                     const struct props *graph, const struct device *device)
{
    double nodes = props_number(graph, "graph.nodes");
    double edges = props_number(graph, "graph.edges");
    double fetched = rows_fetched(c, graph, edges);
    double sms = (double)device->sm_count;
    struct shape s = shape_of(c, spec, graph);
    // A team walks its edges in steps of in_flight; each step waits once.
    double steps = ceil(s.longest / (s.teams * s.in_flight));
    double share = of_slabs(&s, spec, nodes, device);
    const double terms[] = {
        bytes_moved(spec, nodes, fetched, share, s.tiles) /
            device->mem_bandwidth,
        waiting(&s, edges, sms),
        instructions(&s, edges) / (sms * issue_rate),
        lines(&s, spec->dim, fetched) / (sms * line_rate),
        steps * gather_latency_s,
    };
    // They overlap, but never wholly.
    double squares = 0;
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
        squares += terms[i] * terms[i];
    return sqrt(squares);
}

bool stands_before(struct standing a, struct standing b)
{
    return a.spills != b.spills ? !a.spills : a.cost < b.cost;
}
