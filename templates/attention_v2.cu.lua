//% family {
//%   op = "attention_v2", tails = true,
//%   doc = [[
//% GATv2's attention (Brody et al. 2022) in one pass over a row's edges: sums of x
//% weighted by the softmax of <att, LeakyReLU(x[u] + self[v])>, the row's own self
//% loop included. A row of x is read once, for its score and for the sum; maximum
//% and sum are kept online. A team of lanes has one head's columns of a row; the
//% teams of a row and head take its edges in turns and are then joined in order: no
//% atomics, results repeat bit by bit. Last perhaps a residual.]],
//% }
//% knob { name = "dimWorker", tag = "l", min = 0, max = 32, default = 0,
//%        doc = "lanes along a head's columns, a power of two; 0: as many as it has vectors" }
//% knob { name = "edgeWorker", tag = "e", min = 1, max = 32, default = 4,
//%        doc = "teams of a warp that share a row, at most; a power of two" }
//% knob { name = "warpPerRow", tag = "r", min = 1, max = 16, default = 1,
//%        doc = "warps that share a row; more than one for long rows" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "floats per load, at most: fewer where heads or pitch demand" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 2,
//%        doc = "neighbours that a team has in flight, at most" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }

//% check(spec.x_type == "f32" and spec.out_type == "f32",
//%       "attention works on float32")
//% local edges = include "edge_heads"
//% local softmax = include "edge_softmax"
//% local follow = include "follow"
//% local L = softmax.layout({ dimWorker = dimWorker, edgeWorker = edgeWorker,
//%   warpPerRow = warpPerRow, vec = vec, unroll = unroll,
//%   warpPerBlock = warpPerBlock }, true)
//% edges.define(L, false)
//% edges.define_store(L)
//% include("residual").define(L.width)
//% local parameters = edges.launch(L, softmax.args("self", true))
// ${L.teams} teams of ${L.lanes} lanes per row and head; ${L.rows} rows per block.
extern "C" __global__ void __launch_bounds__(${L.block}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% softmax.body(L, "self", true)
}
