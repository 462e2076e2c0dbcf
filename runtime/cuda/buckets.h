// Parts sorted by length, for kernels that treat short, medium and long rows
// differently in one launch. Rows fall into three kinds:
//
//   cut     more than `size` edges: the fewest even pieces of at most `size`;
//           each has a warp and leaves its sum in a slot of its own
//   wide    the others with more than `packed_edges`: a warp each
//   packed  the rest: `packed_rows` share a warp, a team of lanes for each
//
// in this order, so that the longest work starts first and the end of a launch
// is short. Wide rows stand in octaves of their length, packed ones in classes
// of ceil(edges / packed_step), longest first; so the first row of a packed
// warp needs as many steps as any, and rarely more. Within a class rows keep
// their order, and with it what neighbours in the graph share in the caches.
//
// Part p is the edges part_ptr[p] .. part_end[p] of row part_row[p]. Parts
// 0 .. n_cut - 1 are pieces, those before n_wide have a warp each; n_warps is
// how many warps there are. A split row's partial sums lie in slots split_first
// .. split_last. Where there are tiles, their warps come first, n_tiles more.
#ifndef GNNAC_BUCKETS_H
#define GNNAC_BUCKETS_H

#include "cuda/parts.h"

// parts_build for limits with packed_rows; its errors. A counting sort.
gnnac_status buckets_build(int64_t n_rows, const int64_t *rowptr,
                           const int32_t *colidx,
                           const struct part_limits *limits, struct parts *out,
                           gnnac_error *err);

#endif
