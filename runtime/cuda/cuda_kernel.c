#include "cuda/cuda_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "cuda/cuda_cluster.h"

// ---- load -------------------------------------------------------------------

// Above this, dynamic shared memory has to be asked for.
enum { SHARED_BYTES_PLAIN = 48 << 10 };

static int find_entry(const struct cuda_context *c, struct cuda_kernel *k,
                      int32_t i)
{
    const struct launch *l = &k->k->launches[i];
    cu_kernel kernel;
    int result = c->cu.cuLibraryGetKernel(&kernel, k->lib, l->entry);
    if (result == 0)
        result = c->cu.cuKernelGetFunction(&k->functions[i], kernel);
    if (result == 0 && l->shared_bytes > SHARED_BYTES_PLAIN)
        result = c->cu.cuFuncSetAttribute(
            k->functions[i], CU_FUNC_MAX_DYNAMIC_SMEM, l->shared_bytes);
    return result;
}

// The driver reads PTX up to a NUL.
static int load_library(const struct cuda_context *c,
                        const struct image_view *v, cu_library *out)
{
    char *text = NULL;
    if (v->is_ptx && !(text = strndup(v->bytes, v->n_bytes)))
        return CU_OUT_OF_MEMORY;
    int result = c->cu.cuLibraryLoadData(out, text ? text : v->bytes, NULL,
                                         NULL, 0, NULL, NULL, 0);
    free(text);
    return result;
}

static int load_image(const struct cuda_context *c, const struct image_view *v,
                      struct cuda_kernel *k)
{
    int result = load_library(c, v, &k->lib);
    if (result != 0)
        return result;
    for (int32_t i = 0; i < k->k->n_launches && result == 0; i++)
        result = find_entry(c, k, i);
    if (result != 0) {
        c->cu.cuLibraryUnload(k->lib);
        k->lib = NULL;
    }
    return result;
}

// "This GPU or driver does not take this image": try the next one.
static bool is_refusal(int result)
{
    static const int codes[] = {CU_INVALID_IMAGE, CU_NO_BINARY_FOR_GPU,
                                CU_INVALID_PTX, CU_UNSUPPORTED_PTX_VERSION};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i] == result)
            return true;
    return false;
}

gnnac_status cuda_kernel_load(const struct cuda_context *c,
                              const struct kernel *k,
                              const struct image_view *images, size_t n_images,
                              struct cuda_kernel *out, gnnac_error *err)
{
    char said[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < n_images; i++) {
        // PTX is for an architecture whose kernels do not wait.
        struct cuda_kernel loaded = {.k = k,
                                     .from_ptx = images[i].is_ptx,
                                     .early = c->early && !images[i].is_ptx};
        int result = load_image(c, &images[i], &loaded);
        if (result == 0) {
            *out = loaded;
            return GNNAC_OK;
        }
        if (!is_refusal(result))
            return driver_status(&c->cu, k->name, result, err);
        const char *name = NULL;
        c->cu.cuGetErrorName(result, &name);
        if (used < sizeof(said))
            used += (size_t)snprintf(
                said + used, sizeof(said) - used, "%s%s: %s", used ? ", " : "",
                images[i].is_ptx ? "PTX" : "cubin", name ? name : "refused");
    }
    return FAIL(err, GNNAC_EUNSUPPORTED,
                "%s: no image for this GPU (sm_%d); %s", k->name, (int)c->cc,
                n_images ? said : "the bundle has none: compile with --arch");
}

void cuda_kernel_unload(const struct cuda_context *c, struct cuda_kernel *k)
{
    if (k->lib)
        c->cu.cuLibraryUnload(k->lib);
    *k = (struct cuda_kernel){0};
}

// ---- launch -----------------------------------------------------------------

// A kernel argument: an address or a count.
union argument {
    cu_ptr address;
    int32_t count;
};

// One without parts where the kernel needs none.
static const struct partition *partition_of(const struct cuda_graph *g,
                                            const struct kernel *k)
{
    static const struct partition none;
    const struct partition *p = cuda_graph_partition(g, k);
    return p ? p : &none;
}

static void bind_arguments(const struct cuda_graph *g,
                           const struct partition *p, const struct kernel *k,
                           const struct operands *o, cu_ptr tickets,
                           union argument values[N_LAUNCH_ARGS])
{
    const union argument all[N_LAUNCH_ARGS] = {
        [ARG_OUT] = {.address = o->out},
        [ARG_X] = {.address = o->x},
        [ARG_SELF] = {.address = o->self},
        [ARG_RESIDUAL] = {.address = o->residual},
        [ARG_BIAS] = {.address = o->bias},
        [ARG_TAIL_BIAS] = {.address = o->tail_bias},
        [ARG_WEIGHT] = {.address = o->weight},
        [ARG_EPS] = {.address = o->eps},
        [ARG_ATT_SRC] = {.address = o->att_src},
        [ARG_ATT_DST] = {.address = o->att_dst},
        [ARG_ATT] = {.address = o->weight},
        [ARG_DINV] = {.address = g->dinv},
        [ARG_ROWPTR] = {.address =
                            k->offset_bits == 64 ? g->rowptr_64 : g->rowptr_32},
        [ARG_COLIDX] = {.address = g->colidx},
        [ARG_PART_PTR] = {.address = p->part_ptr},
        [ARG_PART_END] = {.address = p->part_end},
        [ARG_PART_ROW] = {.address = p->part_row},
        [ARG_SPLIT_ROW] = {.address = p->split_row},
        [ARG_SPLIT_FIRST] = {.address = p->split_first},
        [ARG_SPLIT_LAST] = {.address = p->split_last},
        [ARG_PARTIAL] = {.address = o->partial},
        [ARG_SOURCE_ROW] = {.address = o->source_row},
        [ARG_N_ROWS] = {.count = (int32_t)g->n_nodes},
        [ARG_N_PARTS] = {.count = (int32_t)p->n_parts},
        [ARG_N_SPLITS] = {.count = (int32_t)p->n_splits},
        [ARG_N_CUT] = {.count = (int32_t)p->n_cut},
        [ARG_N_WIDE] = {.count = (int32_t)p->n_wide},
        [ARG_TILES] = {.address = p->tile},
        [ARG_TILE_COLUMNS] = {.address = p->tile_columns},
        [ARG_TILE_MASKS] = {.address = p->tile_masks},
        [ARG_N_TILES] = {.count = (int32_t)p->n_tiles},
        [ARG_STATE] = {.address = o->state},
        [ARG_PLACE] = {.count = o->place},
        [ARG_TAIL_PLACE] = {.count = o->tail_place},
        [ARG_LABELS] = {.address = o->labels},
        [ARG_SHARE] = {.address = o->share},
        [ARG_SCRATCH] = {.address = o->scratch},
        [ARG_GRAD] = {.address = o->grad},
        [ARG_WEIGHTS] = {.address = o->weights},
        [ARG_FIRST] = {.address = o->first},
        [ARG_SECOND] = {.address = o->second},
        [ARG_TREATMENT] = {.address = o->treatment},
        [ARG_WEIGHT_T] = {.address = o->weight_t},
        [ARG_KEPT] = {.address = o->self},
        [ARG_G] = {.address = o->g},
        [ARG_ATT_ROWS] = {.address = o->att_rows},
        [ARG_EDGE_OF] = {.address = o->edge_of},
        [ARG_EDGE_VALUES] = {.address = o->edge_values},
        [ARG_EDGE_OUT] = {.address = o->edge_out},
        [ARG_GRAD_NEXT] = {.address = o->grad_next},
        [ARG_N_WEIGHTS] = {.count = o->n_weights},
        [ARG_BUFFERS] = {.address = o->buffers},
        [ARG_BARRIER] = {.address = o->barrier},
        [ARG_MEETS] = {.address = p->meets},
        [ARG_TICKETS] = {.address = tickets},
    };
    memcpy(values, all, sizeof(all));
}

static int64_t grid_count(const struct cuda_graph *g, const struct partition *p,
                          const struct operands *o, enum grid_count count)
{
    const int64_t counts[N_GRID_COUNTS] = {
        [GRID_ROWS] = g->n_nodes,
        [GRID_PARTS] = p->n_parts,
        [GRID_SPLITS] = p->n_splits,
        [GRID_WARPS] = p->n_warps,
        [GRID_ONE] = 1,
        [GRID_WEIGHTS] = o->n_weights,
    };
    return counts[count];
}

static int start_by(const struct driver_calls *cu, cu_function f,
                    const struct launch *l, unsigned grid, bool early,
                    void **params, cu_stream stream)
{
    unsigned y = (unsigned)l->grid_y, block = (unsigned)l->block;
    unsigned shared = (unsigned)l->shared_bytes;
    if (l->cluster)
        return cuda_cluster_launch(cu, f, l, params, stream);
    if (l->cooperative) // not early: its blocks wait for one another
        return cu->cuLaunchCooperativeKernel(f, grid, y, 1, block, 1, 1, shared,
                                             stream, params);
    if (early && l->follows)
        return cuda_early_launch(cu, f, l, grid, params, stream);
    return cu->cuLaunchKernel(f, grid, y, 1, block, 1, 1, shared, stream,
                              params, NULL);
}

static gnnac_status start(const struct driver_calls *cu,
                          const struct cuda_kernel *k, int32_t i, unsigned grid,
                          bool early, void **params, cu_stream stream,
                          gnnac_error *err)
{
    const struct launch *l = &k->k->launches[i];
    int result = start_by(cu, k->functions[i], l, grid, early && k->early,
                          params, stream);
    if (result == CU_COOPERATIVE_TOO_LARGE || result == CU_INVALID_CLUSTER)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "%s: %u blocks do not run at once on this GPU", l->entry,
                    grid);
    return driver_status(cu, l->entry, result, err);
}

static gnnac_status launch(const struct cuda_graph *g,
                           const struct cuda_kernel *k, int32_t i, int64_t grid,
                           bool early, union argument *values, cu_stream stream,
                           gnnac_error *err)
{
    const struct launch *l = &k->k->launches[i];
    void *params[MAX_ARGS];
    if (grid > INT32_MAX)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "%s: a grid of %lld blocks is more than 2^31 - 1", l->entry,
                    (long long)grid);
    for (int32_t a = 0; a < l->n_args; a++) {
        union argument *v = &values[l->args[a]];
        if (!launch_arg_is_int(l->args[a]) && v->address == 0)
            return FAIL(err, GNNAC_EINTERNAL, "%s: argument '%s' is missing",
                        l->entry, launch_arg_name(l->args[a]));
        params[a] = v;
    }
    return start(&g->c->cu, k, i, (unsigned)grid, early, params, stream, err);
}

gnnac_status cuda_kernel_launch(const struct cuda_graph *g,
                                const struct cuda_kernel *k,
                                const struct operands *o, cu_stream stream,
                                gnnac_error *err)
{
    const struct partition *p = partition_of(g, k->k);
    union argument values[N_LAUNCH_ARGS];
    cu_ptr tickets;
    gnnac_status st =
        cuda_graph_take_tickets(g, p, k->k, o->partial, stream, &tickets, err);
    bind_arguments(g, p, k->k, o, tickets, values);
    for (int32_t i = 0; i < k->k->n_launches && st == GNNAC_OK; i++) {
        const struct launch *l = &k->k->launches[i];
        int64_t grid = l->cooperative ? o->n_blocks
                                      : ceil_div(grid_count(g, p, o, l->count),
                                                 l->per_block);
        if (grid)
            st = launch(g, k, i, grid, o->early || i > 0, values, stream, err);
    }
    return st;
}
