// The points of ../kernel/cases.txt as compiled kernels: those whose operation
// a test asks for.
#ifndef GNNAC_GPU_CASES_H
#define GNNAC_GPU_CASES_H

#include "emit/tmpl.h"
#include "gpu_fixture.h"
#include "jit/nvrtc.h"
#include "kernel/kernel_case.h"

enum { MAX_CASES = 512 };

struct case_run {
    char line[512];
    struct kernel_case kc;
    struct emitted emitted;
};

struct case_list {
    struct catalog *catalog;
    struct case_run all[MAX_CASES];
    struct compile_job jobs[MAX_CASES];
    size_t n;
};

static inline gnnac_status gpu_read_case(struct catalog *catalog,
                                         const char *line, struct case_run *r,
                                         gnnac_error *err)
{
    snprintf(r->line, sizeof(r->line), "%s", line);
    gnnac_status st =
        kernel_case_parse(catalog_families(catalog), line, &r->kc, err);
    return st == GNNAC_OK
               ? tmpl_emit(catalog, &r->kc.point, &r->kc.spec, &r->emitted, err)
               : st;
}

// Takes the case on if its operation is wanted.
static inline gnnac_status gpu_add_case(struct case_list *l, const char *line,
                                        bool (*wanted)(const char *op),
                                        gnnac_error *err)
{
    struct case_run *r = &l->all[l->n];
    gnnac_status st = gpu_read_case(l->catalog, line, r, err);
    if (st == GNNAC_OK && wanted(r->kc.point.family->op))
        l->n++;
    else
        emitted_finish(&r->emitted);
    return st;
}

static inline gnnac_status gpu_read_cases(struct case_list *l, const char *path,
                                          bool (*wanted)(const char *op),
                                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    char line[512];
    FILE *f = fopen(path, "r");
    if (!f)
        return FAIL(err, GNNAC_EIO, "%s: cannot open", path);
    while (st == GNNAC_OK && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (!line[0] || line[0] == '#')
            continue;
        st = l->n < MAX_CASES
                 ? gpu_add_case(l, line, wanted, err)
                 : FAIL(err, GNNAC_EUNSUPPORTED, "%s: too many cases", path);
    }
    fclose(f);
    return st;
}

static inline gnnac_status gpu_compile_cases(struct case_list *l, int32_t cc,
                                             gnnac_error *err)
{
    struct nvrtc *n = NULL;
    gnnac_status st = nvrtc_open(&n, err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; i < l->n; i++) {
        l->jobs[i].source = l->all[i].emitted.source;
        l->jobs[i].name = l->all[i].emitted.kernel.name;
        snprintf(l->jobs[i].arch, sizeof(l->jobs[i].arch), "sm_%d", (int)cc);
    }
    st = nvrtc_compile(n, l->jobs, l->n, 0, err);
    nvrtc_close(n);
    return st;
}

// False after printing a failed plan. gpu_cases_close is due in either case.
static inline bool gpu_cases_open(struct case_list *l, const char *templates,
                                  const char *path,
                                  bool (*wanted)(const char *op), int32_t cc)
{
    gnnac_error err = {{0}};
    if (catalog_open(&templates, 1, &l->catalog, &err) == GNNAC_OK &&
        gpu_read_cases(l, path, wanted, &err) == GNNAC_OK &&
        gpu_compile_cases(l, cc, &err) == GNNAC_OK)
        return true;
    printf("not ok 1 - %s\n1..1\n", err.msg);
    return false;
}

static inline void gpu_cases_close(struct case_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        emitted_finish(&l->all[i].emitted);
        compile_job_finish(&l->jobs[i]);
    }
    catalog_close(l->catalog);
}

#endif
