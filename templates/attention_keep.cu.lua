//% family {
//%   op = "attention_keep", tails = true,
//%   doc = [[
//% Attention's forward in training: as attention, with dropout of the coefficients,
//% which are drawn by edge and head as the CPU draws them. Of each row and head the
//% maximum (in units of log2) and one over the sum are kept behind the scores:
//% backward finds every coefficient anew from them. Perhaps the result goes through
//% dropout, too.]],
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

//% local edges = include "edge_heads"
//% local softmax = include "edge_softmax"
//% local train = include "train"
//% local follow = include "follow"
//% edges.keep_behind_scores()
//% local L = softmax.layout({ dimWorker = dimWorker, edgeWorker = edgeWorker,
//%   warpPerRow = warpPerRow, vec = vec, unroll = unroll,
//%   warpPerBlock = warpPerBlock }, false)
//% softmax.define_dropout(train)
//% edges.define(L, true)
//% edges.define_store(L)
//% local parameters = edges.launch(L, softmax.args("kept", false))
// ${L.teams} teams of ${L.lanes} lanes per row and head; ${L.rows} rows per block.
extern "C" __global__ void __launch_bounds__(${L.block}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% softmax.body(L, "kept", false, train)
}
