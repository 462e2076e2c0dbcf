//% family {
//%   op = "aggregate", tails = true, slabs = true,
//%   doc = [[
//% GNNAdvisor's neighbour groups: a warp per group of at most partSize
//% neighbours of one row, so that work is even however long rows are. dimWorker
//% lanes hold the columns in registers; 32 // dimWorker such teams take
//% different neighbours and are added by shuffles. The first warp of a row in a
//% block adds the others' sums from shared memory. Rows that cross blocks leave
//% partial sums, which a second kernel adds in block order, so that results repeat
//% bit by bit (combine=1, 2: atomics, they do not). Wins where a few rows hold many neighbours.]],
//% }
//% knob { name = "partSize", tag = "p", min = 1, max = 1024, default = 32,
//%        doc = "neighbours per group" }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "groups, and so warps, per block" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team of lanes has in flight" }
//% knob { name = "slab", tag = "b", min = 0, max = 1024, default = 0,
//%        doc = "bytes of a row that all rows are summed by at a time; 0: as many as lanes hold" }
//% knob { name = "hints", tag = "h", min = 0, max = 2, default = 0,
//%        doc = "1: caches drop ids and sums first; 2: and L2 keeps x" }
//% knob { name = "combine", tag = "c", min = 0, max = 3, default = 0, atomics = 2,
//%        doc = "1: blocks add their shares of a row atomically, 2: so does every group; 3: who comes last" }

//% local groups = include "groups"
//% local L = groups.layout { partSize = partSize, dimWorker = dimWorker,
//%   warpPerBlock = warpPerBlock, unroll = unroll, slab = slab, hints = hints,
//%   combine = combine }
//% local joins = L.joins
//% local clear = joins.launch_clear(L, warpPerBlock)
//% local parameters = groups.launch(L, joins.entry, { "out", "x" })
//% local finish = joins.launch_join(L, warpPerBlock)
//% groups.define(L)
//% joins.clear(L, clear, warpPerBlock)
//% groups.sum(L, joins.entry, parameters)
//% joins.join(L, finish, warpPerBlock, unroll)
