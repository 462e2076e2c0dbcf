#include "cuda/cuda_whole.h"

#include "bundle/whole_layout.h"
#include "checked.h"
#include "cuda/cuda_cluster.h"

// One a multiprocessor, and no more than there are rows to share.
static gnnac_status count_resident(const struct cuda_graph *g,
                                   const struct cuda_whole *w, int32_t *out,
                                   gnnac_error *err)
{
    const struct cuda_context *c = g->c;
    const struct launch *l = &w->kernel.k->launches[0];
    int n_sm = 0, cooperates = 0, resident = 0;
    gnnac_status st = GNNAC_OK;
    TRY(CU(c, cuDeviceGetAttribute, (&n_sm, CU_ATTR_SM_COUNT, c->device), err));
    TRY(CU(c, cuDeviceGetAttribute,
           (&cooperates, CU_ATTR_COOPERATIVE, c->device), err));
    TRY(CU(c, cuOccupancyMaxActiveBlocksPerMultiprocessor,
           (&resident, w->kernel.functions[0], l->block,
            (size_t)l->shared_bytes),
           err));
    int64_t wanted = ceil_div(g->n_nodes, l->per_block);
    if (cooperates && resident > 0)
        *out = (int32_t)(wanted < n_sm ? wanted : n_sm);
out:
    return st;
}

// Stays 0 where they do not run at once.
static gnnac_status count_blocks(const struct cuda_graph *g,
                                 const struct cuda_whole *w, int32_t *out,
                                 gnnac_error *err)
{
    const struct launch *l = &w->kernel.k->launches[0];
    bool fits = false;
    *out = 0;
    if (!l->cluster)
        return count_resident(g, w, out, err);
    gnnac_status st =
        cuda_cluster_fits(g->c, w->kernel.functions[0], l, &fits, err);
    *out = fits ? l->cluster : 0;
    return st;
}

// Where the device is shared it may have fewer multiprocessors for us than it
// says. A graph of no rows needs no memory, but all blocks meet.
static gnnac_status try_to_start(const struct cuda_graph *g,
                                 const struct cuda_whole *w, gnnac_error *err)
{
    struct cuda_graph no_rows = *g;
    no_rows.n_nodes = 0;
    gnnac_status st = cuda_whole_launch(&no_rows, w, w->barriers, w->barriers,
                                        w->barriers, w->barriers, NULL, err);
    return st == GNNAC_OK ? CU(g->c, cuStreamSynchronize, (NULL), err) : st;
}

static gnnac_status prepare(const struct cuda_graph *g, struct cuda_whole *w,
                            gnnac_error *err)
{
    gnnac_status st = count_blocks(g, w, &w->n_blocks, err);
    if (st != GNNAC_OK || w->n_blocks == 0)
        return st == GNNAC_OK ? GNNAC_EUNSUPPORTED : st;
    size_t n_bytes = (size_t)w->n_blocks * sizeof(unsigned) * MAX_BARRIERS;
    st = cuda_alloc_zeros(g->c, n_bytes, NULL, "barriers", &w->barriers, err);
    if (st != GNNAC_OK)
        return st;
    w->workspaces[0] = w->barriers;
    w->n_barriers = 1;
    st = try_to_start(g, w, err);
    w->n_barriers = 0;
    return st;
}

gnnac_status cuda_whole_load(const struct cuda_graph *g,
                             const struct gnnac_bundle *b,
                             struct cuda_whole *out, gnnac_error *err)
{
    struct cuda_whole w = {.n_blocks = 0};
    gnnac_error mine = {{0}};
    if (!has_whole(b->manifest) || g->n_nodes == 0)
        return GNNAC_OK;
    gnnac_status st = cuda_kernel_from_bundle(
        g->c, b, b->manifest->whole.kernel, &w.kernel, &mine);
    if (st == GNNAC_OK)
        st = prepare(g, &w, &mine);
    if (st == GNNAC_OK) {
        *out = w;
        return GNNAC_OK;
    }
    cuda_whole_unload(g->c, &w);
    return st == GNNAC_EUNSUPPORTED ? GNNAC_OK : FAIL(err, st, "%s", mine.msg);
}

void cuda_whole_unload(const struct cuda_context *c, struct cuda_whole *w)
{
    cuda_kernel_unload(c, &w->kernel);
    cuda_free(c, w->barriers);
    *w = (struct cuda_whole){.n_blocks = 0};
}

size_t cuda_whole_workspace(const struct cuda_whole *w,
                            const struct gnnac_bundle *b)
{
    const struct manifest *m = b->manifest;
    if (!w->kernel.lib)
        return 0;
    return (size_t)m->n_nodes * sizeof(float) *
           (size_t)whole_buffer_at(&m->program, m->program.n_buffers);
}

static int32_t barrier_of(const struct cuda_whole *w, cu_ptr workspace)
{
    int32_t i = 0;
    while (i < w->n_barriers && w->workspaces[i] != workspace)
        i++;
    return i;
}

bool cuda_whole_takes(struct cuda_whole *w, cu_ptr workspace)
{
    int32_t i = barrier_of(w, workspace);
    if (!w->kernel.lib || w->off || i == MAX_BARRIERS)
        return false;
    if (i == w->n_barriers)
        w->workspaces[w->n_barriers++] = workspace;
    return true;
}

gnnac_status cuda_whole_launch(const struct cuda_graph *g,
                               const struct cuda_whole *w, cu_ptr x, cu_ptr out,
                               cu_ptr weights, cu_ptr workspace,
                               cu_stream stream, gnnac_error *err)
{
    size_t words = (size_t)barrier_of(w, workspace) * (size_t)w->n_blocks;
    const struct operands o = {.x = x,
                               .out = out,
                               .weights = weights,
                               .buffers = workspace,
                               .barrier =
                                   w->barriers + words * sizeof(unsigned),
                               .n_blocks = w->n_blocks};
    return cuda_kernel_launch(g, &w->kernel, &o, stream, err);
}
