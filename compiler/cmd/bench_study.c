#include "cmd/bench_study.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/requests.h"
#include "cmd/cmd_bench.h"
#include "cuda/cuda_graph.h"
#include "emit/strbuf.h"
#include "order/orders.h"
#include "tune/kernel_bench.h"

// ---- what is studied --------------------------------------------------------

enum { MAX_VALUES = 9 };

static const struct study {
    const char *name, *knob; // NULL: the order of the nodes, `orders`
    int32_t dim;             // as in the paper
    size_t n;
    int64_t values[MAX_VALUES];
    const char *what[MAX_VALUES]; // said beside a value
} studies[] = {
    {"partSize", "partSize", 16, 9, {2, 4, 8, 16, 32, 64, 128, 256, 512}, {0}},
    {"dimWorker", "dimWorker", 16, 6, {1, 2, 4, 8, 16, 32}, {0}},
    {"reorder", NULL, 64, 2, {0}, {"none", "rabbit"}},
    {"block", "combine", 16, 4, {0, 3, 1, 2},
     {"within blocks and across them without atomics",
      "the same, joined in one launch by who comes last",
      "within blocks by shared memory, across them by atomics",
      "every group by atomics"}},
};

static const struct study *find_study(const char *name)
{
    size_t i = 0; // the name is one of the option's words
    while (strcmp(studies[i].name, name) != 0)
        i++;
    return &studies[i];
}

struct study_row {
    char value[24];
    const char *what;
    double ns, p20_ns, p80_ns; // NaN: not timed
    double adds;               // floats that are added atomically
    double order_s;            // finding the order; NaN: none was looked for
    char status[560];
};

struct study_run {
    const struct study *study;
    struct workbench wb;
    struct csr g;
    struct candidate fixed; // what is held still
    int32_t dim;
    size_t n_rows;
    struct study_row rows[MAX_VALUES];
};

// ---- the points -------------------------------------------------------------

// The point that the command line means, before the knob moves.
static gnnac_status read_fixed(const struct options *o, struct study_run *r,
                               gnnac_error *err)
{
    const char *settings[CLI_MAX_LIST + 2] = {"template=neighbor_group"};
    char lanes[32];
    size_t n = 1;
    snprintf(lanes, sizeof(lanes), "dimWorker=%d", r->dim < 32 ? r->dim : 32);
    settings[n++] = lanes;
    for (size_t i = 0; i < o->set.n; i++)
        settings[n++] = o->set.items[i];
    gnnac_status st =
        candidate_from_settings(catalog_families(r->wb.catalog), "aggregate",
                                settings, n, &r->fixed, err);
    const char *knob = r->study->knob;
    if (st == GNNAC_OK && knob && family_knob(r->fixed.family, knob) < 0)
        st = FAIL(err, GNNAC_EUSAGE, "--study %s: %s has no knob %s",
                  r->study->name, r->fixed.family->name, knob);
    return st;
}

// The values that the family allows.
static void add_values(const struct study_run *r, const struct knob *k,
                       struct strbuf *out)
{
    strbuf_puts(out, "{");
    for (size_t i = 0; i < r->study->n; i++)
        if (r->study->values[i] >= k->min && r->study->values[i] <= k->max)
            strbuf_printf(out, " %lld,", (long long)r->study->values[i]);
    strbuf_puts(out, " }");
}

// The study as a rule: it and no other is asked.
static void write_rule(const struct study_run *r, struct strbuf *out)
{
    const struct family *f = r->fixed.family;
    strbuf_printf(out,
                  "rule 'study' { when = function() return true end,\n"
                  "why = '--study %s',\nchoose = { template = '%s'",
                  r->study->name, f->name);
    for (size_t i = 0; i < f->n_knobs; i++) {
        const struct knob *k = &f->knobs[i];
        strbuf_printf(out, ",\n%s = ", k->name);
        if (r->study->knob && strcmp(k->name, r->study->knob) == 0)
            add_values(r, k, out);
        else
            strbuf_printf(out, "%lld", (long long)r->fixed.values[i]);
    }
    strbuf_puts(out, " } }\n");
}

static gnnac_status use_rule(struct study_run *r, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct strbuf text = {0};
    struct ruleset *rules = NULL;
    write_rule(r, &text);
    if (text.failed) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    TRY(ruleset_create(catalog_families(r->wb.catalog), &rules, err));
    TRY(ruleset_load_text(rules, "--study", text.text, text.n_bytes, err));
    rules = workbench_exchange_rules(&r->wb, rules);
out:
    ruleset_destroy(rules);
    strbuf_finish(&text);
    return st;
}

// ---- the rows ---------------------------------------------------------------

static struct study_row *add_row(struct study_run *r, size_t value)
{
    struct study_row *row = &r->rows[r->n_rows++];
    *row = (struct study_row){.what = r->study->what[value],
                              .ns = NAN,
                              .p20_ns = NAN,
                              .p80_ns = NAN,
                              .order_s = NAN};
    snprintf(row->status, sizeof(row->status), "the template refuses it");
    return row;
}

// Of one run of the kernel: what is cut is added once by each who has a piece.
static gnnac_status count_adds(const struct study_run *r,
                               const struct variant *v, double *out,
                               gnnac_error *err)
{
    struct parts p = {0};
    struct part_limits limits = cuda_graph_part_limits(&v->kernel);
    *out = 0;
    if (!v->kernel.atomics)
        return GNNAC_OK;
    gnnac_status st =
        parts_build(r->g.n_nodes, r->g.rowptr, r->g.colidx, &limits, &p, err);
    for (int64_t i = 0; st == GNNAC_OK && i < p.n_splits; i++)
        *out += (double)r->dim * (p.split_last[i] - p.split_first[i] + 1);
    parts_finish(&p);
    return st;
}

static gnnac_status fill_row(const struct study_run *r, const struct variant *v,
                             struct study_row *row, gnnac_error *err)
{
    row->ns = v->median_ns;
    row->p20_ns = v->p20_ns;
    row->p80_ns = v->p80_ns;
    snprintf(row->status, sizeof(row->status), "%s%s%s", v->status,
             v->reason[0] ? ": " : "", v->reason);
    return count_adds(r, v, &row->adds, err);
}

// What the variant's point has for the knob: knobs that are off are not told.
static int64_t knob_value(const struct variant *v, const char *knob)
{
    char name[40];
    snprintf(name, sizeof(name), "%s=", knob);
    const char *at = strstr(v->knobs, name);
    return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static gnnac_status run_values(struct study_run *r, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct selection s = {0};
    TRY(kernel_bench_sum(&r->wb, &r->g, r->dim, &s, err));
    for (size_t i = 0; i < r->study->n; i++) {
        struct study_row *row = add_row(r, i);
        long long value = (long long)r->study->values[i];
        snprintf(row->value, sizeof(row->value), "%lld", value);
        for (size_t k = 0; k < s.n_variants; k++)
            if (knob_value(&s.variants[k], r->study->knob) == value)
                TRY(fill_row(r, &s.variants[k], row, err));
    }
out:
    selection_finish(&s);
    return st;
}

// The graph in that order, timed; *seconds are the order's.
static gnnac_status run_order(struct study_run *r, size_t i, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct csr renumbered = {0};
    struct selection s = {0};
    struct study_row *row = add_row(r, i);
    int32_t *perm = calloc((size_t)r->g.n_nodes, sizeof(*perm));
    double began = now_seconds();
    if (!perm) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    snprintf(row->value, sizeof(row->value), "%s", row->what);
    TRY(order_compute(&r->g, row->what, r->wb.request.n_threads, perm, err));
    TRY(csr_permute(&r->g, perm, &renumbered, err));
    row->order_s = i ? now_seconds() - began : NAN;
    TRY(kernel_bench_sum(&r->wb, &renumbered, r->dim, &s, err));
    TRY(fill_row(r, &s.variants[0], row, err));
out:
    selection_finish(&s);
    csr_finish(&renumbered);
    free(perm);
    return st;
}

static gnnac_status run_orders(struct study_run *r, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < r->study->n && st == GNNAC_OK; i++)
        st = run_order(r, i, err);
    return st;
}

// ---- printing ---------------------------------------------------------------

static double best_ns(const struct study_run *r)
{
    double best = NAN;
    for (size_t i = 0; i < r->n_rows; i++)
        best = fmin(best, r->rows[i].ns); // skips NaN
    return best;
}

// The knobs that are held still.
static void fixed_text(const struct study_run *r, char *out, size_t n_bytes)
{
    const struct family *f = r->fixed.family;
    size_t n = (size_t)snprintf(out, n_bytes, "%s", f->name);
    for (size_t i = 0; i < f->n_knobs && n < n_bytes; i++)
        if (!r->study->knob || strcmp(f->knobs[i].name, r->study->knob) != 0)
            n += (size_t)snprintf(out + n, n_bytes - n, " %s=%lld",
                                  f->knobs[i].name,
                                  (long long)r->fixed.values[i]);
}

static bool counts_adds(const struct study_run *r)
{
    return r->study->knob && strcmp(r->study->knob, "combine") == 0;
}

static void print_head(const struct study_run *r)
{
    char fixed[512];
    fixed_text(r, fixed, sizeof(fixed));
    printf("study of %s: %s\n"
           "one sum over the in-neighbours, %d columns, float32, %s, on %s\n"
           "%lld nodes, %lld edges\n%10s%10s%10s%10s%10s",
           r->study->name, fixed, (int)r->dim,
           r->wb.request.cold ? "L2 cache cold" : "caches warm",
           r->wb.device.name, (long long)r->g.n_nodes, (long long)r->g.n_edges,
           r->study->knob ? r->study->knob : "order", "us", "p20", "p80",
           "of best");
    printf("%s\n", counts_adds(r)   ? " atomic adds"
                   : r->study->knob ? ""
                                    : "  found in");
}

static void print_row(const struct study_run *r, const struct study_row *row)
{
    printf("%10s", row->value);
    if (isnan(row->ns)) {
        printf("%10s  %s\n", "-", row->status);
        return;
    }
    printf("%10.2f%10.2f%10.2f%9.2fx", row->ns / 1e3, row->p20_ns / 1e3,
           row->p80_ns / 1e3, row->ns / best_ns(r));
    if (counts_adds(r))
        printf("%12.0f  %s", row->adds, row->what);
    else if (!isnan(row->order_s))
        printf("%8.2f s", row->order_s);
    printf("\n");
}

static void print_text(const struct study_run *r)
{
    print_head(r);
    for (size_t i = 0; i < r->n_rows; i++)
        print_row(r, &r->rows[i]);
}

static void print_csv(const struct study_run *r)
{
    printf("%s,median_us,p20_us,p80_us,atomic_adds,order_s\n", r->study->name);
    for (size_t i = 0; i < r->n_rows; i++) {
        const struct study_row *row = &r->rows[i];
        const double numbers[] = {row->ns / 1e3, row->p20_ns / 1e3,
                                  row->p80_ns / 1e3, row->adds, row->order_s};
        printf("%s", row->value);
        for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
            putchar(',');
            if (!isnan(numbers[k]))
                printf("%.9g", numbers[k]);
        }
        putchar('\n');
    }
}

static json_t *row_json(const struct study_row *row)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "value", row->value,
                     "status", row->status, "median_us",
                     real_json(row->ns / 1e3), "p20_us",
                     real_json(row->p20_ns / 1e3), "p80_us",
                     real_json(row->p80_ns / 1e3), "atomic_adds",
                     real_json(row->adds), "order_s", real_json(row->order_s));
}

static gnnac_status print_json(const struct study_run *r, gnnac_error *err)
{
    char fixed[512];
    json_t *rows = json_array();
    fixed_text(r, fixed, sizeof(fixed));
    for (size_t i = 0; rows && i < r->n_rows; i++)
        json_array_append_new(rows, row_json(&r->rows[i]));
    return print_json_line(
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:o}", "study",
                  r->study->name, "fixed", fixed, "device", r->wb.device.name,
                  "l2", r->wb.request.cold ? "cold" : "hot", "nodes",
                  (json_int_t)r->g.n_nodes, "edges", (json_int_t)r->g.n_edges,
                  "dim", (int)r->dim, "rows", rows),
        err);
}

static gnnac_status print(const struct study_run *r, const struct options *o,
                          gnnac_error *err)
{
    if (o->json)
        return print_json(r, err);
    if (o->csv)
        print_csv(r);
    else
        print_text(r);
    return GNNAC_OK;
}

// ---- the command ------------------------------------------------------------

static gnnac_status open_study(const struct options *o, struct study_run *r,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    r->study = find_study(o->study);
    r->dim = o->dim ? o->dim : r->study->dim;
    if (dtype_from_name(o->dtype) != DTYPE_F32 || o->rules.n ||
        o->deterministic)
        return FAIL(err, GNNAC_EUSAGE,
                    "--study is of float32, and its points are its own: it "
                    "goes without --dtype, --rules and --deterministic");
    TRY(bench_command_open(o, &r->wb, err));
    r->wb.request.record = true; // nobody leaves the race
    r->wb.request.n_settings = 0;
    TRY(read_fixed(o, r, err));
    TRY(use_rule(r, err));
    TRY(bench_command_load(o, &r->g, err));
out:
    return st;
}

gnnac_status bench_study(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct study_run *r = calloc(1, sizeof(*r));
    if (!r)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(open_study(o, r, err));
    TRY(r->study->knob ? run_values(r, err) : run_orders(r, err));
    TRY(print(r, o, err));
out:
    csr_finish(&r->g);
    workbench_close(&r->wb);
    free(r);
    return st;
}
