#include "tune/variant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/manifest.h"

void variant_finish(struct variant *v)
{
    free(v->source);
    for (size_t i = 0; i < MAX_ARCHS + 1; i++)
        artifact_finish(&v->images[i]);
    *v = (struct variant){0};
}

static const char blas_family[] = "blas";

bool variant_is_blas(const struct variant *v)
{
    return strcmp(v->kernel.family, blas_family) == 0;
}

static struct variant untimed(void)
{
    return (struct variant){.cost = NAN,
                            .median_ns = NAN,
                            .p20_ns = NAN,
                            .p80_ns = NAN,
                            .max_error = NAN,
                            .registers = -1,
                            .spill_bytes = -1,
                            .status = "ok"};
}

// Named by all that tells one such product from another.
struct variant variant_of_blas(const struct kernel_spec *s)
{
    struct variant v = untimed();
    strcpy(v.kernel.family, blas_family);
    snprintf(v.kernel.name, sizeof(v.kernel.name),
             "blas_f32_d%d_k%d_x%d_y%d%s%s%s%s", (int)s->dim, (int)s->depth,
             (int)s->x_pitch, (int)s->out_pitch, s->adds ? "_adds" : "",
             s->tail ? "_then" : "", s->tail_bias ? "_bias" : "",
             s->tail_act ? "_relu" : "");
    v.kernel.dim = s->dim;
    v.kernel.offset_bits = s->offset_bits;
    return v;
}

void candidate_text(const struct candidate *c, char *out, size_t n_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < candidate_n_told(c) && used < n_bytes; i++)
        used += (size_t)snprintf(out + used, n_bytes - used, "%s%s=%lld",
                                 i ? " " : "", c->family->knobs[i].name,
                                 (long long)c->values[i]);
}

static char *dump_and_free(json_t *j)
{
    char *text = j ? json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(j);
    return text;
}

char *variant_to_json(const struct variant *v, const struct origin *from)
{
    json_t *kernel = variant_is_blas(v)
                         ? json_pack("{s:s, s:s}", "name", v->kernel.name,
                                     "family", blas_family)
                         : manifest_kernel_to_json(&v->kernel);
    if (!kernel)
        return NULL;
    // "o" steals the reference, so a failed pack frees it too.
    return dump_and_free(json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:i, s:o}", "rule", from->rule, "why",
        from->why, "where", from->where, "knobs", v->knobs, "registers",
        v->registers, "spill_bytes", v->spill_bytes, "kernel", kernel));
}

char *variant_keys_to_json(const struct variant *v, size_t n)
{
    json_t *keys = json_array();
    for (size_t i = 0; keys && i < n && !variant_is_blas(v); i++)
        if (json_array_append_new(keys, json_string(v->keys[i])) != 0) {
            json_decref(keys);
            return NULL;
        }
    return dump_and_free(keys);
}

static gnnac_status read_keys(const char *text, size_t n, struct variant *v,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    json_t *keys = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (variant_is_blas(v))
        n = 0;
    if (!json_is_array(keys) || json_array_size(keys) != n)
        st = FAIL(err, GNNAC_EFORMAT, "tune.db: a decision's keys are damaged");
    for (size_t i = 0; st == GNNAC_OK && i < n; i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        if (!key || strlen(key) != 32)
            st = FAIL(err, GNNAC_EFORMAT,
                      "tune.db: a decision's keys are damaged");
        else
            strcpy(v->keys[i], key);
    }
    json_decref(keys);
    return st;
}

bool variant_json_is_blas(const json_t *variant)
{
    const json_t *kernel = json_object_get(variant, "kernel");
    const char *family =
        json_string_value(json_object_get(kernel, "family"));
    return family && strcmp(family, blas_family) == 0;
}

static gnnac_status read_blas(const json_t *kernel, struct variant *v,
                              gnnac_error *err)
{
    const char *name = json_string_value(json_object_get(kernel, "name"));
    if (!name || strlen(name) >= sizeof(v->kernel.name))
        return FAIL(err, GNNAC_EFORMAT, "tune.db: a decision is damaged");
    strcpy(v->kernel.family, blas_family);
    strcpy(v->kernel.name, name);
    return GNNAC_OK;
}

static gnnac_status read_variant(json_t *j, struct variant *v,
                                 struct origin *from, gnnac_error *err)
{
    const char *rule, *why, *where, *knobs;
    json_t *kernel;
    if (!j || json_unpack(j, "{s:s, s:s, s:s, s:s, s:i, s:i, s:o}", "rule",
                          &rule, "why", &why, "where", &where, "knobs", &knobs,
                          "registers", &v->registers, "spill_bytes",
                          &v->spill_bytes, "kernel", &kernel) != 0)
        return FAIL(err, GNNAC_EFORMAT, "tune.db: a decision is damaged");
    snprintf(from->rule, sizeof(from->rule), "%s", rule);
    snprintf(from->why, sizeof(from->why), "%s", why);
    snprintf(from->where, sizeof(from->where), "%s", where);
    snprintf(v->knobs, sizeof(v->knobs), "%s", knobs);
    return variant_json_is_blas(j)
               ? read_blas(kernel, v, err)
               : manifest_kernel_from_json(kernel, &v->kernel, err);
}

gnnac_status variant_from_json(const char *json, const char *keys, size_t n,
                               struct variant *out, struct origin *from,
                               gnnac_error *err)
{
    struct variant v = untimed();
    struct origin o;
    json_t *j = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    gnnac_status st = read_variant(j, &v, &o, err);
    if (st == GNNAC_OK)
        st = read_keys(keys, n, &v, err);
    json_decref(j);
    if (st == GNNAC_OK) {
        *out = v;
        *from = o;
    }
    return st;
}
