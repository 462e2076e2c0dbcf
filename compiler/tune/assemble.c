#include "tune/assemble.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pack/bundle_write.h"
#include "graph/load.h"
#include "order/orders.h"
#include "order/reorder_auto.h"
#include "plan/order_steps.h"
#include "plan/fuse.h"
#include "plan/products.h"
#include "plan/scaled_rows.h"
#include "plan/slabs.h"
#include "tune/assemble_derived.h"
#include "tune/assemble_operators.h"
#include "tune/assemble_parts.h"
#include "tune/assemble_whole.h"
#include "tune/order_vote.h"
#include "tune/propose.h"
#include "tune/subjects.h"

enum { N_SELECTIONS = 5 };

static void list_selections(const struct assembly *a,
                            struct selection *out[N_SELECTIONS])
{
    struct selection *const all[N_SELECTIONS] = {
        a->selection, a->forward_selection, a->train_selection,
        a->sparse_selection, a->whole_selection};
    memcpy(out, all, sizeof(all));
}

void assembly_finish(struct assembly *a)
{
    struct selection *selections[N_SELECTIONS];
    list_selections(a, selections);
    for (int i = 0; i < N_SELECTIONS; i++) {
        if (selections[i])
            selection_finish(selections[i]);
        free(selections[i]);
    }
    free(a->sparse_program);
    free(a->whole_program);
    free(a->lowered);
    free(a->manifest);
    csr_finish(&a->full);
    csr_finish(&a->without_loops);
    graph_order_finish(&a->order);
    *a = (struct assembly){0};
}

static bool has_self_loops(const struct csr *g)
{
    bool found = false;
#pragma omp parallel for schedule(static) reduction(|| : found)
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            found = found || g->colidx[e] == v;
    return found;
}

// GCN and GAT give every node exactly one self loop themselves
// (add_remaining_self_loops of PyTorch Geometric), so the file's own
// are left out of its arrays.
static gnnac_status choose_stored(struct assembly *a, const struct model *m,
                                  gnnac_error *err)
{
    a->graph.full = a->graph.stored = &a->full;
    if (!conv_adds_self_loops(m->layers[0].op) || !has_self_loops(&a->full))
        return GNNAC_OK;
    gnnac_status st = csr_drop_self_loops(&a->full, &a->without_loops, err);
    if (st == GNNAC_OK)
        a->graph.stored = &a->without_loops;
    return st;
}

static void describe_graph(const struct assembly *a, struct manifest *m)
{
    m->format_major = FORMAT_MAJOR;
    m->format_minor = a->order.perm ? FORMAT_MINOR_REORDERED : FORMAT_MINOR;
    snprintf(m->generator, sizeof(m->generator), "gnnac %s", GNNAC_VERSION);
    m->n_nodes = a->full.n_nodes;
    m->n_edges = a->full.n_edges;
    m->n_stored_edges = a->graph.stored->n_edges;
    m->self_loops_removed = a->graph.stored != &a->full;
    strcpy(m->fingerprint, a->fingerprint);
    strcpy(m->reorder.method, a->order.method);
    strcpy(m->reorder.why, a->order.why);
}

static void describe_target(const struct workbench *wb, struct manifest *m)
{
    m->n_archs = (int32_t)wb->n_archs;
    memcpy(m->archs, wb->archs, sizeof(m->archs));
    if (!wb->request.no_ptx)
        strcpy(m->ptx_arch, wb->ptx_arch);
    strcpy(m->toolchain, wb->toolchain);
    m->repeats = wb->request.deterministic;
}

// Kernels in the order of the steps that use them; each step gets its index.
static gnnac_status describe_kernels(const struct selection *s,
                                     struct manifest *m, gnnac_error *err)
{
    struct program *p = &m->program;
    gnnac_status st = GNNAC_OK;
    for (int32_t i = 0; i < p->n_steps && st == GNNAC_OK; i++) {
        if (s->chosen[i] < 0)
            continue;
        const struct variant *v = &s->variants[s->chosen[i]];
        if (!variant_is_blas(v))
            st = manifest_add_kernel(m, &v->kernel, &p->steps[i].kernel, err);
        m->choices[m->n_choices++] = s->choices[i];
    }
    return st;
}

// ---- the graph --------------------------------------------------------------

static gnnac_status load_graph(struct assembly *a, const char *path,
                               const struct graph_options *opt,
                               gnnac_error *err)
{
    gnnac_status st = graph_load(path, opt, &a->full, err);
    if (st != GNNAC_OK)
        return st;
    csr_fingerprint(&a->full, a->fingerprint);
    strcpy(a->graph.fingerprint, a->fingerprint);
    log_verbose("%s: %lld nodes, %lld edges", path, (long long)a->full.n_nodes,
                (long long)a->full.n_edges);
    return GNNAC_OK;
}

// Rules and database see the graph as it will run: what is local in one order
// is not in another. Only the user's graph is known by the input's fingerprint.
static gnnac_status renumber(struct assembly *a, gnnac_error *err)
{
    struct csr renumbered = {0};
    gnnac_status st =
        csr_permute(&a->full, a->order.perm, &renumbered, err);
    if (st != GNNAC_OK)
        return st;
    csr_finish(&a->full);
    csr_finish(&a->without_loops);
    a->full = renumbered;
    a->graph.props.n = 0; // rules may have asked for those of the old order
    csr_fingerprint(&a->full, a->graph.fingerprint);
    return GNNAC_OK;
}

// What there is to gain, and what an order costs the program in each pass.
static void weigh(const struct program *p, struct graph_order_request *rq)
{
    struct program ordered = *p;
    if (program_add_order(&ordered, NULL) != GNNAC_OK)
        return;
    for (int32_t i = 0; i < ordered.n_steps; i++) {
        const struct step *s = &ordered.steps[i];
        int32_t dim = ordered.buffers[s->out].dim;
        rq->n_aggregates += step_reads_edges(s->kind);
        rq->columns += step_reads_edges(s->kind) ? dim : 0;
        rq->columns_moved +=
            s->kind == STEP_GRAPH_ORDER || s->kind == STEP_INPUT_ORDER ? dim
                                                                       : 0;
    }
    if (rq->n_aggregates > 0)
        rq->columns /= rq->n_aggregates;
}

// The vote's word, not a computation's: `none` by a rule is an answer, too.
static void explain_vote(const struct order_vote *v, struct graph_order *o)
{
    char before[sizeof(o->why)];
    snprintf(before, sizeof(before), "%s", o->why);
    if (!o->method[0])
        snprintf(o->method, sizeof(o->method), "%s", v->order);
    snprintf(o->why, sizeof(o->why), "rule '%s' votes for %s%s%.300s", v->rule,
             v->order, reorder_is_rule(v->order) ? "; " : "",
             reorder_is_rule(v->order) ? before : "");
}

// "auto" leaves it to the rules where they vote.
static gnnac_status find_order(struct workbench *wb,
                               const struct assemble_request *rq,
                               struct assembly *a, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *m = a->manifest;
    struct order_vote vote = {.order = ""};
    struct graph_order_request order = {.reorder = rq->reorder,
                                        .runs = rq->runs,
                                        .bytes_per_s = wb->device.mem_bandwidth,
                                        .n_threads = wb->request.n_threads};
    weigh(&m->program, &order);
    if (rq->reorder && strcmp(rq->reorder, "auto") == 0)
        TRY(order_vote(wb, &m->model, &m->program, &a->graph, &vote, err));
    if (vote.order[0])
        order.reorder = vote.order;
    TRY(graph_order_find(&a->full, &order, &a->order, err));
    if (vote.order[0])
        explain_vote(&vote, &a->order);
out:
    return st;
}

static gnnac_status reorder_graph(struct assembly *a, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct model *m = &a->manifest->model;
    csr_fingerprint(a->graph.stored, a->manifest->reorder.fingerprint);
    TRY(renumber(a, err));
    TRY(choose_stored(a, m, err));
    TRY(program_add_order(&a->manifest->program, err));
out:
    return st;
}

// The request's own faults first: reading a graph may take long.
static gnnac_status read_request(const struct assemble_request *rq,
                                 const struct workbench *wb,
                                 struct manifest *m, gnnac_error *err)
{
    gnnac_status st = rq->operators
                          ? operators_read(rq->operators, m, err)
                          : model_build(rq->model, &m->model, err);
    if (st == GNNAC_OK)
        st = graph_order_check(rq->reorder, err);
    return st == GNNAC_OK ? propose_check_whole(wb, err) : st;
}

// Manual mode knows no points of them, and on an architecture with slow tensor
// cores BLAS is faster.
static bool may_claim(const struct workbench *wb)
{
    bool may = propose_asks_rules(wb);
    int32_t arch = 0;
    for (size_t i = 0; i < wb->n_archs; i++)
        may = may && arch_parse(wb->archs[i], &arch, NULL) == GNNAC_OK &&
              has_fast_tensor_cores(arch);
    return may;
}

// What the user set a kernel for may not know of slabs.
static void lay_slabs(const struct workbench *wb,
                      const struct assemble_request *rq, struct assembly *a)
{
    const struct slab_request slabs = {.bytes = wb->request.slab_bytes,
                                       .sparse = rq->sparse,
                                       .n_nodes = a->full.n_nodes,
                                       .n_edges = a->graph.stored->n_edges,
                                       .device = &wb->device};
    bool may = slabs.bytes != SLABS_AUTO || propose_asks_rules(wb);
    if (may && !rq->train && !rq->whole)
        program_lay_slabs(&a->manifest->program, &slabs);
}

static gnnac_status assemble_model(struct workbench *wb,
                                   const struct assemble_request *rq,
                                   struct assembly *a, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct manifest *m = a->manifest;
    TRY(choose_stored(a, &m->model, err));
    TRY(lower_model(&m->model, a->full.n_nodes, a->graph.stored->n_edges,
                    &m->program, err));
    TRY(find_order(wb, rq, a, err));
    if (a->order.perm)
        TRY(reorder_graph(a, err));
    program_round_products(&m->program);
    if (may_claim(wb))
        program_claim_products(&m->program, &wb->device, a->full.n_nodes);
    program_scale_rows(&m->program);
    if (!wb->request.no_fuse)
        program_fuse(&m->program, rq->train);
    if (rq->train || rq->sparse)
        program_part_features(&m->program);
    lay_slabs(wb, rq, a);
    TRY(select_kernels(wb, &m->model, &m->program, &a->graph, a->selection,
                       err));
    if (a->selection->report.n_timed > 0)
        subjects_remember(wb, &a->graph);
    TRY(describe_kernels(a->selection, m, err));
    if (rq->whole)
        TRY(assemble_whole(wb, a, err));
    if (rq->train)
        TRY(assemble_training(wb, a, err));
    if (rq->sparse)
        TRY(assemble_sparse(wb, a, err));
out:
    return st;
}

gnnac_status assemble(struct workbench *wb, const struct assemble_request *rq,
                      struct assembly *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct assembly *a = out;
    *a = (struct assembly){.manifest = calloc(1, sizeof(*a->manifest)),
                           .selection = calloc(1, sizeof(*a->selection))};
    if (!a->manifest || !a->selection) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    struct manifest *m = a->manifest;
    TRY(read_request(rq, wb, m, err));
    TRY(load_graph(a, rq->graph, rq->options, err));
    TRY(rq->operators ? assemble_operators(wb, a, err)
                      : assemble_model(wb, rq, a, err));
    describe_graph(a, m);
    describe_target(wb, m);

out:
    if (st != GNNAC_OK)
        assembly_finish(a);
    return st;
}

static struct select_report sum(const struct select_report *a,
                                const struct select_report *b)
{
    return (struct select_report){
        .n_steps = a->n_steps + b->n_steps,
        .n_recalled = a->n_recalled + b->n_recalled,
        .n_emitted = a->n_emitted + b->n_emitted,
        .n_compiled = a->n_compiled + b->n_compiled,
        .n_cached = a->n_cached + b->n_cached,
        .n_timed = a->n_timed + b->n_timed,
        .n_rejected = a->n_rejected + b->n_rejected,
        .n_unfinished = a->n_unfinished + b->n_unfinished,
        .n_twins = a->n_twins + b->n_twins,
        .n_pruned = a->n_pruned + b->n_pruned,
        .n_quarantined = a->n_quarantined + b->n_quarantined,
        .compile_seconds = a->compile_seconds + b->compile_seconds,
        .gate_seconds = a->gate_seconds + b->gate_seconds,
        .race_seconds = a->race_seconds + b->race_seconds};
}

struct select_report assembly_report(const struct assembly *a)
{
    struct selection *selections[N_SELECTIONS];
    struct select_report all = {.n_steps = 0};
    list_selections(a, selections);
    for (int i = 0; i < N_SELECTIONS; i++)
        if (selections[i])
            all = sum(&all, &selections[i]->report);
    return all;
}

// ---- write ------------------------------------------------------------------

// A step's choice: only of those are all images there.
static const struct variant *chosen_variant(const struct selection *s,
                                            const char *name)
{
    for (int32_t i = 0; s && i < s->n_steps; i++)
        if (s->chosen[i] >= 0 &&
            strcmp(s->variants[s->chosen[i]].kernel.name, name) == 0)
            return &s->variants[s->chosen[i]];
    return NULL;
}

static const struct variant *variant_of_kernel(const struct assembly *a,
                                               const char *name)
{
    struct selection *all[N_SELECTIONS];
    const struct variant *v = NULL;
    list_selections(a, all);
    for (int i = 0; i < N_SELECTIONS && !v; i++)
        v = chosen_variant(all[i], name);
    return v;
}

static struct kernel_image source_image(int32_t kernel, const struct variant *v)
{
    return (struct kernel_image){.kernel = kernel,
                                 .kind = IMAGE_SOURCE,
                                 .bytes = v->source,
                                 .n_bytes = strlen(v->source)};
}

static struct kernel_image compiled_image(int32_t kernel,
                                          const struct manifest *m,
                                          const struct variant *v, int32_t i)
{
    bool ptx = i == m->n_archs;
    return (struct kernel_image){.kernel = kernel,
                                 .kind = ptx ? IMAGE_PTX : IMAGE_CUBIN,
                                 .arch = ptx ? m->ptx_arch : m->archs[i],
                                 .bytes = v->images[i].image,
                                 .n_bytes = v->images[i].n_bytes};
}

// What a bundle is written from. `images` is owned.
struct contents {
    struct stored_graph graph;
    struct kernel_image *images;
    size_t n_images;
};

static gnnac_status list_contents(const struct assembly *a,
                                  struct contents *out, gnnac_error *err)
{
    const struct manifest *m = a->manifest;
    struct contents c = {.graph = {.rowptr = a->graph.stored->rowptr,
                                   .colidx = a->graph.stored->colidx,
                                   .perm = a->order.perm,
                                   .inverse = a->order.inverse}};
    c.images =
        calloc((size_t)m->n_kernels * (MAX_ARCHS + 2) + 1, sizeof(*c.images));
    if (!c.images)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    const int32_t n_compiled = m->n_archs + (m->ptx_arch[0] != '\0');
    for (int32_t k = 0; k < m->n_kernels; k++) {
        const struct variant *v = variant_of_kernel(a, m->kernels[k].name);
        assert(v); // the manifest's kernels came from there
        c.images[c.n_images++] = source_image(k, v);
        for (int32_t i = 0; i < n_compiled; i++)
            c.images[c.n_images++] = compiled_image(k, m, v, i);
    }
    *out = c;
    return GNNAC_OK;
}

gnnac_status assembly_write(const struct assembly *a, const char *path,
                            gnnac_error *err)
{
    struct contents c;
    gnnac_status st = list_contents(a, &c, err);
    if (st != GNNAC_OK)
        return st;
    st = bundle_write(path, a->manifest, &c.graph, c.images, c.n_images, err);
    free(c.images);
    return st;
}

static gnnac_status write_to_memory(const struct assembly *a,
                                    const struct contents *c, char **bytes,
                                    size_t *n_bytes, gnnac_error *err)
{
    FILE *f = open_memstream(bytes, n_bytes);
    if (!f)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = bundle_write_stream(f, a->manifest, &c->graph, c->images,
                                          c->n_images, err);
    bool bad = ferror(f) != 0;
    if ((fclose(f) != 0 || bad) && st == GNNAC_OK)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the bundle");
    return st;
}

gnnac_status assembly_open(const struct assembly *a, gnnac_bundle **out,
                           gnnac_error *err)
{
    struct contents c;
    char *bytes = NULL;
    size_t n_bytes = 0;
    gnnac_status st = list_contents(a, &c, err);
    if (st != GNNAC_OK)
        return st;
    st = write_to_memory(a, &c, &bytes, &n_bytes, err);
    if (st == GNNAC_OK)
        st = gnnac_bundle_open_memory(bytes, n_bytes, out, err);
    free(bytes);
    free(c.images);
    return st;
}
