#include "plan/schema.h"

#include <string.h>

#define INT(n, v)                             \
    {                                         \
        .name = n, .type = PROP_INT, .i = (v) \
    }
#define REAL(n, v)                             \
    {                                          \
        .name = n, .type = PROP_REAL, .r = (v) \
    }
#define BOOL(n, v)                             \
    {                                          \
        .name = n, .type = PROP_BOOL, .b = (v) \
    }
#define TEXT(n, v)                              \
    {                                           \
        .name = n, .type = PROP_TEXT, .text = v \
    }
#define DEGREES(d)                                                  \
    INT(d ".min", 1), REAL(d ".mean", 10), INT(d ".max", 20),       \
        REAL(d ".std", 2), REAL(d ".cv", 0.2), INT(d ".p50", 10),   \
        INT(d ".p90", 13), INT(d ".p99", 16), REAL(d ".gini", 0.1), \
        REAL(d ".skew", 0), REAL(d ".top1_share", 0.02),            \
        REAL(d ".power_law_alpha", 4), REAL(d ".power_law_xmin", 12), \
        REAL(d ".power_law_ks", 0.05)

// The defaults are a graph of even degrees, a GCN layer of width 64, and an
// H200.
static const struct prop schema[] = {
    INT("graph.nodes", 10000),
    INT("graph.edges", 100000),
    INT("graph.self_loops", 0),
    INT("graph.duplicates", 0),
    INT("graph.isolated", 0),
    BOOL("graph.symmetric", true),
    REAL("graph.density", 0.001),
    DEGREES("graph.degree"),
    DEGREES("graph.out_degree"),
    INT("graph.components", 1),
    INT("graph.largest_component", 10000),
    REAL("graph.locality.avg_edge_span", 3000),
    REAL("graph.locality.avg_log2_span", 11),
    INT("graph.locality.bandwidth", 9999),
    INT("graph.locality.tiles_16x8", 95000),
    INT("graph.locality.sgt_blocks_16x8", 12500),
    REAL("graph.locality.window_reuse_8", 1),
    REAL("graph.locality.window_reuse_16", 1),
    REAL("graph.locality.window_cols_64", 620),
    REAL("graph.locality.window_cols_128", 1200),
    REAL("graph.locality.lru_miss_1k", 0.9),
    REAL("graph.locality.lru_miss_8k", 0.25),
    REAL("graph.locality.cache_lines_per_edge", 1),
    INT("graph.community.count", 1),
    REAL("graph.community.modularity", 0),
    INT("graph.community.largest", 10000),
    REAL("graph.community.intra_edge_share", 1),
    TEXT("graph.community.method", "none"),
    TEXT("graph.fingerprint", "00000000000000000000000000000000"),
    INT("layer.index", 0),
    TEXT("layer.op", "gcn"),
    TEXT("layer.reduce", "sum"),
    BOOL("layer.weighted", false),
    INT("layer.in_dim", 64),
    INT("layer.out_dim", 64),
    INT("layer.agg_dim", 64),
    INT("layer.heads", 1),
    TEXT("layer.dtype", "f32"),
    TEXT("layer.direction", "forward"),
    INT("layer.x_slab", 0),
    TEXT("device.name", "H200"),
    INT("device.arch", 90),
    INT("device.sm_count", 132),
    INT("device.l2_bytes", 50 << 20),
    INT("device.smem_per_block", 232448),
    INT("device.smem_per_sm", 233472),
    INT("device.max_threads", 1024),
    INT("device.regs_per_sm", 65536),
    REAL("device.mem_bandwidth", 4.8e12),
};

const struct prop *schema_at(size_t i)
{
    return i < sizeof(schema) / sizeof(schema[0]) ? &schema[i] : NULL;
}

const struct prop *schema_find(const char *name)
{
    for (size_t i = 0; i < sizeof(schema) / sizeof(schema[0]); i++)
        if (strcmp(schema[i].name, name) == 0)
            return &schema[i];
    return NULL;
}

static void append(struct props *p, const struct prop *e)
{
    switch (e->type) {
    case PROP_INT:
        props_int(p, e->name, e->i);
        return;
    case PROP_REAL:
        props_real(p, e->name, e->r);
        return;
    case PROP_BOOL:
        props_bool(p, e->name, e->b);
        return;
    case PROP_TEXT:
        props_text(p, e->name, e->text);
        return;
    }
}

static void derive_degrees(struct props *p)
{
    bool has_mean = props_find(p, "graph.degree.mean") != NULL;
    bool has_edges = props_find(p, "graph.edges") != NULL;
    if (!props_find(p, "graph.nodes"))
        append(p, schema_find("graph.nodes"));
    double nodes = props_number(p, "graph.nodes");
    if (has_mean && !has_edges) {
        double edges = nodes * props_number(p, "graph.degree.mean");
        if (edges >= 0 && edges < 0x1p62)
            props_int(p, "graph.edges", (int64_t)edges);
    }
    if (has_edges && !has_mean && nodes > 0)
        props_real(p, "graph.degree.mean",
                   props_number(p, "graph.edges") / nodes);
}

void schema_complete(struct props *p, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strcmp(prefix, "graph") == 0)
        derive_degrees(p);
    for (size_t i = 0; i < sizeof(schema) / sizeof(schema[0]); i++) {
        const struct prop *e = &schema[i];
        if (strncmp(e->name, prefix, n) == 0 && e->name[n] == '.' &&
            !props_find(p, e->name))
            append(p, e);
    }
}
