#include "tune/cost.h"

#include <math.h>

// Time for a dependent gather from device memory, and the number of 32-lane
// warps an SM keeps in flight. Round figures for recent GPUs; they only weigh
// the terms against each other.
static const double gather_latency_s = 0.7e-6;
static const double warps_per_sm = 48;

// Bytes that any variant must move: gathered rows, indices, result, own term.
static double bytes_moved(const struct kernel_spec *spec, double nodes,
                          double edges)
{
    double row = 4.0 * spec->dim;
    double own = spec->self_term == SELF_NONE ? 0 : nodes * row;
    return edges * (row + 4) + nodes * (row + 8) + own;
}

// Share of the lanes along the feature dimension that have work.
static double lane_use(int64_t lanes, int64_t vec, int32_t dim)
{
    double tile = (double)(lanes * vec);
    return dim / (ceil(dim / tile) * tile);
}

// What a family's knobs mean for balance: how many lanes work on one edge,
// edges that one team has in flight, and the longest run of edges that one
// team walks alone.
struct shape {
    double lanes;     // that share an edge
    double lane_use;
    double teams;     // teams of lanes that share a row or a part
    double in_flight; // loads a team issues before it waits
    double longest;   // edges of the longest row, part or range
    double units;     // rows, parts or ranges: each costs a start and a store
};

static struct shape shape_of(const struct candidate *c,
                             const struct kernel_spec *spec,
                             const struct props *graph)
{
    double nodes = props_number(graph, "graph.nodes");
    double edges = props_number(graph, "graph.edges");
    double longest = props_number(graph, "graph.degree.max");
    int64_t part = candidate_get(c, "partSize", 0);
    int64_t per_warp = candidate_get(c, "edgesPerWarp", 0);
    // Ranges without a dimWorker have a lane for every edge.
    bool narrow = per_warp && family_knob(c->family, "dimWorker") < 0;
    int64_t lanes = candidate_get(c, "dimWorker", narrow ? 1 : 32);
    int64_t teams = part ? 32 / lanes : narrow ? 32 : 1;
    struct shape s = {
        .lanes = (double)lanes,
        .lane_use = lane_use(lanes, candidate_get(c, "vec", 1), spec->dim),
        .teams = (double)candidate_get(c, "edgeWorker", teams),
        .in_flight = (double)candidate_get(c, "unroll", 1),
        .longest = longest,
        .units = nodes,
    };
    if (part) {
        s.longest = fmin(longest, (double)part);
        s.units = nodes + edges / (double)part;
    }
    if (per_warp) {
        double share = fmax(1, (double)(per_warp * lanes * teams) / 32);
        s.longest = fmin(longest, share);
        // A row within a range costs no start, only its unfilled last batch.
        s.units = nodes / 2 + edges / share;
    }
    return s;
}

double cost_estimate(const struct candidate *c, const struct kernel_spec *spec,
                     const struct props *graph, const struct device *device)
{
    double nodes = props_number(graph, "graph.nodes");
    double edges = props_number(graph, "graph.edges");
    struct shape s = shape_of(c, spec, graph);

    double memory = bytes_moved(spec, nodes, edges) / device->mem_bandwidth;
    // A team walks its edges in steps of in_flight; each step waits once.
    double steps = ceil(s.longest / (s.teams * s.in_flight));
    double tail = steps * gather_latency_s;
    // All units, each one wait to begin and its share of steps, over all warps.
    double per_unit = 1 + edges / fmax(1, s.units) / (s.teams * s.in_flight);
    double lanes_per_unit = s.teams * s.lanes;
    double units_in_flight = (double)device->sm_count * warps_per_sm * 32 /
                             fmax(1, lanes_per_unit);
    double issue =
        s.units * per_unit * gather_latency_s / units_in_flight / s.lane_use;
    return fmax(memory, issue) + tail;
}
