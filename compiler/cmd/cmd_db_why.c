// gnnac db why: how each decision was reached, and whether a compile with these
// options, here and now, would find it.
#include "cmd/cmd_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/requests.h"
#include "plan/opspec.h"
#include "tune/recall.h"

// ---- the ladder -------------------------------------------------------------

// The native ones: PTX, which stands behind them, is compiled when wanted.
static bool images_are_here(const struct workbench *wb, const json_t *d)
{
    json_t *keys = json_object_get(d, "artifacts");
    for (size_t i = 0; i < json_array_size(keys) && i < wb->n_archs; i++) {
        const json_t *key = json_array_get(keys, i);
        struct artifact a = {0};
        gnnac_status st = wb->kcache && json_is_string(key)
                              ? kcache_get(wb->kcache, json_string_value(key),
                                           NULL, &a, NULL)
                              : GNNAC_ENOENT;
        artifact_finish(&a);
        if (st != GNNAC_OK)
            return false;
    }
    return true;
}

// But for how the times were taken, which stands behind the device.
static bool same_place(const char *a, const char *b)
{
    const char *cold_a = strstr(a, RECALL_COLD);
    const char *cold_b = strstr(b, RECALL_COLD);
    size_t n_a = cold_a ? (size_t)(cold_a - a) : strlen(a);
    size_t n_b = cold_b ? (size_t)(cold_b - b) : strlen(b);
    return n_a == n_b && strncmp(a, b, n_a) == 0;
}

static bool other_blas(const struct workbench *wb, const json_t *d)
{
    char ours[64];
    const char *its = strstr(json_text_at(d, "op"), OPSPEC_BLAS);
    recall_blas(wb, ours, sizeof(ours));
    return its && strcmp(its, ours) != 0;
}

// The first rung of the look-up that holds.
const char *db_level(const struct workbench *wb, const json_t *d)
{
    char device[512];
    const char *its = json_text_at(d, "device");
    recall_device(wb, device, sizeof(device));
    if (!same_place(its, device))
        return "other device";
    if (strcmp(its, device) != 0)
        return "other cache";
    if (strcmp(json_text_at(d, "toolchain"), wb->toolchain) != 0)
        return "other compiler";
    if (other_blas(wb, d))
        return "other BLAS";
    if (strcmp(json_text_at(d, "space"), wb->space) != 0)
        return "other rules";
    return images_are_here(wb, d) ? "exact" : "exact without kernels";
}

const char *db_level_text(const char *level)
{
    static const char *const texts[][2] = {
        {"other device", "made for another device or other architectures: "
                         "compile does not use it"},
        {"other cache", "timed with the L2 cache in another state (--l2): "
                        "compile does not use it"},
        {"other compiler", "made by another compiler: compile does not use it"},
        {"other BLAS", "timed beside another cuBLAS: compile does not use it"},
        {"other rules", "made with other rules, templates or settings: compile "
                        "does not use it"},
        {"exact", "compile finds it as it is"},
        {"exact without kernels", "its kernels left the cache: compile decides "
                                  "anew"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(texts[i][0], level) == 0)
            return texts[i][1];
    return "";
}

// ---- the evidence -----------------------------------------------------------

static bool is_about(const json_t *run, const json_t *d)
{
    static const char *const parts[] = {"graph", "op", "device", "toolchain",
                                        "space"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strcmp(json_text_at(run, parts[i]), json_text_at(d, parts[i])) != 0)
            return false;
    return true;
}

// Faster first; what was not timed last, in the order of the candidates.
bool db_stands_before(const json_t *a, const json_t *b)
{
    const json_t *ta = json_object_get(a, "median_ns");
    const json_t *tb = json_object_get(b, "median_ns");
    if (!json_is_number(ta) || !json_is_number(tb))
        return json_is_number(ta) && !json_is_number(tb);
    return json_number_value(ta) < json_number_value(tb);
}

// Every measurement behind a decision, sorted. New reference.
static json_t *evidence_for(const json_t *d, const json_t *runs)
{
    json_t *all = json_array(), *run, *m;
    size_t i, k;
    json_array_foreach(runs, i, run) {
        if (!is_about(run, d))
            continue;
        json_array_foreach(json_object_get(run, "measurements"), k, m) {
            size_t at = json_array_size(all);
            while (at > 0 && db_stands_before(m, json_array_get(all, at - 1)))
                at--;
            json_array_insert(all, at, m);
        }
    }
    return all;
}

// ---- the whole --------------------------------------------------------------

static void print_reason(const json_t *d, const char *level,
                         const json_t *evidence)
{
    const json_t *v = json_object_get(d, "variant");
    print_question(d);
    printf("  chose %s\n    %s\n    ",
           json_text_at(json_object_get(v, "kernel"), "name"),
           json_text_at(v, "knobs"));
    print_ns(json_object_get(d, "median_ns"), "ranked by the cost model, not "
                                              "timed");
    printf("\n  by rule %s (%s): %s\n", json_text_at(v, "rule"),
           json_text_at(v, "where"), json_text_at(v, "why"));
    printf("  level: %s; %s\n", level, db_level_text(level));
    printf("  candidates: %zu\n", json_array_size(evidence));
    print_measurements(evidence);
}

static json_t *reasons_of(const struct workbench *wb,
                          const struct db_answers *a)
{
    json_t *all = json_array(), *d;
    size_t i;
    json_array_foreach(a->decisions, i, d)
        json_array_append_new(
            all, json_pack("{s:O, s:s, s:o}", "decision", d, "level",
                           db_level(wb, d), "measurements",
                           evidence_for(d, a->runs)));
    return all;
}

static gnnac_status print_reasons(const struct options *o, json_t *reasons,
                                  gnnac_error *err)
{
    size_t i;
    json_t *r;
    if (o->json)
        return print_json_line(json_pack("{s:O}", "decisions", reasons), err);
    json_array_foreach(reasons, i, r)
        print_reason(json_object_get(r, "decision"), json_text_at(r, "level"),
                     json_object_get(r, "measurements"));
    if (json_array_size(reasons) == 0)
        log_info("nothing was decided about it: rules and templates would");
    return GNNAC_OK;
}

gnnac_status db_why(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench_request rq;
    struct workbench wb = {0};
    struct db_answers a = {0};
    json_t *reasons = NULL;
    read_workbench_request(o, &rq);
    rq.explain = true;
    TRY(workbench_open(&rq, &wb, err));
    if (!wb.db) {
        st = FAIL(err, GNNAC_EDB, "there is no tuning database to ask");
        goto out;
    }
    TRY(db_ask(o, wb.db, &a, err));
    reasons = reasons_of(&wb, &a);
    TRY(print_reasons(o, reasons, err));
out:
    json_decref(reasons);
    db_answers_finish(&a);
    workbench_close(&wb);
    return st;
}
