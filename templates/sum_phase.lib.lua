//% -- A sum over neighbours as a step of whole_model: row by row, by the lanes of
//% -- lanes.lib, with everything about the edges ahead: where they are by two turns,
//% -- their ids by one. The first turn's are there when the blocks have met.
//% local lanes = include "lanes"
//% local weights = include "weights"
//% local epilogue = include "epilogue"
//% local phase = { tiles = 1 }
//% local L
//%
//% local function reads_dinv()
//%   local args, reads = {}, weights.used
//%   epilogue.add_args(args)
//%   for _, name in ipairs(args) do reads = reads or name == "dinv" end
//%   return reads
//% end
//%
//% function phase.layout(k, p)
//%   local vec = lanes.x_width(k.vec)
//%   local across = 1
//%   while across < 32 and across * vec * k.coarsen < spec.dim do
//%     across = 2 * across
//%   end
//%   local edgeWorker = math.min(k.edgeWorker, 32 // across)
//%   L = lanes.layout(across, edgeWorker, vec, k.coarsen, 0)
//%   check(L.tiles == 1, "%d columns are more than %d words a lane hold",
//%         spec.dim, vec * k.coarsen)
//%   check(lanes.fits(L.floats, k.unroll, k.warpPerBlock),
//%         "unroll %d times %d floats per lane: too many registers for %d warps",
//%         k.unroll, L.floats, k.warpPerBlock)
//%   check(edgeWorker & (edgeWorker - 1) == 0,
//%         "edgeWorker %d must be a power of two", edgeWorker)
//%   -- What this kernel writes must not be read through the read-only cache.
//%   if p.reads_made then L.x_verb, L.own_verb = "fresh", "fresh" end
//%   L.unroll, L.warps, L.group = k.unroll, k.warpPerBlock, across * edgeWorker
//%   phase.rows = 32 // L.group
//%   phase.reads_dinv = reads_dinv()
//% end
//%
//% -- Of edges `apart` from each other.
//% local function define_fetch(name, apart)
static __device__ __forceinline__ void ${name}(ahead &a)
{
#pragma unroll
    for (int k = 0; k < ${L.unroll}; k++)
        a.id[k] = k * ${apart} < a.left ? __ldg(a.ids + k * ${apart}) : 0;
}

//% end
//%
//% local function define_ahead()
// What lanes know of a row's edges before its neighbours are written.
struct ahead {
    unsigned row;
    bool active;
    int degree, left; // the row's edges; of these the team's, still to come
    const int *ids;   // from where they are, ${L.edgeWorker} apart
    int id[${L.unroll}]; // the next of them
    int begin, end; // where the next turn's edges are
};

//%   define_fetch("fetch_ids", L.edgeWorker)
//%   if phase.rows > 1 then define_fetch("fetch_far_ids", 32 // L.dimWorker) end
// Edges of the rows of `turn`; of rows that do not exist there are none.
static __device__ __forceinline__ void fetch_extent(ahead &a, unsigned turn,
                                                    const int *rowptr, int n_rows)
{
    const unsigned row = turn * ${phase.rows} + threadIdx.x % 32 / ${L.group};
    a.begin = a.end = 0;
    if (row < n_rows) {
        a.begin = __ldg(rowptr + row);
        a.end = __ldg(rowptr + row + 1);
    }
}

// The turn after `before`, whose end it knows, and where the edges of the one
// behind it are.
static __device__ __forceinline__ ahead advance(const ahead &before, unsigned turn,
                                                const int *rowptr, const int *colidx,
                                                int n_rows)
{
    const int lane = threadIdx.x % 32, edge = lane / ${L.dimWorker} % ${L.edgeWorker};
    ahead a;
    a.row = turn * ${phase.rows} + lane / ${L.group};
    a.active = a.row < n_rows;
    a.degree = before.end - before.begin;
    a.ids = colidx + before.begin + edge;
    a.left = a.degree - edge;
    fetch_ids(a);
    fetch_extent(a, turn + turns_apart(), rowptr, n_rows);
    return a;
}

static __device__ __forceinline__ ahead look(const int *rowptr, const int *colidx,
                                             int n_rows)
{
    ahead none;
    fetch_extent(none, first_turn(), rowptr, n_rows);
    return advance(none, first_turn(), rowptr, colidx, n_rows);
}

//% end
//%
//% function phase.define()
//%   lanes.define(L.x_verb, L, L.vec)
//%   epilogue.define(L)
//%   define_ahead()
//% end
//%
//% -- What is left of the edges of `a`, one in `apart`: their rows are added to `sum`;
//% -- the next batch's ids arrive meanwhile.
//% local function add_edges(a, sum, apart, fetch)
#pragma unroll 1
        while (${a}.left > 0) {
            float v[${L.unroll}][${L.floats}] = {};
//%   if weights.used then
            float coef[${L.unroll}] = {};
//%   end
#pragma unroll
            for (int k = 0; k < ${L.unroll}; k++) {
                if (k * ${apart} >= ${a}.left)
                    continue;
                const int id = ${a}.id[k];
                const long long u = (long long)id * ${spec.x_pitch};
//%   lanes.load_row(L)
//%   if weights.used then
//%     weights.load("k", apart)
                coef[k] = value;
//%   end
            }
            ${a}.left -= ${L.unroll * apart};
            ${a}.ids += ${L.unroll * apart};
            ${fetch}(${a});
#pragma unroll
            for (int k = 0; k < ${L.unroll}; k++)
#pragma unroll
                for (int i = 0; i < ${L.floats}; i++)
//%   if weights.used then
                    ${sum}[i] = fmaf(coef[k], v[k][i], ${sum}[i]);
//%   else
                    ${sum}[i] += v[k][i];
//%   end
        }
//% end
//%
//% -- A row much longer than a batch is the whole warp's, or its team would still
//% -- walk it when all others are done. Its first lanes then have the sum.
//% local function add_long_rows()
        for (; owners; owners &= owners - 1) {
            const int owner = __ffs(owners) - 1, team = lane / ${L.dimWorker};
            ahead far;
            far.ids = colidx + __shfl_sync(~0u, (int)(a.ids - colidx), owner) + team;
            far.left = __shfl_sync(~0u, a.degree, owner) - team;
            fetch_far_ids(far);
            float all[${L.floats}] = {};
//%   add_edges("far", "all", 32 // L.dimWorker, "fetch_far_ids")
#pragma unroll
            for (int apart = 16; apart >= ${L.dimWorker}; apart /= 2)
#pragma unroll
                for (int i = 0; i < ${L.floats}; i++)
                    all[i] += __shfl_xor_sync(~0u, all[i], apart);
            const bool mine = (unsigned)(lane - owner) < ${L.dimWorker};
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                sum[i] = mine ? all[i] : sum[i];
        }
//% end
//%
//% -- The loop over turns; `a` is what is known of the first.
//% function phase.write()
    const int lane = threadIdx.x % 32, edge = lane / ${L.dimWorker} % ${L.edgeWorker};
//%   lanes.columns(L)
//%   lanes.pointers(L, "x")
    for (unsigned turn = first_turn(); turn < turns; turn += turns_apart()) {
        const ahead next = advance(a, turn + turns_apart(), rowptr, colidx, n_rows);
        const unsigned row = a.row;
        const bool active = a.active;
//%   if spec.norm == "mean" then
        const int degree = a.degree;
//%   end
//%   epilogue.fetch(L, "active")
        float sum[${L.floats}] = {};
//%   if phase.rows > 1 then
        const bool is_long = a.degree > ${2 * L.unroll * L.edgeWorker};
        unsigned owners = __ballot_sync(~0u, is_long && lane % ${L.group} == 0);
        a.left = is_long ? 0 : a.left;
//%   end
//%   add_edges("a", "sum", L.edgeWorker, "fetch_ids")
//%   if phase.rows > 1 then add_long_rows() end
        a = next;
//%   lanes.reduce(L)
        if (!active || edge > 0)
            continue;
//%   epilogue.finish(L)
    }
//% end
//%
//% return phase
