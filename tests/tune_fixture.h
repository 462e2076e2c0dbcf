// A workbench on a small graph: rule files and templates of the test's own in a
// scratch folder (graph_fixture.h), databases there as well, no GPU.
#ifndef GNNAC_TUNE_FIXTURE_H
#define GNNAC_TUNE_FIXTURE_H

#include <dirent.h>
#include <sys/stat.h>

#include "graph_fixture.h"
#include "plan/fuse.h"
#include "plan/lower.h"
#include "plan/products.h"
#include "tune/select.h"

static gnnac_error err;

// scratch_make() and the folders for templates, databases and kept sources.
static inline void tune_scratch_make(void)
{
    scratch_make();
    mkdir(scratch_path("templates"), 0700);
    mkdir(scratch_path("db"), 0700);
    mkdir(scratch_path("kept"), 0700);
    setenv("GNNAC_PATH", scratch, 1);
    setenv("TMPDIR", scratch_path("kept"), 1);
}

// Empties a folder of the scratch; returns how many files it held.
static inline int scratch_empty(const char *folder)
{
    char path[600];
    int n = 0;
    struct dirent *e;
    DIR *d = opendir(scratch_path(folder));
    while (d && (e = readdir(d))) {
        snprintf(path, sizeof(path), "%s/%s", scratch_path(folder), e->d_name);
        n += e->d_name[0] != '.' && unlink(path) == 0;
    }
    if (d)
        closedir(d);
    return n;
}

static inline void tune_scratch_remove(void)
{
    static const char *const folders[] = {"templates", "db", "kept"};
    for (size_t i = 0; i < 3; i++) {
        scratch_empty(folders[i]);
        rmdir(scratch_path(folders[i]));
    }
    scratch_remove();
}

static inline void scratch_text(const char *name, const char *text)
{
    scratch_write(name, text, strlen(text));
}

// One selection, from rules and a model's name to what was chosen.
struct tune_case {
    struct workbench_request request;
    struct model_request model_request;
    bool claim, fuse; // as assemble does
    struct workbench wb;
    struct model model;
    struct program program;
    struct graph_input graph;
    struct selection sel;
};

// Every node gets messages from the four before it and node 1 from all.
static inline struct csr tune_graph(void)
{
    enum { N = 200, EDGES = 5 * N };
    static int32_t pairs[2 * EDGES];
    for (int32_t v = 0; v < N; v++)
        for (int32_t k = 0; k < 5; k++) {
            int32_t *p = &pairs[2 * (5 * v + k)];
            p[0] = k == 4 ? v : (v + N - 1 - k) % N;
            p[1] = k == 4 ? 1 : v;
        }
    return csr_of(coo_of(N, EDGES, pairs), NULL);
}

// Opens a workbench with the scratch's rules.lua (`rules`; NULL: the shipped
// rules alone) and selects. tune_finish is due in either case.
static inline gnnac_status tune_run(struct tune_case *t, const struct csr *g,
                                    const char *rules)
{
    static char path[256];
    static const char *paths[1] = {path};
    err = (gnnac_error){{0}};
    t->request.device = "cpu";
    t->request.n_threads = 2;
    if (rules) {
        snprintf(path, sizeof(path), "%s", scratch_path("rules.lua"));
        scratch_text("rules.lua", rules);
        t->request.rules = paths;
        t->request.n_rules = 1;
    }
    if (!t->model_request.name)
        t->model_request =
            (struct model_request){.name = "gcn", .dim = 8, .classes = 4};
    t->graph.full = t->graph.stored = g;
    csr_fingerprint(g, t->graph.fingerprint);
    gnnac_status st = workbench_open(&t->request, &t->wb, &err);
    if (rules)
        scratch_unlink("rules.lua");
    if (st == GNNAC_OK)
        st = model_build(&t->model_request, &t->model, &err);
    if (st == GNNAC_OK)
        st = lower_model(&t->model, g->n_nodes, g->n_edges, &t->program, &err);
    if (st == GNNAC_OK && t->claim)
        program_claim_products(&t->program, &t->wb.device, g->n_nodes);
    if (st == GNNAC_OK && t->fuse)
        program_fuse(&t->program, false);
    if (st == GNNAC_OK)
        st = select_kernels(&t->wb, &t->model, &t->program, &t->graph, &t->sel,
                            &err);
    return st;
}

static inline void tune_finish(struct tune_case *t)
{
    selection_finish(&t->sel);
    workbench_close(&t->wb);
    free(t);
}

// Owned; all-zero but for what rules out files outside the scratch.
static inline struct tune_case *tune_new(void)
{
    struct tune_case *t = calloc(1, sizeof(*t));
    if (!t)
        abort();
    t->request.no_db = true;
    return t;
}

// The n-th step that a kernel runs, or -1.
static inline int32_t kernel_step(const struct tune_case *t, int n)
{
    for (int32_t i = 0; i < t->program.n_steps; i++)
        if (t->program.steps[i].kind != STEP_LINEAR && n-- == 0)
            return i;
    return -1;
}

// Empty when the step has none.
static inline const struct choice *choice_of(const struct tune_case *t,
                                             int32_t step)
{
    static const struct choice none;
    return step < 0 ? &none : &t->sel.choices[step];
}

static inline const struct variant *chosen(const struct tune_case *t,
                                           int32_t step)
{
    static const struct variant none = {.status = "none"};
    int32_t i = step < 0 ? -1 : t->sel.chosen[step];
    return i < 0 ? &none : &t->sel.variants[i];
}

#endif
