//% family {
//%   op = "attention_grad",
//%   doc = [[
//% Attention's backward, the half that sums over the edges that leave a node u, by
//% the transposed graph: out[u] = sum w g[v], and behind the scores the gradient of
//% u's score as a source, sum slope (w d - a D); a, w, d and D as in
//% attention_rows_grad, which comes first. A row is one block's: no atomics.]],
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
//% local floats = L.floats
//% train.define_state()
//% train.define_dropout()
//% edges.define(L, true)
//% edges.define_store(L)
//% local parameters = edges.launch(L, { "out", "x", "kept", "g", "rowptr",
//%                                      "colidx", "edge_of", "state", "place",
//%                                      "n_rows" })
// ${L.teams} teams of ${L.lanes} lanes per row and head; ${L.rows} rows per block.
extern "C" __global__ void __launch_bounds__(${L.block}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% edges.open(L)
    float *mine = kept + (long long)row * ${spec.self_pitch} + head;
    const float source = mine[${edges.source}];
    float sum[${floats + 1}] = {}; // of the columns; last, the score's gradient
//% edges.load_own(L, "own", "x", spec.x_pitch)

//% edges.each_batch(L, "g", spec.grad_pitch)
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++) {
            const float *theirs =
                kept + (long long)id[k] * ${spec.self_pitch} + head;
            const float z = source + theirs[${edges.target}];
            const float a = there[k] ? exp2f(log2_score(z) - theirs[${edges.top}]) *
                                           theirs[${edges.part}]
                                     : 0.0f;
            const unsigned long long number =
                active && edge + k < end ? __ldg(edge_of + edge + k) : loop;
            const float w = left_of(state, stream, number, head, a);
//% edges.dot_product(L, "own")
            const float change = w * d - a * theirs[${edges.dot}];
            sum[${floats}] = fmaf(slope_at(z), change, sum[${floats}]);
#pragma unroll
            for (int i = 0; i < ${floats}; i++)
                sum[i] = fmaf(w, v[k][i / ${L.width}][i % ${L.width}], sum[i]);
        }
//% edges.close()
//% edges.join(L, floats + 1)
    if (at == 0)
        mine[${edges.grad_source}] = sum[${floats}];
//% edges.each_load(L, function()
        ${L.store}(to + column[i], &sum[i * ${L.width}]);
//% end)
}
