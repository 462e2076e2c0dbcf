//% family {
//%   op = "linear", tails = true, slabs = true,
//%   doc = [[
//% x W^T for few columns, in one pass over x, perhaps added to out, perhaps with
//% a bias and an activation behind, in training dropout. A lane has a block of rowsPerLane
//% rows and colsPerLane columns in registers; depthWorker lanes share the
//% block's depth and hand its rows round in the end, and so do the lanes of
//% depthWarps warps, whose sums meet in shared memory: few rows of a great depth
//% have too few warps else. W is read through the L1 cache. Sums in a fixed
//% order. Wins against BLAS, whose tiles are wider, up
//% to 16 columns.]],
//% }
//% knob { name = "rowsPerLane", tag = "r", min = 1, max = 16, default = 8,
//%        doc = "rows of a lane's block, a power of two" }
//% knob { name = "colsPerLane", tag = "c", min = 1, max = 16, default = 4,
//%        doc = "columns of a lane's block" }
//% knob { name = "depthWorker", tag = "k", min = 1, max = 32, default = 8,
//%        doc = "lanes along the depth, a power of two, at most: fewer where it is short" }
//% knob { name = "depthWarps", tag = "d", min = 1, max = 32, default = 1,
//%        doc = "warps of a block along the depth, a divisor of warpPerBlock, at most" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "steps along the depth that a lane has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }

//% local product = include "product"
//% local follow = include "follow"
//% local P = product.layout { rowsPerLane = rowsPerLane, colsPerLane = colsPerLane,
//%   depthWorker = depthWorker, depthWarps = depthWarps, unroll = unroll,
//%   warpPerBlock = warpPerBlock }
//% local args = { "out", "x", "weight" }
//% if spec.norm == "gcn" then args[#args + 1] = "dinv" end
//% if spec.tail_bias then args[#args + 1] = "tail_bias" end
//% P.add_args(args)
//% args[#args + 1] = "n_rows"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = P.rows * P.teams, y = P.tiles },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
//% P.define()
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% P.write()
}
