// What a reader of a bundle must know besides its format version.
#include <string.h>

#include "bundle/manifest.h"
#include "bundle/whole_layout.h"

// Whether some kernel has a limit, an int32_t at `offset`.
static bool any_kernel_has(const struct manifest *m, size_t offset)
{
    for (int32_t i = 0; i < m->n_kernels; i++)
        if (*(const int32_t *)((const char *)&m->kernels[i] + offset) > 0)
            return true;
    return false;
}

static bool has_part_rows(const struct manifest *m)
{
    return any_kernel_has(m, offsetof(struct kernel, part_rows));
}

static bool has_packed_rows(const struct manifest *m)
{
    return any_kernel_has(m, offsetof(struct kernel, packed_rows));
}

static bool has_tiles(const struct manifest *m)
{
    return any_kernel_has(m, offsetof(struct kernel, tile_percent));
}

static bool has_tickets(const struct manifest *m)
{
    return any_kernel_has(m, offsetof(struct kernel, tickets));
}

static bool has_products(const struct manifest *m)
{
    for (int32_t i = 0; i < m->program.n_steps; i++)
        if (step_is_product(m->program.steps[i].kind) &&
            !step_by_blas(&m->program.steps[i]))
            return true;
    return false;
}

static bool has_slabs(const struct manifest *m)
{
    return program_has_slabs(&m->program);
}

static bool has_fused(const struct manifest *m)
{
    for (int32_t i = 0; i < m->program.n_steps; i++)
        if (m->program.steps[i].fused)
            return true;
    return false;
}

static bool has_fused_bias(const struct manifest *m)
{
    for (int32_t i = 0; i < m->program.n_steps; i++)
        if (m->program.steps[i].fused &&
            m->program.steps[i].kind == STEP_BIAS_ACT)
            return true;
    return false;
}

static bool has_rounded_products(const struct manifest *m)
{
    for (int32_t i = 0; i < m->program.n_steps; i++)
        if (step_rounds_product(&m->program, &m->program.steps[i]))
            return true;
    return false;
}

static bool any_layer_is(const struct manifest *m, enum conv_op op)
{
    for (int32_t i = 0; i < m->model.n_layers; i++)
        if (m->model.layers[i].op == op)
            return true;
    return false;
}

static bool has_attention(const struct manifest *m)
{
    return any_layer_is(m, CONV_GAT);
}

static bool has_attention_v2(const struct manifest *m)
{
    return any_layer_is(m, CONV_GATV2);
}

static bool has_training(const struct manifest *m)
{
    return m->training.rules[0] != '\0';
}

static bool has_dtype(const struct manifest *m)
{
    return m->model.dtype != DTYPE_F32;
}

static bool has_cluster(const struct manifest *m)
{
    return has_whole(m) && m->kernels[m->whole.kernel].launches[0].cluster > 0;
}

static bool has_operators(const struct manifest *m)
{
    return m->operators.rules[0] != '\0';
}

// Features that this reader understands beyond its format version. A reader
// that ignored "reorder" would give every node another node's result; one that
// ignored "part_rows", "packed_rows" or "tiles" would hand kernels other parts
// than they expect. One without "attention" knows neither its steps nor its
// parameters, one without "training" not what the kernels of training are
// given, one without "products" leaves those with a kernel to BLAS, one without
// "fused" computes anew what the kernel of the step before did, one without
// "fused_bias" refuses some of that, one without "rounded_products" those of
// float32 that write 16 bits. To one without "dtype" all matrices are float32.
// One without "operators" expects a model, one without "whole" does not know
// what a whole model's kernel is given, one without "cluster" starts it as any
// other. One without "slabs" takes for rows what kernels write and read slab
// after slab. "attention_v2" is what "attention" is, of another model. One
// without "residual" knows no such step, and its reference adds nothing; one
// without "tickets" gives kernels that join rows none.
static const struct {
    const char *name;
    bool (*is_used)(const struct manifest *m);
} features[] = {
    {"reorder", is_reordered},
    {"part_rows", has_part_rows},
    {"attention", has_attention},
    {"attention_v2", has_attention_v2},
    {"training", has_training},
    {"packed_rows", has_packed_rows},
    {"products", has_products},
    {"dtype", has_dtype},
    {"fused", has_fused},
    {"operators", has_operators},
    {"tiles", has_tiles},
    {"fused_bias", has_fused_bias},
    {"rounded_products", has_rounded_products},
    {"whole", has_whole},
    {"cluster", has_cluster},
    {"slabs", has_slabs},
    {"residual", manifest_has_residual},
    {"tickets", has_tickets},
};
enum { N_FEATURES = sizeof(features) / sizeof(features[0]) };

static bool has_feature(const char *name)
{
    for (size_t i = 0; i < N_FEATURES; i++)
        if (strcmp(features[i].name, name) == 0)
            return true;
    return false;
}

json_t *manifest_requires(const struct manifest *m)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < N_FEATURES; i++)
        if (features[i].is_used(m) &&
            json_array_append_new(list, json_string(features[i].name)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

gnnac_status manifest_check_requires(const json_t *list, gnnac_error *err)
{
    if (!json_is_array(list))
        return FAIL(err, GNNAC_EFORMAT,
                    "manifest.requires: expected an array of texts");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name)
            return FAIL(err, GNNAC_EFORMAT,
                        "manifest.requires: expected an array of texts");
        if (!has_feature(name))
            return FAIL(err, GNNAC_EUNSUPPORTED,
                        "the bundle needs the feature \"%.100s\", which gnnac "
                        "%s does not have",
                        name, GNNAC_VERSION);
    }
    return GNNAC_OK;
}
