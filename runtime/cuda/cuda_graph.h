// A graph on a GPU: its arrays in the widths that kernels ask for, and the
// parts of its edges for every set of limits in use.
#ifndef GNNAC_CUDA_GRAPH_H
#define GNNAC_CUDA_GRAPH_H

#include "cuda/cuda_tickets.h"
#include "cuda/parts.h"
#include "bundle/program.h"

// As many as a sweep of `gnnac bench --rules atomics` asks for, and more.
enum { MAX_PARTITIONS = 256 };

// Parts on the device; see parts.h. The first three are what a kernel asks for.
struct partition {
    struct part_limits limits;
    int32_t offset_bits, slot_tickets;
    int64_t n_parts, n_splits, n_slots;
    int64_t n_cut, n_wide, n_warps; // 0 unless sorted
    int64_t n_tiles;                // 0 unless there are tiles
    cu_ptr part_ptr, part_end;      // part_end is 0 unless sorted
    cu_ptr part_row, split_row, split_first, split_last, meets;
    cu_ptr tile, tile_columns, tile_masks; // 0 unless the limits have tiles
    struct cuda_tickets tickets;           // none unless slot_tickets
};

struct cuda_graph {
    const struct cuda_context *c;
    int64_t n_nodes, n_edges;
    const int64_t *rowptr;                     // host; borrowed
    const int32_t *host_colidx;                // the same
    cu_ptr rowptr_32, rowptr_64, colidx, dinv; // 0 until asked for
    int32_t n_partitions;
    struct partition partitions[MAX_PARTITIONS];
};

// How a kernel wants the edges cut.
struct part_limits cuda_graph_part_limits(const struct kernel *k);

// Uploads colidx, and dinv unless NULL. Host arrays must outlive the graph.
// Everything here runs inside cuda_enter/cuda_leave.
gnnac_status cuda_graph_init(const struct cuda_context *c, int64_t n_nodes,
                             int64_t n_edges, const int64_t *rowptr,
                             const int32_t *colidx, const float *dinv,
                             struct cuda_graph *out, gnnac_error *err);
void cuda_graph_finish(struct cuda_graph *g);

// Upload what kernel `k` needs beyond that and is not there yet.
// GNNAC_ENOMEM, GNNAC_EUNSUPPORTED (counts beyond the grid).
gnnac_status cuda_graph_prepare(struct cuda_graph *g, const struct kernel *k,
                                gnnac_error *err);

// The partition that `k` uses; NULL when it needs none.
const struct partition *cuda_graph_partition(const struct cuda_graph *g,
                                             const struct kernel *k);

// Bytes of scratch for the partial sums of `k`, and behind them for tickets
// that no table has; 0 when it leaves none.
size_t cuda_graph_partial_bytes(const struct cuda_graph *g,
                                const struct kernel *k);

// The tickets of a launch with that scratch, of k's partition; 0 where `k`
// takes none.
gnnac_status cuda_graph_take_tickets(const struct cuda_graph *g,
                                     const struct partition *p,
                                     const struct kernel *k, cu_ptr partial,
                                     cu_stream stream, cu_ptr *out,
                                     gnnac_error *err);

// Bytes of scratch for the blocks' sums over the rows, as LAUNCH_ARGS has it; 0
// when `k` has none.
size_t cuda_graph_scratch_bytes(const struct cuda_graph *g,
                                const struct kernel *k);

#endif
