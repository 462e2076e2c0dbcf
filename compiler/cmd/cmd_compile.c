// gnnac compile GRAPH --model M: a bundle.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bundle/manifest.h"
#include "bundle/whole_layout.h"
#include "cli/cli.h"
#include "cli/requests.h"
#include "graph/text.h"
#include "tune/assemble.h"
#include "tune/dump.h"

// GRAPH-STEM.MODEL.gnnb in the current folder.
static void default_output(const char *graph, const char *model, char *out,
                           size_t n_bytes)
{
    const char *base = strrchr(graph, '/');
    base = base ? base + 1 : graph;
    size_t stem = path_without_gz(base);
    for (size_t i = stem; i > 1; i--)
        if (base[i - 1] == '.') {
            stem = i - 1;
            break;
        }
    snprintf(out, n_bytes, "%.*s.%s.gnnb", (int)stem, base, model);
}

// Operators have a kernel for each step, forward then backward.
static void print_operators(const struct manifest *m, const char *path)
{
    const struct operators *ops = &m->operators;
    printf("%s: %d operator%s, %lld nodes, %lld edges\n", path,
           (int)ops->n_list, ops->n_list == 1 ? "" : "s",
           (long long)m->n_nodes, (long long)m->n_edges);
    for (int32_t i = 0; i < ops->n_list; i++)
        for (int32_t s = 0; s < ops->list[i].n_steps; s++)
            printf("  %-12s %s\n", s ? "" : ops->list[i].key,
                   m->kernels[ops->list[i].steps[s].kernel].name);
}

static void print_model(const struct manifest *m, const char *path)
{
    printf("%s: %s, %d layers, %lld nodes, %lld edges\n", path, m->model.name,
           (int)m->model.n_layers, (long long)m->n_nodes,
           (long long)m->n_edges);
    if (m->reorder.method[0])
        printf("  order    %s: %s\n", m->reorder.method, m->reorder.why);
    for (int32_t i = 0; i < m->n_choices; i++) {
        const struct choice *c = &m->choices[i];
        const struct step *s = &m->program.steps[c->step];
        printf("  step %-3d layer %-2d %-11s %s\n", (int)c->step,
               (int)s->layer, step_kind_name(s->kind),
               manifest_step_kernel(m, s));
        printf("      by %s (%s): %s\n", c->rule, c->level, c->why);
        if (!isnan(c->median_ns))
            printf("      %.2f us, median on this GPU\n", c->median_ns / 1e3);
    }
}

static void print_whole(const struct manifest *m)
{
    const struct whole_model *w = &m->whole;
    printf("  all steps at once      %s\n      by %s (%s): %s\n",
           m->kernels[w->kernel].name, w->rule, w->level, w->why);
    if (!isnan(w->median_ns))
        printf("      %.2f us, by steps %.2f us, median on this GPU\n",
               w->median_ns / 1e3, w->steps_ns / 1e3);
}

static void print_table(const struct manifest *m, const char *path)
{
    if (has_model(m))
        print_model(m, path);
    else
        print_operators(m, path);
    if (has_whole(m))
        print_whole(m);
}

static json_t *choice_json(const struct manifest *m, const struct choice *c)
{
    const struct step *s = &m->program.steps[c->step];
    return json_pack("{s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:o}", "step",
                     (int)c->step, "layer", (int)s->layer, "kind",
                     step_kind_name(s->kind), "kernel",
                     manifest_step_kernel(m, s), "rule", c->rule, "level",
                     c->level, "why", c->why, "median_ns",
                     real_json(c->median_ns));
}

static json_t *operator_choice_json(const struct manifest *m,
                                    const struct operator_kernels *o,
                                    const struct choice *c)
{
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "step", (int)c->step,
                     "kernel", m->kernels[o->steps[c->step].kernel].name,
                     "rule", c->rule, "level", c->level, "why", c->why,
                     "median_ns", real_json(c->median_ns));
}

static json_t *operator_json(const struct manifest *m,
                             const struct operator_kernels *o)
{
    json_t *kernels = json_array(), *choices = json_array();
    for (int32_t i = 0; choices && i < o->n_choices; i++)
        json_array_append_new(choices,
                              operator_choice_json(m, o, &o->choices[i]));
    for (int32_t s = 0; kernels && s < o->n_steps; s++)
        json_array_append_new(
            kernels, json_string(m->kernels[o->steps[s].kernel].name));
    return json_pack("{s:s, s:o, s:o}", "operator", o->key, "kernels", kernels,
                     "choices", choices);
}

// Only where there are some: of models the object is as it was.
static void add_operators(const struct manifest *m, json_t *to)
{
    json_t *list = m->operators.rules[0] ? json_array() : NULL;
    for (int32_t i = 0; list && i < m->operators.n_list; i++)
        json_array_append_new(list, operator_json(m, &m->operators.list[i]));
    if (list)
        json_object_set_new(to, "operators", list);
}

// Only where there is such a kernel.
static void add_whole(const struct manifest *m, json_t *to)
{
    const struct whole_model *w = &m->whole;
    if (has_whole(m))
        json_object_set_new(
            to, "whole",
            json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "kernel",
                      m->kernels[w->kernel].name, "rule", w->rule, "level",
                      w->level, "why", w->why, "median_ns",
                      real_json(w->median_ns), "steps_ns",
                      real_json(w->steps_ns)));
}

static gnnac_status print_json(const struct assembly *a, const char *path,
                               gnnac_error *err)
{
    const struct manifest *m = a->manifest;
    const struct select_report r = assembly_report(a);
    json_t *choices = json_array();
    for (int32_t i = 0; choices && i < m->n_choices; i++)
        json_array_append_new(choices, choice_json(m, &m->choices[i]));
    json_t *j = json_pack(
        "{s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
        "bundle",
        path, "model", m->model.name, "nodes", (json_int_t)m->n_nodes, "edges",
        (json_int_t)m->n_edges, "fingerprint", m->fingerprint, "recalled",
        (json_int_t)r.n_recalled, "emitted", (json_int_t)r.n_emitted,
        "compiled", (json_int_t)r.n_compiled, "cached",
        (json_int_t)r.n_cached, "timed", (json_int_t)r.n_timed, "reorder",
        reordering_json(&m->reorder), "choices", choices);
    add_operators(m, j);
    add_whole(m, j);
    return print_json_line(j, err);
}

static void log_report(const struct assembly *a)
{
    const struct select_report r = assembly_report(a);
    log_info("%zu kernel%s: %zu decided by the database, %zu candidates "
             "emitted, %zu images compiled, %zu from the cache, %zu timed",
             r.n_steps, r.n_steps == 1 ? "" : "s", r.n_recalled, r.n_emitted,
             r.n_compiled, r.n_cached, r.n_timed);
    if (r.n_timed)
        log_info("%.1f s compiling, %.1f s in the gate, %.1f s racing",
                 r.compile_seconds, r.gate_seconds, r.race_seconds);
}

gnnac_status cmd_compile(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench wb = {0};
    struct assembly a = {0};
    struct model_request model = {0};
    struct workbench_request rq;
    const struct assemble_request what = read_assemble_request(o, &model);
    char path[1024];

    TRY(read_subject(o, &model, err));
    read_workbench_request(o, &rq);
    if (o->output)
        snprintf(path, sizeof(path), "%s", o->output);
    else
        default_output(o->args[0], model.name, path, sizeof(path));
    TRY(workbench_open(&rq, &wb, err));
    TRY(assemble(&wb, &what, &a, err));
    if (o->dump)
        TRY(dump_assembly(&a, o->dump, o->threads, err));
    TRY(assembly_write(&a, path, err));
    log_report(&a);
    if (o->json)
        TRY(print_json(&a, path, err));
    else if (!o->quiet)
        print_table(a.manifest, path);

out:
    assembly_finish(&a);
    workbench_close(&wb);
    return st;
}
