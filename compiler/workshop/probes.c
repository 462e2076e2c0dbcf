#include "workshop/probes.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lower.h"
#include "plan/schema.h"

// ---- the grid ---------------------------------------------------------------

static const int64_t node_counts[] = {10, 3000, 100000, 3000000};
static const double means[] = {0.5, 3, 8, 30, 100, 500};
// Behind the grid of GCN layers, one size of graph for GAT layers: rules for
// attention read skew and width.
enum { ATTENTION_NODES = 2, ATTENTION_MEAN = 2 };
static const struct {
    double max_by_mean, cv, top1_share;
} skews[] = {{1.5, 0.3, 0.02}, {20, 2, 0.1}, {1000, 6, 0.4}};
static const int64_t widths[] = {1, 2, 7, 16, 64, 128, 602};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void complete(struct probe *p)
{
    schema_complete(&p->graph, "graph");
    schema_complete(&p->layer, "layer");
    schema_complete(&p->device, "device");
}

bool probe_at(size_t i, struct probe *out)
{
    size_t width = i % COUNT(widths), rest = i / COUNT(widths);
    size_t skew = rest % COUNT(skews), mean = rest / COUNT(skews);
    size_t nodes = mean / COUNT(means);
    bool attention = nodes == COUNT(node_counts) && mean % COUNT(means) == 0;
    mean = attention ? ATTENTION_MEAN : mean % COUNT(means);
    nodes = attention ? ATTENTION_NODES : nodes;
    out->graph.n = out->layer.n = out->device.n = 0;
    if (nodes >= COUNT(node_counts))
        return false;
    double most = fmin((double)node_counts[nodes],
                       ceil(skews[skew].max_by_mean * means[mean]));
    props_int(&out->graph, "graph.nodes", node_counts[nodes]);
    props_real(&out->graph, "graph.degree.mean", means[mean]);
    props_int(&out->graph, "graph.degree.max", (int64_t)most);
    props_real(&out->graph, "graph.degree.cv", skews[skew].cv);
    props_real(&out->graph, "graph.degree.top1_share", skews[skew].top1_share);
    props_text(&out->layer, "layer.op", attention ? "gat" : "gcn");
    props_int(&out->layer, "layer.in_dim", widths[width]);
    props_int(&out->layer, "layer.out_dim", widths[width]);
    props_int(&out->layer, "layer.agg_dim", widths[width]);
    complete(out);
    return true;
}

static int32_t columns_of(const struct probe *p, const char *name)
{
    return (int32_t)fmin(fmax(1, props_number(&p->layer, name)), 1 << 16);
}

// Eight heads where they divide the columns, else one.
static struct kernel_spec attention_spec(int32_t dim, int32_t pitch)
{
    int32_t heads = dim % 8 == 0 ? 8 : 1;
    return (struct kernel_spec){.dim = dim,
                                .x_pitch = pitch,
                                .out_pitch = pitch,
                                .self_pitch = padded_pitch(2 * heads),
                                .bias = true,
                                .act = ACT_ELU,
                                .offset_bits = 32,
                                .heads = heads,
                                .channels = dim / heads};
}

// In training, where numbers are kept behind the scores.
static struct kernel_spec attention_step_spec(int32_t dim, int32_t pitch)
{
    struct kernel_spec s = attention_spec(dim, pitch);
    s.bias = false;
    s.act = ACT_NONE;
    s.self_pitch = ATTENTION_KEPT * s.heads;
    s.grad_pitch = pitch;
    return s;
}

// GATv2's, which compares rows: in training numbers are kept behind them.
static struct kernel_spec attention_v2_spec(const char *op, int32_t dim,
                                            int32_t pitch)
{
    bool trains = strcmp(op, "attention_v2") != 0;
    struct kernel_spec s = trains ? attention_step_spec(dim, pitch)
                                  : attention_spec(dim, pitch);
    s.self_pitch =
        trains ? padded_pitch(dim + ATTENTION_V2_KEPT * s.heads) : pitch;
    return s;
}

static struct kernel_spec product_spec(const struct probe *p, int32_t dim,
                                       int32_t pitch)
{
    int32_t columns = columns_of(p, "layer.in_dim");
    return (struct kernel_spec){.dim = dim,
                                .x_pitch = columns,
                                .out_pitch = pitch,
                                .offset_bits = 32,
                                .depth = columns};
}

// Operators' kernels: nothing is scaled or added.
static struct kernel_spec operator_spec(const char *op, int32_t dim,
                                        int32_t pitch)
{
    bool products = strcmp(op, "sddmm") == 0;
    return (struct kernel_spec){.dim = dim,
                                .x_pitch = pitch,
                                .out_pitch = pitch,
                                .self_pitch = pitch,
                                .grad_pitch = products ? 0 : pitch,
                                .offset_bits = 32,
                                .heads = products,
                                .channels = products ? dim : 0,
                                .edges = products ? EDGES_STORED : EDGES_NONE};
}

struct kernel_spec probe_spec(const struct probe *p, const char *op)
{
    int32_t dim = columns_of(p, "layer.agg_dim");
    int32_t pitch = padded_pitch(dim);
    if (strcmp(op, "attention") == 0)
        return attention_spec(dim, pitch);
    if (strncmp(op, "attention_v2", 12) == 0)
        return attention_v2_spec(op, dim, pitch);
    if (strncmp(op, "attention_", 10) == 0) // the scores', too: of all heads
        return attention_step_spec(dim, pitch);
    if (strcmp(op, "linear") == 0)
        return product_spec(p, dim, pitch);
    if (strcmp(op, "sddmm") == 0 || strncmp(op, "extreme", 7) == 0)
        return operator_spec(op, dim, pitch);
    return (struct kernel_spec){.dim = dim,
                                .x_pitch = pitch,
                                .out_pitch = pitch,
                                .self_pitch = pitch,
                                .norm = NORM_GCN,
                                .self_term = SELF_GCN,
                                .bias = true,
                                .act = ACT_RELU,
                                .offset_bits = 32};
}

// ---- the dictionary ---------------------------------------------------------

static const double common_numbers[] = {
    0,   0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1,   1.5, 2,   3,
    4,   7,    8,   12,   16,  31,   32,  47,   64,  100, 128, 200,
    256, 500,  512, 1000, 1e4, 1e5,  1e6, 1e7,  1e8, 1e9, -1,
};
static const char *const common_words[] = {
    "gcn",     "gin",    "sage",   "gat",  "sum",  "mean", "f32",
    "forward", "rabbit", "leiden", "none", "H200",
};

static bool begins_number(const char *text, const char *at)
{
    bool inside = at > text && (isalnum((unsigned char)at[-1]) ||
                                at[-1] == '_' || at[-1] == '.');
    return isdigit((unsigned char)*at) && !inside;
}

// `v` and what lies next to it on either side, whole and not.
static void add_number(struct dictionary *d, double v)
{
    const double all[] = {v, v - 1, v + 1, v * (1 - 1e-9), v * (1 + 1e-9)};
    for (size_t i = 0; i < COUNT(all); i++)
        d->numbers[d->n_numbers++] = all[i];
}

static void add_word(struct dictionary *d, const char *at, size_t n)
{
    if (n >= sizeof(d->words[0]))
        return;
    memcpy(d->words[d->n_words], at, n);
    d->words[d->n_words++][n] = '\0';
}

static void read_text(struct dictionary *d, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (begins_number(text, p)) {
            char *end;
            add_number(d, strtod(p, &end));
            p = end - 1;
        } else if (*p == '"' || *p == '\'') {
            size_t n = strcspn(p + 1, *p == '"' ? "\"\n" : "'\n");
            add_word(d, p + 1, n);
            p += n + (p[n + 1] != '\0');
        }
    }
}

gnnac_status dictionary_of(const char *text, struct dictionary *out,
                           gnnac_error *err)
{
    size_t numbers = COUNT(common_numbers), words = COUNT(common_words);
    for (const char *p = text; *p; p++) {
        numbers += begins_number(text, p) ? 5 : 0;
        words += *p == '"' || *p == '\'';
    }
    struct dictionary d = {.numbers = calloc(numbers, sizeof(*d.numbers)),
                           .words = calloc(words, sizeof(*d.words))};
    if (!d.numbers || !d.words) {
        dictionary_finish(&d);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < COUNT(common_numbers); i++)
        d.numbers[d.n_numbers++] = common_numbers[i];
    for (size_t i = 0; i < COUNT(common_words); i++)
        add_word(&d, common_words[i], strlen(common_words[i]));
    read_text(&d, text);
    *out = d;
    return GNNAC_OK;
}

void dictionary_finish(struct dictionary *d)
{
    free(d->numbers);
    free(d->words);
    *d = (struct dictionary){0};
}

// ---- walks ------------------------------------------------------------------

// Knuth's linear congruential generator, its upper half.
size_t dice_roll(struct dice *d, size_t n)
{
    d->state = d->state * UINT64_C(6364136223846793005) +
               UINT64_C(1442695040888963407);
    return n ? (size_t)(d->state >> 33) % n : 0;
}

static struct props *part_of(struct probe *p, const char *name)
{
    return name[0] == 'g' ? &p->graph : name[0] == 'l' ? &p->layer : &p->device;
}

void probe_change(struct probe *p, const char *name, const struct dictionary *d,
                  struct dice *dice)
{
    const struct prop *e = schema_find(name);
    double v = d->numbers[dice_roll(dice, d->n_numbers)];
    struct props *part = part_of(p, name);
    if (!e)
        return;
    switch (e->type) {
    case PROP_INT:
        props_int(part, name, (int64_t)fmin(fmax(v, -1e15), 1e15));
        return;
    case PROP_REAL:
        props_real(part, name, v);
        return;
    case PROP_BOOL:
        props_bool(part, name, dice_roll(dice, 2) == 1);
        return;
    case PROP_TEXT:
        props_text(part, name, d->words[dice_roll(dice, d->n_words)]);
        return;
    }
}
