// gnnac explain GRAPH --model M: which rule fired for each step, with the
// values it compared, and what was chosen. Compiles nothing, writes nothing.
#include <jansson.h>
#include <stdio.h>

#include "bundle/whole_layout.h"
#include "cli/cli.h"
#include "cli/requests.h"
#include "cmd/explain.h"
#include "tune/assemble.h"

static void print_order(const struct reordering *r)
{
    if (r->method[0])
        printf("order: %s\n    why: %s\n", r->method, r->why);
}

static gnnac_status print_all(const struct assembly *a, json_t *steps,
                              bool json, gnnac_error *err)
{
    size_t i;
    json_t *step;
    const struct manifest *m = a->manifest;
    if (json)
        return print_json_line(
            json_pack("{s:s, s:s, s:o, s:O}", "model", m->model.name,
                      "fingerprint", m->fingerprint, "reorder",
                      reordering_json(&m->reorder), "steps", steps),
            err);
    print_order(&m->reorder);
    json_array_foreach(steps, i, step)
        explain_print_step(step);
    return GNNAC_OK;
}

// What is another program's, behind the first one's steps.
static gnnac_status explain_more(const struct explained *e, json_t *to,
                                 gnnac_error *err)
{
    json_t *more = NULL;
    gnnac_status st = explain_steps(e, &more, err);
    if (st == GNNAC_OK && json_array_extend(to, more) != 0)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
    json_decref(more);
    return st;
}

// The steps over the graph, then those over the graph turned round.
static gnnac_status explain_operators(struct workbench *wb, struct assembly *a,
                                      json_t **out, gnnac_error *err)
{
    const struct lowered_operators *l = a->lowered;
    struct explained e = {wb, &l->like, &l->halves[0], &a->graph, a->selection,
                          &a->manifest->operators};
    gnnac_status st = explain_steps(&e, out, err);
    e.program = &l->halves[1];
    e.graph = &l->turned;
    e.selection = a->train_selection;
    return st == GNNAC_OK ? explain_more(&e, *out, err) : st;
}

// The steps, those that read sparse features, and the kernel for all of them.
static gnnac_status explain_all(struct workbench *wb, struct assembly *a,
                                json_t **out, gnnac_error *err)
{
    const struct model *m = &a->manifest->model;
    struct explained e = {wb, m, &a->manifest->program, &a->graph,
                          a->selection, NULL};
    gnnac_status st = explain_steps(&e, out, err);
    if (st == GNNAC_OK && a->sparse_selection) {
        e.program = a->sparse_program;
        e.selection = a->sparse_selection;
        st = explain_more(&e, *out, err);
    }
    if (st != GNNAC_OK || !has_whole(a->manifest))
        return st;
    e.program = a->whole_program;
    e.selection = a->whole_selection;
    return explain_more(&e, *out, err);
}

gnnac_status cmd_explain(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench wb = {0};
    struct assembly a = {0};
    struct model_request model = {0};
    struct workbench_request rq;
    json_t *steps = NULL;
    const struct assemble_request what = read_assemble_request(o, &model);

    TRY(read_subject(o, &model, err));
    read_workbench_request(o, &rq);
    rq.explain = true;
    TRY(workbench_open(&rq, &wb, err));
    TRY(assemble(&wb, &what, &a, err));
    TRY(a.lowered ? explain_operators(&wb, &a, &steps, err)
                  : explain_all(&wb, &a, &steps, err));
    TRY(print_all(&a, steps, o->json, err));

out:
    json_decref(steps);
    assembly_finish(&a);
    workbench_close(&wb);
    return st;
}
