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
//% local train = include "train"
//% local L = edges.layout({ dimWorker = dimWorker, edgeWorker = edgeWorker,
//%   warpPerRow = warpPerRow, vec = vec, unroll = unroll,
//%   warpPerBlock = warpPerBlock }, { spec.x_pitch })
//% local floats = L.floats
//% local args = { "out", "x", "kept", "rowptr", "colidx" }
//% if spec.bias then args[#args + 1] = "bias" end
//% for _, a in ipairs { "state", "place" } do args[#args + 1] = a end
//% if spec.drops_result then args[#args + 1] = "tail_place" end
//% args[#args + 1] = "n_rows"
//% if spec.drops_result then
//%   train.define_drop(spec.dim)
//% else
//%   train.define_state()
//%   train.define_dropout()
//% end
//% edges.define(L)
//% edges.define_store(L)
//% local parameters = edges.launch(L, args)
// ${L.teams} teams of ${L.lanes} lanes per row and head; ${L.rows} rows per block.
extern "C" __global__ void __launch_bounds__(${L.block}, 1)
${kernel}(${parameters})
{
//% edges.open(L)
    const float target =
        kept[(long long)row * ${spec.self_pitch} + ${edges.target} + head];
    float top = __int_as_float(0xff800000);
    float sum[${floats + 1}] = {}; // of the columns; last, of the coefficients

//% edges.each_batch(L, "x", spec.x_pitch)
        float e[${L.unroll}];
        float most = top;
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++) {
            e[k] = log2_score(
                kept[(long long)id[k] * ${spec.self_pitch} + head] + target);
            most = there[k] ? fmaxf(most, e[k]) : most;
        }
        // Nothing was summed under a maximum of -infinity.
        const float scale =
            top == __int_as_float(0xff800000) ? 0.0f : exp2f(top - most);
        top = most;
#pragma unroll
        for (int i = 0; i <= ${floats}; i++)
            sum[i] *= scale;
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++) {
            const float p = there[k] ? exp2f(e[k] - most) : 0.0f;
            const unsigned long long number = edge + k < end ? edge + k : loop;
            const float w = left_of(state, stream, number, head, p);
            sum[${floats}] += p;
#pragma unroll
            for (int i = 0; i < ${floats}; i++)
                sum[i] = fmaf(w, v[k][i / ${L.width}][i % ${L.width}], sum[i]);
        }
//% edges.close()

    const float mine = top;
//% edges.join_top(L)
    const float scale =
        mine == __int_as_float(0xff800000) ? 0.0f : exp2f(mine - top);
#pragma unroll
    for (int i = 0; i <= ${floats}; i++)
        sum[i] *= scale;
//% edges.join(L, floats + 1)
    const float part = 1.0f / sum[${floats}];
    if (at == 0) {
        float *to = kept + (long long)row * ${spec.self_pitch} + head;
        to[${edges.top}] = top;
        to[${edges.part}] = part;
    }
//% local function finish()
        float y[${L.width}];
#pragma unroll
        for (int j = 0; j < ${L.width}; j++) {
            y[j] = sum[i * ${L.width} + j] * part;
//% if spec.bias then
            y[j] += __ldg(bias + column[i] + j);
//% end
//% if spec.act == "relu" then
            y[j] = y[j] < 0.0f ? 0.0f : y[j];
//% elseif spec.act == "elu" then
            y[j] = y[j] < 0.0f ? expm1f(y[j]) : y[j];
//% end
        }
//% if spec.drops_result then
        const int c = column[i];
//%   train.drop("y", 0, "c", L.width)
//% end
        ${L.store}(to + column[i], y);
//% end
//% if spec.drops_result then
    {
//%   train.open_drop()
//%   edges.each_load(L, finish)
    }
//% else
//%   edges.each_load(L, finish)
//% end
}
