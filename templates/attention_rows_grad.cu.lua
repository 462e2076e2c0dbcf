//% family {
//%   op = "attention_rows_grad",
//%   doc = [[
//% Attention's backward, the half that sums over a row's edges: with a the
//% coefficient of an edge, w what dropout left of it and d = <g[v], x[u]>, a row
//% and head get D = sum w d, which the other half needs (attention_grad), and the
//% gradient of the row's own score, sum slope w d - D sum slope a. Both are left
//% in kept, behind the scores.]],
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
//% local train = include "train"
//% local follow = include "follow"
//% edges.keep_behind_scores()
//% local L = edges.layout({ dimWorker = dimWorker, edgeWorker = edgeWorker,
//%   warpPerRow = warpPerRow, vec = vec, unroll = unroll,
//%   warpPerBlock = warpPerBlock }, { spec.x_pitch, spec.grad_pitch })
//% train.define_state()
//% train.define_dropout()
//% edges.define(L, true)
//% local parameters = edges.launch(L, { "x", "kept", "g", "rowptr", "colidx",
//%                                      "state", "place", "n_rows" })
// ${L.teams} teams of ${L.lanes} lanes per row and head; ${L.rows} rows per block.
extern "C" __global__ void __launch_bounds__(${L.block}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% edges.open(L)
    float *to = kept + (long long)row * ${spec.self_pitch} + head;
    const float target = to[${edges.target}];
    const float top = to[${edges.top}];
    const float part = to[${edges.part}];
    float sum[3] = {}; // w d, slope w d, slope a
//% edges.load_own(L, "own", "g", spec.grad_pitch)

//% edges.each_batch(L, "x", spec.x_pitch)
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++) {
            const float z =
                kept[(long long)id[k] * ${spec.self_pitch} + head] + target;
            const float a =
                there[k] ? exp2f(log2_score(z) - top) * part : 0.0f;
            const unsigned long long number = edge + k < end ? edge + k : loop;
//% edges.dot_product(L, "own")
            d *= left_of(state, stream, number, head, a);
            sum[0] += d;
            sum[1] = fmaf(slope_at(z), d, sum[1]);
            sum[2] = fmaf(slope_at(z), a, sum[2]);
        }
//% edges.close()
//% edges.join(L, 3)
    if (at == 0) {
        to[${edges.dot}] = sum[0];
        to[${edges.grad_target}] = sum[1] - sum[0] * sum[2];
    }
}
