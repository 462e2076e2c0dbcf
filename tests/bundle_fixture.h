// Small bundles made in memory: a preset model lowered for a small graph, with
// kernels that exist in name only. The CPU runs them; a GPU would not.
#ifndef GNNAC_BUNDLE_FIXTURE_H
#define GNNAC_BUNDLE_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pack/bundle_write.h"
#include "fixture_graph.h"
#include "plan/fuse.h"
#include "plan/lower.h"
#include "plan/order_steps.h"
#include "plan/products.h"
#include "plan/scaled_rows.h"

static inline enum dtype fixture_type(const struct manifest *m, int32_t buffer)
{
    return buffer < 0 ? DTYPE_F32 : m->program.buffers[buffer].dtype;
}

// What kernels of steps with others fused take beside the first three.
static inline void fixture_args(const struct program *p, const struct step *s,
                                struct launch *l)
{
    const struct step *tail = step_tail(p, s), *ending = step_ending(p, s);
    l->args[l->n_args++] = ARG_OUT;
    l->args[l->n_args++] = ARG_X;
    l->args[l->n_args++] = ARG_N_ROWS;
    if (tail && tail->kind == STEP_LINEAR)
        l->args[l->n_args++] = ARG_WEIGHT;
    if (ending != s && ending->bias != -1)
        l->args[l->n_args++] = ARG_TAIL_BIAS;
    if (step_residual(p, s))
        l->args[l->n_args++] = ARG_RESIDUAL;
}

static inline bool fixture_kernel_fits(const struct manifest *m,
                                       const struct step *s,
                                       const struct kernel *k)
{
    struct launch l = {0};
    fixture_args(&m->program, s, &l);
    return k->dim == m->program.buffers[s->out].dim &&
           k->heads == step_heads(&m->program, s) &&
           k->launches[0].n_args == l.n_args &&
           memcmp(k->launches[0].args, l.args, sizeof(l.args)) == 0 &&
           k->x_type == fixture_type(m, s->x) &&
           k->out_type == fixture_type(m, s->out) &&
           k->self_type == fixture_type(m, s->self);
}

// A kernel for every width, and dtypes, that the program needs.
static inline void fixture_kernels(struct manifest *m)
{
    for (int32_t i = 0; i < m->program.n_steps; i++) {
        struct step *s = &m->program.steps[i];
        if (s->fused ||
            (s->kind == STEP_LINEAR && !is_own_product(&m->program, s)))
            continue;
        int32_t dim = m->program.buffers[s->out].dim, k = 0;
        while (k < m->n_kernels && !fixture_kernel_fits(m, s, &m->kernels[k]))
            k++;
        s->kernel = k;
        if (k < m->n_kernels)
            continue;
        m->n_kernels++;
        m->kernels[k].dim = dim;
        m->kernels[k].x_type = fixture_type(m, s->x);
        m->kernels[k].out_type = fixture_type(m, s->out);
        m->kernels[k].self_type = fixture_type(m, s->self);
        m->kernels[k].heads = step_heads(&m->program, s);
        m->kernels[k].offset_bits = 32;
        m->kernels[k].n_launches = 1;
        m->kernels[k].launches[0] = (struct launch){
            .count = GRID_ROWS, .per_block = 4, .grid_y = 1, .block = 128};
        fixture_args(&m->program, s, &m->kernels[k].launches[0]);
        bool plain = m->model.dtype == DTYPE_F32 && !m->kernels[k].heads &&
                     m->kernels[k].launches[0].n_args == 3;
        snprintf(m->kernels[k].name, NAME_LEN,
                 plain ? "fake_d%d" : "fake_d%d_%d",
                 (int)dim, (int)k);
        snprintf(m->kernels[k].family, 64, "fake");
        snprintf(m->kernels[k].launches[0].entry, NAME_LEN, "fake_d%d",
                 (int)dim);
    }
}

// A whole manifest, on the heap. NULL when the request is refused.
static inline struct manifest *fixture_manifest(const struct model_request *rq,
                                                const struct fixture_graph *g)
{
    struct manifest *m = calloc(1, sizeof(*m));
    m->format_major = FORMAT_MAJOR;
    m->format_minor = FORMAT_MINOR;
    snprintf(m->generator, sizeof(m->generator), "gnnac test");
    m->n_nodes = g->n_nodes;
    m->n_edges = m->n_stored_edges = g->n_edges;
    memset(m->fingerprint, 'a', 32);
    if (model_build(rq, &m->model, NULL) != GNNAC_OK ||
        lower_model(&m->model, g->n_nodes, g->n_edges, &m->program, NULL) !=
            GNNAC_OK) {
        free(m);
        return NULL;
    }
    if (g->perm) {
        program_add_order(&m->program, NULL);
        m->format_minor = FORMAT_MINOR_REORDERED;
        m->reorder = (struct reordering){.method = "fixture",
                                         .why = "for a test"};
        memcpy(m->reorder.fingerprint, g->fingerprint, 33);
    }
    program_round_products(&m->program);
    program_scale_rows(&m->program);
    program_fuse(&m->program, false);
    fixture_kernels(m);
    m->n_archs = 2;
    strcpy(m->archs[0], "sm_90");
    strcpy(m->archs[1], "sm_80");
    strcpy(m->ptx_arch, "compute_75");
    m->n_choices = 1;
    m->choices[0] = (struct choice){.step = 0, .median_ns = NAN,
                                    .rule = "fixture", .why = "for a test"};
    return m;
}

// The file's bytes, owned; NULL with the message in `err` when refused.
static inline char *fixture_write(const struct manifest *m,
                                  const struct fixture_graph *g,
                                  size_t *n_bytes, gnnac_error *err)
{
    static const char cubin[] = "// stands for machine code\n.version 7.0\n";
    static const char source[] = "extern \"C\" __global__ void fake() {}\n";
    size_t n = 0;
    struct kernel_image *images =
        calloc((size_t)m->n_kernels * 4 + 1, sizeof(*images));
    for (int32_t k = 0; k < m->n_kernels; k++) {
        for (int32_t i = m->n_archs - 1; i >= 0; i--)
            images[n++] = (struct kernel_image){
                k, IMAGE_CUBIN, m->archs[i], cubin, sizeof(cubin) - 1};
        images[n++] = (struct kernel_image){k, IMAGE_SOURCE, NULL, source,
                                            sizeof(source) - 1};
        images[n++] = (struct kernel_image){k, IMAGE_PTX, NULL, cubin,
                                            sizeof(cubin) - 1};
    }
    char *bytes = NULL;
    FILE *f = open_memstream(&bytes, n_bytes);
    const struct stored_graph stored = {g->rowptr, g->colidx, g->perm,
                                        g->inverse};
    gnnac_status st = bundle_write_stream(f, m, &stored, images, n, err);
    fclose(f);
    free(images);
    if (st != GNNAC_OK) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

// A bundle opened from those bytes; NULL with the message in `err`.
static inline gnnac_bundle *fixture_bundle(const struct model_request *rq,
                                           const struct fixture_graph *g,
                                           gnnac_error *err)
{
    gnnac_bundle *b = NULL;
    size_t n = 0;
    struct manifest *m = fixture_manifest(rq, g);
    char *bytes = m ? fixture_write(m, g, &n, err) : NULL;
    if (bytes && gnnac_bundle_open_memory(bytes, n, &b, err) != GNNAC_OK)
        b = NULL;
    free(bytes);
    free(m);
    return b;
}

#endif
