//% family {
//%   op = "extreme",
//%   doc = [[
//% The largest of the neighbours' values, column by column (spec.smallest: the
//% smallest); 0 where a row has no neighbours. A NaN wins. Lanes share a row as in
//% row_split: dimWorker of them hold its columns, edgeWorker such teams take turns
//% at its neighbours and are joined by shuffles. No shared memory, no atomics.]],
//% }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension" }
//% knob { name = "edgeWorker", tag = "e", min = 1, max = 32, default = 1,
//%        doc = "teams of dimWorker lanes that share a row's neighbours" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "4-byte words per load, at most: fewer where x's pitch demands" }
//% knob { name = "coarsen", tag = "c", min = 1, max = 8, default = 1,
//%        doc = "times vec: words of a row that one lane holds, at most" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }
//% knob { name = "ids", tag = "i", min = 0, max = 1, default = 0,
//%        doc = "1: a row's lanes load its ids together, a step ahead, and hand them round" }

//% local lanes = include "lanes"
//% local walk = include "walk"
//% local follow = include "follow"
//% check(spec.norm == "none" and spec.self_term == "none" and not spec.bias and
//%       spec.act == "none" and spec.edges == "none",
//%       "the largest neighbour is all that is known here")
//% local L = walk.layout { dimWorker = dimWorker, edgeWorker = edgeWorker,
//%   vec = vec, coarsen = coarsen, unroll = unroll, warpPerBlock = warpPerBlock,
//%   ids = ids }
//% local out_piece = lanes.widest_of(spec.out_type, L.vec, spec.out_pitch)
//% local parameters = walk.launch(L, { "out", "x", "rowptr", "colidx",
//%                                     "n_rows" })
// Rows per warp: ${L.rows}; teams per row: ${edgeWorker};
// lanes per team: ${dimWorker}; columns per lane: ${L.floats}.
//% walk.define()
//% lanes.define("load", L, L.width, spec.x_type)
//% lanes.define("store", L, out_piece, spec.out_type)
// A NaN stays, as nothing compares to it.
static __device__ __forceinline__ float better(float best, float v)
{
//% if spec.smallest then
    return v < best || v != v ? v : best;
//% else
    return v > best || v != v ? v : best;
//% end
}

extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% walk.place(L)

//% walk.begin(L)

    float sum[${L.floats}]; // the best so far
#pragma unroll
    for (int i = 0; i < ${L.floats}; i++)
//% if spec.smallest then
        sum[i] = __int_as_float(0x7f800000);
//% else
        sum[i] = __int_as_float(0xff800000);
//% end
//% walk.each_batch(L, function(count, guarded)
        float v[${count}][${L.floats}] = {};
//%   walk.load(L, count, guarded)
#pragma unroll
        for (int k = 0; k < ${count}; k++)
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
//%   if guarded then walk.ask(L) end
                    sum[i] = better(sum[i], v[k][i]);
//% end)
//% lanes.reduce(L, "better")

//% walk.leave(L)
#pragma unroll
    for (int i = 0; i < ${L.floats}; i++)
        sum[i] = degree > 0 ? sum[i] : 0.0f;
    ${lanes.type(spec.out_type)} *to = out + (long long)row * ${spec.out_pitch};
//% lanes.store_row(L, out_piece, spec.out_type)
}
