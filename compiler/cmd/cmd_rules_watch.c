// gnnac rules watch FILE -- GRAPH --model M: plan anew whenever the rule file
// is saved, and say which steps change. A faulty file changes nothing.
#include "cmd/cmd_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/requests.h"
#include "cmd/file_watch.h"
#include "plan/fuse.h"
#include "tune/assemble.h"
#include "tune/paths.h"

// What stands behind `--` is read as the arguments of explain.
static const struct command watched_command = {
    CMD_EXPLAIN, "rules watch FILE --", NULL, "GRAPH --model M", 1, 1, ""};

struct watch {
    struct options options; // of the plan, from behind `--`
    struct text_list rules; // its rules, and the file last
    const char *file;
    bool json;
    struct workbench wb;
    struct assembly assembly; // with the plan that holds
    struct program next; // of the plan that is being made
};

static gnnac_status read_options(const struct options *o, struct watch *w,
                                 gnnac_error *err)
{
    bool help = false;
    gnnac_status st = cli_parse(&watched_command, (int)o->n_args - 2,
                                o->args + 2, &w->options, &help, err);
    if (st == GNNAC_OK && help)
        st = FAIL(err, GNNAC_EUSAGE,
                  "gnnac explain --help lists what may "
                  "stand behind --");
    if (st != GNNAC_OK)
        return st;
    w->file = o->args[1];
    w->json = o->json || w->options.json;
    w->rules = w->options.rules;
    if (w->rules.n == CLI_MAX_LIST)
        return FAIL(err, GNNAC_EUSAGE, "--rules: given more than %d times",
                    CLI_MAX_LIST - 1);
    w->rules.items[w->rules.n++] = w->file;
    return GNNAC_OK;
}

static gnnac_status make_first_plan(struct watch *w, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench_request rq;
    struct model_request model = {0};
    const struct assemble_request what =
        read_assemble_request(&w->options, &model);
    TRY(read_model_request(&w->options, &model, err));
    read_workbench_request(&w->options, &rq);
    rq.explain = true;
    rq.rules = w->rules.items;
    rq.n_rules = w->rules.n;
    TRY(workbench_open(&rq, &w->wb, err));
    TRY(assemble(&w->wb, &what, &w->assembly, err));
out:
    return st;
}

// ---- printing ---------------------------------------------------------------

static bool has_kernel(const struct selection *s, int32_t step)
{
    return s && s->chosen[step] >= 0;
}

static const char *family_of(const struct selection *s, int32_t step)
{
    return s->variants[s->chosen[step]].kernel.family;
}

// A step that is done with another one now has no kernel of its own.
static json_t *choice_json(const struct selection *s, int32_t step)
{
    const struct choice *c = &s->choices[step];
    if (!has_kernel(s, step))
        return json_pack("{s:i, s:n}", "step", (int)step, "template");
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s}", "step", (int)step,
                     "template", family_of(s, step), "knobs", c->knobs, "rule",
                     c->rule, "why", c->why, "level", c->level);
}

static void print_choice(const char *mark, const struct selection *s,
                         int32_t step)
{
    const struct choice *c = &s->choices[step];
    if (!has_kernel(s, step))
        return;
    printf("  %sstep %d: %s %s, by %s\n", mark, (int)step, family_of(s, step),
           c->knobs, c->rule);
}

static bool same_choice(const struct selection *a, const struct selection *b,
                        int32_t step)
{
    if (!has_kernel(a, step) || !has_kernel(b, step))
        return !has_kernel(a, step) && !has_kernel(b, step);
    return strcmp(family_of(a, step), family_of(b, step)) == 0 &&
           strcmp(a->choices[step].knobs, b->choices[step].knobs) == 0 &&
           strcmp(a->choices[step].rule, b->choices[step].rule) == 0;
}

// The next step from `step` on that differs from `before` (NULL: nothing was
// planned), -1 if none does.
static int32_t next_change(const struct watch *w,
                           const struct selection *before, int32_t step)
{
    const struct selection *now = w->assembly.selection;
    for (; step < w->assembly.manifest->program.n_steps; step++)
        if (!same_choice(before, now, step))
            return step;
    return -1;
}

// Steps that have a kernel of their own, now or before.
static int count_steps(const struct watch *w, const struct selection *before)
{
    int n = 0;
    for (int32_t i = 0; i < w->assembly.manifest->program.n_steps; i++)
        n += has_kernel(before, i) || has_kernel(w->assembly.selection, i);
    return n;
}

static void print_plan(const struct watch *w, const struct selection *before)
{
    int n = 0;
    for (int32_t i = next_change(w, before, 0); i >= 0;
         i = next_change(w, before, i + 1), n++) {
        if (before)
            print_choice("- ", before, i);
        print_choice(before ? "+ " : "", w->assembly.selection, i);
    }
    printf("%s: %d of %d steps %s\n", w->file, n,
           count_steps(w, before), before ? "change" : "planned");
}

static json_t *plan_json(const struct watch *w, const struct selection *before)
{
    json_t *list = json_array();
    for (int32_t i = next_change(w, before, 0); i >= 0;
         i = next_change(w, before, i + 1))
        json_array_append_new(list, choice_json(w->assembly.selection, i));
    return json_pack("{s:s, s:i, s:I, s:o}", "file", w->file, "steps",
                     count_steps(w, before), "changed",
                     (json_int_t)json_array_size(list), "choices", list);
}

static gnnac_status tell_plan(const struct watch *w,
                              const struct selection *before, gnnac_error *err)
{
    if (w->json)
        return print_json_line(plan_json(w, before), err);
    print_plan(w, before);
    return GNNAC_OK;
}

static gnnac_status print_fault(const struct watch *w, const gnnac_error *fault,
                                gnnac_error *err)
{
    log_warn("%s; the rules before stay", fault->msg);
    if (!w->json)
        return GNNAC_OK;
    return print_json_line(
        json_pack("{s:s, s:s}", "file", w->file, "error", fault->msg), err);
}

// ---- planning anew ----------------------------------------------------------

// The file by itself must be without mistakes and pass its tests.
static gnnac_status check_file(const struct watch *w, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct ruleset *alone = NULL;
    struct rule_test_result tests = {0};
    TRY(rules_open(w->wb.catalog, &w->file, 1, &alone, err));
    TRY(ruleset_probe(alone, err));
    TRY(ruleset_test(alone, &tests, err));
    if (tests.n_failed > 0)
        st = FAIL(err, GNNAC_EFORMAT, "%.*s", (int)strcspn(tests.report, "\n"),
                  tests.report);
out:
    ruleset_destroy(alone);
    return st;
}

// All steps are asked about again, and those that no kernel did together are
// together again.
static void prepare_program(struct watch *w)
{
    w->next = w->assembly.manifest->program;
    for (int32_t k = 0; k < w->next.n_steps; k++)
        w->next.steps[k].kernel = -1;
    if (!w->wb.request.no_fuse)
        program_fuse(&w->next, false);
}

// A plan by the rules as they stand in their files. On failure the workbench
// keeps those that it has.
static gnnac_status plan_anew(struct watch *w, struct selection *out,
                              gnnac_error *err)
{
    struct ruleset *rules = NULL;
    const struct model *m = &w->assembly.manifest->model;
    gnnac_status st = check_file(w, err);
    if (st == GNNAC_OK)
        st = workbench_open_rules(&w->wb, &rules, err);
    if (st != GNNAC_OK)
        return st;
    rules = workbench_exchange_rules(&w->wb, rules);
    prepare_program(w);
    st = select_kernels(&w->wb, m, &w->next, &w->assembly.graph, out, err);
    if (st != GNNAC_OK)
        rules = workbench_exchange_rules(&w->wb, rules);
    ruleset_destroy(rules);
    return st;
}

static gnnac_status take_change(struct watch *w, gnnac_error *err)
{
    gnnac_error fault = {{0}};
    struct selection next = {0};
    if (plan_anew(w, &next, &fault) != GNNAC_OK)
        return print_fault(w, &fault, err);
    struct selection before = *w->assembly.selection;
    *w->assembly.selection = next;
    w->assembly.manifest->program = w->next;
    gnnac_status st = tell_plan(w, &before, err);
    selection_finish(&before);
    return st;
}

static gnnac_status flush(gnnac_error *err)
{
    return fflush(stdout) == 0 ? GNNAC_OK
                               : FAIL(err, GNNAC_EIO, "stdout: cannot write");
}

static gnnac_status follow(struct watch *w, struct file_watch *f,
                           gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(make_first_plan(w, err));
    TRY(check_file(w, err));
    file_watch_hold_signals(f);
    TRY(tell_plan(w, NULL, err));
    TRY(flush(err));
    while (file_watch_wait(f)) {
        TRY(take_change(w, err));
        TRY(flush(err));
    }
out:
    return st;
}

gnnac_status rules_watch(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct file_watch f = {.inotify = -1};
    char *path = NULL, *found = NULL;
    struct watch *w = calloc(1, sizeof(*w));
    if (!w)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(read_options(o, w, err));
    found = rules_find(w->file);
    if (!(path = rules_file_of(found ? found : w->file))) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    TRY(file_watch_open(path, &f, err));
    TRY(follow(w, &f, err));
out:
    file_watch_close(&f);
    assembly_finish(&w->assembly);
    workbench_close(&w->wb);
    free(path);
    free(found);
    free(w);
    return st;
}
