#include "bundle/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/fields.h"
#include "bundle/json_text.h"
#include "bundle/whole_layout.h"

enum {
    MAX_MANIFEST_BYTES = 16 << 20,
    MAX_WIDTH = 1 << 20,    // columns
    MAX_SHARED = 227 << 10, // shared memory of a block on any GPU so far
};

#define AT(type, member) .offset = offsetof(struct type, member)
#define SIZED(type, member) \
    AT(type, member), .size = sizeof(((struct type *)0)->member)
#define I32(type, member, lo, hi)                                      \
    {                                                                  \
#member, FIELD_I32, AT(type, member), .min = (lo), .max = (hi) \
    }
#define I64(type, member, lo, hi)                                      \
    {                                                                  \
#member, FIELD_I64, AT(type, member), .min = (lo), .max = (hi) \
    }
#define BOOL(type, member)                    \
    {                                         \
#member, FIELD_BOOL, AT(type, member) \
    }
#define F32(type, member)                    \
    {                                        \
#member, FIELD_F32, AT(type, member) \
    }
#define F64(type, member)                    \
    {                                        \
#member, FIELD_F64, AT(type, member) \
    }
#define TEXT(type, member)                       \
    {                                            \
#member, FIELD_TEXT, SIZED(type, member) \
    }
#define NAME(type, member, table)                                \
    {                                                            \
#member, FIELD_NAME, AT(type, member), .names = &(table) \
    }
// A dtype, which is not written where it is f32.
#define DTYPE(type, member)                                           \
    {                                                                 \
#member, FIELD_NAME, AT(type, member), .names = &dtype_names, \
                                               .optional = true       \
    }
// Columns of a slab, which are not written where there are none.
#define SLAB(type, member)                                   \
    {                                                        \
#member, FIELD_I32, AT(type, member), .max = SLAB_MAX_BYTES, \
                          .optional = true                   \
    }
// An array with its length in n_MEMBER.
#define ARRAY(kind_, type, member, lo, hi)             \
#member, kind_, AT(type, member),                  \
        .size = sizeof(((struct type *)0)->member[0]), \
        .count = offsetof(struct type, n_##member), .min = (lo), .max = (hi)

static const struct field layer_fields[] = {
    NAME(layer, op, conv_op_names),
    I32(layer, in_dim, 1, MAX_WIDTH),
    I32(layer, out_dim, 1, MAX_WIDTH),
    I32(layer, mlp, 0, 2),
    BOOL(layer, bias),
    NAME(layer, act, activation_names),
    F32(layer, eps),
    {"heads", FIELD_I32, AT(layer, heads), .max = MAX_WIDTH, .optional = true},
    {"residual", FIELD_BOOL, AT(layer, residual), .optional = true},
    {0},
};

static const struct field model_fields[] = {
    TEXT(model, name),
    {ARRAY(FIELD_OBJECTS, model, layers, 0, MAX_LAYERS), .sub = layer_fields},
    BOOL(model, log_softmax),
    DTYPE(model, dtype),
    {0},
};

static const struct field buffer_fields[] = {
    I32(buffer, dim, 1, MAX_WIDTH),
    I32(buffer, pitch, 1, 2 * MAX_WIDTH),
    DTYPE(buffer, dtype),
    SLAB(buffer, slab),
    {0},
};

static const struct field param_fields[] = {
    TEXT(param, name),
    I32(param, rows, 1, MAX_WIDTH),
    I32(param, cols, 1, MAX_WIDTH),
    NAME(param, init, init_names),
    F32(param, eps),
    {0},
};

static const struct field step_fields[] = {
    NAME(step, kind, model_step_kind_names),
    I32(step, layer, 0, MAX_LAYERS - 1),
    I32(step, x, 0, MAX_BUFFERS - 1),
    I32(step, out, 0, MAX_BUFFERS - 1),
    I32(step, self, -1, MAX_BUFFERS - 1),
    I32(step, weight, -1, MAX_PARAMS - 1),
    I32(step, bias, -1, MAX_PARAMS - 1),
    I32(step, eps, -1, MAX_PARAMS - 1),
    BOOL(step, accumulate),
    NAME(step, norm, norm_names),
    NAME(step, self_term, self_term_names),
    NAME(step, act, activation_names),
    I32(step, kernel, -1, MAX_KERNELS - 1),
    {"fused", FIELD_BOOL, AT(step, fused), .optional = true},
    {0},
};

static const struct field program_fields[] = {
    {ARRAY(FIELD_OBJECTS, program, buffers, 0, MAX_BUFFERS),
     .sub = buffer_fields},
    {ARRAY(FIELD_OBJECTS, program, params, 0, MAX_PARAMS), .sub = param_fields},
    {ARRAY(FIELD_OBJECTS, program, steps, 0, MAX_STEPS), .sub = step_fields},
    {0},
};

static const struct field launch_fields[] = {
    TEXT(launch, entry),
    NAME(launch, count, grid_count_names),
    I32(launch, per_block, 1, 1 << 30),
    I32(launch, grid_y, 1, 65535),
    I32(launch, block, 1, 1024),
    I32(launch, shared_bytes, 0, MAX_SHARED),
    {"cooperative", FIELD_BOOL, AT(launch, cooperative), .optional = true},
    {"cluster", FIELD_I32, AT(launch, cluster), .max = MAX_CLUSTER,
     .optional = true},
    {"follows", FIELD_BOOL, AT(launch, follows), .optional = true},
    {ARRAY(FIELD_NAMES, launch, args, 0, MAX_ARGS), .names = &launch_arg_names},
    {0},
};

static const struct field kernel_fields[] = {
    TEXT(kernel, name),
    TEXT(kernel, family),
    I32(kernel, part_size, 0, 1 << 30),
    {"part_rows", FIELD_I32, AT(kernel, part_rows), .max = 1 << 30,
     .optional = true},
    I32(kernel, parts_per_block, 0, 1024),
    {"packed_rows", FIELD_I32, AT(kernel, packed_rows), .max = 32,
     .optional = true},
    {"packed_edges", FIELD_I32, AT(kernel, packed_edges), .max = 1 << 20,
     .optional = true},
    {"packed_step", FIELD_I32, AT(kernel, packed_step), .max = 1 << 20,
     .optional = true},
    {"tile_percent", FIELD_I32, AT(kernel, tile_percent), .max = 1 << 20,
     .optional = true},
    {"tile_blocks", FIELD_I32, AT(kernel, tile_blocks), .max = 1 << 20,
     .optional = true},
    BOOL(kernel, partials),
    {"tickets", FIELD_I32, AT(kernel, tickets), .max = MAX_TICKETS,
     .optional = true},
    {"atomics", FIELD_BOOL, AT(kernel, atomics), .optional = true},
    I32(kernel, dim, 1, MAX_WIDTH),
    {"heads", FIELD_I32, AT(kernel, heads), .max = MAX_WIDTH, .optional = true},
    I32(kernel, offset_bits, 32, 64),
    DTYPE(kernel, x_type),
    DTYPE(kernel, out_type),
    DTYPE(kernel, self_type),
    SLAB(kernel, x_slab),
    SLAB(kernel, out_slab),
    SLAB(kernel, self_slab),
    {ARRAY(FIELD_OBJECTS, kernel, launches, 1, MAX_LAUNCHES),
     .sub = launch_fields},
    {0},
};

static const struct field choice_fields[] = {
    I32(choice, step, 0, MAX_STEPS - 1),
    TEXT(choice, rule),
    TEXT(choice, why),
    TEXT(choice, where),
    TEXT(choice, level),
    F64(choice, median_ns),
    TEXT(choice, knobs),
    {0},
};

static const struct field reorder_fields[] = {
    TEXT(reordering, method),
    TEXT(reordering, why),
    TEXT(reordering, fingerprint),
    {0},
};

static const struct field step_kernel_fields[] = {
    I32(step_kernel, kernel, -1, MAX_KERNELS - 1),
    {0},
};

static const struct field derived_fields[] = {
    TEXT(derived_kernels, rules),
    {ARRAY(FIELD_OBJECTS, derived_kernels, steps, 0, MAX_STEPS),
     .sub = step_kernel_fields},
    {ARRAY(FIELD_OBJECTS, derived_kernels, choices, 0, MAX_FEATURE_STEPS),
     .sub = choice_fields, .optional = true},
    {0},
};

static const struct field operator_fields[] = {
    TEXT(operator_kernels, key),
    {ARRAY(FIELD_OBJECTS, operator_kernels, steps, 1, MAX_OPERATOR_STEPS),
     .sub = step_kernel_fields},
    {ARRAY(FIELD_OBJECTS, operator_kernels, choices, 0, MAX_OPERATOR_STEPS),
     .sub = choice_fields, .optional = true},
    {0},
};

static const struct field operators_fields[] = {
    TEXT(operators, rules),
    {ARRAY(FIELD_OBJECTS, operators, list, 1, MAX_OPERATORS),
     .sub = operator_fields},
    {0},
};

static const struct field whole_fields[] = {
    TEXT(whole_model, rule),
    TEXT(whole_model, why),
    TEXT(whole_model, where),
    TEXT(whole_model, level),
    TEXT(whole_model, knobs),
    F64(whole_model, median_ns),
    F64(whole_model, steps_ns),
    I32(whole_model, kernel, 0, MAX_KERNELS - 1),
    {0},
};

static const struct field graph_fields[] = {
    I64(manifest, n_nodes, 0, INT64_C(1) << 31),
    I64(manifest, n_edges, 0, INT64_C(1) << 48),
    I64(manifest, n_stored_edges, 0, INT64_C(1) << 48),
    BOOL(manifest, self_loops_removed),
    TEXT(manifest, fingerprint),
    {"reorder", FIELD_OPTION, AT(manifest, reorder), .sub = reorder_fields},
    {0},
};

static const struct field manifest_fields[] = {
    I32(manifest, format_major, 0, INT32_MAX),
    I32(manifest, format_minor, 0, INT32_MAX),
    TEXT(manifest, generator),
    {"graph", FIELD_OBJECT, .sub = graph_fields},
    {"model", FIELD_OBJECT, AT(manifest, model), .sub = model_fields},
    {"program", FIELD_OBJECT, AT(manifest, program), .sub = program_fields},
    {ARRAY(FIELD_OBJECTS, manifest, kernels, 0, MAX_KERNELS),
     .sub = kernel_fields},
    {ARRAY(FIELD_OBJECTS, manifest, choices, 0, MAX_STEPS),
     .sub = choice_fields},
    {"training", FIELD_OPTION, AT(manifest, training), .sub = derived_fields},
    {"sparse", FIELD_OPTION, AT(manifest, sparse), .sub = derived_fields},
    {"operators", FIELD_OPTION, AT(manifest, operators),
     .sub = operators_fields},
    {"whole", FIELD_OPTION, AT(manifest, whole), .sub = whole_fields},
    {ARRAY(FIELD_TEXTS, manifest, archs, 0, MAX_ARCHS)},
    TEXT(manifest, ptx_arch),
    TEXT(manifest, toolchain),
    {"repeats", FIELD_BOOL, AT(manifest, repeats), .optional = true},
    {0},
};

// Before anything else is read: the rest may mean something else.
static gnnac_status check_version(const json_t *j, gnnac_error *err)
{
    int64_t major;
    if (!json_read_int(json_object_get(j, "format_major"), 0, INT32_MAX,
                       &major))
        return FAIL(err, GNNAC_EFORMAT,
                    "manifest.format_major: expected an integer");
    if (major != FORMAT_MAJOR)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the bundle has format version %lld, gnnac %s reads "
                    "version %d",
                    (long long)major, GNNAC_VERSION, (int)FORMAT_MAJOR);
    return manifest_check_requires(json_object_get(j, "requires"), err);
}

json_t *manifest_to_json(const struct manifest *m)
{
    json_t *j = fields_to_json(manifest_fields, m);
    if (j && json_object_set_new(j, "requires", manifest_requires(m)) != 0) {
        json_decref(j);
        return NULL;
    }
    return j;
}

gnnac_status manifest_from_json(const json_t *j, struct manifest *out,
                                gnnac_error *err)
{
    gnnac_status st = check_version(j, err);
    if (st == GNNAC_OK)
        st = fields_from_json(manifest_fields, j, "manifest", out, err);
    return st == GNNAC_OK ? manifest_check(out, err) : st;
}

json_t *manifest_kernel_to_json(const struct kernel *k)
{
    return fields_to_json(kernel_fields, k);
}

gnnac_status manifest_kernel_from_json(const json_t *j, struct kernel *out,
                                       gnnac_error *err)
{
    memset(out, 0, sizeof(*out));
    gnnac_status st = fields_from_json(kernel_fields, j, "kernel", out, err);
    return st == GNNAC_OK ? kernel_check(out, err) : st;
}

gnnac_status manifest_json_load(const char *text, size_t n_bytes, json_t **out,
                                gnnac_error *err)
{
    if (n_bytes > MAX_MANIFEST_BYTES)
        return FAIL(err, GNNAC_EFORMAT, "manifest: longer than 16 MiB");
    return json_text_load(text, n_bytes, "manifest", out, err);
}

gnnac_status manifest_parse(const char *text, size_t n_bytes,
                            struct manifest *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    json_t *j = NULL;
    struct manifest *m = calloc(1, sizeof(*m));
    if (!m) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    TRY(manifest_json_load(text, n_bytes, &j, err));
    TRY(manifest_from_json(j, m, err));
    *out = *m;

out:
    json_decref(j);
    free(m);
    return st;
}
