#include "cuda/cuda_graph.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/offsets.h"
#include "checked.h"

// Offsets in the kernel's width.
static gnnac_status upload_offsets(const struct cuda_context *c,
                                   const int64_t *offsets, int64_t n, int bits,
                                   const char *what, cu_ptr *out,
                                   gnnac_error *err)
{
    if (bits == 64)
        return cuda_upload(c, offsets, (size_t)n * sizeof(int64_t), what, out,
                           err);
    int32_t *narrow = alloc_array(n, sizeof(*narrow));
    if (!narrow)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (int64_t i = 0; i < n; i++)
        narrow[i] = (int32_t)offsets[i];
    gnnac_status st =
        cuda_upload(c, narrow, (size_t)n * sizeof(*narrow), what, out, err);
    free(narrow);
    return st;
}

static gnnac_status upload_ids(const struct cuda_context *c, const int32_t *ids,
                               int64_t n, const char *what, cu_ptr *out,
                               gnnac_error *err)
{
    return cuda_upload(c, ids, (size_t)n * sizeof(*ids), what, out, err);
}

gnnac_status cuda_graph_init(const struct cuda_context *c, int64_t n_nodes,
                             int64_t n_edges, const int64_t *rowptr,
                             const int32_t *colidx, const float *dinv,
                             struct cuda_graph *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct cuda_graph g = {.c = c,
                           .n_nodes = n_nodes,
                           .n_edges = n_edges,
                           .rowptr = rowptr,
                           .host_colidx = colidx};
    TRY(upload_ids(c, colidx, n_edges, "the graph", &g.colidx, err));
    if (dinv)
        TRY(cuda_upload(c, dinv, (size_t)n_nodes * sizeof(*dinv), "the graph",
                        &g.dinv, err));
    *out = g;
    g = (struct cuda_graph){.c = c};
out:
    cuda_graph_finish(&g);
    return st;
}

static void partition_finish(const struct cuda_context *c, struct partition *p)
{
    const cu_ptr arrays[] = {p->part_ptr,  p->part_end,    p->part_row,
                             p->split_row, p->split_first, p->split_last,
                             p->meets,     p->tile,        p->tile_columns,
                             p->tile_masks};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        cuda_free(c, arrays[i]);
    cuda_tickets_finish(c, &p->tickets);
    *p = (struct partition){0};
}

void cuda_graph_finish(struct cuda_graph *g)
{
    if (!g->c)
        return;
    for (int32_t i = 0; i < g->n_partitions; i++)
        partition_finish(g->c, &g->partitions[i]);
    cuda_free(g->c, g->rowptr_32);
    cuda_free(g->c, g->rowptr_64);
    cuda_free(g->c, g->colidx);
    cuda_free(g->c, g->dinv);
    *g = (struct cuda_graph){0};
}

struct part_limits cuda_graph_part_limits(const struct kernel *k)
{
    return (struct part_limits){.size = k->part_size,
                                .rows = k->part_rows ? k->part_rows : 1,
                                .per_block = k->parts_per_block,
                                .packed_rows = k->packed_rows,
                                .packed_edges = k->packed_edges,
                                .packed_step = k->packed_step,
                                .tile_percent = k->tile_percent,
                                .tile_blocks = k->tile_blocks};
}

const struct partition *cuda_graph_partition(const struct cuda_graph *g,
                                             const struct kernel *k)
{
    struct part_limits want = cuda_graph_part_limits(k);
    for (int32_t i = 0; i < g->n_partitions; i++) {
        const struct partition *p = &g->partitions[i];
        if (memcmp(&p->limits, &want, sizeof(want)) == 0 &&
            p->offset_bits == k->offset_bits && p->slot_tickets == k->tickets)
            return p;
    }
    return NULL;
}

static gnnac_status upload_tiles(const struct cuda_context *c,
                                 const struct tiles *t, struct partition *p,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const char *what = "tiles of the graph";
    p->n_tiles = t->n_tiles;
    if (!t->tile)
        return GNNAC_OK;
    TRY(upload_ids(c, t->tile, TILE_NUMBERS * (t->n_tiles + 1), what, &p->tile,
                   err));
    TRY(upload_ids(c, t->columns, TILE_COLUMNS * t->n_blocks, what,
                   &p->tile_columns, err));
    TRY(cuda_upload(c, t->masks, 2 * (size_t)t->n_blocks * sizeof(*t->masks),
                    what, &p->tile_masks, err));
out:
    return st;
}

// A kernel wants an address even if no row of this graph is cut.
static size_t count_slots(const struct partition *p)
{
    if (p->n_parts + p->n_tiles == 0)
        return 0;
    return p->n_slots > 0 ? (size_t)p->n_slots : 1;
}

// Only where a kernel joins rows itself.
static gnnac_status upload_meets(const struct cuda_context *c,
                                 struct parts *parts, struct partition *p,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (!p->slot_tickets)
        return GNNAC_OK;
    TRY(parts_list_meets(parts, err));
    TRY(upload_ids(c, parts->meets, 2 * parts->n_slots, "parts of the edges",
                   &p->meets, err));
    TRY(cuda_tickets_init(c, count_slots(p) * (size_t)p->slot_tickets,
                          &p->tickets, err));
out:
    return st;
}

static gnnac_status upload_partition(const struct cuda_context *c,
                                     struct parts *parts, struct partition *p,
                                     gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const char *what = "parts of the edges";
    p->n_parts = parts->n_parts;
    p->n_splits = parts->n_splits;
    p->n_slots = parts->n_slots;
    p->n_cut = parts->n_cut;
    p->n_wide = parts->n_wide;
    p->n_warps = parts->n_warps;
    TRY(upload_offsets(c, parts->part_ptr, parts->n_parts + 1, p->offset_bits,
                       what, &p->part_ptr, err));
    if (parts->part_end)
        TRY(upload_offsets(c, parts->part_end, parts->n_parts, p->offset_bits,
                           what, &p->part_end, err));
    TRY(upload_ids(c, parts->part_row, parts->n_parts + 1, what, &p->part_row,
                   err));
    TRY(upload_ids(c, parts->split_row, parts->n_splits, what, &p->split_row,
                   err));
    TRY(upload_ids(c, parts->split_first, parts->n_splits, what,
                   &p->split_first, err));
    TRY(upload_ids(c, parts->split_last, parts->n_splits, what, &p->split_last,
                   err));
    TRY(upload_tiles(c, &parts->tiles, p, err));
    TRY(upload_meets(c, parts, p, err));
out:
    return st;
}

static gnnac_status add_partition(struct cuda_graph *g, const struct kernel *k,
                                  gnnac_error *err)
{
    struct parts parts;
    struct partition p = {.limits = cuda_graph_part_limits(k),
                          .offset_bits = k->offset_bits,
                          .slot_tickets = k->tickets};
    if (g->n_partitions == MAX_PARTITIONS)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "more than %d different ways to cut the edges",
                    (int)MAX_PARTITIONS);
    gnnac_status st = parts_build(g->n_nodes, g->rowptr, g->host_colidx,
                                  &p.limits, &parts, err);
    if (st != GNNAC_OK)
        return st;
    st = upload_partition(g->c, &parts, &p, err);
    parts_finish(&parts);
    if (st == GNNAC_OK)
        g->partitions[g->n_partitions++] = p;
    else
        partition_finish(g->c, &p);
    return st;
}

gnnac_status cuda_graph_prepare(struct cuda_graph *g, const struct kernel *k,
                                gnnac_error *err)
{
    cu_ptr *rowptr = k->offset_bits == 64 ? &g->rowptr_64 : &g->rowptr_32;
    gnnac_status st = GNNAC_OK;
    if (k->offset_bits == 32 && !edges_fit_32_bits(g->n_edges))
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "%s: 32-bit offsets for %lld edges", k->name,
                    (long long)g->n_edges);
    if (!*rowptr)
        st = upload_offsets(g->c, g->rowptr, g->n_nodes + 1, k->offset_bits,
                            "the graph", rowptr, err);
    if (st == GNNAC_OK && k->part_size && !cuda_graph_partition(g, k))
        st = add_partition(g, k, err);
    return st;
}

static size_t sums_bytes(const struct partition *p, const struct kernel *k)
{
    size_t pitch = ((size_t)k->dim + 3) / 4 * 4;
    return k->partials ? count_slots(p) * pitch * sizeof(float) : 0;
}

size_t cuda_graph_partial_bytes(const struct cuda_graph *g,
                                const struct kernel *k)
{
    const struct partition *p = cuda_graph_partition(g, k);
    return p ? sums_bytes(p, k) + cuda_tickets_bytes(&p->tickets) : 0;
}

gnnac_status cuda_graph_take_tickets(const struct cuda_graph *g,
                                     const struct partition *p,
                                     const struct kernel *k, cu_ptr partial,
                                     cu_stream stream, cu_ptr *out,
                                     gnnac_error *err)
{
    *out = 0;
    if (!p->tickets.n_words)
        return GNNAC_OK;
    return cuda_tickets_take(g->c, &p->tickets, partial,
                             partial + sums_bytes(p, k), stream, out, err);
}

static bool takes(const struct launch *l, enum launch_arg a)
{
    for (int32_t i = 0; i < l->n_args; i++)
        if (l->args[i] == a)
            return true;
    return false;
}

size_t cuda_graph_scratch_bytes(const struct cuda_graph *g,
                                const struct kernel *k)
{
    const struct launch *first = &k->launches[0];
    if (k->n_launches == 0 || !takes(first, ARG_SCRATCH))
        return 0;
    // A kernel wants an address even if there are no rows.
    int64_t n_rows = g->n_nodes > 0 ? g->n_nodes : 1;
    int64_t blocks = ceil_div(n_rows, first->per_block);
    int64_t columns = takes(first, ARG_KEPT) ? 2 * k->dim : k->dim;
    return (size_t)blocks * (size_t)columns * sizeof(double);
}
