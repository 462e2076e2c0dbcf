//% -- combine=3: the pieces of a row that crosses blocks meet in the kernel that sums
//% -- them. Each leaves its partial sum and takes a ticket of its 32 neighbours, an
//% -- integer that is counted atomically; whoever comes last adds the 32 in order, takes
//% -- a ticket of 32 such sums, and so on until one has the row, and ends it. Who that
//% -- is is chance, what is added in which order is not: results repeat bit by bit.
//% --
//% -- A ticket counts from 0 to one less than who come and then is 0 again, for the
//% -- next launch. A piece's word is that of its slot; a group of level l, which
//% -- begins with a multiple of 32^(l+1), has the word of its piece number l, which
//% -- it then has.
//% local lanes = include "lanes"
//% local parts = include "parts"
//% local tickets = {}
//%
//% -- The functions that move partial sums. What others wrote is in the L2 cache.
//% local function define(how)
//%   return function(L)
//%     lanes.define("fresh", L, L.vec)
//%     lanes.define("store", L, L.vec)
// Of n that come here all but the last get false. What each had written before, the
// last may read afterwards.
static __device__ __forceinline__ bool came_last(unsigned *ticket, unsigned n)
{
    unsigned before;
    asm volatile("atom.release.gpu.global.inc.u32 %0, [%1], %2;"
                 : "=r"(before) : "l"(ticket), "r"(n - 1) : "memory");
    if (before < n - 1)
        return false;
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
    return true;
}

// Where a row's partial sum is, of which its first is in that part or block.
static __device__ __forceinline__ long long slot_of(int first, int piece)
{
//%     if how.sorted then
    return (long long)first + piece;
//%     else
    return 2LL * (first + piece) + (piece == 0);
//%     end
}

//%   end
//% end
//%
//% -- Store what the team, or the warp's first, has summed of the pieces from `held` on.
//% local function store(L, how)
            float *to = partial + slot_of(first, held) * ${parts.pitch};
//%   if not how.team and L.dimWorker < 32 then
            if (lane < ${L.dimWorker}) {
//%   end
//%   lanes.store_row(L, L.vec)
//%   if not how.team and L.dimWorker < 32 then
            }
//%   end
//% end
//%
//% -- last = whether all n of the group have come; the lanes as one.
//% local function come(L, how)
            unsigned *ticket = tickets + blockIdx.y +
                               slot_of(first, group + shift / 5) * ${L.tiles};
//%   if how.team and L.dimWorker == 1 then
            last = came_last(ticket, n);
//%     return
//%   end
            __syncwarp(team);
//%   if how.team then
            last = at == 0 && came_last(ticket, n);
            last = __shfl_sync(team, (int)last, lane - at);
//%   else
            last = lane == 0 && came_last(ticket, n);
            last = __shfl_sync(team, (int)last, 0);
//%   end
            __syncwarp(team);
//% end
//%
//% local function place()
            const long long u = slot_of(first, group + (b << shift)) * ${parts.pitch};
//% end
//%
//% -- sum = of all n, by the lanes that met.
//% local function add_up(L, how)
//%   local verb, dtype = L.read_verb, L.read_type
//%   lanes.pointers(L, "partial", "f32", "from")
//%   L.read_verb = "fresh"
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                sum[i] = 0.0f;
//%   if how.team or L.edgeWorker == 1 then
//%     parts.add_up(L, 1, how.unroll, 0, place, "from")
//%   else
//%     parts.add_up(L, L.edgeWorker, how.unroll, "edge", place, "from")
//%     lanes.reduce(L)
//%   end
//%   L.read_verb, L.read_type = verb, dtype
//% end
//%
//% -- The sum of a piece of a row that has others; leaves `last`, and if that is
//% -- true the row's sum.
//% local function share(how)
//%   return function(L, begins)
        // By 32, those that come last add what the others have left.
//%     if how.sorted then
        const int first = __ldg(meets + 2 * part);
        const int pieces = __ldg(meets + 2 * part + 1);
        int held = part - first;
//%     else
        const long long mine = 2LL * blockIdx.x + ${begins};
        const int first = __ldg(meets + 2 * mine);
        const int pieces = __ldg(meets + 2 * mine + 1);
        int held = blockIdx.x - first;
//%     end
        bool last = true;
//%     if not how.team then
        const unsigned team = ~0u;
//%     else
//%       lanes.name_team(L)
//%     end
#pragma unroll 1
        for (int shift = 0; last && (pieces - 1) >> shift > 0; shift += 5) {
            const int group = (long long)held >> (shift + 5) << (shift + 5);
            const int n = min(32, ((pieces - 1 - group) >> shift) + 1);
            if (n > 1) {
//%     store(L, how)
//%     come(L, how)
                if (last) {
//%     add_up(L, how)
//%     -- Lanes past the last column have read what others store next.
//%     if not how.team or L.dimWorker > 1 then
                    __syncwarp(team);
//%     end
                }
            }
            held = group;
        }
//%   end
//% end
//%
//% local function nothing() end
//%
//% -- The functions of combine.lib.lua. `how`: `sorted`, by parts of buckets.h, else by
//% -- blocks; `team`: a team by itself, else a warp; `unroll`, of loads.
//% function tickets.of(L, how)
//%   return {
//%     entry = kernel, meets = true, words = L.tiles,
//%     last = function(names)
//%       return { "partial", "meets", "tickets", table.unpack(names) }
//%     end,
//%     define = define(how), share = share(how),
//%     leave = function()
        if (!last)
            return;
//%     end,
//%     launch_clear = nothing, clear = nothing, launch_join = nothing,
//%     join = nothing,
//%   }
//% end
//%
//% return tickets
