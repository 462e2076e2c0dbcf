// The table of options, and the parser that reads it. Knows the spelling of the
// command line, not what any command does.
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"

#define FIELD(f) offsetof(struct options, f)

// Groups of commands.
enum {
    ON_GRAPH = CMD_ANALYZE | CMD_COMPILE | CMD_CONVERT | CMD_EXPLAIN |
               CMD_REORDER | CMD_DB | CMD_TRAIN | CMD_BENCH | CMD_TUNE,
    ON_MODEL = CMD_COMPILE | CMD_EXPLAIN | CMD_TUNE,
    ON_SHAPE = ON_MODEL | CMD_TRAIN,
    ON_CHOICE = ON_MODEL | CMD_DB | CMD_BENCH | CMD_TRAIN,
    ON_DEVICE = CMD_COMPILE | CMD_DB | CMD_EXPLAIN | CMD_RUN | CMD_DOCTOR |
                CMD_TRAIN | CMD_BENCH, // tune has more than one
    ON_DB = CMD_ANALYZE | CMD_BENCH | CMD_COMPILE | CMD_DB | CMD_EXPLAIN |
            CMD_DOCTOR | CMD_RULES | CMD_TRAIN | CMD_TUNE,
    ON_OUTPUT = CMD_COMPILE | CMD_DB | CMD_GENERATE | CMD_RULES | CMD_RUN |
                CMD_TRAIN,
    ON_JSON = CMD_ANALYZE | CMD_COMPILE | CMD_DB | CMD_DOCTOR | CMD_EXPLAIN |
              CMD_INSPECT | CMD_RULES | CMD_RUN | CMD_TRAIN | CMD_BENCH |
              CMD_TUNE,
};

// In the order of --help. Columns of numbers: min, max, default.
const struct option_spec cli_options[] = {
    {"symmetrize", 0, OPT_FLAG, NULL, FIELD(graph.symmetrize), ON_GRAPH, 0, 0,
     NULL, "add the missing reverse edges"},
    {"dedupe", 0, OPT_FLAG, NULL, FIELD(graph.dedupe), ON_GRAPH, 0, 0, NULL,
     "keep one of equal edges"},
    {"self-loops", 0, OPT_FLAG, NULL, FIELD(graph.self_loops), ON_GRAPH, 0, 0,
     NULL, "add the missing self loops"},
    {"flow", 0, OPT_SECOND, "source_to_target|target_to_source",
     FIELD(graph.target_to_source), ON_GRAPH, 0, 0, "source_to_target",
     "which way messages go along an edge"},
    {"nodes", 0, OPT_INT64, "N", FIELD(graph.n_nodes), ON_GRAPH, 1, INT32_MAX,
     NULL, "number of nodes (default: the file's, else the largest id + 1)"},

    {"nodes", 0, OPT_INT64, "N", FIELD(graph.n_nodes), CMD_GENERATE, 1,
     INT32_MAX, NULL, "number of nodes (default 1000)"},
    {"edges", 0, OPT_INT64, "N", FIELD(edges), CMD_GENERATE, 1, INT64_MAX, NULL,
     "number of edges (default: the kind's)"},
    {"blocks", 0, OPT_INT64, "N", FIELD(blocks), CMD_GENERATE, 1, INT32_MAX,
     NULL, "sbm: communities; batch: member graphs"},

    {"community", 0, OPT_WORD, "rabbit|leiden", FIELD(community), CMD_ANALYZE,
     0, 0, "rabbit", "how communities are found"},
    {"communities", 0, OPT_TEXT, "OUT.npy", FIELD(communities), CMD_ANALYZE, 0,
     0, NULL, "write the community of every node, int32"},
    {"triangles", 0, OPT_FLAG, NULL, FIELD(triangles), CMD_ANALYZE, 0, 0, NULL,
     "also count triangles, which may take long"},
    {"cached", 0, OPT_FLAG, NULL, FIELD(cached), CMD_ANALYZE, 0, 0, NULL,
     "an unchanged file's figures from the database, where it has them"},

    {"model", 0, OPT_WORD, "gcn|gin|sage|gat|gatv2", FIELD(model), ON_SHAPE, 0,
     0, NULL, "the network"},
    {"dim", 0, OPT_INT32, "N", FIELD(dim), ON_MODEL, 1, 1 << 20, NULL,
     "columns of the features (default 96)"},
    {"dim", 0, OPT_INT32, "N", FIELD(dim), CMD_BENCH, 1, 1 << 20, NULL,
     "columns that are summed (default 64)"},
    {"dtype", 0, OPT_WORD, "f32|f16|bf16", FIELD(dtype), CMD_BENCH, 0, 0, "f32",
     "how the matrix that is summed is stored; 16 bits are timed beside f32"},
    {"hidden", 0, OPT_INT32, "N", FIELD(hidden), ON_SHAPE, 1, 1 << 20, NULL,
     "columns between layers, of attention a head's (default: the model's)"},
    {"classes", 0, OPT_INT32, "N", FIELD(classes), ON_MODEL, 1, 1 << 20, NULL,
     "columns of the output (default 22)"},
    {"layers", 0, OPT_INT32, "N", FIELD(layers), ON_SHAPE, 1, 64, NULL,
     "number of layers (default: the model's)"},
    {"mlp", 0, OPT_INT32, "N", FIELD(mlp), ON_SHAPE, 1, 2, NULL,
     "gin: linear layers in each MLP (default 1)"},
    {"heads", 0, OPT_INT32, "N", FIELD(heads), ON_SHAPE, 1, 1 << 20, NULL,
     "gat, gatv2: heads of each layer but the last (default 8)"},
    {"logits", 0, OPT_FLAG, NULL, FIELD(logits), ON_MODEL, 0, 0, NULL,
     "no log-softmax at the end of the network"},
    {"dtype", 0, OPT_WORD, "f32|f16|bf16", FIELD(dtype), ON_MODEL, 0, 0, "f32",
     "how features are stored between steps; sums are always f32"},
    {"rules", 0, OPT_LIST, "FILE", FIELD(rules), ON_CHOICE | CMD_RULES, 0, 0,
     NULL, "more rules, a file or a shipped one's name; may be repeated"},
    {"set", 0, OPT_LIST, "KNOB=VALUE", FIELD(set), ON_CHOICE, 0, 0, NULL,
     "fix a knob, e.g. partSize=32; may be repeated"},
    {"no-fuse", 0, OPT_FLAG, NULL, FIELD(no_fuse), ON_CHOICE, 0, 0, NULL,
     "a kernel for each step: none goes on with its rows to the next step"},
    {"deterministic", 0, OPT_FLAG, NULL, FIELD(deterministic), ON_CHOICE, 0, 0,
     NULL, "every run gives the same bits: no kernel with atomics"},
    {"slab-major", 0, OPT_WORD, "auto|off|32|64|128|256", FIELD(slab_major),
     ON_MODEL | CMD_BENCH, 0, 0, "off", "bytes of slabs of what sums read"},
    {"reorder", 0, OPT_TEXT, "METHOD|FILE.npy", FIELD(reorder), ON_MODEL, 0, 0,
     "none", "the order of the nodes to compile for: none, auto, rabbit ..."},
    {"runs", 0, OPT_INT64, "N", FIELD(runs), ON_MODEL | CMD_REORDER, 1,
     INT64_C(1) << 40, "200",
     "--reorder or --order auto: passes that have to pay for an order"},
    {"arch", 0, OPT_TEXT, "native|sm_90[,sm_80...]", FIELD(arch), ON_CHOICE, 0,
     0, "native", "GPU architectures to build for"},
    {"no-ptx", 0, OPT_FLAG, NULL, FIELD(no_ptx), ON_MODEL | CMD_DB, 0, 0,
     NULL, "native images alone: other architectures refuse the bundle"},
    {"tune", 0, OPT_WORD, "auto|off|full", FIELD(tune), ON_CHOICE, 0, 0, "auto",
     "with a GPU, time the rules' candidates; none; every point worth it"},
    {"l2", 0, OPT_WORD, "hot|cold", FIELD(l2), ON_CHOICE, 0, 0, "hot",
     "kernels are timed as the run before left the L2 cache, or after a flush"},
    {"train", 0, OPT_FLAG, NULL, FIELD(train), CMD_COMPILE, 0, 0, NULL,
     "also kernels for training on a GPU"},
    {"sparse", 0, OPT_FLAG, NULL, FIELD(sparse), CMD_COMPILE, 0, 0, NULL,
     "also kernels that read features of mostly zeros by sparse rows"},
    {"whole", 0, OPT_TEXT, "off|on|KNOB=VALUE[,...]", FIELD(whole), ON_MODEL, 0,
     0, "off", "also one kernel for all steps, for small graphs"},
    {"ops", 0, OPT_TEXT, "OP:DIM[,OP:DIM...]", FIELD(ops),
     CMD_COMPILE | CMD_EXPLAIN, 0, 0, NULL,
     "operators on their own instead of a model: sum, mean, gcn, max, min, "
     "wsum, wmean, sddmm, attention"},
    {"dump", 0, OPT_TEXT, "DIR", FIELD(dump), CMD_COMPILE, 0, 0, NULL,
     "write every intermediate product to a folder"},

    {"order", 0, OPT_TEXT, "METHOD|FILE.npy", FIELD(order), CMD_REORDER, 0, 0,
     NULL,
     "none, rabbit, rcm, degree, dbg, hub, community or window; auto or "
     "gnnadvisor decide; or an array that holds the new id of every old one"},
    {"perm", 0, OPT_TEXT, "P.npy", FIELD(perm), CMD_REORDER, 0, 0, NULL,
     "also write the order: perm[old] = new"},

    {"budget", 0, OPT_TEXT, "TIME", FIELD(budget), CMD_TUNE, 0, 0, NULL,
     "stop compiling and timing after so long: 30s, 5m, 2h"},
    {"resume", 0, OPT_FLAG, NULL, FIELD(go_on), CMD_TUNE, 0, 0, NULL,
     "leave what a finished race decided, go on with the rest"},
    {"dry-run", 0, OPT_FLAG, NULL, FIELD(dry_run), CMD_TUNE, 0, 0, NULL,
     "list the candidates, compile and time nothing"},
    {"part", 0, OPT_TEXT, "K/N", FIELD(part), CMD_TUNE, 0, 0, NULL,
     "time the K-th of N shares of the kernels: the rest is another tuner's"},
    {"record", 0, OPT_FLAG, NULL, FIELD(record), CMD_TUNE, 0, 0, NULL,
     "take every sample of every candidate, for --simulate"},
    {"simulate", 0, OPT_TEXT, "RECORDS", FIELD(simulate), CMD_TUNE, 0, 0, NULL,
     "replay recorded timings (tune.db or db export) as if they were the GPU"},

    {"features", 0, OPT_TEXT, "FILE|ones|randn[:SEED]", FIELD(features),
     CMD_RUN, 0, 0, "randn",
     "the features, one row a node: of a .npy, .npz or .mtx file"},
    {"weights", 0, OPT_TEXT, "W.safetensors", FIELD(weights),
     CMD_RUN | CMD_TRAIN, 0, 0, NULL,
     "the parameters to begin with (default: drawn from --seed)"},
    {"verify", 0, OPT_FLAG, NULL, FIELD(verify), CMD_RUN, 0, 0, NULL,
     "compare the output with a float64 reference"},

    {"data", 0, OPT_TEXT, "D.npz", FIELD(data), CMD_TRAIN, 0, 0, NULL,
     "features, labels, split (default: GRAPH, else STEM.feat.npz beside it)"},
    {"protocol", 0, OPT_WORD, "kipf|gat", FIELD(protocol), CMD_TRAIN, 0, 0,
     NULL, "a paper's hyper-parameters; other options override them"},
    {"protocol", 0, OPT_WORD, "gnnadvisor", FIELD(protocol), CMD_BENCH, 0, 0,
     NULL, "time a bundle's epochs as GNNAdvisor's artifact does"},
    {"study", 0, OPT_WORD, "partSize|dimWorker|reorder|block", FIELD(study),
     CMD_BENCH, 0, 0, NULL, "time one knob of neighbor_group, value by value"},
    {"csv", 0, OPT_FLAG, NULL, FIELD(csv), CMD_BENCH, 0, 0, NULL,
     "print a table of commas"},
    {"epochs", 0, OPT_INT64, "N", FIELD(epochs), CMD_BENCH, 1, 1 << 30, NULL,
     "--protocol: how many are timed (default 200)"},
    {"epochs", 0, OPT_INT64, "N", FIELD(epochs), CMD_TRAIN, 1, 1 << 30, NULL,
     "updates, one for all nodes at a time (default 200)"},
    {"loss", 0, OPT_WORD, "nll|bce", FIELD(loss), CMD_TRAIN, 0, 0, NULL,
     "for a class a node; for a matrix of labels (default: as the labels are)"},
    {"optimizer", 0, OPT_WORD, "adam|adamw|sgd", FIELD(optimizer), CMD_TRAIN, 0,
     0, "adam", "how gradients change weights"},
    {"lr", 0, OPT_REAL, "X", FIELD(lr), CMD_TRAIN, 0, 0, NULL,
     "learning rate (default 0.01)"},
    {"dropout", 0, OPT_REAL, "P", FIELD(dropout), CMD_TRAIN, 0, 1, NULL,
     "share of each layer's input that is dropped (default 0.5)"},
    {"attention-dropout", 0, OPT_REAL, "P", FIELD(attention_dropout), CMD_TRAIN,
     0, 1, NULL, "gat, gatv2: share of coefficients to drop (default 0)"},
    {"weight-decay", 0, OPT_REAL, "X", FIELD(weight_decay), CMD_TRAIN, 0, 0,
     NULL, "of the weights of --decay-layers (default 5e-4)"},
    {"decay-layers", 0, OPT_INT32, "N", FIELD(decay_layers), CMD_TRAIN, 1, 64,
     NULL, "weight decay is for the first N layers (default: for all)"},
    {"momentum", 0, OPT_REAL, "X", FIELD(momentum), CMD_TRAIN, 0, 1, NULL,
     "of sgd (default 0)"},
    {"learn-eps", 0, OPT_FLAG, NULL, FIELD(learn_eps), CMD_TRAIN, 0, 0, NULL,
     "gin: learn epsilon, too"},
    {"normalize", 0, OPT_WORD, "none|rows", FIELD(normalize), CMD_TRAIN, 0, 0,
     NULL, "rows: divide each row of the features by its sum (default none)"},
    {"form", 0, OPT_WORD, "auto|dense|sparse", FIELD(form), CMD_RUN | CMD_TRAIN,
     0, 0, "auto", "how the first layer reads features: auto: what moves less"},
    {"math", 0, OPT_WORD, "f32|tf32|bf16|f16", FIELD(math),
     CMD_RUN | CMD_TRAIN | CMD_BENCH, 0, 0, "f32",
     "what cuBLAS may round the operands of products to"},
    {"split", 0, OPT_WORD, "auto|file|random", FIELD(split), CMD_TRAIN, 0, 0,
     "auto", "the data's split, or 60:20:20 drawn from --seed"},
    {"keep", 0, OPT_WORD, "best|last", FIELD(keep), CMD_TRAIN, 0, 0, "best",
     "weights of the best epoch by --watch, or of the last"},
    {"watch", 0, OPT_WORD, "accuracy|loss|both", FIELD(watch), CMD_TRAIN, 0, 0,
     NULL, "what makes an epoch better (default accuracy, of bce micro-F1)"},
    {"patience", 0, OPT_INT64, "N", FIELD(patience), CMD_TRAIN, 1, 1 << 30,
     NULL, "stop after N epochs without a better one (default: never)"},
    {"state", 0, OPT_TEXT, "FILE", FIELD(state), CMD_TRAIN, 0, 0, NULL,
     "write all that a later --resume needs"},
    {"resume", 0, OPT_TEXT, "FILE", FIELD(resume), CMD_TRAIN, 0, 0, NULL,
     "go on from a state, up to --epochs in all"},

    {"source", 0, OPT_TEXT, "NAME", FIELD(source), CMD_INSPECT, 0, 0, NULL,
     "print a kernel's CUDA source (its name or its number)"},
    {"ptx", 0, OPT_TEXT, "NAME", FIELD(ptx), CMD_INSPECT, 0, 0, NULL,
     "print a kernel's PTX (its name or its number)"},
    {"check", 0, OPT_FLAG, NULL, FIELD(check), CMD_INSPECT, 0, 0, NULL,
     "validate every byte and say ok"},

    {"max-bytes", 0, OPT_INT64, "N", FIELD(max_bytes), CMD_DB, 0, INT64_MAX,
     "2147483648", "prune: how much the kernel cache may hold"},
    {"max-age", 0, OPT_INT64, "DAYS", FIELD(max_age), CMD_DB, -1, INT32_MAX,
     "-1", "prune: how long a kernel may lie unused; -1 is for ever"},
    {"dry-run", 0, OPT_FLAG, NULL, FIELD(dry_run), CMD_DB, 0, 0, NULL,
     "prune: say what would go, and leave it"},
    {"quarantine", 0, OPT_FLAG, NULL, FIELD(quarantine), CMD_DB, 0, 0, NULL,
     "prune: empty the quarantine, and nothing else"},

    {"output", 'o', OPT_TEXT, "FILE", FIELD(output), ON_OUTPUT, 0, 0, NULL,
     "where to write the result (compile: default GRAPH-STEM.MODEL.gnnb)"},
    {"json", 0, OPT_FLAG, NULL, FIELD(json), ON_JSON, 0, 0, NULL,
     "print one JSON object instead of text"},
    {"device", 0, OPT_TEXT, "auto|cpu|cuda:N", FIELD(device), ON_DEVICE, 0, 0,
     "auto", "where to run and to time"},
    {"device", 0, OPT_TEXT, "auto|cpu|cuda:N[,cuda:M...]|all", FIELD(device),
     CMD_TUNE, 0, 0, "auto",
     "where to time; several GPUs of one kind share the kernels"},
    {"db", 0, OPT_TEXT, "DIR", FIELD(db), ON_DB, 0, 0, NULL,
     "folder of the tuning database and the kernel cache"},
    {"no-db", 0, OPT_FLAG, NULL, FIELD(no_db), ON_DB, 0, 0, NULL,
     "remember nothing and recall nothing"},
    {"seed", 0, OPT_UINT64, "N", FIELD(seed),
     CMD_BENCH | CMD_GENERATE | CMD_RUN | CMD_TRAIN | CMD_TUNE, 0, 0, "1",
     "of everything random"},
    {"threads", 0, OPT_INT32, "N", FIELD(threads), CMD_ALL, 0, 4096, NULL,
     "CPU threads (default 0: all)"},
    {"verbose", 'v', OPT_FLAG, NULL, FIELD(verbose), CMD_ALL, 0, 0, NULL,
     "say more on stderr"},
    {"quiet", 'q', OPT_FLAG, NULL, FIELD(quiet), CMD_ALL, 0, 0, NULL,
     "say only warnings and errors; compile, run, train: no summary"},
    {.name = NULL},
};

// ---- numbers ----------------------------------------------------------------

static gnnac_status bad_number(const struct option_spec *s, const char *text,
                               gnnac_error *err)
{
    int64_t max = s->max ? s->max : INT64_MAX;
    if (s->kind == OPT_UINT64)
        return FAIL(err, GNNAC_EUSAGE,
                    "--%s %s: expected an integer from 0 to %" PRIu64, s->name,
                    text, UINT64_MAX);
    return FAIL(err, GNNAC_EUSAGE,
                "--%s %s: expected an integer from %" PRId64 " to %" PRId64,
                s->name, text, s->min, max);
}

// Decimal digits alone, with a sign; no blanks, no tail, no overflow.
static bool parse_int64(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (!(isdigit((unsigned char)text[0]) || text[0] == '-') || *end || errno)
        return false;
    *out = v;
    return true;
}

static bool parse_uint64(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno)
        return false;
    *out = v;
    return true;
}

static gnnac_status store_number(const struct option_spec *s, const char *text,
                                 void *field, gnnac_error *err)
{
    int64_t v = 0, max = s->max ? s->max : INT64_MAX;
    if (s->kind == OPT_UINT64)
        return parse_uint64(text, field) ? GNNAC_OK : bad_number(s, text, err);
    if (!parse_int64(text, &v) || v < s->min || v > max)
        return bad_number(s, text, err);
    if (s->kind == OPT_INT32)
        *(int32_t *)field = (int32_t)v; // every 32-bit row has a max that fits
    else
        *(int64_t *)field = v;
    return GNNAC_OK;
}

// Decimal, perhaps with an exponent.
static gnnac_status store_real(const struct option_spec *s, const char *text,
                               struct real *field, gnnac_error *err)
{
    char *end = NULL;
    double v = strtod(text, &end);
    bool number = text[0] && text[strspn(text, "0123456789.eE+-")] == '\0';
    if (!number || *end || !(v >= 0 && v <= FLT_MAX) ||
        (s->max && v >= (double)s->max))
        return FAIL(err, GNNAC_EUSAGE, "--%s %s: expected a number from 0%s",
                    s->name, text, s->max ? " to below 1" : "");
    *field = (struct real){true, v};
    return GNNAC_OK;
}

// ---- words ------------------------------------------------------------------

// Index of `text` among "a|b|c", or -1; `n` tells the nearest.
static int find_word(const char *words, const char *text, struct nearest *n)
{
    char word[64];
    int index = 0;
    for (const char *p = words; *p; index++) {
        size_t len = strcspn(p, "|");
        snprintf(word, sizeof(word), "%.*s", (int)len, p);
        if (strcmp(word, text) == 0)
            return index;
        nearest_offer(n, word);
        p += len + (p[len] == '|');
    }
    return -1;
}

static gnnac_status store_word(const struct option_spec *s, const char *text,
                               void *field, gnnac_error *err)
{
    struct nearest n = {.wanted = text};
    char hint[96];
    int index = find_word(s->arg, text, &n);
    if (index < 0)
        return FAIL(err, GNNAC_EUSAGE, "--%s %s: expected %s%s", s->name, text,
                    s->arg, nearest_hint(&n, hint, sizeof(hint)));
    if (s->kind == OPT_SECOND)
        *(bool *)field = index == 1;
    else
        *(const char **)field = text;
    return GNNAC_OK;
}

static gnnac_status append(const struct option_spec *s, const char *text,
                           struct text_list *list, gnnac_error *err)
{
    if (list->n == CLI_MAX_LIST)
        return FAIL(err, GNNAC_EUSAGE, "--%s: given more than %d times",
                    s->name, CLI_MAX_LIST);
    list->items[list->n++] = text;
    return GNNAC_OK;
}

// ---- the parser -------------------------------------------------------------

static gnnac_status store(const struct option_spec *s, const char *text,
                          struct options *o, gnnac_error *err)
{
    void *field = (char *)o + s->offset;
    switch (s->kind) {
    case OPT_FLAG:
        *(bool *)field = true;
        return GNNAC_OK;
    case OPT_TEXT:
        if (text[0] == '\0')
            return FAIL(err, GNNAC_EUSAGE, "--%s: the value is empty",
                        s->name);
        *(const char **)field = text;
        return GNNAC_OK;
    case OPT_LIST:
        return append(s, text, field, err);
    case OPT_WORD:
    case OPT_SECOND:
        return store_word(s, text, field, err);
    case OPT_REAL:
        return store_real(s, text, field, err);
    default:
        return store_number(s, text, field, err);
    }
}

static gnnac_status store_defaults(const struct command *cmd,
                                   struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (const struct option_spec *s = cli_options; st == GNNAC_OK && s->name;
         s++)
        if (s->dflt && (s->commands & cmd->bit))
            st = store(s, s->dflt, o, err);
    return st;
}

// The row that `--name` or `-x` means, NULL if none. `n_name` ends the name at
// a '='.
static const struct option_spec *find_option(const struct command *cmd,
                                             const char *arg, size_t n_name)
{
    for (const struct option_spec *s = cli_options; s->name; s++) {
        if (!(s->commands & cmd->bit))
            continue;
        if (arg[1] != '-' ? n_name == 2 && s->letter == arg[1]
                          : strlen(s->name) == n_name - 2 &&
                                strncmp(s->name, arg + 2, n_name - 2) == 0)
            return s;
    }
    return NULL;
}

static gnnac_status unknown_option(const struct command *cmd, const char *arg,
                                   size_t n_name, gnnac_error *err)
{
    char name[64], dashed[64], hint[96];
    snprintf(name, sizeof(name), "%.*s", (int)n_name, arg);
    struct nearest n = {.wanted = name};
    for (const struct option_spec *s = cli_options; s->name; s++) {
        snprintf(dashed, sizeof(dashed), "--%s", s->name);
        if (s->commands & cmd->bit)
            nearest_offer(&n, dashed);
    }
    return FAIL(err, GNNAC_EUSAGE, "%s has no option '%s'%s", cmd->name, name,
                nearest_hint(&n, hint, sizeof(hint)));
}

// One option at argv[*i]; moves *i over its value.
static gnnac_status parse_option(const struct command *cmd, int argc,
                                 const char *const *argv, int *i,
                                 struct options *o, gnnac_error *err)
{
    const char *arg = argv[*i];
    size_t n_name = arg[1] == '-' ? strcspn(arg, "=") : strlen(arg);
    const struct option_spec *s = find_option(cmd, arg, n_name);
    if (!s)
        return unknown_option(cmd, arg, n_name, err);
    const char *value = arg[n_name] == '=' ? arg + n_name + 1 : NULL;
    if (s->kind == OPT_FLAG && value)
        return FAIL(err, GNNAC_EUSAGE, "--%s takes no value", s->name);
    if (s->kind != OPT_FLAG && !value) {
        if (++*i >= argc)
            return FAIL(err, GNNAC_EUSAGE, "--%s needs a value: %s", s->name,
                        s->arg);
        value = argv[*i];
    }
    return store(s, value, o, err);
}

static gnnac_status add_arg(const struct command *cmd, const char *arg,
                            struct options *o, gnnac_error *err)
{
    if (o->n_args == cmd->max_args)
        return FAIL(err, GNNAC_EUSAGE, "%s: '%s' is one argument too many",
                    cmd->name, arg);
    o->args[o->n_args++] = arg;
    return GNNAC_OK;
}

static gnnac_status check_args(const struct command *cmd,
                               const struct options *o, gnnac_error *err)
{
    if (o->n_args < cmd->min_args)
        return FAIL(err, GNNAC_EUSAGE, "%s needs %s; see gnnac %s --help",
                    cmd->name, cmd->args, cmd->name);
    if (o->quiet && o->verbose)
        return FAIL(err, GNNAC_EUSAGE, "--quiet and --verbose exclude one "
                                       "another");
    return GNNAC_OK;
}

gnnac_status cli_parse(const struct command *cmd, int argc,
                       const char *const *argv, struct options *out, bool *help,
                       gnnac_error *err)
{
    struct options o = {0};
    bool options_over = false;
    gnnac_status st = store_defaults(cmd, &o, err);

    *help = false;
    for (int i = 0; i < argc && st == GNNAC_OK; i++) {
        const char *arg = argv[i];
        if (options_over || arg[0] != '-' || arg[1] == '\0') {
            st = add_arg(cmd, arg, &o, err);
        } else if (strcmp(arg, "--") == 0) {
            options_over = true;
        } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            *help = true;
            return GNNAC_OK;
        } else {
            st = parse_option(cmd, argc, argv, &i, &o, err);
        }
    }
    if (st == GNNAC_OK)
        st = check_args(cmd, &o, err);
    o.graph.n_threads = o.threads;
    o.graph.progress = log_progress;
    if (st == GNNAC_OK)
        *out = o;
    return st;
}
