#include "tune/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "tune/compile_pool.h"

// A variant's image that has to be compiled.
struct order {
    int32_t variant;
    size_t image; // index into keys and images
};

struct orders {
    size_t n;
    struct order *items;
    struct compile_job *jobs; // parallel to items
};

static const char *image_arch(const struct workbench *wb, size_t image)
{
    return image < wb->n_archs ? wb->archs[image] : wb->ptx_arch;
}

static void orders_finish(struct orders *o)
{
    for (size_t i = 0; o->jobs && i < o->n; i++)
        compile_job_finish(&o->jobs[i]);
    free(o->jobs);
    free(o->items);
    *o = (struct orders){0};
}

static gnnac_status orders_init(struct orders *o, size_t max, gnnac_error *err)
{
    *o = (struct orders){.items = calloc(max + 1, sizeof(*o->items)),
                         .jobs = calloc(max + 1, sizeof(*o->jobs))};
    if (o->items && o->jobs)
        return GNNAC_OK;
    orders_finish(o);
    return FAIL(err, GNNAC_ENOMEM, "out of memory");
}

void build_image_key(const struct workbench *wb, const char *source,
                     size_t image, char hex[33])
{
    struct artifact_key key = {.source = source,
                               .options = "gnnac-1",
                               .arch = image_arch(wb, image),
                               .toolchain = wb->toolchain};
    artifact_key_hex(&key, hex);
}

// What the cached log said of the variant, so that ranking does not depend on
// whether a cache was warm.
static void recall_statistics(struct variant *v, const struct artifact *a)
{
    nvrtc_parse_log(a->log, &v->registers, &v->spill_bytes, NULL);
}

// Fetch the image from the cache, or add an order for it.
static void want_image(struct workbench *wb, struct selection *sel,
                       int32_t variant, size_t image, struct orders *o)
{
    struct variant *v = &sel->variants[variant];
    if (v->images[image].image || variant_is_blas(v) ||
        strcmp(v->status, "ok") != 0)
        return;
    build_image_key(wb, v->source, image, v->keys[image]);
    if (wb->kcache && kcache_get(wb->kcache, v->keys[image], v->source,
                                 &v->images[image], NULL) == GNNAC_OK) {
        if (image == 0)
            recall_statistics(v, &v->images[0]);
        sel->report.n_cached++;
        return;
    }
    o->items[o->n] = (struct order){variant, image};
    struct compile_job *j = &o->jobs[o->n++];
    j->source = v->source;
    j->name = v->kernel.name;
    snprintf(j->arch, sizeof(j->arch), "%s", image_arch(wb, image));
}

static void store_image(struct workbench *wb, struct variant *v, size_t image)
{
    gnnac_error e = {{0}};
    if (wb->kcache && kcache_put(wb->kcache, v->keys[image], &v->images[image],
                                 &e) != GNNAC_OK)
        workbench_forgets(wb, e.msg);
}

// The text that did not compile, in a file of its own for the user to look at.
// Writes its path, or nothing when it cannot be kept.
static void keep_source(const char *source, char *path, size_t n_bytes)
{
    const char *dir = getenv("TMPDIR");
    snprintf(path, n_bytes, "%s/gnnac-XXXXXX.cu", dir && *dir ? dir : "/tmp");
    int fd = mkstemps(path, 3);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool ok = f && fputs(source, f) >= 0;
    if (f)
        ok = fclose(f) == 0 && ok;
    else if (fd >= 0)
        close(fd);
    if (!ok)
        path[0] = '\0';
}

static void take_failure(struct variant *v, const struct compile_job *j)
{
    char path[512];
    v->status = "compile_error";
    if (v->reason[0])
        return;
    keep_source(v->source, path, sizeof(path));
    snprintf(v->reason, sizeof(v->reason), "%.300s%s%.180s", j->error.msg,
             path[0] ? "; source kept in " : "", path);
    log_warn("%s", v->reason);
}

// Move the job's result into the variant.
static gnnac_status take_result(struct workbench *wb, struct variant *v,
                                size_t image, struct compile_job *j,
                                gnnac_error *err)
{
    if (j->status != GNNAC_OK) {
        take_failure(v, j);
        return GNNAC_OK;
    }
    struct artifact *a = &v->images[image];
    a->source = strdup(v->source);
    a->log = strdup(j->log ? j->log : "");
    if (!a->source || !a->log) {
        artifact_finish(a);
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    }
    a->image = j->image;
    a->n_bytes = j->n_bytes;
    j->image = NULL;
    snprintf(a->arch, sizeof(a->arch), "%s", j->arch);
    if (image == 0) {
        v->registers = j->registers;
        v->spill_bytes = j->spill_bytes;
    }
    store_image(wb, v, image);
    return GNNAC_OK;
}

static gnnac_status compile_here(struct workbench *wb, struct orders *o,
                                 gnnac_error *err)
{
    struct nvrtc *nvrtc;
    gnnac_status st = workbench_nvrtc(wb, &nvrtc, err);
    return st == GNNAC_OK
               ? nvrtc_compile(nvrtc, o->jobs, o->n, wb->request.n_threads, err)
               : st;
}

// In workers; where none can be started, in this process.
static gnnac_status compile_all(struct workbench *wb, struct orders *o,
                                bool (*stop)(void), gnnac_error *err)
{
    gnnac_error mine = {{0}};
    if (!wb->request.program)
        return compile_here(wb, o, err);
    gnnac_status st =
        compile_in_workers(wb->request.program, o->jobs, o->n,
                           wb->request.n_threads, COMPILE_SECONDS, stop, &mine);
    if (st == GNNAC_EIO) {
        log_verbose("%s", mine.msg);
        for (size_t i = 0; i < o->n; i++)
            compile_job_finish(&o->jobs[i]); // what some workers made
        return compile_here(wb, o, err);
    }
    return st == GNNAC_OK ? st : FAIL(err, st, "%s", mine.msg);
}

static bool was_begun(const struct compile_job *j)
{
    return j->image || j->status != GNNAC_OK;
}

static gnnac_status compile_orders(struct workbench *wb, struct selection *sel,
                                   struct orders *o, bool (*stop)(void),
                                   gnnac_error *err)
{
    double begun = now_seconds();
    gnnac_status st = o->n ? compile_all(wb, o, stop, err) : GNNAC_OK;
    sel->report.compile_seconds += now_seconds() - begun;
    for (size_t i = 0; i < o->n && st == GNNAC_OK; i++) {
        if (!was_begun(&o->jobs[i]))
            continue;
        sel->report.n_compiled++;
        st = take_result(wb, &sel->variants[o->items[i].variant],
                         o->items[i].image, &o->jobs[i], err);
    }
    return st;
}

gnnac_status build_first(struct workbench *wb, struct selection *sel,
                         gnnac_error *err)
{
    struct orders o;
    gnnac_status st = orders_init(&o, sel->n_variants, err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; i < sel->n_variants; i++)
        if (!sel->variants[i].others && !sel->variants[i].put_off)
            want_image(wb, sel, (int32_t)i, 0, &o);
    st = compile_orders(wb, sel, &o, wb->request.stop, err);
    orders_finish(&o);
    return st;
}

static bool is_chosen(const struct selection *sel, int32_t n_steps,
                      int32_t variant)
{
    for (int32_t i = 0; i < n_steps; i++)
        if (sel->chosen[i] == variant)
            return true;
    return false;
}

gnnac_status build_rest(struct workbench *wb, struct selection *sel,
                        int32_t n_steps, gnnac_error *err)
{
    struct orders o;
    gnnac_status st =
        orders_init(&o, sel->n_variants * workbench_n_images(wb), err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; i < sel->n_variants; i++) {
        struct variant *v = &sel->variants[i];
        if (!is_chosen(sel, n_steps, (int32_t)i) || v->others)
            continue;
        for (size_t image = 0; image < workbench_n_images(wb); image++)
            want_image(wb, sel, (int32_t)i, image, &o);
        if (v->source) // what would be the PTX's, for the decision to tell
            build_image_key(wb, v->source, wb->n_archs, v->keys[wb->n_archs]);
    }
    st = compile_orders(wb, sel, &o, NULL, err);
    for (size_t i = 0; i < o.n && st == GNNAC_OK; i++) {
        const struct variant *v = &sel->variants[o.items[i].variant];
        if (strcmp(v->status, "ok") != 0)
            st = FAIL(err, GNNAC_ECOMPILE, "%s", v->reason);
    }
    orders_finish(&o);
    return st;
}
