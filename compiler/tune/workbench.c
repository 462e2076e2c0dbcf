#include "tune/workbench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/file.h"
#include "base/log.h"
#include "cuda/cuda_props.h"
#include "tune/paths.h"

enum { DEFAULT_ARCH = 90, PTX_ARCH = 75 };

// ---- the device -------------------------------------------------------------

// What CUDA it speaks, and where the system tells, its own number, which
// changes more often.
static void identify_driver(int cuda_version, char *out, size_t n_bytes)
{
    char number[32] = "";
    FILE *f = fopen("/sys/module/nvidia/version", "r");
    if (f && !fgets(number, sizeof(number), f))
        number[0] = '\0';
    if (f)
        fclose(f);
    number[strcspn(number, "\n")] = '\0';
    snprintf(out, n_bytes, "cuda %d.%d%s%s", cuda_version / 1000,
             cuda_version % 1000 / 10, number[0] ? " nvidia " : "", number);
}

static void use_present_gpu(struct workbench *wb, int ordinal)
{
    struct cuda_device_props p;
    char name[128];
    gnnac_error ignored = {{0}};
    if (cuda_context_create(ordinal, &wb->cuda, name, sizeof(name), &ignored) !=
            GNNAC_OK ||
        cuda_device_get_props(wb->cuda, &p, &ignored) != GNNAC_OK)
        return;
    struct device *d = &wb->device;
    snprintf(d->name, sizeof(d->name), "%s", p.name);
    d->arch = p.cc;
    d->sm_count = p.sm_count;
    d->l2_bytes = p.l2_bytes;
    d->smem_per_block = p.smem_per_block;
    d->smem_per_sm = p.smem_per_sm;
    d->max_threads = p.max_threads;
    d->regs_per_sm = p.regs_per_sm;
    if (p.mem_bandwidth > 0)
        d->mem_bandwidth = p.mem_bandwidth;
    d->present = true;
    wb->ordinal = ordinal;
    identify_driver(p.driver_version, wb->driver, sizeof(wb->driver));
}

// "auto" looks for a GPU, "cpu" does not, "cuda:N" insists on one.
static gnnac_status open_device(struct workbench *wb, gnnac_error *err)
{
    const char *want = wb->request.device ? wb->request.device : "auto";
    device_typical(DEFAULT_ARCH, &wb->device);
    if (strcmp(want, "cpu") == 0)
        return GNNAC_OK;
    int ordinal = 0;
    char end;
    bool insist = strcmp(want, "auto") != 0;
    if (insist &&
        (sscanf(want, "cuda:%d%c", &ordinal, &end) != 1 || ordinal < 0))
        return FAIL(err, GNNAC_EUSAGE,
                    "--device %s: expected auto, cpu or cuda:N", want);
    use_present_gpu(wb, ordinal);
    if (insist && !wb->device.present)
        return FAIL(err, GNNAC_ENODEVICE, "--device %s: no such GPU", want);
    return GNNAC_OK;
}

// Each once.
static gnnac_status add_arch(struct workbench *wb, int32_t arch,
                             gnnac_error *err)
{
    char name[sizeof(wb->archs[0])];
    snprintf(name, sizeof(name), "sm_%d", (int)arch);
    for (size_t i = 0; i < wb->n_archs; i++)
        if (strcmp(wb->archs[i], name) == 0)
            return GNNAC_OK;
    if (wb->n_archs == MAX_ARCHS)
        return FAIL(err, GNNAC_EUSAGE, "--arch: at most %d architectures",
                    MAX_ARCHS);
    memcpy(wb->archs[wb->n_archs++], name, sizeof(name));
    return GNNAC_OK;
}

// The first architecture's images are those that are timed: of the list, the
// latest that the GPU at hand runs. Where it runs none, nothing is timed.
static void put_runnable_first(struct workbench *wb)
{
    int32_t best = 0;
    for (size_t i = 0; wb->device.present && i < wb->n_archs; i++) {
        char first[16];
        int32_t arch = 0;
        if (arch_parse(wb->archs[i], &arch, NULL) != GNNAC_OK ||
            arch / 10 != wb->device.arch / 10 || arch > wb->device.arch ||
            arch <= best)
            continue;
        best = arch;
        memcpy(first, wb->archs[i], sizeof(first));
        memmove(wb->archs[1], wb->archs[0], i * sizeof(wb->archs[0]));
        memcpy(wb->archs[0], first, sizeof(first));
    }
    if (wb->device.present && wb->request.timed && best == 0) {
        log_info("nothing is timed: %s runs no kernels of --arch",
                 wb->device.name);
        wb->request.timed = false;
    }
}

// --arch; the first architecture is the one that rules see when there is no
// GPU.
static gnnac_status parse_archs(struct workbench *wb, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    char list[256];
    const char *want = wb->request.arch ? wb->request.arch : "native";
    snprintf(wb->ptx_arch, sizeof(wb->ptx_arch), "compute_%d", PTX_ARCH);
    if (strcmp(want, "native") == 0)
        return add_arch(wb, wb->device.arch, err);
    if (strlen(want) >= sizeof(list))
        return FAIL(err, GNNAC_EUSAGE, "--arch: the list is too long");
    strcpy(list, want);
    char *save = NULL;
    for (char *s = strtok_r(list, ",", &save); s && st == GNNAC_OK;
         s = strtok_r(NULL, ",", &save)) {
        int32_t arch = 0;
        st = arch_parse(s, &arch, err);
        if (st == GNNAC_OK && wb->n_archs == 0 && !wb->device.present)
            device_typical(arch, &wb->device);
        if (st == GNNAC_OK)
            st = add_arch(wb, arch, err);
    }
    if (st == GNNAC_OK && wb->n_archs == 0)
        st = FAIL(err, GNNAC_EUSAGE, "--arch: the list is empty");
    put_runnable_first(wb);
    return st;
}

// ---- templates, rules, databases --------------------------------------------

static gnnac_status load_rules(struct ruleset *rules, const char *name,
                               gnnac_error *err)
{
    char *found = rules_find(name);
    gnnac_status st = ruleset_load(rules, found ? found : name, err);
    free(found);
    return st;
}

static gnnac_status load_all_rules(const struct workbench *wb,
                                   struct ruleset *rules, gnnac_error *err)
{
    const struct workbench_request *rq = &wb->request;
    char *path = rules_default_path(err);
    if (!path)
        return GNNAC_ENOENT;
    gnnac_status st = ruleset_load(rules, path, err);
    free(path);
    if (st == GNNAC_OK && rq->full && wb->cuda)
        st = load_rules(rules, "exhaustive", err);
    for (size_t i = 0; st == GNNAC_OK && i < rq->n_rules; i++)
        st = load_rules(rules, rq->rules[i], err);
    return st;
}

gnnac_status workbench_open_rules(const struct workbench *wb,
                                  struct ruleset **out, gnnac_error *err)
{
    struct ruleset *rules = NULL;
    gnnac_status st =
        ruleset_create(catalog_families(wb->catalog), &rules, err);
    if (st == GNNAC_OK)
        st = load_all_rules(wb, rules, err);
    if (st == GNNAC_OK && wb->request.deterministic)
        ruleset_bar_atomics(rules);
    if (st == GNNAC_OK)
        *out = rules;
    else
        ruleset_destroy(rules);
    return st;
}

void workbench_forgets(struct workbench *wb, const char *why)
{
    if (!wb->forgets)
        log_warn("not all of this is remembered: %s", why);
    wb->forgets = true;
}

// A database that cannot be used costs time, not the result: warn and go on.
static void open_databases(struct workbench *wb)
{
    gnnac_error e = {{0}};
    if (wb->request.no_db)
        return;
    char *tune = database_path(wb->request.db, "tune.db");
    char *cache = database_path(wb->request.db, "kcache.db");
    if (!tune || !cache)
        workbench_forgets(wb, "no home folder");
    if (tune && tunedb_open(tune, &wb->db, &e) != GNNAC_OK)
        workbench_forgets(wb, e.msg);
    e.msg[0] = '\0';
    if (cache && kcache_open(cache, &wb->kcache, &e) != GNNAC_OK)
        workbench_forgets(wb, e.msg);
    free(tune);
    free(cache);
}

// What can change a decision besides graph, operation, device and compiler.
static void hash_space(struct workbench *wb)
{
    char rules[33], templates[33];
    XXH3_state_t s;
    ruleset_hash(wb->rules, rules);
    catalog_hash(wb->catalog, templates);
    XXH3_128bits_reset(&s);
    XXH3_128bits_update(&s, "gnnac space v1", 15);
    XXH3_128bits_update(&s, rules, sizeof(rules));
    XXH3_128bits_update(&s, templates, sizeof(templates));
    const struct workbench_request *rq = &wb->request;
    for (size_t i = 0; i < rq->n_settings; i++)
        XXH3_128bits_update(&s, rq->settings[i], strlen(rq->settings[i]) + 1);
    if (rq->deterministic) // else as before there was the option
        XXH3_128bits_update(&s, "deterministic", 13);
    XXH128_hash_t h = XXH3_128bits_digest(&s);
    snprintf(wb->space, sizeof(wb->space), "%016llx%016llx",
             (unsigned long long)h.high64, (unsigned long long)h.low64);
}

struct ruleset *workbench_exchange_rules(struct workbench *wb,
                                         struct ruleset *rules)
{
    struct ruleset *before = wb->rules;
    wb->rules = rules;
    hash_space(wb);
    return before;
}

// Explaining compiles nothing, so it goes without a compiler where there is
// none; what the database knows is then out of reach.
static gnnac_status identify_compiler(struct workbench *wb, gnnac_error *err)
{
    gnnac_error mine = {{0}};
    gnnac_status st =
        nvrtc_identify(wb->kcache, wb->toolchain, sizeof(wb->toolchain), &mine);
    if (st == GNNAC_OK)
        return GNNAC_OK;
    if (!wb->request.explain)
        return FAIL(err, st, "%s", mine.msg);
    log_verbose("%s", mine.msg);
    snprintf(wb->toolchain, sizeof(wb->toolchain), "none");
    return GNNAC_OK;
}

static gnnac_status open_all(struct workbench *wb, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    char *dirs[16];
    size_t n = data_dirs("templates", dirs, 16);
    TRY(open_device(wb, err));
    TRY(parse_archs(wb, err));
    TRY(catalog_open((const char *const *)dirs, n, &wb->catalog, err));
    TRY(workbench_open_rules(wb, &wb->rules, err));
    hash_space(wb);
    open_databases(wb);
    TRY(identify_compiler(wb, err));
out:
    for (size_t i = 0; i < n; i++)
        free(dirs[i]);
    return st;
}

gnnac_status workbench_open(const struct workbench_request *rq,
                            struct workbench *out, gnnac_error *err)
{
    struct workbench wb = {.request = *rq};
    gnnac_status st = open_all(&wb, err);
    if (st == GNNAC_OK)
        *out = wb;
    else
        workbench_close(&wb);
    return st;
}

void workbench_close(struct workbench *wb)
{
    nvrtc_close(wb->nvrtc);
    kcache_close(wb->kcache);
    tunedb_close(wb->db);
    ruleset_destroy(wb->rules);
    catalog_close(wb->catalog);
    cuda_context_destroy(wb->cuda);
    *wb = (struct workbench){0};
}

size_t workbench_n_images(const struct workbench *wb)
{
    return wb->n_archs + !wb->request.no_ptx;
}

gnnac_status workbench_nvrtc(struct workbench *wb, struct nvrtc **out,
                             gnnac_error *err)
{
    if (!wb->nvrtc) {
        gnnac_status st = nvrtc_open(&wb->nvrtc, err);
        if (st != GNNAC_OK)
            return st;
    }
    *out = wb->nvrtc;
    return GNNAC_OK;
}
