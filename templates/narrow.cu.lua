//% family {
//%   op = "aggregate", tails = true,
//%   doc = [[
//% For rows of at most 8 columns: lanes go along the edges. A warp takes a
//% range of edges that the runtime cut (runtime/cuda/parts.h); every lane gathers
//% whole rows of x, whichever rows of the result they belong to, into shared
//% memory. Then lanes take the rows of the range, as many for each as keep all
//% busy, and add what was gathered (as CSR-stream of Greathouse and Daga,
//% SC'14). Rows longer than half a range may be cut: their sums are added in
//% the block, across blocks by a second kernel in block order: no atomics,
//% results repeat bit by bit.]],
//% }
//% knob { name = "edgesPerWarp", tag = "n", min = 32, max = 512, default = 128,
//%        doc = "edges per warp" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "4-byte words per load, at most: fewer where x's pitch demands" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a lane has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps, and so ranges, per block" }

//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local parts = include "parts"
//% local offsets = include "offsets"
//% local follow = include "follow"
//% check(spec.dim <= 8, "%d columns are more than 8", spec.dim)
//% local L = parts.layout(1, vec, unroll, warpPerBlock)
//% check(L.tiles == 1, "unroll %d: a row does not fit the registers", unroll)
//% -- A place of air after 32: rows of 8, 16, 32 edges would else all begin in
//% -- the same few banks.
//% local room = edgesPerWarp + (edgesPerWarp - 1) // 32
//% check(4 * warpPerBlock * L.floats * (room + 2) <= 49152,
//%       "%d edges for each of %d warps do not fit shared memory",
//%       edgesPerWarp, warpPerBlock)
//% check(spec.edges == "none", "narrow takes no weights of edges")
//% local weighted = spec.norm == "gcn"
//% needs { part_size = edgesPerWarp, part_rows = edgesPerWarp,
//%         parts_per_block = warpPerBlock, partials = true }
//% local args = { "out", "x", "rowptr", "colidx", "part_ptr", "part_row" }
//% epilogue.add_args(args)
//% args[#args + 1] = "partial"
//% args[#args + 1] = "n_parts"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_parts", per = warpPerBlock },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
//% local finish = parts.launch_join(L, warpPerBlock)
// Edges per warp: up to ${edgesPerWarp}; columns per lane: ${L.floats}.
//% offsets.define()

//% lanes.define("load", L, L.vec, spec.x_type)
//% parts.define(L)
//% epilogue.define(L)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    __shared__ float gathered[${warpPerBlock}][${L.floats}][${room}];
    __shared__ float heads[${warpPerBlock}][${L.floats}];
    __shared__ float tails[${warpPerBlock}][${L.floats}];
    const int lane = threadIdx.x % 32;
    const int warp = threadIdx.x / 32;
//% lanes.columns(L)
//% lanes.pointers(L, "x", spec.x_type)
    const unsigned first = blockIdx.x * ${warpPerBlock};
    const unsigned part = first + warp;

    // The range's rows, n of them. `open`: the first began in an earlier range;
    // `tail`: the last one goes on in the next.
    int first_row = 0, n = 0, left = 0;
    offset_t begin = 0;
    bool open = false, tail = false;
    if (part < n_parts) {
        first_row = __ldg(part_row + part);
        const int last = __ldg(part_row + part + 1);
        begin = __ldg(part_ptr + part);
        const offset_t end = __ldg(part_ptr + part + 1);
        left = (int)(end - begin);
        open = begin > __ldg(rowptr + first_row);
        tail = end > __ldg(rowptr + last);
        n = last - first_row + tail;
    }
//% -- lo, hi: where row j lies in the range.
//% local function bounds()
    lo = hi = 0;
    if (j < n) {
        const offset_t low = __ldg(rowptr + first_row + j) - begin;
        const offset_t high = __ldg(rowptr + first_row + j + 1) - begin;
        lo = low < 0 ? 0 : (int)low;
        hi = high > left ? left : (int)high;
    }
//% end
    // Ids are asked for before what waits for the rows, then a batch ahead.
    const int *ids = colidx + begin;
    int id[${unroll}];
    int edge = lane, slot = lane;
//% local function fetch_ids()
#pragma unroll
    for (int k = 0; k < ${unroll}; k++)
        id[k] = edge + 32 * k < left ? __ldg(ids + edge + 32 * k) : 0;
//% end
//% fetch_ids()

    int group = 32;
    while (group > 1 && group * n > 32)
        group /= 2;
    const int sub = lane % group;
    int j = lane / group, lo, hi;
//% bounds()

#pragma unroll 1
    while (edge < left) {
        const int held = left - edge;
        float v[${unroll}][${L.floats}] = {};
//% if weighted then
        float coef[${unroll}] = {};
//% end
#pragma unroll
        for (int k = 0; k < ${unroll}; k++) {
            if (32 * k >= held)
                continue;
            const long long u = (long long)id[k] * ${spec.x_pitch};
//% if weighted then
            coef[k] = __ldg(dinv + id[k]);
//% end
//% lanes.load_row(L)
        }
        edge += ${32 * unroll};
//% fetch_ids()
#pragma unroll
        for (int k = 0; k < ${unroll}; k++) {
            if (32 * k >= held)
                continue;
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
//% if weighted then
                gathered[warp][i][slot + 33 * k] = coef[k] * v[k][i];
//% else
                gathered[warp][i][slot + 33 * k] = v[k][i];
//% end
        }
        slot += ${33 * unroll};
    }
    __syncwarp();

#pragma unroll 1
    for (int rest = n; rest > 0; rest -= 32 / group) {
        float sum[${L.floats}] = {};
        for (int e = lo + sub; e < hi; e += group)
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                sum[i] += gathered[warp][i][e + e / 32u];
        for (int step = group / 2; step > 0; step /= 2)
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                sum[i] += __shfl_xor_sync(~0u, sum[i], step);
        const int at_row = j;
//% if spec.norm == "mean" then
        const int degree = hi - lo;
//% end
        j += 32 / group;
//% bounds()
        if (sub > 0 || at_row >= n)
            continue;
        const int row = first_row + at_row;
        const bool opens = open && at_row == 0;
        if (opens && warp > 0) {
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                heads[warp][i] = sum[i];
        } else if (tail && at_row == n - 1) {
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                tails[warp][i] = sum[i];
        } else if (opens) {
//% parts.store_partial(L, 0)
        } else {
//% epilogue.write(L)
        }
    }

    __syncthreads();
    const bool begins = !open || n > 1;
    if (lane > 0 || !tail || (!begins && warp > 0))
        return;
    // The row goes on in the ranges behind that begin with it.
    const int row = first_row + n - 1;
    float sum[${L.floats}];
#pragma unroll
    for (int i = 0; i < ${L.floats}; i++)
        sum[i] = tails[warp][i];
#pragma unroll 1
    for (int q = warp + 1; q < ${warpPerBlock} && first + q < n_parts &&
                           __ldg(part_row + first + q) == row; q++)
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            sum[i] += heads[q][i];
    const bool goes_on = first + ${warpPerBlock} < n_parts &&
                         __ldg(part_row + first + ${warpPerBlock}) == row;
    if (!begins || goes_on) {
//% parts.store_partial(L, "begins")
        return;
    }
//% if spec.norm == "mean" then
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
//% end
//% epilogue.write(L)
}
//% parts.join(L, finish, warpPerBlock, unroll)
