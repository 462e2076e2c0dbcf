//% family {
//%   op = "aggregate", tails = true, slabs = true,
//%   doc = [[
//% Every row as its length asks, in one launch, longest first. Short rows share
//% a warp, a team of dimWorker lanes for each; medium ones have a warp, whose
//% teams take turns at the neighbours and are added by shuffles; long ones are
//% cut into pieces, a warp for each, whose sums a second kernel adds in order, so
//% that results repeat bit by bit (combine=1: atomics, they do not). The runtime sorts the rows by length
//% (runtime/cuda/buckets.h), so that a warp knows by its number what it is for, and
//% rows that share one are alike: lanes never diverge and the last blocks of a
//% launch are its shortest. The ids of a step's neighbours are read by one load
//% of all lanes and handed round. Meant for rows of all lengths.]],
//% }
//% knob { name = "segmentEdges", tag = "s", min = 1, max = 65536, default = 256,
//%        doc = "edges of a piece, at most: longer rows are cut" }
//% knob { name = "packedEdges", tag = "k", min = 1, max = 1024, default = 16,
//%        doc = "edges of a row that shares a warp, at most" }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "4-byte words per load, at most: fewer where x's pitch demands" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }
//% knob { name = "slab", tag = "b", min = 0, max = 1024, default = 0,
//%        doc = "bytes of a row that all rows are summed by at a time; 0: as many as lanes hold" }
//% knob { name = "hints", tag = "h", min = 0, max = 2, default = 0,
//%        doc = "1: caches drop ids and sums first; 2: and L2 keeps x" }
//% knob { name = "combine", tag = "c", min = 0, max = 3, default = 0, atomics = 2,
//%        doc = "1: pieces of a row are added atomically, results do not repeat; 3: by who comes last" }

//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local sorted = include "sorted"
//% local offsets = include "offsets"
//% local follow = include "follow"
//% local S = sorted.layout {
//%   segmentEdges = segmentEdges, packedEdges = packedEdges,
//%   dimWorker = dimWorker, vec = vec, unroll = unroll,
//%   warpPerBlock = warpPerBlock, slab = slab, hints = hints,
//%   combine = combine }
//% needs(S.needs)
//% local clear = S.joins.launch_clear(S.L, warpPerBlock)
//% local parameters = launch {
//%   entry = S.joins.entry,
//%   grid = { "n_warps", per = warpPerBlock, y = S.L.tiles },
//%   block = 32 * warpPerBlock,
//%   args = sorted.arguments(S),
//% }
//% local finish = S.joins.launch_join(S.L, warpPerBlock)
// Rows of up to ${packedEdges} edges: ${S.teams} to a warp; of up to
// ${segmentEdges}: a warp each; longer ones are cut.
// Lanes per team: ${dimWorker}; columns per lane: ${S.L.floats}.
//% offsets.define()

//% lanes.define(S.L.x_verb, S.L, S.L.vec, spec.x_type)
//% S.joins.define(S.L)
//% epilogue.define(S.L)
//% S.joins.clear(S.L, clear, warpPerBlock)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${S.joins.entry}(${parameters})
{
//% follow.wait(S.joins.entry)
    const unsigned warp = blockIdx.x * ${warpPerBlock} + threadIdx.x / 32;
//% sorted.walk(S)
}
//% S.joins.join(S.L, finish, warpPerBlock, unroll, true)
