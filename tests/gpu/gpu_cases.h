// The points of ../kernel/cases.txt as compiled kernels: those whose operation
// a test asks for; and going through them, family by family.
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

// What a program does with its cases: checks each on a graph.
struct case_check {
    const struct cuda_context *gpu;
    const struct case_list *cases;
    struct mini_graph *graphs; // [N_MINI_GRAPHS]
    const struct csr *large;
    void (*on_graph)(const struct cuda_context *gpu, const struct case_run *r,
                     const struct compile_job *j, const char *name,
                     const struct csr *g);
};

// Each on a quarter of the mini graphs (in the suite `slow` on all).
static inline void gpu_check_case(const struct case_check *c, size_t i)
{
    const struct case_run *r = &c->cases->all[i];
    const struct compile_job *j = &c->cases->jobs[i];
    if (j->status != GNNAC_OK) {
        TEST__FAIL("%s: %s", r->line, j->error.msg);
        return;
    }
    for (size_t g = 0; g < N_MINI_GRAPHS; g++) {
        if (!test_is_slow() && (i + g) % 4)
            continue;
        struct csr mini = gpu_csr(&c->graphs[g]);
        c->on_graph(c->gpu, r, j, c->graphs[g].name, &mini);
    }
    if (r->kc.spec.dim <= 128)
        c->on_graph(c->gpu, r, j, "large", c->large);
}

static inline void gpu_check_family(const struct case_check *c,
                                    const char *family, int at_least)
{
    gnnac_error err = {{0}};
    int n = 0;
    CHECK_OK(cuda_enter(c->gpu, &err), err);
    for (size_t i = 0; i < c->cases->n; i++)
        if (strcmp(c->cases->all[i].kc.point.family->name, family) == 0) {
            n++;
            gpu_check_case(c, i);
        }
    cuda_leave(c->gpu);
    CHECK(n >= at_least);
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
