// Parts: the edges cut into runs of at most part_size, for kernels that want
// equal work. A part holds up to part_rows rows:
//
//   1     GNNAdvisor's neighbour groups: each row's neighbours cut into runs; a
//         row without neighbours has one empty part.
//   more  Ranges of edges, as even as whole rows allow. A part ends before a
//         row that it cannot hold entirely if it is at least half full, else
//         within the row; so only rows longer than part_size / 2 are cut, and
//         a part of short rows leaves no partial sums. The limit on rows bounds
//         the work where rows have few or no neighbours.
//
// Every row is visited and parts are in row order. `parts_per_block`
// consecutive parts share a thread block. Rows whose parts lie in more than one
// block are "split": each block leaves a partial sum, and a second kernel adds
// them in block order, so no atomics are needed and results repeat bitwise.
//
// A block writes its partial of a split row to slot 2b+1 if the row begins in
// block b, else to slot 2b (a block touches at most two split rows: the one it
// continues and the one it begins). Where the kernel itself joins split rows,
// `meets` tells of each slot whose row it is of: the first block with parts of
// the row (of sorted parts the first slot), and how many slots the row has.
//
// With `packed_rows` parts are instead sorted by length and each belongs to one
// row; see buckets.h. With `tile_percent`, too, rows that share columns are
// taken from them, window by window; see tiles.h. Only then is colidx read.
#ifndef GNNAC_PARTS_H
#define GNNAC_PARTS_H

#include <stdint.h>

#include "cuda/tiles.h"
#include "fail.h"

struct part_limits {
    int32_t size, rows, per_block;                  // each at least 1
    int32_t packed_rows, packed_edges, packed_step; // 0, or each at least 1
    int32_t tile_percent, tile_blocks; // 0, or each at least 1: see tiles.h
};

struct parts {
    int64_t n_parts, n_splits;
    int64_t n_blocks, n_slots;      // blocks of parts; partial sums they leave
    int64_t n_cut, n_wide, n_warps; // of sorted parts; else 0
    int64_t *part_ptr;              // [n_parts + 1] offsets into colidx
    int64_t *part_end;  // [n_parts] of sorted parts: where they end; else NULL
    int32_t *part_row;  // [n_parts + 1] first row that the parts before have
                        // not completed; n_rows at the end
    int32_t *split_row; // [n_splits] split rows, ascending; those of tiles last
    int32_t *split_first; // [n_splits] first block with parts of the row
    int32_t *split_last;  // [n_splits] last such block
    int32_t *meets;       // [2 * n_slots]; 0, 0 of slots without a row; NULL
                          // before parts_list_meets
    struct tiles tiles;   // of sorted parts, which then lack these rows
};

// GNNAC_ENOMEM; GNNAC_EUNSUPPORTED when a count does not fit 31 bits.
gnnac_status parts_build(int64_t n_rows, const int64_t *rowptr,
                         const int32_t *colidx,
                         const struct part_limits *limits, struct parts *out,
                         gnnac_error *err);
// Fills `meets`. GNNAC_ENOMEM.
gnnac_status parts_list_meets(struct parts *p, gnnac_error *err);

void parts_finish(struct parts *p);

// GNNAC_EUNSUPPORTED when so many pieces do not fit 31 bits; says of which knob
// a larger value makes fewer.
gnnac_status parts_check_count(int64_t n, const char *knob, gnnac_error *err);

#endif
