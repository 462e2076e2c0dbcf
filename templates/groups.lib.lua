//% -- Neighbour groups: the frame of neighbor_group and of what else sums over rows
//% -- whose lengths differ. A warp has a group of at most partSize neighbours of one
//% -- row; 32 // dimWorker teams of lanes take them in turns. The first warp of a row
//% -- in a block adds the others' sums; how rows that cross blocks are joined says
//% -- combine.lib.lua. With combine=2 no block adds: a row of several groups is joined as
//% -- if each were a block.
//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local parts = include "parts"
//% local combine = include "combine"
//% local weights = include "weights"
//% local offsets = include "offsets"
//% local layout = include "layout"
//% local follow = include "follow"
//% weights.one_head()
//% local groups = {}
//%
//% -- What is particular to a family: the name of the matrix that is gathered from;
//% -- what an edge's weight `value`, of the edge from `id` to `row`, leaves in `coef`;
//% -- what becomes of a row's `sum`. Absent ones are an aggregation's.
//% local function complete(how)
//%   how = how or {}
//%   how.x = how.x or "x"
//%   how.write = how.write or epilogue.write
//%   how.keep = how.keep or function()
            coef = value;
//%   end
//%   return how
//% end
//%
//% -- `k` has the knobs. Says what the runtime prepares.
//% function groups.layout(k)
//%   local L = parts.layout(k.dimWorker, 4, k.unroll, k.warpPerBlock, k.slab or 0)
//%   lanes.hint(L, k.hints or 0)
//%   L.warps, L.unroll, L.size = k.warpPerBlock, k.unroll, k.partSize
//%   L.joins = combine.choose(L, k.combine or 0,
//%                           { groups = true, unroll = k.unroll })
//%   L.alone = k.warpPerBlock == 1 or k.combine == 2
//%   needs { part_size = k.partSize, partials = not L.joins.atomic, tickets = L.joins.words,
//%           parts_per_block = L.alone and 1 or k.warpPerBlock }
//%   return L
//% end
//%
//% -- A group a warp; before `first`, what is read but for the groups themselves.
//% function groups.launch(L, entry, first)
//%   local args = { table.unpack(first) }
//%   for _, a in ipairs { "colidx", "part_ptr", "part_row" } do
//%     args[#args + 1] = a
//%   end
//%   weights.add_args(args)
//%   return launch {
//%     entry = entry,
//%     grid = { "n_parts", per = L.warps, y = L.tiles },
//%     block = 32 * L.warps,
//%     args = parts.arguments(args, L.joins.last { "n_parts" }),
//%   }
//% end
//%
//% function groups.define(L, how)
// Neighbours per warp: up to ${L.size}; teams per warp: ${L.edgeWorker};
// lanes per team: ${L.dimWorker}; columns per lane: ${L.floats}.
//%   offsets.define()

//%   lanes.define(L.x_verb, L, L.vec, spec.x_type)
//%   L.joins.define(L)
//%   if not (how and how.write) then epilogue.define(L) end
//% end
//%
//% function groups.sum(L, entry, parameters, how)
//%   how = complete(how)
extern "C" __global__ void __launch_bounds__(${32 * L.warps}, 1)
${entry}(${parameters})
{
//%   follow.wait(entry)
//%   if not L.alone then
    __shared__ float sums[${L.warps}][${L.floats * L.dimWorker}];
    const int warp = threadIdx.x / 32;
//%   end
//%   parts.places(L)
//%   lanes.pointers(L, how.x, spec.x_type)

//%   if not L.alone then
    // Lane i knows the row of the block's group i; -1: there is none.
    const unsigned first = blockIdx.x * ${L.warps};
    int rows = -1;
    if (lane < ${L.warps} && first + lane < n_parts)
        rows = __ldg(part_row + first + lane);
    const int row = __shfl_sync(~0u, rows, warp);
    const unsigned same = __ballot_sync(~0u, rows == row);
    const int *ids = colidx;
//%     weights.open(0)
    int left = 0;
    if (row >= 0) {
        const offset_t begin = __ldg(part_ptr + first + warp);
        left = __ldg(part_ptr + first + warp + 1) - begin;
        ids += begin;
//%     weights.step("begin")
    }
//%   else
//%     if L.warps > 1 then
    const unsigned part = blockIdx.x * ${L.warps} + threadIdx.x / 32;
    if (part >= n_parts)
        return;
//%     else
    const unsigned part = blockIdx.x;
//%     end
    const int row = __ldg(part_row + part);
    const offset_t begin = __ldg(part_ptr + part);
    const int *ids = colidx + begin;
//%   weights.open("begin")
    int left = __ldg(part_ptr + part + 1) - begin;
//%   end

    float sum[${L.floats}] = {};
//%   -- `count` neighbours of each team, of the n whose ids the warp holds.
//%   local function batch(count, guarded)
            float v[${count}][${L.floats}] = {};
            int ids_k[${count}];
#pragma unroll
            for (int k = 0; k < ${count}; k++)
                ids_k[k] = __shfl_sync(~0u, id, base + k * ${L.edgeWorker} + edge);
#pragma unroll
            for (int k = 0; k < ${count}; k++) {
//%     if guarded then
                if (base + k * ${L.edgeWorker} + edge >= n)
                    continue;
//%     end
                const long long u = (long long)ids_k[k] * ${layout.step("x")};
//%     lanes.load_row(L)
            }
#pragma unroll
            for (int k = 0; k < ${count}; k++) {
//%     if weights.used then
                const float w =
                    __shfl_sync(~0u, coef, base + k * ${L.edgeWorker} + edge);
//%     end
#pragma unroll
                for (int i = 0; i < ${L.floats}; i++)
//%     if weights.used then
                    sum[i] = fmaf(w, v[k][i], sum[i]);
//%     else
                    sum[i] += v[k][i];
//%     end
            }
//%   end
//%   -- How many ids a warp holds at a time, and how many batches these give.
//%   local held = math.min(L.size, 32)
//%   local count = math.min(L.unroll, (held + L.edgeWorker - 1) // L.edgeWorker)
//%   local stride = count * L.edgeWorker
//%   if L.size > 32 then
#pragma unroll 1
    for (; left > 0; left -= 32, ids += 32) {
//%   else
    {
//%   end
//%   if L.size > 32 then
        const int n = min(left, 32);
//%   else
        const int n = left;
//%   end
        const int id = lane < n ? ${L.fetch_id}(ids + lane) : 0;
//%   if weights.used then
        float coef = 0.0f;
        if (lane < n) {
//%     weights.load("lane", 1)
//%     how.keep()
        }
//%   end
        int base = 0;
//%   if stride <= held then
#pragma unroll 1
        for (; base + ${stride} <= n; base += ${stride}) {
//%     batch(count, false)
        }
//%   end
//%   if stride > 1 then
        if (base < n) {
//%     batch(L.edgeWorker > 1 and count or count - 1, true)
        }
//%   end
//%   if L.size > 32 then
//%     weights.step(32)
//%   end
    }
//%   lanes.reduce(L)

//%   if not L.alone then
    // The first warp of a row adds what the others leave in shared memory.
    const int leader = __ffs(same) - 1;
//%     if L.dimWorker == 32 or L.joins.meets then
    const bool holds = row >= 0;
//%     else
    const bool holds = row >= 0 && edge == 0;
//%     end
//%     if L.joins.meets and L.dimWorker < 32 then
    if (holds && warp != leader && edge == 0)
//%     else
    if (holds && warp != leader)
//%     end
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            sums[warp][i * ${L.dimWorker} + at] = sum[i];
    __syncthreads();
    if (!holds || warp != leader)
        return;
    const int end = warp + __popc(same);
#pragma unroll 1
    for (int w = warp + 1; w < end; w++)
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            sum[i] += sums[w][i * ${L.dimWorker} + at];

    const bool begins = warp > 0 || first == 0 ||
                        __ldg(part_row + first - 1) != row;
    const bool ends = end < ${L.warps} ||
                      first + ${L.warps} >= n_parts ||
                      __ldg(part_row + first + ${L.warps}) != row;
//%   else
//%     if L.dimWorker < 32 and not L.joins.meets then
    if (edge > 0)
        return;
//%     end
    const bool begins = part == 0 || __ldg(part_row + part - 1) != row;
    const bool ends = part + 1 >= n_parts || __ldg(part_row + part + 1) != row;
//%   end
    if (!begins || !ends) {
//%   L.joins.share(L, "begins")
//%   L.joins.leave()
    }
//%   if L.joins.meets and L.dimWorker < 32 then
    if (edge > 0)
        return;
//%   end
//%   if spec.norm == "mean" then
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
//%   end
//%   how.write(L)
}
//% end
//%
//% return groups
