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

static __device__ __forceinline__ void fetch_ids(ahead &a)
{
#pragma unroll
    for (int k = 0; k < ${L.unroll}; k++)
        a.id[k] = k * ${L.edgeWorker} < a.left ? __ldg(a.ids + k * ${L.edgeWorker}) : 0;
}

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
//% -- The edges' rows, added up; the next batch's ids arrive meanwhile.
//% local function add_edges()
#pragma unroll 1
        while (a.left > 0) {
            float v[${L.unroll}][${L.floats}] = {};
//%   if weights.used then
            float coef[${L.unroll}] = {};
//%   end
#pragma unroll
            for (int k = 0; k < ${L.unroll}; k++) {
                if (k * ${L.edgeWorker} >= a.left)
                    continue;
                const int id = a.id[k];
                const long long u = (long long)id * ${spec.x_pitch};
//%   lanes.load_row(L)
//%   if weights.used then
//%     weights.load("k", L.edgeWorker)
                coef[k] = value;
//%   end
            }
            a.left -= ${L.unroll * L.edgeWorker};
            a.ids += ${L.unroll * L.edgeWorker};
            fetch_ids(a);
#pragma unroll
            for (int k = 0; k < ${L.unroll}; k++)
#pragma unroll
                for (int i = 0; i < ${L.floats}; i++)
//%   if weights.used then
                    sum[i] = fmaf(coef[k], v[k][i], sum[i]);
//%   else
                    sum[i] += v[k][i];
//%   end
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
//%   add_edges()
        a = next;
//%   lanes.reduce(L)
        if (!active || edge > 0)
            continue;
//%   epilogue.finish(L)
    }
//% end
//%
//% return phase
