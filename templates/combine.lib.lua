//% -- How the pieces of a row that crosses blocks meet, by the knob `combine`:
//% --   0    each leaves a partial sum, and a second kernel adds these in order
//% --        (parts.lib.lua): results repeat bit by bit.
//% --   3    the same sums, added by whoever comes last, in the kernel that sums
//% --        (tickets.lib.lua): results repeat bit by bit.
//% --   1, 2 a first kernel zeroes these rows of `out`, pieces are added to them
//% --        atomically, in whatever order, and a last kernel does with these rows
//% --        what follows the sum, if anything does. All others are written once.
//% -- These ways are tables of the same functions, which begin with who is asked.
//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local parts = include "parts"
//% local follow = include "follow"
//% local tickets = include "tickets"
//% local combine = {}
//%
//% -- Nothing follows: the sum is the result.
//% local bare = spec.norm == "none" and spec.self_term == "none"
//%              and not spec.bias and spec.act == "none"
//%              and not spec.drops_result and spec.residual_pitch == 0
//%
//% local function nothing() end
//% local function leave()
        return;
//% end
//% local ordered = {
//%   entry = kernel,
//%   last = function(names) return { "partial", table.unpack(names) } end,
//%   launch_clear = nothing, clear = nothing, define = parts.define,
//%   share = parts.store_partial, leave = leave, launch_join = parts.launch_join,
//%   join = parts.join,
//% }
//% -- `entry`: how the kernel that sums is called; `last`: what it is given last;
//% -- `leave`: who has shared a piece is done. Where rows are joined in that kernel
//% -- `meets` is true, and who goes on has all of a row; `words`: its tickets of a slot.
//% local atomic = {
//%   entry = kernel .. "_sum", atomic = true, leave = leave,
//%   last = function(names) return names end,
//% }
//%
//% -- Before anything is launched; `pieces`: see tickets.of, and `groups`, which alone
//% -- know 2.
//% function combine.choose(L, how, pieces)
//%   if how == 0 then return ordered end
//%   if how == 3 then return tickets.of(L, pieces) end
//%   check(how == 1 or pieces.groups, "combine 2 is of neighbour groups")
//%   check(spec.out_type == "f32", "combine %d adds floats, not %s", how,
//%         spec.out_type)
//%   check(spec.tail == "none", "combine %d: a row that ends in a tail is not cut",
//%         how)
//%   check(spec.out_slab == 0, "combine %d adds to rows", how)
//%   L.out_piece = lanes.widest_of("f32", L.vec, spec.out_pitch)
//%   return atomic
//% end
//%
//% -- Add `width` floats, `piece` at a time, to what others may be adding to. Nothing
//% -- comes back, so these are reductions, which the L2 cache does; of vectors from
//% -- sm_90 on.
//% local function define_add(width, piece)
//%   local name, piece = lanes.mover("add", width, piece)
static __device__ __forceinline__ void ${name}(float *to, const float *from)
{
//%   if piece > 1 then
#if __CUDA_ARCH__ >= 900
//%   end
//%   for i = 0, piece > 1 and width - 1 or -1, piece do
//%     if piece == 4 then
    asm volatile("red.global.add.v4.f32 [%0], {%1, %2, %3, %4};"
                 :: "l"(to + ${i}), "f"(from[${i}]), "f"(from[${i + 1}]),
                    "f"(from[${i + 2}]), "f"(from[${i + 3}]) : "memory");
//%     else
    asm volatile("red.global.add.v2.f32 [%0], {%1, %2};"
                 :: "l"(to + ${i}), "f"(from[${i}]), "f"(from[${i + 1}])
                 : "memory");
//%     end
//%   end
//%   if piece > 1 then
#else
//%   end
//%   for i = 0, width - 1 do
    atomicAdd(to + ${i}, from[${i}]);
//%   end
//%   if piece > 1 then
#endif
//%   end
}

//% end
//%
//% -- The functions that move rows of `out`.
//% function atomic.define(L)
//%   local defined = {}
//%   lanes.define("store", L, L.out_piece)
//%   if not bare then lanes.define("read", L, L.out_piece) end
//%   for _, s in ipairs(L.slots) do
//%     if not defined[s.width] then define_add(s.width, L.out_piece) end
//%     defined[s.width] = true
//%   end
//% end
//%
//% -- A block's or a group's piece of a row that has others.
//% function atomic.share(L)
        float *to = out + (long long)row * ${spec.out_pitch};
//%   lanes.store_row(L, L.out_piece, "f32", "add")
//% end
//%
//% -- A launch over the rows that are cut, a team for each.
//% local function launch_rows(L, warps, entry, args)
//%   return launch {
//%     entry = entry,
//%     grid = { "n_splits", per = warps * L.edgeWorker, y = L.tiles },
//%     block = 32 * warps,
//%     args = args,
//%   }
//% end
//%
//% -- Its beginning: `row`, and the team's columns of it.
//% local function each_row(L, entry, parameters, warps)
extern "C" __global__ void __launch_bounds__(${32 * warps}, 1)
${entry}(${parameters})
{
//%   follow.wait(entry)
    const unsigned warp = blockIdx.x * ${warps} + threadIdx.x / 32;
//%   parts.places(L)
    const unsigned split = warp * ${L.edgeWorker} + edge;
//%   if L.edgeWorker * L.dimWorker < 32 then
    if (edge == 32 || split >= n_splits)
        return;
//%   else
    if (split >= n_splits)
        return;
//%   end
    const int row = __ldg(split_row + split);
//% end
//%
//% function atomic.launch_clear(L, warps)
//%   return launch_rows(L, warps, kernel, { "out", "split_row", "n_splits" })
//% end
//%
//% function atomic.clear(L, parameters, warps)
// Team: a row that is cut, whose pieces will be added to it.
//%   each_row(L, kernel, parameters, warps)
    const float sum[${L.floats}] = {};
    float *to = out + (long long)row * ${spec.out_pitch};
//%   lanes.store_row(L, L.out_piece)
}

//% end
//%
//% -- False where there is nothing left to do.
//% function atomic.launch_join(L, warps)
//%   return not bare
//%          and launch_rows(L, warps, kernel .. "_finish",
//%                          parts.arguments({ "out" }, { "split_row", "n_splits" }))
//% end
//%
//% -- sum = the columns of a row that are this lane's and not another's, which then
//% -- writes them; the rest 0.
//% local function read_own(L, from)
    float sum[${L.floats}] = {};
//%   for _, s in ipairs(L.slots) do
//%     local read = lanes.mover("read", s.width, L.out_piece)
//%     if lanes.ask(L, s) then
        ${read}(&sum[${s.at}], ${from} + c${s.index});
//%     else
    ${read}(&sum[${s.at}], ${from} + c${s.index});
//%     end
//%   end
//% end
//%
//% function atomic.join(L, parameters, warps)
//%   if not parameters then return end

// Team: such a row, all of whose pieces were added.
//%   each_row(L, kernel .. "_finish", parameters, warps)
    const float *added = out + (long long)row * ${spec.out_pitch};
//%   read_own(L, "added")
//%   if spec.norm == "mean" then
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
//%   end
//%   epilogue.write(L)
}
//% end
//%
//% return combine
