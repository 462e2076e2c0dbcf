#include "training/train_protocol.h"

#include <string.h>

// 0 in a network's size: the model's preset.
struct protocol {
    const char *name, *model;
    int32_t layers, hidden, decay_layers;
    bool normalize;
    int64_t epochs, patience;
    enum watch_rule watch;
    double lr, dropout, attention_dropout;
};

static const struct protocol plain = {
    .model = "gcn", .epochs = 200, .lr = 0.01, .dropout = 0.5};

static const struct protocol protocols[] = {
    // Kipf and Welling, "Semi-supervised classification with graph
    // convolutional networks", ICLR 2017.
    {.name = "kipf",
     .model = "gcn",
     .layers = 2,
     .hidden = 16,
     .decay_layers = 1,
     .normalize = true,
     .epochs = 200,
     .lr = 0.01,
     .dropout = 0.5},
    // Velickovic et al., "Graph attention networks", ICLR 2018: the network of
    // its citation graphs, gnnac's preset of gat.
    {.name = "gat",
     .model = "gat",
     .normalize = true,
     .epochs = 100000,
     .patience = 100,
     .watch = WATCH_BOTH,
     .lr = 0.005,
     .dropout = 0.6,
     .attention_dropout = 0.6},
};

static const struct protocol *protocol_of(const char *name)
{
    for (size_t i = 0; name && i < sizeof(protocols) / sizeof(*protocols); i++)
        if (strcmp(name, protocols[i].name) == 0)
            return &protocols[i];
    return &plain;
}

static float or_else(struct real r, double dflt)
{
    return (float)(r.given ? r.value : dflt);
}

static gnnac_optimizer optimizer_of(const char *name)
{
    return strcmp(name, "adam") == 0    ? GNNAC_ADAM
           : strcmp(name, "adamw") == 0 ? GNNAC_ADAMW
                                        : GNNAC_SGD;
}

static enum watch_rule watch_of(const char *name, enum watch_rule dflt)
{
    return !name                           ? dflt
           : strcmp(name, "accuracy") == 0 ? WATCH_METRIC
           : strcmp(name, "loss") == 0     ? WATCH_LOSS
                                           : WATCH_BOTH;
}

static enum label_kind labels_of(const char *loss)
{
    return !loss                      ? LABELS_EITHER
           : strcmp(loss, "nll") == 0 ? LABELS_CLASS
                                      : LABELS_MATRIX;
}

void read_hyper(const struct options *o, struct hyper *h)
{
    const struct protocol *p = protocol_of(o->protocol);
    *h = (struct hyper){
        .epochs = o->epochs ? o->epochs : p->epochs,
        .patience = o->patience ? o->patience : p->patience,
        .watch = watch_of(o->watch, p->watch),
        .normalize =
            o->normalize ? strcmp(o->normalize, "rows") == 0 : p->normalize,
        .keep_last = strcmp(o->keep, "last") == 0,
        .labels = labels_of(o->loss),
        .train = {.struct_size = sizeof(h->train),
                  .optimizer = optimizer_of(o->optimizer),
                  .decay_layers =
                      o->decay_layers ? o->decay_layers : p->decay_layers,
                  .learn_eps = o->learn_eps,
                  .lr = or_else(o->lr, p->lr),
                  .dropout = or_else(o->dropout, p->dropout),
                  .attention_dropout =
                      or_else(o->attention_dropout, p->attention_dropout),
                  .weight_decay = or_else(o->weight_decay, 5e-4),
                  .momentum = or_else(o->momentum, 0),
                  .seed = o->seed}};
}

struct model_request requested_network(const struct options *o, int32_t dim,
                                       int32_t classes)
{
    const struct protocol *p = protocol_of(o->protocol);
    return (struct model_request){.name = o->model ? o->model : p->model,
                                  .dim = dim,
                                  .classes = classes,
                                  .hidden = o->hidden ? o->hidden : p->hidden,
                                  .layers = o->layers ? o->layers : p->layers,
                                  .mlp = o->mlp,
                                  .heads = o->heads,
                                  .residual = o->residual};
}
