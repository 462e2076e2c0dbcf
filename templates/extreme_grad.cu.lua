//% family {
//%   op = "extreme_grad",
//%   doc = [[
//% The backward of extreme, its second half, over the transposed graph: a node gets
//% the share (g, of extreme_share) of every row that it was sent to and whose value
//% (self, what forward gave) is its own, column by column. Lanes share a row as in
//% row_split. A row is written once: no atomics.]],
//% }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension" }
//% knob { name = "edgeWorker", tag = "e", min = 1, max = 32, default = 1,
//%        doc = "teams of dimWorker lanes that share a row's neighbours" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "4-byte words per load, at most: fewer where pitches demand" }
//% knob { name = "coarsen", tag = "c", min = 1, max = 8, default = 1,
//%        doc = "times vec: words of a row that one lane holds, at most" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 2,
//%        doc = "neighbours that a team has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }
//% knob { name = "ids", tag = "i", min = 0, max = 1, default = 0,
//%        doc = "1: a row's lanes load its ids together, a step ahead, and hand them round" }

//% local lanes = include "lanes"
//% local walk = include "walk"
//% local follow = include "follow"
//% check(spec.x_type == "f32" and spec.self_type == "f32" and
//%       spec.out_type == "f32", "gradients are of float32")
//% local L = walk.layout { dimWorker = dimWorker, edgeWorker = edgeWorker,
//%   vec = vec, coarsen = coarsen, unroll = unroll, warpPerBlock = warpPerBlock,
//%   ids = ids, rows = 2, from = "self", pitch = spec.self_pitch,
//%   width = lanes.widest(vec, spec.self_pitch, spec.grad_pitch) }
//% local out_piece = lanes.widest(L.vec, spec.out_pitch)
//% local parameters = walk.launch(L, { "out", "x", "self", "g", "rowptr",
//%                                     "colidx", "n_rows" })
// Rows per warp: ${L.rows}; teams per row: ${edgeWorker};
// lanes per team: ${dimWorker}; columns per lane: ${L.floats}.
//% walk.define()
//% lanes.define("load", L, L.width)
//% walk.define_own(L, spec.x_pitch)
//% lanes.define("store", L, out_piece)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% walk.place(L)
//% lanes.pointers(L, "g", "f32", "share")
//% walk.own(L, "mine", "x", spec.x_pitch)

//% walk.begin(L)

    float sum[${L.floats}] = {};
//% walk.each_batch(L, function(count, guarded)
        float v[${count}][${L.floats}] = {};
        float shares[${count}][${L.floats}] = {}; // none for no edge
//%   walk.load(L, count, guarded, function()
            {
                const long long u = (long long)id * ${spec.grad_pitch};
//%     lanes.load_row(L, "shares", "share")
            }
//%   end)
#pragma unroll
        for (int k = 0; k < ${count}; k++)
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                sum[i] += mine[i] == v[k][i] ? shares[k][i] : 0.0f;
//% end)
//% lanes.reduce(L)

//% walk.leave(L)
    float *to = out + (long long)row * ${spec.out_pitch};
//% lanes.store_row(L, out_piece)
}
