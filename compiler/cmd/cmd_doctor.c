// gnnac doctor: what gnnac can use on this machine, one line each: found,
// missing (with the remedy), or broken. A missing thing is no failure, since
// everything but timing works without it; the first broken one gives the exit
// status: 2 a library or an installation, 3 a compiler that does not compile, 6
// a database, 7 the driver or a GPU that --device names.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cmd/cuda_probe.h"
#include "dylib.h"
#include "jit/nvrtc.h"
#include "kcache.h"
#include "tune/paths.h"
#include "tunedb.h"

enum state { FOUND, MISSING, BROKEN };
static const char *const state_names[] = {"found", "missing", "broken"};

struct finding {
    enum state state;
    gnnac_status status; // of what is broken
    char text[1024];
    json_t *facts; // owned; an object
};

// What later checks want to know of earlier ones.
struct doctor {
    const struct options *options;
    struct cuda_probe probe; // all-zero: no driver
    struct nvrtc_info nvrtc; // all-zero: none
};

#define SAY(f, ...) snprintf((f)->text, sizeof((f)->text), __VA_ARGS__)

static void set_text(struct finding *f, const char *key, const char *value)
{
    json_object_set_new(f->facts, key, json_string(value));
}

static void set_int(struct finding *f, const char *key, int64_t value)
{
    json_object_set_new(f->facts, key, json_integer(value));
}

// GNNAC_ENOENT is an absence, everything else is damage.
static void take_failure(struct finding *f, gnnac_status st,
                         const gnnac_error *err)
{
    f->state = st == GNNAC_ENOENT ? MISSING : BROKEN;
    f->status = st;
    SAY(f, "%s", err->msg);
}

// ---- the program and the GPU ------------------------------------------------

static void check_gnnac(struct doctor *d, struct finding *f)
{
    (void)d;
    SAY(f, "%s", GNNAC_VERSION);
    set_text(f, "version", GNNAC_VERSION);
}

static void check_driver(struct doctor *d, struct finding *f)
{
    gnnac_error err = {{0}};
    gnnac_status st = cuda_probe(&d->probe, &err);
    if (st != GNNAC_OK) {
        take_failure(f, st, &err);
        return;
    }
    char version[32];
    snprintf(version, sizeof(version), "%d.%d", d->probe.version / 1000,
             d->probe.version % 1000 / 10);
    SAY(f, "CUDA %s, %s", version, d->probe.path);
    set_text(f, "cuda", version);
    set_text(f, "path", d->probe.path);
}

static void check_gpu(struct doctor *d, struct finding *f)
{
    const char *wanted = d->options->device;
    int ordinal = -1;
    size_t used = 0;
    json_t *list = json_array();
    for (int i = 0; i < d->probe.n_gpus && used < sizeof(f->text); i++) {
        const struct probed_gpu *g = &d->probe.gpus[i];
        used += (size_t)snprintf(f->text + used, sizeof(f->text) - used,
                                 "%scuda:%d %s, sm_%d, %d SMs, %.1f GiB",
                                 i ? "; " : "", i, g->name, g->cc, g->sm_count,
                                 (double)g->memory_bytes / 0x1p30);
        json_array_append_new(
            list, json_pack("{s:s, s:i, s:i, s:I}", "name", g->name, "arch",
                            g->cc, "sm_count", g->sm_count, "memory_bytes",
                            (json_int_t)g->memory_bytes));
    }
    json_object_set_new(f->facts, "devices", list);
    if (wanted && sscanf(wanted, "cuda:%d", &ordinal) == 1 &&
        ordinal >= d->probe.n_gpus) {
        f->state = BROKEN;
        f->status = GNNAC_ENODEVICE;
        SAY(f, "--device %s: there are %d GPUs", wanted, d->probe.n_gpus);
    } else if (d->probe.n_gpus == 0) {
        f->state = MISSING;
        SAY(f, "no GPU: kernels are compiled for --arch, chosen by rules and "
               "not timed; models run on the CPU");
    }
}

// ---- libraries --------------------------------------------------------------

static bool makes_code_for(const struct nvrtc_info *n, int cc)
{
    for (int i = 0; i < n->n_archs; i++)
        if (n->archs[i] == cc)
            return true;
    return false;
}

// Things that are found and still do not fit together.
static const char *nvrtc_remark(const struct doctor *d)
{
    const struct nvrtc_info *n = &d->nvrtc;
    for (int i = 0; i < d->probe.n_gpus; i++)
        if (!makes_code_for(n, d->probe.gpus[i].cc))
            return "; makes no code for a GPU here: install another version";
    if (d->probe.n_gpus > 0 && d->probe.version / 1000 < n->major)
        return "; newer than the driver, which will refuse its PTX: update "
               "the driver";
    return "";
}

// A library that opens may still lack its other half.
static gnnac_status compile_something(struct nvrtc *n, gnnac_error *err)
{
    struct compile_job j = {.source = "", .name = "an empty program"};
    snprintf(j.arch, sizeof(j.arch), "sm_%d", nvrtc_get_info(n)->archs[0]);
    gnnac_status st = nvrtc_compile(n, &j, 1, 1, err);
    if (st == GNNAC_OK && j.status != GNNAC_OK)
        st = FAIL(err, j.status, "%s: %s", nvrtc_get_info(n)->path,
                  j.error.msg);
    compile_job_finish(&j);
    return st;
}

static void check_nvrtc(struct doctor *d, struct finding *f)
{
    struct nvrtc *n = NULL;
    gnnac_error err = {{0}};
    char version[32];
    gnnac_status st = nvrtc_open(&n, &err);
    if (st == GNNAC_OK)
        st = compile_something(n, &err);
    if (st != GNNAC_OK) {
        take_failure(f, st, &err);
        nvrtc_close(n);
        return;
    }
    const struct nvrtc_info *i = &d->nvrtc;
    d->nvrtc = *nvrtc_get_info(n);
    nvrtc_close(n);
    json_t *archs = json_array();
    for (int k = 0; k < i->n_archs; k++)
        json_array_append_new(archs, json_integer(i->archs[k]));
    json_object_set_new(f->facts, "archs", archs);
    snprintf(version, sizeof(version), "%d.%d", i->major, i->minor);
    set_text(f, "version", version);
    set_text(f, "path", i->path);
    SAY(f, "%s, sm_%d to sm_%d, %s%s", version, i->archs[0],
        i->archs[i->n_archs - 1], i->path, nvrtc_remark(d));
}

static gnnac_status cublas_version(char *path, size_t n_bytes, int version[3],
                                   gnnac_error *err)
{
    static const char *const sonames[] = {"libcublas.so.13", "libcublas.so.12",
                                          "libcublas.so", NULL};
    static const struct dylib_request cublas = {
        .what = "cuBLAS",
        .sonames = sonames,
        .remedy = "only needed to run models on a GPU: install the CUDA "
                  "toolkit or cuBLAS alone, and set GNNAC_CUDA_PATH if it "
                  "stands elsewhere",
        .kind = DYLIB_TOOLKIT,
    };
    int (*property)(int what, int *value) = NULL;
    const struct dylib_symbol symbols[] = {
        {"cublasGetProperty", &property, true}};
    void *handle = NULL;
    gnnac_status st = GNNAC_OK;
    TRY(dylib_open(&cublas, &handle, path, n_bytes, err));
    TRY(dylib_symbols(handle, path, symbols, 1, err));
    for (int i = 0; i < 3; i++)
        if (property(i, &version[i]) != 0)
            st = FAIL(err, GNNAC_EUNSUPPORTED, "%s: tells no version", path);
out:
    dylib_close(handle);
    return st;
}

static void check_cublas(struct doctor *d, struct finding *f)
{
    char path[512], text[48];
    int version[3] = {0};
    gnnac_error err = {{0}};
    (void)d;
    gnnac_status st = cublas_version(path, sizeof(path), version, &err);
    if (st != GNNAC_OK) {
        take_failure(f, st, &err);
        return;
    }
    snprintf(text, sizeof(text), "%d.%d.%d", version[0], version[1],
             version[2]);
    set_text(f, "version", text);
    set_text(f, "path", path);
    SAY(f, "%s, %s", text, path);
}

// ---- databases --------------------------------------------------------------

// The file, if the command may use databases and it is there. Owned.
static char *database_here(const struct doctor *d, const char *name,
                           struct finding *f)
{
    f->state = MISSING;
    if (d->options->no_db) {
        SAY(f, "not used (--no-db)");
        return NULL;
    }
    char *path = database_path(d->options->db, name);
    if (!path) {
        SAY(f, "no folder for it: set GNNAC_HOME");
        return NULL;
    }
    set_text(f, "path", path);
    if (access(path, F_OK) == 0) {
        f->state = FOUND;
        return path;
    }
    SAY(f, "%s: the first compile makes it", path);
    free(path);
    return NULL;
}

static void check_tunedb(struct doctor *d, struct finding *f)
{
    struct tunedb *db = NULL;
    struct tunedb_info i;
    gnnac_error err = {{0}};
    char *path = database_here(d, "tune.db", f);
    if (!path)
        return;
    gnnac_status st = tunedb_open(path, &db, &err);
    if (st == GNNAC_OK)
        st = tunedb_check(db, &err);
    if (st == GNNAC_OK)
        st = tunedb_get_info(db, &i, &err);
    if (st == GNNAC_OK) {
        const char *note = tunedb_note(db);
        SAY(f,
            "%s: version %d, %" PRId64 " decisions, %" PRId64
            " measurements of %" PRId64 " graphs, %.1f MiB%s%s",
            path, i.schema_version, i.n_decisions, i.n_measurements, i.n_graphs,
            (double)i.n_bytes / 0x1p20, note[0] ? "; " : "", note);
        set_int(f, "version", i.schema_version);
        set_int(f, "decisions", i.n_decisions);
        set_int(f, "measurements", i.n_measurements);
        set_int(f, "graphs", i.n_graphs);
        set_int(f, "bytes", i.n_bytes);
    } else {
        take_failure(f, st, &err);
    }
    tunedb_close(db);
    free(path);
}

static void check_kcache(struct doctor *d, struct finding *f)
{
    struct kcache *kc = NULL;
    struct kcache_info i;
    gnnac_error err = {{0}};
    char *path = database_here(d, "kcache.db", f);
    if (!path)
        return;
    gnnac_status st = kcache_open(path, &kc, &err);
    if (st == GNNAC_OK)
        st = kcache_get_info(kc, &i, &err);
    if (st == GNNAC_OK) {
        const char *note = kcache_note(kc);
        SAY(f, "%s: %lld kernels, %.1f MiB%s%s", path, (long long)i.n_artifacts,
            (double)i.n_bytes / 0x1p20, note[0] ? "; " : "", note);
        set_int(f, "kernels", i.n_artifacts);
        set_int(f, "bytes", i.n_bytes);
    } else {
        take_failure(f, st, &err);
    }
    kcache_close(kc);
    free(path);
}

// ---- data -------------------------------------------------------------------

static void check_data(const char *kind, struct finding *f)
{
    char *dirs[16];
    size_t n = data_dirs(kind, dirs, 16), used = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, json_string(dirs[i]));
        if (used < sizeof(f->text))
            used += (size_t)snprintf(f->text + used, sizeof(f->text) - used,
                                     "%s%s", i ? ", " : "", dirs[i]);
        free(dirs[i]);
    }
    json_object_set_new(f->facts, "folders", list);
    if (n == 0) {
        f->state = BROKEN;
        f->status = GNNAC_ENOENT;
        SAY(f,
            "no folder of %s: install gnnac, or set GNNAC_PATH to the folder "
            "that holds rules/ and templates/",
            kind);
    }
}

static void check_rules(struct doctor *d, struct finding *f)
{
    (void)d;
    check_data("rules", f);
}

static void check_templates(struct doctor *d, struct finding *f)
{
    (void)d;
    check_data("templates", f);
}

// ---- the report -------------------------------------------------------------

static const struct check {
    const char *name;
    void (*run)(struct doctor *d, struct finding *f);
} checks[] = {
    {"gnnac", check_gnnac},
    {"driver", check_driver},
    {"gpu", check_gpu},
    {"nvrtc", check_nvrtc},
    {"cublas", check_cublas},
    {"tune.db", check_tunedb},
    {"kcache.db", check_kcache},
    {"rules", check_rules},
    {"templates", check_templates},
};
enum { N_CHECKS = sizeof(checks) / sizeof(checks[0]) };

static void print_table(const struct finding *f)
{
    for (size_t i = 0; i < N_CHECKS; i++)
        printf("%-10s %-8s %s\n", checks[i].name, state_names[f[i].state],
               f[i].text);
}

// {"nvrtc": {"found": true, "state": "found", "text": "...", facts...}, ...}
static void print_json(const struct finding *f)
{
    json_t *all = json_object();
    for (size_t i = 0; i < N_CHECKS; i++) {
        json_t *o =
            json_pack("{s:b, s:s, s:s}", "found", f[i].state == FOUND, "state",
                      state_names[f[i].state], "text", f[i].text);
        json_object_update(o, f[i].facts);
        json_object_set_new(all, checks[i].name, o);
    }
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

gnnac_status cmd_doctor(const struct options *o, gnnac_error *err)
{
    struct doctor d = {.options = o};
    struct finding findings[N_CHECKS] = {{.state = FOUND}};
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < N_CHECKS; i++) {
        findings[i].facts = json_object();
        checks[i].run(&d, &findings[i]);
    }
    if (o->json)
        print_json(findings);
    else
        print_table(findings);
    for (size_t i = 0; i < N_CHECKS; i++) {
        if (findings[i].state == BROKEN && st == GNNAC_OK)
            st = FAIL(err, findings[i].status, "%s: broken: %.900s",
                      checks[i].name, findings[i].text);
        json_decref(findings[i].facts);
    }
    return st;
}
