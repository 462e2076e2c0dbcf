//% -- What kernels that cut rows share: the partial sums of a row that crosses
//% -- blocks, and the second kernel that joins them. See runtime/cuda/parts.h.
//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local layout = include "layout"
//% local follow = include "follow"
//% local parts = {}
//% local pitch = (spec.dim + 3) // 4 * 4
//%
//% -- The widest loads, up to `widest` words of 4 bytes, that leave no lane without columns,
//% -- then as many columns per lane as the registers allow, up to 8 words of them,
//% -- shared evenly between the tiles.
//% function parts.layout(dimWorker, widest, loads, warps, slab)
//%   local teams = 32 // dimWorker
//%   local most = 8 * lanes.per_word(spec.x_type)
//%   local function layout(vec)
//%     for coarsen = most // vec, 1, -1 do
//%       local L = lanes.layout(dimWorker, teams, vec, coarsen, slab)
//%       if lanes.fits(L.floats, loads, warps) then
//%         local span = L.tiles * dimWorker * vec
//%         return lanes.layout(dimWorker, teams, vec,
//%                             (L.body + span - 1) // span, slab)
//%       end
//%     end
//%   end
//%   local vec = lanes.x_width(widest)
//%   while vec > 1 and vec * (dimWorker - 1) >= spec.dim do vec = vec // 2 end
//%   local L = layout(vec)
//%   while not L and vec > 1 do
//%     vec = vec // 2
//%     L = layout(vec)
//%   end
//%   check(L, "unroll %d: too many registers for %d warps", loads, warps)
//%   return L
//% end
//%
//% -- `first`, what the epilogue reads, `last`.
//% function parts.arguments(first, last)
//%   if spec.norm == "mean" then first[#first + 1] = "rowptr" end
//%   epilogue.add_args(first)
//%   for _, a in ipairs(last) do first[#first + 1] = a end
//%   layout.add_args(first)
//%   return first
//% end
//%
//% -- The functions that move partial sums, which are floats.
//% function parts.define(L)
//%   lanes.define("load", L, L.vec)
//%   lanes.define("store", L, L.vec)
//% end
//%
//% -- `first`: what is written, and what is read but for the partial sums' places.
//% function parts.launch_join(L, warps, first)
//%   return launch {
//%     entry = kernel .. "_finish",
//%     grid = { "n_splits", per = warps, y = L.tiles },
//%     block = 32 * warps,
//%     args = parts.arguments(first or { "out", "partial" },
//%                            { "split_row", "split_first", "split_last",
//%                              "n_splits" }),
//%   }
//% end
//%
//% -- `lane`, its columns, and `edge`, its team's place in the warp; lanes
//% -- without a team get 32, one past all the ids that a warp holds.
//% function parts.places(L)
//%   local used = L.edgeWorker * L.dimWorker
    const int lane = threadIdx.x % 32;
//%   if L.dimWorker == 32 then
    const int edge = 0;
//%   elseif used == 32 then
    const int edge = lane / ${L.dimWorker};
//%   else
    const int edge = lane < ${used} ? lane / ${L.dimWorker} : 32;
//%   end
//%   lanes.columns(L)
//% end
//%
//% -- The block's share of a row that others share, too.
//% function parts.store_partial(L, begins)
        float *to = partial + (2LL * blockIdx.x + ${begins}) * ${pitch};
//%   lanes.store_row(L, L.vec)
//% end
//%
//% -- Add to `sum` partial sums number `edge`, `edge` + `teams` ... of n; number b begins
//% -- at element u, as `place` says, behind the pointers `name`.
//% function parts.add_up(L, teams, unroll, edge, place, name)
#pragma unroll 1
    for (int base = ${edge}; base < n; base += ${unroll * teams}) {
        float v[${unroll}][${L.floats}] = {};
#pragma unroll
        for (int k = 0; k < ${unroll}; k++) {
            const int b = base + k * ${teams};
            if (b >= n)
                continue;
//%   place()
//%   lanes.load_row(L, "v", name)
        }
#pragma unroll
        for (int k = 0; k < ${unroll}; k++)
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                sum[i] += v[k][i];
    }
//% end
//%
//% -- `sorted`: by parts of buckets.h, a partial sum for every piece of a row.
//% -- `write`: what becomes of a row's `sum`, if not an aggregation's.
//% function parts.join(L, parameters, warps, unroll, sorted, write)
//%   local teams = L.edgeWorker
//%   local function place()
//%     if sorted then
            const long long u = (long long)(first + b) * ${pitch};
//%     else
            // The row's first block wrote slot 2b + 1, the others slot 2b.
            const long long slot = 2LL * (first + b) + (b == 0);
            const long long u = slot * ${pitch};
//%     end
//%   end

//%   if sorted then
// Warp: a row that was cut; teams take turns at its partial sums.
//%   else
// Warp: a row that crosses blocks; teams take turns at its partial sums.
//%   end
extern "C" __global__ void __launch_bounds__(${32 * warps}, 1)
${kernel}_finish(${parameters})
{
//%   follow.wait(kernel .. "_finish")
    const unsigned split = blockIdx.x * ${warps} + threadIdx.x / 32;
    if (split >= n_splits)
        return;
//%   parts.places(L)
//%   lanes.pointers(L, "partial")
    const int row = __ldg(split_row + split);
    const int first = __ldg(split_first + split);
    const int n = __ldg(split_last + split) - first + 1;

    float sum[${L.floats}] = {};
//%   parts.add_up(L, teams, unroll, "edge", place)
//%   lanes.reduce(L)

//%   if L.dimWorker < 32 then
    if (edge > 0)
        return;
//%   end
//%   if spec.norm == "mean" then
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
//%   end
//%   write = write or epilogue.write
//%   write(L)
}
//% end
//%
//% parts.pitch = pitch
//% return parts
