//% family {
//%   op = "aggregate", tails = true, slabs = true,
//%   doc = [[
//% A group of lanes per row. dimWorker lanes hold a row's columns in
//% registers; edgeWorker such teams take turns at its neighbours and are added
//% by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
//% memory, no atomics: results repeat bit by bit. Wins where rows are alike in
//% length.]],
//% }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension" }
//% knob { name = "edgeWorker", tag = "e", min = 1, max = 32, default = 1,
//%        doc = "teams of dimWorker lanes that share a row's neighbours" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 1,
//%        doc = "4-byte words per load, at most: fewer where x's pitch demands" }
//% knob { name = "coarsen", tag = "c", min = 1, max = 8, default = 1,
//%        doc = "times vec: words of a row that one lane holds, at most" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }
//% knob { name = "slab", tag = "b", min = 0, max = 1024, default = 0,
//%        doc = "bytes of a row that all rows are summed by at a time; 0: as many as lanes hold" }
//% knob { name = "hints", tag = "h", min = 0, max = 2, default = 0,
//%        doc = "1: caches drop ids and sums first; 2: and L2 keeps x" }
//% knob { name = "ids", tag = "i", min = 0, max = 2, default = 0,
//%        doc = "1: a row's lanes load its ids together, a step ahead, and hand them round; 2: a batch's are read while the kernel ahead still runs" }

//% local lanes = include "lanes"
//% local walk = include "walk"
//% local weights = include "weights"
//% local epilogue = include "epilogue"
//% local follow = include "follow"
//% local L = walk.layout { dimWorker = dimWorker, edgeWorker = edgeWorker,
//%   vec = vec, coarsen = coarsen, unroll = unroll, warpPerBlock = warpPerBlock,
//%   slab = slab, ids = ids, weighs = true,
//%   width = weights.x_width(lanes, vec) }
//% lanes.hint(L, hints)
//% check(not L.ahead or hints < 2, "ids 2: no load may say what L2 is to keep")
//% local args = { "out", "x", "rowptr", "colidx" }
//% weights.add_args(args)
//% epilogue.add_args(args)
//% args[#args + 1] = "n_rows"
//% local parameters = walk.launch(L, args)
// Rows per warp: ${L.rows}; teams per row: ${edgeWorker};
// lanes per team: ${dimWorker}; columns per lane: ${L.floats}.
//% if L.ahead then follow.define_plain() end
//% walk.define()
//% lanes.define(L.x_verb, L, L.width, spec.x_type)
//% epilogue.define(L)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% if L.ahead then follow.begin() else follow.wait() end
//% walk.place(L)

//% walk.begin(L)
//% if L.ahead then
//%   if epilogue.begins then
    const bool ends = active && edge == 0;
//%   end
//%   epilogue.begin_norm("ends")
//%   follow.join()
//% end

    float sum[${L.floats}] = {};
//% if L.ahead then epilogue.begin_sum(L, "ends") end
//% walk.each_batch(L, function(count, guarded)
        float v[${count}][${L.floats}] = {};
//%   if weights.heads > 1 then
        float coef[${count}][${#L.slots}] = {};
//%   elseif weights.used then
        float coef[${count}] = {};
//%   end
//%   walk.load(L, count, guarded)
#pragma unroll
        for (int k = 0; k < ${count}; k++)
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
//%   if weights.heads > 1 then
                sum[i] = fmaf(coef[k][i / ${L.vec}], v[k][i], sum[i]);
//%   elseif weights.used then
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
//%   else
                sum[i] += v[k][i];
//%   end
//% end)
//% lanes.reduce(L)

//% walk.leave(L)
//% epilogue.write(L)
}
//% if L.ahead then follow.forget_plain() end
