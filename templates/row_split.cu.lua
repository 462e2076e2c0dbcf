//% family {
//%   op = "aggregate", tails = true,
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

//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local width = lanes.x_width(vec)
//% local most = vec * lanes.per_word(spec.x_type)
//% check(dimWorker * edgeWorker <= 32,
//%       "dimWorker %d times edgeWorker %d is more than a warp's 32 lanes",
//%       dimWorker, edgeWorker)
//% local group = dimWorker * edgeWorker
//% local rows = 32 // group
//% local L = lanes.layout(dimWorker, edgeWorker, width, coarsen * most // width)
//% check(lanes.fits(L.floats, unroll, warpPerBlock),
//%       "unroll %d times %d floats per lane: too many registers for %d warps",
//%       unroll, L.floats, warpPerBlock)
//% local args = { "out", "x", "rowptr", "colidx" }
//% local weighted = spec.norm == "gcn"
//% epilogue.add_args(args)
//% args[#args + 1] = "n_rows"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows * warpPerBlock, y = L.tiles },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
// Rows per warp: ${rows}; teams per row: ${edgeWorker};
// lanes per team: ${dimWorker}; columns per lane: ${L.floats}.
//% if spec.offset_bits == 64 then
typedef long long offset_t;
//% else
typedef int offset_t;
//% end

//% lanes.define("load", L, width, spec.x_type)
//% epilogue.define(L)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
    const int lane = threadIdx.x % 32;
//% if rows == 1 then
    const unsigned row = blockIdx.x * ${warpPerBlock} + threadIdx.x / 32;
//% else
    const unsigned row = blockIdx.x * ${rows * warpPerBlock} +
                         threadIdx.x / 32 * ${rows} + lane / ${group};
//% end
//% if rows * group == 32 then
    const bool active = row < n_rows;
//% else
    const bool active = lane < ${rows * group} && row < n_rows;
//% end
//% if edgeWorker == 1 then
    const int edge = 0;
//% elseif rows == 1 then
    const int edge = lane / ${dimWorker};
//% else
    const int edge = lane / ${dimWorker} % ${edgeWorker};
//% end
//% lanes.columns(L)
//% lanes.pointers(L, "x", spec.x_type)

    offset_t degree = 0;
    const int *ids = colidx + edge;
    if (active) {
        const offset_t begin = __ldg(rowptr + row);
        degree = __ldg(rowptr + row + 1) - begin;
        ids += begin;
    }
    offset_t left = degree - edge;

    float sum[${L.floats}] = {};
//% -- `count` neighbours, edgeWorker apart; each if it is there, when guarded.
//% local function batch(count, guarded)
        float v[${count}][${L.floats}] = {};
//%   if weighted then
        float coef[${count}] = {};
//%   end
#pragma unroll
        for (int k = 0; k < ${count}; k++) {
//%   if guarded then
            if (k * ${edgeWorker} >= left)
                continue;
//%   end
            const int id = __ldg(ids + k * ${edgeWorker});
            const long long u = (long long)id * ${spec.x_pitch};
//%   if weighted then
            coef[k] = __ldg(dinv + id);
//%   end
//%   lanes.load_row(L)
        }
#pragma unroll
        for (int k = 0; k < ${count}; k++)
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
//%   if weighted then
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
//%   else
                sum[i] += v[k][i];
//%   end
//% end
#pragma unroll 1
    while (left > ${(unroll - 1) * edgeWorker}) {
//% batch(unroll, false)
        left -= ${unroll * edgeWorker};
        ids += ${unroll * edgeWorker};
    }
//% if unroll > 1 then
    if (left > 0) {
//% batch(unroll - 1, true)
    }
//% end
//% lanes.reduce(L)

//% if edgeWorker == 1 then
    if (!active)
        return;
//% else
    if (!active || edge > 0)
        return;
//% end
//% epilogue.write(L)
}
