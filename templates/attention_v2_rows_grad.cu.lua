//% family {
//%   op = "attention_v2_rows_grad",
//%   doc = [[
//% The backward of GATv2's attention, the half that sums over a row's edges: with a
//% the coefficient of an edge, w what dropout left of it, d = <g[v], x[u]> and D =
//% sum w d, the gradient of the edge's score is w d - a D. With z = x[u] + self[v]
//% and s the LeakyReLU's slope at it a row gets out[v] = sum (w d - a D) s att, the
//% gradient of its self, and att_rows[v] = sum (w d - a D) s z, its part of att's.
//% D is left in kept for the other half (attention_v2_grad).]],
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
//% edges.keep_behind_rows()
//% local L = edges.layout({ dimWorker = dimWorker, edgeWorker = edgeWorker,
//%   warpPerRow = warpPerRow, vec = vec, unroll = unroll,
//%   warpPerBlock = warpPerBlock },
//%   { spec.x_pitch, spec.self_pitch, spec.grad_pitch }, 7)
//% local floats = L.floats
//% train.define_state()
//% train.define_dropout()
//% edges.define(L, true)
//% edges.define_read(L)
//% edges.define_store(L)
//% local parameters = edges.launch(L, { "out", "att_rows", "x", "kept", "g",
//%                                      "att", "rowptr", "colidx", "state",
//%                                      "place", "n_rows" })
// ${L.teams} teams of ${L.lanes} lanes per row and head; ${L.rows} rows per block.
extern "C" __global__ void __launch_bounds__(${L.block}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% edges.open(L)
    float *mine = kept + (long long)row * ${spec.self_pitch} + head;
    const float top = mine[${edges.top}];
    const float part = mine[${edges.part}];
    // Of the columns w d s, a s, w d s z, a s z; last, of w d.
    float sum[${4 * floats + 1}] = {};
//% edges.load_own(L, "own", "g", spec.grad_pitch)
//% edges.load_own(L, "target", "kept", spec.self_pitch, "read")
//% edges.load_own(L, "weight", "att", 0)

//% edges.each_batch(L, "x", spec.x_pitch)
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++) {
//% edges.rows_score(L, "target", "v")
            const float a =
                there[k] ? exp2f(1.44269504f * z - top) * part : 0.0f;
            const unsigned long long number = edge + k < end ? edge + k : loop;
//% edges.dot_product(L, "own")
            d *= left_of(state, stream, number, head, a);
            sum[${4 * floats}] += d;
#pragma unroll
            for (int i = 0; i < ${floats}; i++) {
                const float both = target[i / ${L.width}][i % ${L.width}] +
                                   v[k][i / ${L.width}][i % ${L.width}];
                const float slope = slope_at(both);
                const float leaky = slope * both;
                sum[i] = fmaf(d, slope, sum[i]);
                sum[${floats} + i] = fmaf(a, slope, sum[${floats} + i]);
                sum[${2 * floats} + i] = fmaf(d, leaky, sum[${2 * floats} + i]);
                sum[${3 * floats} + i] = fmaf(a, leaky, sum[${3 * floats} + i]);
            }
        }
//% edges.close()
//% edges.join(L, 4 * floats + 1)
    const float dot = sum[${4 * floats}];
    if (at == 0)
        mine[${edges.dot}] = dot;
    float *parts = att_rows + (long long)row * ${spec.out_pitch};
//% edges.each_load(L, function()
        float rows[${L.width}], atts[${L.width}];
#pragma unroll
        for (int j = 0; j < ${L.width}; j++) {
            const float *at_column = sum + i * ${L.width} + j;
            rows[j] = weight[i][j] * (at_column[0] - dot * at_column[${floats}]);
            atts[j] = at_column[${2 * floats}] - dot * at_column[${3 * floats}];
        }
        ${L.store}(to + column[i], rows);
        ${L.store}(parts + column[i], atts);
//% end)
}
