//% family {
//%   op = "aggregate", tails = true,
//%   doc = [[
//% GNNAdvisor's neighbour groups: a warp per group of at most partSize
//% neighbours of one row, so that work is even however long rows are. dimWorker
//% lanes hold the columns in registers; 32 // dimWorker such teams take
//% different neighbours and are added by shuffles. The first warp of a row in a
//% block adds the others' sums from shared memory. Rows that cross blocks leave
//% partial sums, which a second kernel adds in block order: no atomics, results
//% repeat bit by bit. Wins where a few rows hold many neighbours.]],
//% }
//% knob { name = "partSize", tag = "p", min = 1, max = 1024, default = 32,
//%        doc = "neighbours per group" }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "groups, and so warps, per block" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team of lanes has in flight" }
//% knob { name = "slab", tag = "b", min = 0, max = 1024, default = 0,
//%        doc = "bytes of a row that all rows are summed by at a time; 0: as many as lanes hold" }
//% knob { name = "hints", tag = "h", min = 0, max = 2, default = 0,
//%        doc = "1: caches drop ids and sums first; 2: and L2 keeps x" }

//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local parts = include "parts"
//% local weights = include "weights"
//% weights.one_head()
//% local teams = 32 // dimWorker
//% local L = parts.layout(dimWorker, 4, unroll, warpPerBlock, slab)
//% lanes.hint(L, hints)
//% local vec = L.vec
//% needs { part_size = partSize, parts_per_block = warpPerBlock,
//%         partials = true }
//%
//% local args = { "out", "x", "colidx", "part_ptr", "part_row" }
//% weights.add_args(args)
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_parts", per = warpPerBlock, y = L.tiles },
//%   block = 32 * warpPerBlock,
//%   args = parts.arguments(args, { "partial", "n_parts" }),
//% }
//% local finish = parts.launch_join(L, warpPerBlock)
// Neighbours per warp: up to ${partSize}; teams per warp: ${teams};
// lanes per team: ${dimWorker}; columns per lane: ${L.floats}.
//% if spec.offset_bits == 64 then
typedef long long offset_t;
//% else
typedef int offset_t;
//% end

//% lanes.define(L.x_verb, L, vec, spec.x_type)
//% parts.define(L)
//% epilogue.define(L)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% if warpPerBlock > 1 then
    __shared__ float sums[${warpPerBlock}][${L.floats * dimWorker}];
    const int warp = threadIdx.x / 32;
//% end
//% parts.places(L)
//% lanes.pointers(L, "x", spec.x_type)

//% if warpPerBlock > 1 then
    // Lane i knows the row of the block's group i; -1: there is none.
    const unsigned first = blockIdx.x * ${warpPerBlock};
    int rows = -1;
    if (lane < ${warpPerBlock} && first + lane < n_parts)
        rows = __ldg(part_row + first + lane);
    const int row = __shfl_sync(~0u, rows, warp);
    const unsigned same = __ballot_sync(~0u, rows == row);
    const int *ids = colidx;
//%   weights.open(0)
    int left = 0;
    if (row >= 0) {
        const offset_t begin = __ldg(part_ptr + first + warp);
        left = __ldg(part_ptr + first + warp + 1) - begin;
        ids += begin;
//%   weights.step("begin")
    }
//% else
    const unsigned part = blockIdx.x;
    const int row = __ldg(part_row + part);
    const offset_t begin = __ldg(part_ptr + part);
    const int *ids = colidx + begin;
//% weights.open("begin")
    int left = __ldg(part_ptr + part + 1) - begin;
//% end

    float sum[${L.floats}] = {};
//% -- `count` neighbours of each team, of the n whose ids the warp holds.
//% local function batch(count, guarded)
            float v[${count}][${L.floats}] = {};
            int ids_k[${count}];
#pragma unroll
            for (int k = 0; k < ${count}; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * ${teams} + edge);
#pragma unroll
            for (int k = 0; k < ${count}; k++) {
//%   if guarded then
                if (base + k * ${teams} + edge >= n)
                    continue;
//%   end
                const long long u = (long long)ids_k[k] * ${spec.x_pitch};
//%   lanes.load_row(L)
            }
#pragma unroll
            for (int k = 0; k < ${count}; k++) {
//%   if weights.used then
                const float w =
                    __shfl_sync(~0u, coef, base + k * ${teams} + edge);
//%   end
#pragma unroll
                for (int i = 0; i < ${L.floats}; i++)
//%   if weights.used then
                    sum[i] = fmaf(w, v[k][i], sum[i]);
//%   else
                    sum[i] += v[k][i];
//%   end
            }
//% end
//% -- How many ids a warp holds at a time, and how many batches these give.
//% local held = math.min(partSize, 32)
//% local count = math.min(unroll, (held + teams - 1) // teams)
//% local stride = count * teams
//% if partSize > 32 then
#pragma unroll 1
    for (; left > 0; left -= 32, ids += 32) {
//% else
    {
//% end
//% if partSize > 32 then
        const int n = min(left, 32);
//% else
        const int n = left;
//% end
        const int id = lane < n ? ${L.fetch_id}(ids + lane) : 0;
//% if weights.used then
        float coef = 0.0f;
        if (lane < n) {
//%   weights.load("lane", 1)
            coef = value;
        }
//% end
        int base = 0;
//% if stride <= held then
#pragma unroll 1
        for (; base + ${stride} <= n; base += ${stride}) {
//%   batch(count, false)
        }
//% end
//% if stride > 1 then
        if (base < n) {
//%   batch(teams > 1 and count or count - 1, true)
        }
//% end
//% if partSize > 32 then
//%   weights.step(32)
//% end
    }
//% lanes.reduce(L)

//% if warpPerBlock > 1 then
    // The first warp of a row adds what the others leave in shared memory.
    const int leader = __ffs(same) - 1;
//%   if dimWorker == 32 then
    const bool holds = row >= 0;
//%   else
    const bool holds = row >= 0 && edge == 0;
//%   end
    if (holds && warp != leader)
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            sums[warp][i * ${dimWorker} + at] = sum[i];
    __syncthreads();
    if (!holds || warp != leader)
        return;
    const int end = warp + __popc(same);
#pragma unroll 1
    for (int w = warp + 1; w < end; w++)
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            sum[i] += sums[w][i * ${dimWorker} + at];

    const bool begins = warp > 0 || first == 0 ||
                        __ldg(part_row + first - 1) != row;
    const bool ends = end < ${warpPerBlock} ||
                      first + ${warpPerBlock} >= n_parts ||
                      __ldg(part_row + first + ${warpPerBlock}) != row;
//% else
//%   if dimWorker < 32 then
    if (edge > 0)
        return;
//%   end
    const bool begins = part == 0 || __ldg(part_row + part - 1) != row;
    const bool ends = part + 1 >= n_parts || __ldg(part_row + part + 1) != row;
//% end
    if (!begins || !ends) {
//% parts.store_partial(L, "begins")
        return;
    }
//% if spec.norm == "mean" then
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
//% end
//% epilogue.write(L)
}
//% parts.join(L, finish, warpPerBlock, unroll)
