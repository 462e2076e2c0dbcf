// Runs kernels of ours on a software device, which writes a JSON line for each
// launch, with what it counted, to $RIG_LOG. Before those of a question stands
// a line of this program's:
//     {"graph":..., "point":..., "nodes":..., "edges":..., "least":...,
//      "cost":...}                                 or ..., "refused": why}
// `least` is the number of 32-byte sectors that any kernel without reuse moves:
// each neighbour's row, id and weight once (of norm gcn its dinv, a sector for
// it), row pointers, own terms, results; of a product both factors once; of
// attention what attention_parts names. `cost` is the cost model's word on a
// device with as many multiprocessors as the software device was told of
// (argument 2), null where it has none.
//
//     count_work TEMPLATES MULTIPROCESSORS <QUESTIONS
//
// A question is a line: graph, blank, point (kernel/kernel_case.h). A graph is
// KIND:NODES:EDGES, generated (graph/generate.h), or a file. FILE@EDGES: a part
// of it with about so many edges, every so many runs of RUN rows, whole; ids
// are taken modulo the rows that stay. Questions of one graph stand together.
// Every run passes the gate first (tune/bench.h).
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/cuda_context.h"
#include "emit/tmpl.h"
#include "graph/generate.h"
#include "graph/load.h"
#include "graph/stats.h"
#include "jit/nvrtc.h"
#include "kernel/kernel_case.h"
#include "tune/bench.h"
#include "tune/cost.h"

enum { MAX_QUESTIONS = 4096, SECTOR = 32, RUN = 256 };

struct question {
    char line[1024], graph[512];
    const char *point; // in line
    struct kernel_case kc;
    struct emitted emitted;
    struct compile_job *job;
    gnnac_error refused;
};

// The graph at hand.
struct subject {
    char name[512];
    struct csr csr;
    struct props props;
};

static struct question questions[MAX_QUESTIONS];
static struct compile_job jobs[MAX_QUESTIONS];
static size_t n_questions, n_jobs;

// ---- questions --------------------------------------------------------------

static gnnac_status read_question(struct catalog *catalog, char *line,
                                  struct question *q, gnnac_error *err)
{
    line[strcspn(line, "\n")] = '\0';
    snprintf(q->line, sizeof(q->line), "%s", line);
    char *blank = strchr(q->line, ' ');
    if (!blank || (size_t)(blank - q->line) >= sizeof(q->graph))
        return FAIL(err, GNNAC_EUSAGE, "%s: not a graph and a point", line);
    memcpy(q->graph, q->line, (size_t)(blank - q->line));
    q->point = blank + 1;
    gnnac_status st =
        kernel_case_parse(catalog_families(catalog), q->point, &q->kc, err);
    if (st == GNNAC_OK)
        tmpl_emit(catalog, &q->kc.point, &q->kc.spec, &q->emitted, &q->refused);
    return st;
}

static gnnac_status read_questions(struct catalog *catalog, gnnac_error *err)
{
    char line[1024];
    gnnac_status st = GNNAC_OK;
    while (st == GNNAC_OK && fgets(line, sizeof(line), stdin)) {
        if (n_questions == MAX_QUESTIONS)
            return FAIL(err, GNNAC_EUSAGE, "more than %d questions",
                        MAX_QUESTIONS);
        st = read_question(catalog, line, &questions[n_questions++], err);
    }
    return st;
}

// Equal kernels share a job.
static struct compile_job *job_of(const struct emitted *e, int32_t cc)
{
    for (size_t i = 0; i < n_jobs; i++)
        if (strcmp(jobs[i].name, e->kernel.name) == 0)
            return &jobs[i];
    struct compile_job *j = &jobs[n_jobs++];
    j->source = e->source;
    j->name = e->kernel.name;
    snprintf(j->arch, sizeof(j->arch), "sm_%d", (int)cc);
    return j;
}

static gnnac_status compile_all(int32_t cc, gnnac_error *err)
{
    struct nvrtc *n = NULL;
    for (size_t i = 0; i < n_questions; i++)
        if (!questions[i].refused.msg[0])
            questions[i].job = job_of(&questions[i].emitted, cc);
    gnnac_status st = nvrtc_open(&n, err);
    if (st == GNNAC_OK)
        st = nvrtc_compile(n, jobs, n_jobs, 0, err);
    if (n)
        nvrtc_close(n);
    for (size_t i = 0; st == GNNAC_OK && i < n_jobs; i++) {
        *err = jobs[i].error;
        st = jobs[i].status;
    }
    return st;
}

// ---- graphs -----------------------------------------------------------------

// Numbers the rows that stay, of every `stride`-th run, others -1; how many do.
static int64_t keep_rows(const struct csr *g, int64_t stride, int32_t *number)
{
    int64_t n = 0;
    for (int64_t v = 0; v < g->n_nodes; v++)
        number[v] = v / RUN % stride == 0 ? (int32_t)n++ : -1;
    return n;
}

// The edges of rows that have a number, by that.
static gnnac_status take_rows(const struct csr *g, const int32_t *number,
                              struct coo *out, gnnac_error *err)
{
    out->src = malloc((size_t)g->n_edges * sizeof(*out->src));
    out->dst = malloc((size_t)g->n_edges * sizeof(*out->dst));
    if (!out->src || !out->dst)
        return FAIL(err, GNNAC_ENOMEM, "no memory for a part of the graph");
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; number[v] >= 0 && e < g->rowptr[v + 1];
             e++, out->n_edges++) {
            out->src[out->n_edges] = (int32_t)(g->colidx[e] % out->n_nodes);
            out->dst[out->n_edges] = number[v];
        }
    return GNNAC_OK;
}

static gnnac_status cut(struct csr *g, int64_t most, gnnac_error *err)
{
    const struct graph_options opt = {0};
    struct coo part = {0};
    if (g->n_edges <= most)
        return GNNAC_OK;
    int32_t *number = malloc((size_t)g->n_nodes * sizeof(*number));
    if (!number)
        return FAIL(err, GNNAC_ENOMEM, "no memory for a part of the graph");
    part.n_nodes = keep_rows(g, (g->n_edges + most - 1) / most, number);
    gnnac_status st = take_rows(g, number, &part, err);
    free(number);
    csr_finish(g);
    if (st == GNNAC_OK)
        return csr_take_coo(&part, &opt, g, err);
    coo_finish(&part);
    return st;
}

static gnnac_status load_graph(const char *name, struct csr *out,
                               gnnac_error *err)
{
    const struct graph_options opt = {0};
    char path[512];
    snprintf(path, sizeof(path), "%s", name);
    char *at = strrchr(path, '@');
    int64_t most = at ? atoll(at + 1) : 0;
    if (at)
        *at = '\0';
    gnnac_status st = graph_load(path, &opt, out, err);
    return st == GNNAC_OK && most > 0 ? cut(out, most, err) : st;
}

static gnnac_status make_graph(const char *name, struct csr *out,
                               gnnac_error *err)
{
    char kind[16];
    long long nodes, edges;
    struct graph_options opt = {0};
    struct coo edge_list = {0};
    if (sscanf(name, "%15[a-z]:%lld:%lld", kind, &nodes, &edges) != 3)
        return load_graph(name, out, err);
    const struct generate_options make = {
        .kind = kind, .nodes = nodes, .edges = edges, .seed = 1};
    gnnac_status st = graph_generate(&make, &edge_list, err);
    return st == GNNAC_OK ? csr_take_coo(&edge_list, &opt, out, err) : st;
}

static gnnac_status turn_to(struct subject *s, const char *name,
                            gnnac_error *err)
{
    if (strcmp(s->name, name) == 0)
        return GNNAC_OK;
    csr_finish(&s->csr);
    *s = (struct subject){.csr = {0}};
    snprintf(s->name, sizeof(s->name), "%s", name);
    gnnac_status st = make_graph(name, &s->csr, err);
    return st == GNNAC_OK ? graph_stats(&s->csr, 0, &s->props, err) : st;
}

static int64_t sectors(int64_t bytes)
{
    return (bytes + SECTOR - 1) / SECTOR;
}

// Sectors that row v of a matrix touches.
static int64_t row_sectors(int64_t v, int64_t pitch, int64_t dim)
{
    int64_t from = v * pitch * 4 % SECTOR;
    return sectors(from + dim * 4);
}

// Every row of a matrix once.
static int64_t matrix_sectors(const struct csr *g, int64_t pitch, int64_t dim)
{
    int64_t n = 0;
    for (int64_t v = 0; v < g->n_nodes; v++)
        n += row_sectors(v, pitch, dim);
    return n;
}

// What an operation on a graph reads: its edges, each neighbour's row and dinv.
static int64_t edge_sectors(const struct csr *g, const struct kernel_spec *s)
{
    int64_t n = sectors(4 * g->n_edges) +
                sectors(s->offset_bits / 8 * (g->n_nodes + 1));
    if (s->edges != EDGES_NONE)
        n += sectors(4 * g->n_edges);
    if (s->edges == EDGES_MAPPED)
        n += sectors(8 * g->n_edges);
    if (s->norm == NORM_GCN)
        n += g->n_edges;
    for (int64_t e = 0; e < g->n_edges; e++)
        n += row_sectors(g->colidx[e], s->x_pitch, s->dim);
    return n;
}

// What an operation on a graph reads and writes of each row.
static int64_t own_sectors(const struct csr *g, const struct kernel_spec *s)
{
    int64_t n = matrix_sectors(g, s->out_pitch, s->dim);
    if (s->self_term != SELF_NONE)
        n += matrix_sectors(g, s->self_pitch, s->dim);
    if (s->norm == NORM_GCN || s->norm == NORM_SCALED)
        n += sectors(4 * g->n_nodes);
    return n;
}

// What attention reads at a neighbour and at the row itself, and writes. SELF
// are GATv2's rows, or the heads' scores.
enum { OF_X = 1, OF_SELF = 2, OF_GRAD = 4, OF_OUT = 8, OF_ATT = 16 };
static const struct {
    unsigned neighbour, own;
} attention_parts[N_STEP_KINDS] = {
    [STEP_ATTENTION] = {OF_X | OF_SELF, OF_X | OF_SELF | OF_OUT},
    [STEP_ATTENTION_KEEP] = {OF_X | OF_SELF, OF_X | OF_SELF | OF_OUT},
    [STEP_ATTENTION_ROWS_GRAD] = {OF_X | OF_SELF, OF_X | OF_SELF | OF_GRAD},
    [STEP_ATTENTION_GRAD] = {OF_GRAD | OF_SELF,
                             OF_X | OF_SELF | OF_GRAD | OF_OUT},
    [STEP_ATTENTION_V2] = {OF_X, OF_X | OF_SELF | OF_OUT},
    [STEP_ATTENTION_V2_KEEP] = {OF_X, OF_X | OF_SELF | OF_OUT},
    [STEP_ATTENTION_V2_ROWS_GRAD] = {OF_X, OF_X | OF_SELF | OF_GRAD | OF_OUT |
                                               OF_ATT},
    [STEP_ATTENTION_V2_GRAD] = {OF_GRAD | OF_SELF,
                                OF_X | OF_SELF | OF_GRAD | OF_OUT},
};

// Of row v the matrices that `parts` names.
static int64_t part_sectors(const struct kernel_spec *s, unsigned parts,
                            int64_t v)
{
    int64_t dim = (int64_t)s->heads * s->channels;
    int64_t self_dim = step_is_attention_v2(s->kind) ? dim : s->heads;
    const struct {
        unsigned part;
        int64_t pitch, dim;
    } all[] = {{OF_X, s->x_pitch, dim},
               {OF_SELF, s->self_pitch, self_dim},
               {OF_GRAD, s->grad_pitch, dim},
               {OF_OUT, s->out_pitch, dim},
               {OF_ATT, s->out_pitch, dim}};
    int64_t n = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (parts & all[i].part)
            n += row_sectors(v, all[i].pitch, all[i].dim);
    return n;
}

static int64_t attention_sectors(const struct csr *g,
                                 const struct kernel_spec *s)
{
    int64_t n = sectors(4 * g->n_edges) +
                sectors(s->offset_bits / 8 * (g->n_nodes + 1));
    for (int64_t v = 0; v < g->n_nodes; v++)
        n += part_sectors(s, attention_parts[s->kind].own, v);
    for (int64_t e = 0; e < g->n_edges; e++)
        n += part_sectors(s, attention_parts[s->kind].neighbour, g->colidx[e]);
    return n;
}

static int64_t least_sectors(const struct csr *g, const struct kernel_spec *s)
{
    if (attention_parts[s->kind].own)
        return attention_sectors(g, s);
    switch (s->kind) {
    case STEP_LINEAR:
        return matrix_sectors(g, s->x_pitch, s->depth) +
               sectors((int64_t)4 * s->dim * s->depth) +
               matrix_sectors(g, s->out_pitch, s->dim);
    case STEP_SDDMM:
        return edge_sectors(g, s) + matrix_sectors(g, s->x_pitch, s->dim) +
               (s->edges == EDGES_NONE ? sectors(4 * g->n_edges) : 0);
    default:
        return edge_sectors(g, s) + own_sectors(g, s);
    }
}

// ---- runs -------------------------------------------------------------------

// The software device appends to the same file.
static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
    FILE *log = fopen(getenv("RIG_LOG"), "a");
    if (!log)
        return;
    va_list args;
    va_start(args, format);
    vfprintf(log, format, args);
    va_end(args);
    fclose(log);
}

static gnnac_status run(struct cuda_context *gpu, const struct question *q,
                        const struct csr *g, gnnac_error *err)
{
    struct bench b;
    struct cuda_kernel k;
    struct variant v = {.kernel = q->emitted.kernel, .status = "ok"};
    v.images[0].image = q->job->image;
    v.images[0].n_bytes = q->job->n_bytes;
    gnnac_status st = bench_init(gpu, g, &q->kc.spec, &b, err);
    if (st == GNNAC_OK && bench_gate(&b, &v, &k))
        cuda_kernel_unload(gpu, &k);
    else if (st == GNNAC_OK)
        st = FAIL(err, GNNAC_EINTERNAL, "%s: %s", q->line, v.reason);
    bench_finish(&b);
    return st;
}

static gnnac_status answer(struct cuda_context *gpu, struct question *q,
                           const struct device *device, struct subject *s,
                           gnnac_error *err)
{
    const struct kernel_spec *spec = &q->kc.spec;
    char cost[32] = "null";
    gnnac_status st = turn_to(s, q->graph, err);
    if (st != GNNAC_OK)
        return st;
    if (q->refused.msg[0]) {
        tell("{\"graph\":\"%s\",\"point\":\"%s\",\"refused\":true}\n", s->name,
             q->point);
        return GNNAC_OK;
    }
    double estimate = cost_estimate(&q->kc.point, spec, &s->props, device);
    if (isfinite(estimate))
        snprintf(cost, sizeof(cost), "%.9g", estimate);
    tell("{\"graph\":\"%s\",\"point\":\"%s\",\"nodes\":%lld,\"edges\":%lld,"
         "\"least\":%lld,\"cost\":%s}\n",
         s->name, q->point, (long long)s->csr.n_nodes,
         (long long)s->csr.n_edges, (long long)least_sectors(&s->csr, spec),
         cost);
    return run(gpu, q, &s->csr, err);
}

static gnnac_status answer_all(struct cuda_context *gpu, int64_t sm_count,
                               gnnac_error *err)
{
    struct subject s = {.csr = {0}};
    struct device device;
    device_typical(90, &device);
    device.mem_bandwidth *= (double)sm_count / (double)device.sm_count;
    device.sm_count = sm_count;
    gnnac_status st = cuda_enter(gpu, err);
    if (st != GNNAC_OK)
        return st;
    for (size_t i = 0; st == GNNAC_OK && i < n_questions; i++)
        st = answer(gpu, &questions[i], &device, &s, err);
    cuda_leave(gpu);
    csr_finish(&s.csr);
    return st;
}

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    struct catalog *catalog = NULL;
    if (argc != 3 || !getenv("RIG_LOG")) {
        fprintf(stderr, "usage: RIG_LOG=FILE count_work TEMPLATES SMS\n");
        return 1;
    }
    const char *templates = argv[1];
    struct cuda_context *gpu = NULL;
    char name[128];
    gnnac_status st = cuda_context_create(0, &gpu, name, sizeof(name), &err);
    if (st == GNNAC_OK)
        st = catalog_open(&templates, 1, &catalog, &err);
    if (st == GNNAC_OK)
        st = read_questions(catalog, &err);
    if (st == GNNAC_OK)
        st = compile_all((int32_t)gpu->cc, &err);
    if (st == GNNAC_OK)
        st = answer_all(gpu, atoll(argv[2]), &err);
    if (st != GNNAC_OK)
        fprintf(stderr, "count_work: %s\n", err.msg);
    for (size_t i = 0; i < n_jobs; i++)
        compile_job_finish(&jobs[i]);
    for (size_t i = 0; i < n_questions; i++)
        emitted_finish(&questions[i].emitted);
    catalog_close(catalog);
    if (gpu)
        cuda_context_destroy(gpu);
    return st != GNNAC_OK;
}
