#include "cli/requests.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "plan/slabs.h"

gnnac_status read_model_request(const struct options *o,
                                struct model_request *out, gnnac_error *err)
{
    if (!o->model)
        return FAIL(err, GNNAC_EUSAGE,
                    "--model is missing: --model gcn, gin, sage, gat or gatv2");
    // A word of the option's list.
    enum dtype dtype = (enum dtype)dtype_from_name(o->dtype);
    *out = (struct model_request){.name = o->model,
                                  .dtype = dtype,
                                  .dim = o->dim,
                                  .hidden = o->hidden,
                                  .classes = o->classes,
                                  .layers = o->layers,
                                  .mlp = o->mlp,
                                  .heads = o->heads,
                                  .residual = o->residual,
                                  .logits = o->logits};
    if (!o->dim)
        log_info("no --dim: features are taken to be 96 wide");
    if (!o->classes)
        log_info("no --classes: the output is taken to be 22 wide");
    return GNNAC_OK;
}

static gnnac_status check_train(const struct options *o,
                                const struct model_request *model,
                                gnnac_error *err)
{
    if (!o->train || model->dtype == DTYPE_F32)
        return GNNAC_OK;
    return FAIL(err, GNNAC_EUSAGE,
                "--train is not for --dtype %s: training works on f32",
                o->dtype);
}

static gnnac_status check_whole(const struct options *o, gnnac_error *err)
{
    static const char *const words[] = {"off", "on"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(o->whole, words[i]) == 0)
            return GNNAC_OK;
    return strchr(o->whole, '=')
               ? GNNAC_OK
               : FAIL(err, GNNAC_EUSAGE,
                      "--whole %.80s: expected off, on or KNOB=VALUE[,...]",
                      o->whole);
}

// Operators are no network: these would be ignored.
static bool describes_network(const struct options *o)
{
    return o->model || o->dim || o->hidden || o->classes || o->layers ||
           o->mlp || o->heads || o->residual || o->logits || o->train ||
           o->sparse || strcmp(o->dtype, "f32") != 0;
}

// A word of the option's list; NULL where a command has no such option.
static int32_t slab_bytes(const struct options *o)
{
    const char *word = o->slab_major ? o->slab_major : "off";
    return strcmp(word, "auto") == 0 ? SLABS_AUTO : (int32_t)atoi(word);
}

// What else than inference knows rows alone.
static gnnac_status check_slabs(const struct options *o, gnnac_error *err)
{
    if (slab_bytes(o) <= 0 ||
        !(o->train || o->ops || strcmp(o->whole, "off") != 0))
        return GNNAC_OK;
    return FAIL(err, GNNAC_EUSAGE,
                "--slab-major %s is not for --train, --whole and --ops",
                o->slab_major);
}

gnnac_status read_subject(const struct options *o, struct model_request *model,
                          gnnac_error *err)
{
    gnnac_status st = check_slabs(o, err);
    if (st != GNNAC_OK)
        return st;
    if (!o->ops) {
        st = read_model_request(o, model, err);
        if (st == GNNAC_OK)
            st = check_train(o, model, err);
        return st == GNNAC_OK ? check_whole(o, err) : st;
    }
    if (describes_network(o) || strcmp(o->reorder, "none") != 0 ||
        strcmp(o->whole, "off") != 0)
        return FAIL(err, GNNAC_EUSAGE,
                    "--ops is without --model and what shapes it (--dim, "
                    "--hidden, --classes, --layers, --mlp, --heads, "
                    "--residual, --logits, --dtype), --train, --sparse, "
                    "--reorder and --whole");
    *model = (struct model_request){.name = "ops"};
    return GNNAC_OK;
}

void read_workbench_request(const struct options *o,
                            struct workbench_request *out)
{
    *out = (struct workbench_request){
        .device = o->device,
        .arch = o->arch,
        .db = o->db,
        .no_db = o->no_db,
        .no_fuse = o->no_fuse,
        .slab_bytes = slab_bytes(o),
        .no_ptx = o->no_ptx,
        .deterministic = o->deterministic,
        .timed = strcmp(o->tune, "off") != 0,
        .full = strcmp(o->tune, "full") == 0,
        .n_threads = o->threads,
        .program = "/proc/self/exe",
        .seed = o->seed,
        .cold = strcmp(o->l2, "cold") == 0,
        .rules = o->rules.items,
        .n_rules = o->rules.n,
        .settings = o->set.items,
        .n_settings = o->set.n,
        .whole_knobs = o->whole && strchr(o->whole, '=') ? o->whole : NULL,
    };
}

struct assemble_request read_assemble_request(
    const struct options *o, const struct model_request *model)
{
    return (struct assemble_request){
        .graph = o->args[0],
        .options = &o->graph,
        .model = model,
        .operators = o->ops,
        .reorder = o->reorder,
        .runs = o->runs,
        .train = o->train,
        .sparse = o->sparse,
        .whole = strcmp(o->whole, "off") != 0,
    };
}

gnnac_status read_weights(gnnac_model *m, const struct options *o,
                          gnnac_error *err)
{
    return o->weights ? gnnac_model_load_weights(m, o->weights, err)
                      : gnnac_model_init_weights(m, o->seed, err);
}

gnnac_form read_form(const struct options *o)
{
    return strcmp(o->form, "dense") == 0    ? GNNAC_FORM_DENSE
           : strcmp(o->form, "sparse") == 0 ? GNNAC_FORM_SPARSE
                                            : GNNAC_FORM_AUTO;
}

static const char *const math_names[] = {[GNNAC_MATH_F32] = "f32",
                                         [GNNAC_MATH_TF32] = "tf32",
                                         [GNNAC_MATH_BF16] = "bf16",
                                         [GNNAC_MATH_F16] = "f16"};

const char *math_used(const gnnac_model *m)
{
    return math_names[m->ctx->is_cuda ? m->math : GNNAC_MATH_F32];
}

gnnac_status read_math(gnnac_model *m, const struct options *o,
                       gnnac_error *err)
{
    int math = 0;
    while (strcmp(math_names[math], o->math) != 0)
        math++;
    if (math != GNNAC_MATH_F32 && !m->ctx->is_cuda)
        log_info("--math %s: the CPU computes in f32", o->math);
    return gnnac_model_set_math(m, (gnnac_math)math, err);
}

json_t *real_json(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *reordering_json(const struct reordering *r)
{
    return r->method[0] ? json_pack("{s:s, s:s}", "method", r->method, "why",
                                    r->why)
                        : json_null();
}

gnnac_status print_json_line(json_t *j, gnnac_error *err)
{
    if (!j)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    int bad = json_dumpf(j, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(j);
    if (bad != 0 || putchar('\n') == EOF)
        return FAIL(err, GNNAC_EIO, "stdout: cannot write");
    return GNNAC_OK;
}
