#include "weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/blob.h"
#include "checked.h"
#include "rng.h"
#include "bundle/safetensors.h"

void params_finish(float *params[MAX_PARAMS])
{
    for (int i = 0; i < MAX_PARAMS; i++) {
        free(params[i]);
        params[i] = NULL;
    }
}

void params_copy(const struct program *p, float *const from[MAX_PARAMS],
                 float *const to[MAX_PARAMS])
{
    for (int32_t i = 0; i < p->n_params; i++)
        memcpy(to[i], from[i],
               (size_t)param_elems(&p->params[i]) * sizeof(float));
}

gnnac_status params_alloc(const struct program *p, float *params[MAX_PARAMS],
                          gnnac_error *err)
{
    memset(params, 0, MAX_PARAMS * sizeof(*params));
    for (int32_t i = 0; i < p->n_params; i++) {
        params[i] = calloc_array(param_elems(&p->params[i]), sizeof(float));
        if (!params[i]) {
            params_finish(params);
            return FAIL(err, GNNAC_ENOMEM, "out of memory for %s",
                        p->params[i].name);
        }
    }
    return GNNAC_OK;
}

void params_init(const struct program *p, uint64_t seed,
                 float *params[MAX_PARAMS])
{
    for (int32_t i = 0; i < p->n_params; i++) {
        const struct param *q = &p->params[i];
        uint64_t stream = rng_at(seed, (uint64_t)i);
        double limit = sqrt(6.0 / ((double)q->rows + q->cols));
        for (int64_t k = 0; k < param_elems(q); k++)
            params[i][k] =
                q->init == INIT_GLOROT || q->init == INIT_ATTENTION
                    ? (float)((2 * rng_unit(stream, (uint64_t)k) - 1) * limit)
                : q->init == INIT_EPS ? q->eps
                                      : 0;
    }
}

// ---- names ------------------------------------------------------------------

// Other spellings of what stands behind "convs.I.": GINConv may be given a
// plain Linear or a Sequential instead of PyG's MLP.
static const struct {
    const char *canonical, *alias;
    bool single; // only where the layer's MLP has one linear layer
} suffix_aliases[] = {
    {"nn.lins.0.weight", "nn.weight", true},
    {"nn.lins.0.bias", "nn.bias", true},
    {"nn.lins.0.weight", "nn.0.weight", false},
    {"nn.lins.0.bias", "nn.0.bias", false},
    {"nn.lins.1.weight", "nn.2.weight", false},
    {"nn.lins.1.bias", "nn.2.bias", false},
};

// "convs.I.SUFFIX", and "convI+1.SUFFIX" of models with members conv1, conv2.
static const struct st_tensor *find_spelled(const struct safetensors *st,
                                            int layer, const char *suffix)
{
    char name[128];
    snprintf(name, sizeof(name), "convs.%d.%s", layer, suffix);
    const struct st_tensor *t = safetensors_find(st, name);
    if (t)
        return t;
    snprintf(name, sizeof(name), "conv%d.%s", layer + 1, suffix);
    return safetensors_find(st, name);
}

static bool has_second_linear(const struct program *p, int layer)
{
    char name[64];
    snprintf(name, sizeof(name), "convs.%d.nn.lins.1.weight", layer);
    for (int32_t i = 0; i < p->n_params; i++)
        if (strcmp(p->params[i].name, name) == 0)
            return true;
    return false;
}

static const struct st_tensor *find_param(const struct program *p,
                                          const struct safetensors *st,
                                          const char *name)
{
    int layer = 0, suffix_at = 0;
    if (sscanf(name, "convs.%d.%n", &layer, &suffix_at) != 1 || !suffix_at)
        return safetensors_find(st, name);
    const char *suffix = name + suffix_at;
    const struct st_tensor *t = find_spelled(st, layer, suffix);
    size_t n = sizeof(suffix_aliases) / sizeof(suffix_aliases[0]);
    for (size_t i = 0; !t && i < n; i++)
        if (strcmp(suffix, suffix_aliases[i].canonical) == 0 &&
            !(suffix_aliases[i].single && has_second_linear(p, layer)))
            t = find_spelled(st, layer, suffix_aliases[i].alias);
    return t;
}

// ---- loading ----------------------------------------------------------------

// A bias may be [n]; epsilon [1] or a scalar.
static bool shape_fits(const struct param *p, const struct st_tensor *t)
{
    if (p->init == INIT_GLOROT)
        return t->rank == 2 && t->shape[0] == p->rows && t->shape[1] == p->cols;
    if (p->init == INIT_ATTENTION)
        return t->rank == 3 && t->shape[0] == 1 && t->shape[1] == p->rows &&
               t->shape[2] == p->cols;
    if (t->rank == 0)
        return p->init == INIT_EPS;
    return t->rank == 1 && t->shape[0] == p->cols;
}

static void shape_text(const struct st_tensor *t, char *text, size_t n_bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < t->rank && used < n_bytes; i++)
        used += (size_t)snprintf(text + used, n_bytes - used, "%s%lld",
                                 i ? ", " : "", (long long)t->shape[i]);
}

static gnnac_status copy_param(const struct param *p, const struct st_tensor *t,
                               const char *path, float *to, gnnac_error *err)
{
    char shape[128];
    shape_text(t, shape, sizeof(shape));
    if (t->dtype != ST_F32)
        return FAIL(err, GNNAC_EFORMAT, "%s: %.100s is %s, expected F32", path,
                    t->name, st_dtype_name(t->dtype));
    if (!shape_fits(p, t))
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: %.100s is [%s], the model needs [%s%d, %d]", path,
                    t->name, shape, p->init == INIT_ATTENTION ? "1, " : "",
                    (int)p->rows, (int)p->cols);
    memcpy(to, t->data, t->n_bytes);
    return GNNAC_OK;
}

static gnnac_status copy_all(const struct program *p,
                             const struct safetensors *st, const char *path,
                             bool *used, float *params[MAX_PARAMS],
                             gnnac_error *err)
{
    for (int32_t i = 0; i < p->n_params; i++) {
        const struct param *q = &p->params[i];
        const struct st_tensor *t = find_param(p, st, q->name);
        if (!t)
            return FAIL(err, GNNAC_ENOENT, "%s: no tensor %s", path, q->name);
        gnnac_status status = copy_param(q, t, path, params[i], err);
        if (status != GNNAC_OK)
            return status;
        used[t - st->tensors] = true;
    }
    for (size_t i = 0; i < st->n_tensors; i++)
        if (!used[i])
            return FAIL(err, GNNAC_EFORMAT,
                        "%s: %.100s is no parameter of this model", path,
                        st->tensors[i].name);
    return GNNAC_OK;
}

gnnac_status params_read(const struct program *p,
                         const struct safetensors *file, const char *prefix,
                         const char *path, float *params[MAX_PARAMS],
                         gnnac_error *err)
{
    char name[128];
    for (int32_t i = 0; i < p->n_params; i++) {
        snprintf(name, sizeof(name), "%s%s", prefix, p->params[i].name);
        const struct st_tensor *t = safetensors_find(file, name);
        if (!t)
            return FAIL(err, GNNAC_ENOENT, "%s: no tensor %s", path, name);
        gnnac_status st = copy_param(&p->params[i], t, path, params[i], err);
        if (st != GNNAC_OK)
            return st;
    }
    return GNNAC_OK;
}

gnnac_status params_load(const struct program *p, const char *path,
                         float *params[MAX_PARAMS], gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct safetensors file = {0};
    void *bytes = NULL;
    size_t n_bytes;
    bool used[ST_MAX_TENSORS] = {false};
    TRY(blob_read(path, &bytes, &n_bytes, err));
    TRY(safetensors_parse(bytes, n_bytes, path, &file, err));
    TRY(copy_all(p, &file, path, used, params, err));
out:
    safetensors_finish(&file);
    free(bytes);
    return st;
}
