// GNNAdvisor's neighbour groups ("parts"): each row's neighbours cut into runs
// of at most part_size; a row without neighbours has one empty part, so every
// row is visited. Parts are in row order; `parts_per_block` consecutive parts
// (warpPerBlock) share a thread block. Rows whose parts lie in more than one
// block are "split": each block leaves a partial sum, and a second kernel adds
// them in block order, so no atomics are needed and results repeat bitwise.
//
// A block writes its partial of a split row to slot 2b+1 if the row begins in
// block b, else to slot 2b (a block touches at most two split rows: the one it
// continues and the one it begins).
#ifndef GNNAC_PARTS_H
#define GNNAC_PARTS_H

#include <stdint.h>

#include "fail.h"

struct parts {
    int64_t n_parts, n_splits, n_blocks;
    int64_t *part_ptr;    // [n_parts + 1] offsets into colidx
    int32_t *part_row;    // [n_parts]
    int32_t *split_row;   // [n_splits] split rows, ascending
    int32_t *split_first; // [n_splits] first block with parts of the row
    int32_t *split_last;  // [n_splits] last such block
};

// GNNAC_ENOMEM; GNNAC_EUNSUPPORTED when a count does not fit 31 bits.
gnnac_status parts_build(int64_t n_rows, const int64_t *rowptr,
                         int32_t part_size, int32_t parts_per_block,
                         struct parts *out, gnnac_error *err);
void parts_finish(struct parts *p);

#endif
