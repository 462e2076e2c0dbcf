// Presets: model names to layers.
#include "plan/lower.h"

#include <string.h>

#include "fail.h"

struct preset {
    const char *name;
    enum conv_op op;
    int32_t layers, hidden, mlp, heads;
};

static const struct preset presets[] = {
    {"gcn", CONV_GCN, 2, 16, 0, 0},
    {"gin", CONV_GIN, 5, 64, 1, 0},
    {"sage", CONV_SAGE, 2, 64, 0, 0},
    {"gat", CONV_GAT, 2, 8, 0, 8}, // hidden: of one head
    {"gatv2", CONV_GATV2, 2, 8, 0, 8},
};

enum {
    DEFAULT_DIM = 96,
    DEFAULT_CLASSES = 22,
    MAX_WIDTH = 1 << 20,
    MAX_HEADS = MAX_WIDTH / 2, // each has two scores, which are columns, too
    MAX_SCORED = 512, // columns of a GATv2 head, which one team of lanes has
};

static const struct preset *find_preset(const char *name)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    return NULL;
}

static int32_t or_default(int32_t given, int32_t dflt)
{
    return given ? given : dflt;
}

static int32_t heads_of(const struct preset *p, const struct model_request *rq)
{
    return or_default(rq->heads, p->heads);
}

// Columns between layers: all heads'.
static int64_t hidden_dim(const struct preset *p,
                          const struct model_request *rq)
{
    int64_t heads = p->heads ? heads_of(p, rq) : 1;
    return heads * or_default(rq->hidden, p->hidden);
}

static enum activation act_between(const struct preset *p)
{
    return conv_attends(p->op) ? ACT_ELU : ACT_RELU;
}

static gnnac_status check_request(const struct preset *p,
                                  const struct model_request *rq,
                                  gnnac_error *err)
{
    const struct {
        const char *what;
        int32_t value, max;
    } bounds[] = {
        {"--dim", rq->dim, MAX_WIDTH},
        {"--hidden", rq->hidden, MAX_WIDTH},
        {"--classes", rq->classes, MAX_WIDTH},
        {"--layers", rq->layers, MAX_LAYERS},
        {"--mlp", rq->mlp, 2},
        {"--heads", rq->heads, MAX_HEADS},
    };
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (bounds[i].value < 0 || bounds[i].value > bounds[i].max)
            return FAIL(err, GNNAC_EUSAGE, "%s must be from 1 to %d",
                        bounds[i].what, (int)bounds[i].max);
    if (rq->mlp && p->op != CONV_GIN)
        return FAIL(err, GNNAC_EUSAGE, "--mlp is for gin only");
    if (rq->dtype != DTYPE_F32 && conv_attends(p->op))
        return FAIL(err, GNNAC_EUSAGE,
                    "--dtype %s is not for %s: attention works on f32",
                    dtype_name(rq->dtype), p->name);
    if (rq->heads && !conv_attends(p->op))
        return FAIL(err, GNNAC_EUSAGE, "--heads is for gat and gatv2 only");
    if (rq->residual && or_default(rq->layers, p->layers) < 3)
        return FAIL(err, GNNAC_EUSAGE,
                    "--residual is for layers between the first and the last: "
                    "--layers must be 3 or more");
    if (p->op == CONV_GATV2 &&
        (rq->hidden > MAX_SCORED || rq->classes > MAX_SCORED))
        return FAIL(err, GNNAC_EUSAGE,
                    "--hidden and --classes of gatv2 must be from 1 to %d",
                    (int)MAX_SCORED);
    if (hidden_dim(p, rq) > MAX_WIDTH)
        return FAIL(err, GNNAC_EUSAGE,
                    "--heads times --hidden must be from 1 to %d",
                    (int)MAX_WIDTH);
    return GNNAC_OK;
}

gnnac_status model_build(const struct model_request *rq, struct model *out,
                         gnnac_error *err)
{
    const struct preset *p = rq->name ? find_preset(rq->name) : NULL;
    if (!p)
        return FAIL(err, GNNAC_EUSAGE,
                    "--model %s is not known: gcn, gin, sage, gat or gatv2",
                    rq->name ? rq->name : "(missing)");
    gnnac_status st = check_request(p, rq, err);
    if (st != GNNAC_OK)
        return st;

    struct model m = {.n_layers = or_default(rq->layers, p->layers),
                      .log_softmax = !rq->logits,
                      .dtype = rq->dtype};
    strcpy(m.name, p->name);
    int32_t hidden = (int32_t)hidden_dim(p, rq);
    for (int32_t i = 0; i < m.n_layers; i++) {
        bool last = i == m.n_layers - 1;
        m.layers[i] = (struct layer){
            .op = p->op,
            .in_dim = i ? hidden : or_default(rq->dim, DEFAULT_DIM),
            .out_dim = last ? or_default(rq->classes, DEFAULT_CLASSES) : hidden,
            .mlp = or_default(rq->mlp, p->mlp),
            .bias = true,
            .act = last ? ACT_NONE : act_between(p),
            .heads = last && p->heads ? 1 : heads_of(p, rq),
            .residual = rq->residual && i && !last,
        };
    }
    *out = m;
    return GNNAC_OK;
}
