// gnnac bench GRAPH --dim D: the kernels for one sum over the in-neighbours,
// timed, beside the GPU's limit and cuSPARSE; with --study what a knob does
// (bench_study.c); and, with --protocol, the epochs of a bundle
// (bench_epochs.c).
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "training/bench_epochs.h"
#include "cli/requests.h"
#include "cmd/bench_study.h"
#include "cmd/cmd_bench.h"
#include "graph/load.h"
#include "tune/kernel_bench.h"

// A line of the result: a kernel of ours, or a way of cuSPARSE.
struct row {
    const char *name, *knobs, *status;
    double ns, p20_ns, p80_ns; // NaN: not timed
};

struct table {
    const struct csr *g;
    const struct kernel_bench *b;
    const char *device;
    bool cold;
    size_t n_rows;
    struct row *rows; // owned; the fastest first
};

// ---- the rows ---------------------------------------------------------------

static struct row row_of_variant(const struct variant *v)
{
    return (struct row){v->kernel.family, v->knobs,  v->status,
                        v->median_ns,     v->p20_ns, v->p80_ns};
}

static struct row row_of_way(const struct cusparse_way *w)
{
    bool ran = !isnan(w->time.median_ns);
    return (struct row){
        "cuSPARSE",        w->name,        ran ? "ok" : w->reason,
        w->time.median_ns, w->time.p20_ns, w->time.p80_ns};
}

static int faster_first(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (isnan(x->ns) || isnan(y->ns))
        return isnan(x->ns) - isnan(y->ns);
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static gnnac_status make_rows(struct table *t, gnnac_error *err)
{
    const struct selection *s = &t->b->selection;
    t->rows = calloc(s->n_variants + N_CUSPARSE_WAYS, sizeof(*t->rows));
    if (!t->rows)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < s->n_variants; i++)
        t->rows[t->n_rows++] = row_of_variant(&s->variants[i]);
    for (size_t i = 0; i < N_CUSPARSE_WAYS && !t->b->no_cusparse[0]; i++)
        t->rows[t->n_rows++] = row_of_way(&t->b->cusparse[i]);
    qsort(t->rows, t->n_rows, sizeof(*t->rows), faster_first);
    return GNNAC_OK;
}

static double of_roof(const struct table *t, const struct row *r)
{
    return gather_rate(t->b, t->g, r->ns) / t->b->roof;
}

// How many times as long the best kernel of floats takes; NaN where these are.
static double of_f32(const struct table *t, const struct row *r)
{
    return t->b->f32.ns / r->ns;
}

// How many times as long cuSPARSE's best way takes.
static double gain(const struct table *t, const struct row *r)
{
    return cusparse_best(t->b) / r->ns;
}

// ---- printing ---------------------------------------------------------------

static void print_number(double v, int decimals, const char *unit)
{
    int width = 10 - (int)strlen(unit);
    if (isnan(v))
        printf("%10s", "-");
    else
        printf("%*.*f%s", width, decimals, v, unit);
}

static const char *long_name(enum dtype type)
{
    return type == DTYPE_F16    ? "float16"
           : type == DTYPE_BF16 ? "bfloat16"
                                : "float32";
}

static void print_text(const struct table *t)
{
    bool halves = t->b->dtype != DTYPE_F32;
    printf("one sum over the in-neighbours, %d columns, %s, %s, on %s\n"
           "%lld nodes, %lld edges",
           (int)t->b->dim, long_name(t->b->dtype),
           t->cold ? "L2 cache cold" : "caches warm", t->device,
           (long long)t->g->n_nodes, (long long)t->g->n_edges);
    if (!isnan(t->b->roof))
        printf("; random rows of this matrix arrive at %.1f GB/s",
               t->b->roof / 1e9);
    if (!isnan(t->b->f32.ns))
        printf("\nfloat32's best takes %.2f us: %s", t->b->f32.ns / 1e3,
               t->b->f32.name);
    printf("\n%10s%10s%10s%10s%10s%10s", "us", "p20", "p80", "GB/s",
           "of roof", "cuSPARSE");
    if (halves)
        printf("%10s", "float32");
    puts("  kernel");
    for (size_t i = 0; i < t->n_rows; i++) {
        const struct row *r = &t->rows[i];
        print_number(r->ns / 1e3, 2, "");
        print_number(r->p20_ns / 1e3, 2, "");
        print_number(r->p80_ns / 1e3, 2, "");
        print_number(gather_rate(t->b, t->g, r->ns) / 1e9, 1, "");
        print_number(100 * of_roof(t, r), 1, "%");
        print_number(gain(t, r), 2, "x");
        if (halves)
            print_number(of_f32(t, r), 2, "x");
        printf("  %s %s%s%s\n", r->name, r->knobs, isnan(r->ns) ? ": " : "",
               isnan(r->ns) ? r->status : "");
    }
    if (t->b->no_cusparse[0])
        printf("no cuSPARSE: %s\n", t->b->no_cusparse);
}

static void print_csv_number(double v)
{
    if (isnan(v))
        printf(",");
    else
        printf(",%.6g", v);
}

static void print_csv(const struct table *t)
{
    puts("kernel,knobs,median_us,p20_us,p80_us,gather_gb_s,of_roof,"
         "cusparse_ratio,dtype,f32_ratio");
    for (size_t i = 0; i < t->n_rows; i++) {
        const struct row *r = &t->rows[i];
        printf("%s,%s", r->name, r->knobs);
        print_csv_number(r->ns / 1e3);
        print_csv_number(r->p20_ns / 1e3);
        print_csv_number(r->p80_ns / 1e3);
        print_csv_number(gather_rate(t->b, t->g, r->ns) / 1e9);
        print_csv_number(of_roof(t, r));
        print_csv_number(gain(t, r));
        printf(",%s", dtype_name(t->b->dtype));
        print_csv_number(of_f32(t, r));
        putchar('\n');
    }
}

static json_t *row_json(const struct table *t, const struct row *r)
{
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kernel", r->name,
        "knobs", r->knobs, "status", r->status, "median_us",
        real_json(r->ns / 1e3), "p20_us", real_json(r->p20_ns / 1e3), "p80_us",
        real_json(r->p80_ns / 1e3), "gather_gb_s",
        real_json(gather_rate(t->b, t->g, r->ns) / 1e9), "of_roof",
        real_json(of_roof(t, r)), "cusparse_ratio", real_json(gain(t, r)),
        "f32_ratio", real_json(of_f32(t, r)));
}

static gnnac_status print_json(const struct table *t, gnnac_error *err)
{
    json_t *rows = json_array();
    for (size_t i = 0; rows && i < t->n_rows; i++)
        json_array_append_new(rows, row_json(t, &t->rows[i]));
    return print_json_line(
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:i, s:i, s:o, s:o, s:o, s:o, "
                  "s:o}", "device",
                  t->device, "l2", t->cold ? "cold" : "hot", "dtype",
                  dtype_name(t->b->dtype), "nodes",
                  (json_int_t)t->g->n_nodes, "edges",
                  (json_int_t)t->g->n_edges, "dim", (int)t->b->dim, "pitch",
                  (int)t->b->pitch, "roof_gb_s", real_json(t->b->roof / 1e9),
                  "no_cusparse",
                  t->b->no_cusparse[0] ? json_string(t->b->no_cusparse)
                                       : json_null(),
                  "f32_us", real_json(t->b->f32.ns / 1e3), "f32_kernel",
                  isnan(t->b->f32.ns) ? json_null()
                                      : json_string(t->b->f32.name),
                  "rows", rows),
        err);
}

static gnnac_status print(struct table *t, const struct options *o,
                          gnnac_error *err)
{
    gnnac_status st = make_rows(t, err);
    if (st == GNNAC_OK && o->json)
        st = print_json(t, err);
    else if (st == GNNAC_OK && o->csv)
        print_csv(t);
    else if (st == GNNAC_OK)
        print_text(t);
    free(t->rows);
    return st;
}

// ---- the command ------------------------------------------------------------

gnnac_status bench_command_open(const struct options *o, struct workbench *wb,
                                gnnac_error *err)
{
    struct workbench_request rq;
    read_workbench_request(o, &rq);
    rq.timed = true;
    rq.unpruned = true;
    gnnac_status st = workbench_open(&rq, wb, err);
    if (st == GNNAC_OK && !wb->cuda) {
        workbench_close(wb);
        st = FAIL(err, GNNAC_ENODEVICE,
                  "bench times kernels, and there is no GPU; gnnac explain "
                  "tells what the rules would choose");
    }
    return st;
}

gnnac_status bench_command_load(const struct options *o, struct csr *g,
                                gnnac_error *err)
{
    gnnac_status st = graph_load(o->args[0], &o->graph, g, err);
    if (st == GNNAC_OK && g->n_edges == 0)
        st = FAIL(err, GNNAC_EUSAGE, "%s has no edges: nothing to time",
                  o->args[0]);
    return st;
}

static gnnac_status bench_kernels(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench wb = {0};
    struct csr g = {0};
    struct kernel_bench b = {0};
    TRY(bench_command_open(o, &wb, err));
    TRY(bench_command_load(o, &g, err));
    TRY(kernel_bench_run(&wb, &g, o->dim ? o->dim : 64,
                         (enum dtype)dtype_from_name(o->dtype), &b, err));
    struct table t = {.g = &g, .b = &b, .device = wb.device.name,
                      .cold = wb.request.cold};
    TRY(print(&t, o, err));
out:
    kernel_bench_finish(&b);
    csr_finish(&g);
    workbench_close(&wb);
    return st;
}

gnnac_status cmd_bench(const struct options *o, gnnac_error *err)
{
    return o->protocol ? bench_epochs(o, err)
           : o->study  ? bench_study(o, err)
                       : bench_kernels(o, err);
}
