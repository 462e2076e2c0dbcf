#include "tune/recall.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cuda/cuda_epilogue.h"
#include "plan/opspec.h"
#include "tune/quarantine.h"
#include "tune/spool.h"
#include "tune/twins.h"

void recall_device(const struct workbench *wb, char *out, size_t n_bytes)
{
    size_t used = (size_t)snprintf(
        out, n_bytes, "%s", wb->cuda && wb->request.timed ? wb->device.name
                                                          : "ranked");
    for (size_t i = 0; i < wb->n_archs && used < n_bytes; i++)
        used += (size_t)snprintf(out + used, n_bytes - used, " %s",
                                 wb->archs[i]);
    if (used < n_bytes)
        used += (size_t)snprintf(out + used, n_bytes - used, " %s",
                                 wb->ptx_arch);
    if (used < n_bytes && wb->request.cold && wb->cuda && wb->request.timed)
        snprintf(out + used, n_bytes - used, "%s", RECALL_COLD);
}

void recall_blas(const struct workbench *wb, char *out, size_t n_bytes)
{
    enum { PARTS = 3 }; // MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL
    int version[PARTS] = {0};
    out[0] = '\0';
    if (!wb->cuda || !wb->request.timed)
        return;
    for (int i = 0; i < PARTS; i++)
        if (wb->cuda->blas.cublasGetProperty(i, &version[i]) != 0)
            version[i] = -1;
    snprintf(out, n_bytes, OPSPEC_BLAS "%d.%d.%d%s", version[0], version[1],
             version[2], cuda_has_epilogues(wb->cuda) ? "+endings" : "");
}

static struct decision_key whole_key(const struct workbench *wb,
                                     const struct recall_key *key, char *device,
                                     size_t n_bytes)
{
    recall_device(wb, device, n_bytes);
    return (struct decision_key){.graph = key->graph,
                                 .op = key->op,
                                 .device = device,
                                 .toolchain = wb->toolchain,
                                 .space = wb->space};
}

// A decision tells all images that it may have: whether a bundle gets PTX is no
// part of the question.
static size_t n_keys(const struct workbench *wb)
{
    return wb->n_archs + 1;
}

// The answer stands without the PTX, which who decided may have left out: it is
// compiled then.
static bool fetch_images(struct workbench *wb, struct variant *v)
{
    if (variant_is_blas(v))
        return true;
    for (size_t i = 0; i < workbench_n_images(wb); i++)
        if (kcache_get(wb->kcache, v->keys[i], NULL, &v->images[i], NULL) !=
                GNNAC_OK &&
            i < wb->n_archs)
            return false;
    v->source = v->images[0].source ? strdup(v->images[0].source) : NULL;
    return v->source != NULL;
}

// What failed since it was chosen is no answer any more.
static bool is_quarantined(struct workbench *wb, const struct variant *v)
{
    struct quarantine_answer a;
    return !variant_is_blas(v) && quarantine_has(wb, v->keys[0], &a);
}

bool recall(struct workbench *wb, const struct recall_key *key,
            struct variant *out, struct origin *from, int *effort)
{
    struct decision_row row = {0};
    struct variant v = {0};
    struct origin who;
    char device[512];

    if (!wb->db || !wb->kcache)
        return false;
    struct decision_key whole = whole_key(wb, key, device, sizeof(device));
    if (tunedb_get_decision(wb->db, &whole, &row, NULL) != GNNAC_OK)
        return false;
    bool found = variant_from_json(row.variant, row.artifacts, n_keys(wb), &v,
                                   &who, NULL) == GNNAC_OK &&
                 !is_quarantined(wb, &v) &&
                 fetch_images(wb, &v);
    if (found) {
        v.median_ns = row.median_ns;
        *out = v;
        *from = who;
        *effort = row.effort;
    } else {
        variant_finish(&v);
    }
    decision_row_finish(&row);
    return found;
}

// Says so where there is a database that only can be read.
static bool may_write(struct workbench *wb)
{
    gnnac_error e = {{0}};
    if (!wb->db)
        return false;
    if (!tunedb_is_read_only(wb->db))
        return true;
    gnnac__set_error(&e, "tune.db: %s", tunedb_note(wb->db));
    workbench_forgets(wb, e.msg);
    return false;
}

void remember(struct workbench *wb, const struct recall_key *key,
              const struct variant *v, const struct origin *from,
              double median_ns, int effort)
{
    char device[512];
    gnnac_error e = {{0}};

    if (!may_write(wb) || !wb->kcache)
        return;
    struct decision_key whole = whole_key(wb, key, device, sizeof(device));
    struct decision_row row = {
        .variant = variant_to_json(v, from),
        .artifacts = variant_keys_to_json(v, n_keys(wb)),
        .median_ns = median_ns,
        .effort = effort,
    };
    if (row.variant && row.artifacts &&
        tunedb_put_decision(wb->db, &whole, &row, &e) != GNNAC_OK)
        workbench_forgets(wb, e.msg);
    decision_row_finish(&row);
}

static const char *status_of(const struct variant *v)
{
    return v->put_off && strcmp(v->status, "ok") == 0 ? "proposed" : v->status;
}

static struct measurement_row measurement_of(const struct variant *v)
{
    return (struct measurement_row){.family = v->kernel.family,
                                    .knobs = v->knobs,
                                    .status = status_of(v),
                                    .n_samples = v->n_samples,
                                    .median_ns = v->median_ns,
                                    .p20_ns = v->p20_ns,
                                    .p80_ns = v->p80_ns,
                                    .max_error = v->max_error,
                                    .registers = v->registers,
                                    .spill_bytes = v->spill_bytes,
                                    .samples_ns = v->samples_ns,
                                    .n_kept = v->n_kept};
}

// Who executes what another does has its times, and the row says so.
struct measurement_row recall_row(const struct variant *all,
                                  const int32_t *options, size_t n,
                                  int32_t variant)
{
    const struct variant *v = &all[variant];
    struct measurement_row row = measurement_of(v);
    const struct variant *first = &all[twin_of(all, options, n, variant)];
    if (first == v || first->n_samples == 0 || strcmp(v->status, "ok") != 0)
        return row;
    row = measurement_of(first);
    row.family = v->kernel.family;
    row.knobs = v->knobs;
    row.status = "duplicate";
    row.n_kept = 0; // those stand with the first
    return row;
}

static bool is_evidence(const struct variant *all, const int32_t *options,
                        size_t n)
{
    return n > 1 || (n == 1 && strcmp(all[options[0]].status, "ok") != 0);
}

void remember_measurements(struct workbench *wb, const struct recall_key *key,
                           const struct variant *all, const int32_t *options,
                           size_t n)
{
    char device[512];
    gnnac_error e = {{0}};

    if (!may_write(wb) || !is_evidence(all, options, n))
        return;
    struct measurement_row *rows = calloc(n, sizeof(*rows));
    for (size_t i = 0; rows && i < n; i++)
        rows[i] = recall_row(all, options, n, options[i]);
    struct decision_key whole = whole_key(wb, key, device, sizeof(device));
    if (rows &&
        tunedb_put_measurements(wb->db, &whole, rows, n, &e) != GNNAC_OK)
        workbench_forgets(wb, e.msg);
    free(rows);
}

bool remember_spooled(struct workbench *wb, const char *graph, const char *op,
                      struct spool *rows)
{
    char device[512];
    gnnac_error e = {{0}};
    const struct recall_key key = {graph, op};
    const struct row_source source = {rows, spool_row};

    if (!may_write(wb) || rows->n < 2)
        return false;
    struct decision_key whole = whole_key(wb, &key, device, sizeof(device));
    gnnac_status st = tunedb_put_streamed(wb->db, &whole, &source, rows->n, &e);
    if (st != GNNAC_OK)
        workbench_forgets(wb, e.msg);
    return st == GNNAC_OK;
}
