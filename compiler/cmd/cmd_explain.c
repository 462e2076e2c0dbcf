// gnnac explain GRAPH --model M: which rule fired for each step, with the
// values it compared, and what was chosen. Compiles nothing, writes nothing.
#include <jansson.h>
#include <stdio.h>

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

gnnac_status cmd_explain(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench wb = {0};
    struct assembly a = {0};
    struct model_request model = {0};
    struct workbench_request rq;
    json_t *steps = NULL;
    const struct assemble_request what = read_assemble_request(o, &model);

    TRY(read_model_request(o, &model, err));
    read_workbench_request(o, &rq);
    rq.explain = true;
    TRY(workbench_open(&rq, &wb, err));
    TRY(assemble(&wb, &what, &a, err));
    TRY(explain_steps(&(struct explained){&wb, &a.manifest->model,
                                          &a.manifest->program, &a.graph,
                                          a.selection},
                      &steps, err));
    TRY(print_all(&a, steps, o->json, err));

out:
    json_decref(steps);
    assembly_finish(&a);
    workbench_close(&wb);
    return st;
}
