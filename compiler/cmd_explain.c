// gnnac explain GRAPH --model M: which rule fired for each step, with the
// values it compared, and what was chosen. Compiles nothing, writes nothing.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "compile_common.h"
#include "tune/assemble.h"

static void print_trace(const struct rule_trace *t)
{
    printf("    %s %-28s %s\n", t->fired ? "+" : "-", t->rule, t->where);
    for (size_t i = 0; i < t->n_compared; i++)
        printf("        %s = %s\n", t->compared[i].name, t->compared[i].value);
    if (t->fired)
        printf("        why: %s\n", t->why);
    if (t->reorder[0])
        printf("        order: %s\n", t->reorder);
    if (t->note[0])
        printf("        %s\n", t->note);
}

static void print_candidates(const struct decision *d)
{
    if (d->n_candidates < 2)
        return;
    printf("    candidates, best rule first:\n");
    for (size_t i = 0; i < d->n_candidates; i++) {
        char knobs[256];
        candidate_text(&d->candidates[i], knobs, sizeof(knobs));
        printf("        %-24s %-16s %s\n", d->candidates[i].rule,
               d->candidates[i].family->name, knobs);
    }
}

static void print_step(const struct assembly *a, const struct choice *c)
{
    const struct manifest *m = a->manifest;
    const struct step *s = &m->program.steps[c->step];
    const struct layer *l = &m->model.layers[s->layer];
    const struct kernel *k = &m->kernels[s->kernel];
    const struct decision *d = a->selection->decisions[c->step];
    printf("step %d: layer %d (%s %d -> %d), %s, width %d\n", (int)c->step,
           (int)s->layer, conv_op_name(l->op), (int)l->in_dim, (int)l->out_dim,
           step_kind_name(s->kind), (int)k->dim);
    for (size_t i = 0; d && i < d->n_traces; i++)
        print_trace(&d->traces[i]);
    if (d)
        print_candidates(d);
    printf("    chosen: %s\n        %s\n        by %s (%s): %s\n", k->family,
           c->knobs, c->rule, c->level, c->why);
}

static json_t *trace_json(const struct rule_trace *t)
{
    json_t *compared = json_object();
    for (size_t i = 0; compared && i < t->n_compared; i++)
        json_object_set_new(compared, t->compared[i].name,
                            json_string(t->compared[i].value));
    return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:f, s:o}", "rule",
                     t->rule, "where", t->where, "fired", t->fired, "why",
                     t->why, "note", t->note, "reorder", t->reorder, "priority",
                     t->priority, "compared", compared);
}

static json_t *candidate_json(const struct candidate *c)
{
    json_t *knobs = json_object();
    for (size_t i = 0; knobs && i < c->family->n_knobs; i++)
        json_object_set_new(knobs, c->family->knobs[i].name,
                            json_integer(c->values[i]));
    return json_pack("{s:s, s:s, s:o}", "rule", c->rule, "template",
                     c->family->name, "knobs", knobs);
}

static json_t *step_json(const struct assembly *a, const struct choice *c)
{
    const struct manifest *m = a->manifest;
    const struct step *s = &m->program.steps[c->step];
    const struct decision *d = a->selection->decisions[c->step];
    json_t *rules = json_array(), *candidates = json_array();
    for (size_t i = 0; d && i < d->n_traces; i++)
        json_array_append_new(rules, trace_json(&d->traces[i]));
    for (size_t i = 0; d && i < d->n_candidates; i++)
        json_array_append_new(candidates, candidate_json(&d->candidates[i]));
    return json_pack(
        "{s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "step",
        (int)c->step, "layer", (int)s->layer, "kind", step_kind_name(s->kind),
        "chosen", m->kernels[s->kernel].name, "rule", c->rule, "level",
        c->level, "why", c->why, "knobs", c->knobs, "rules", rules,
        "candidates", candidates);
}

static void print_order(const struct reordering *r)
{
    if (r->method[0])
        printf("order: %s\n    why: %s\n", r->method, r->why);
}

static gnnac_status print_all(const struct assembly *a, bool json,
                              gnnac_error *err)
{
    const struct manifest *m = a->manifest;
    json_t *steps = json_array();
    if (!json)
        print_order(&m->reorder);
    for (int32_t i = 0; i < m->n_choices; i++)
        if (json)
            json_array_append_new(steps, step_json(a, &m->choices[i]));
        else
            print_step(a, &m->choices[i]);
    if (json)
        return print_json_line(
            json_pack("{s:s, s:s, s:o, s:o}", "model", m->model.name,
                      "fingerprint", m->fingerprint, "reorder",
                      reordering_json(&m->reorder), "steps", steps),
            err);
    json_decref(steps);
    return GNNAC_OK;
}

gnnac_status cmd_explain(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench wb = {0};
    struct assembly a = {0};
    struct model_request model;
    struct workbench_request rq;
    const struct assemble_request what = {.graph = o->args[0],
                                          .options = &o->graph,
                                          .model = &model,
                                          .reorder = o->reorder,
                                          .runs = o->runs};

    TRY(read_model_request(o, &model, err));
    read_workbench_request(o, &rq);
    rq.explain = true;
    TRY(workbench_open(&rq, &wb, err));
    TRY(assemble(&wb, &what, &a, err));
    TRY(print_all(&a, o->json, err));

out:
    assembly_finish(&a);
    workbench_close(&wb);
    return st;
}
