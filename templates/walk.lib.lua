//% -- One walk over rows and their edges: the frame of row_split and of what else
//% -- goes over the neighbours of a row with their columns in registers.
//% --
//% -- dimWorker lanes, a team, hold a row's columns; edgeWorker teams take turns
//% -- at its edges; a warp has 32 // (dimWorker * edgeWorker) rows.
//% local lanes = include "lanes"
//% local weights = include "weights"
//% local offsets = include "offsets"
//% local walk = {}
//%
//% -- `k` has the knobs; where the neighbours' rows are not x's, `from`, of floats,
//% -- their `pitch`, and how many such matrices are read (`rows`), to all of whose
//% -- pitches `width` is suited.
//% function walk.layout(k)
//%   local width = k.width or lanes.x_width(k.vec)
//%   local most = k.vec * lanes.per_word(spec.x_type)
//%   check(k.dimWorker * k.edgeWorker <= 32,
//%         "dimWorker %d times edgeWorker %d is more than a warp's 32 lanes",
//%         k.dimWorker, k.edgeWorker)
//%   local L = lanes.layout(k.dimWorker, k.edgeWorker, width,
//%                          k.coarsen * most // width, k.slab)
//%   local floats = L.floats * (k.rows or 1)
//%   check(lanes.fits(floats, k.unroll, k.warpPerBlock),
//%         "unroll %d times %d floats per lane: too many registers for %d warps",
//%         k.unroll, floats, k.warpPerBlock)
//%   L.from, L.pitch = k.from or "x", k.pitch or spec.x_pitch
//%   L.width, L.unroll, L.warps = width, k.unroll, k.warpPerBlock
//%   L.group = k.dimWorker * k.edgeWorker
//%   L.rows = 32 // L.group
//%   return L
//% end
//%
//% function walk.launch(L, args)
//%   return launch {
//%     entry = kernel,
//%     grid = { "n_rows", per = L.rows * L.warps, y = L.tiles },
//%     block = 32 * L.warps,
//%     args = args,
//%   }
//% end
//%
//% function walk.define()
//%   offsets.define()

//% end
//%
//% -- Where a thread stands: `lane`, `row`, whether there is one (`active`), its
//% -- team `edge`, and its columns of every neighbour's row.
//% function walk.place(L)
    const int lane = threadIdx.x % 32;
//%   if L.rows == 1 then
    const unsigned row = blockIdx.x * ${L.warps} + threadIdx.x / 32;
//%   else
    const unsigned row = blockIdx.x * ${L.rows * L.warps} +
                         threadIdx.x / 32 * ${L.rows} + lane / ${L.group};
//%   end
//%   if L.rows * L.group == 32 then
    const bool active = row < n_rows;
//%   else
    const bool active = lane < ${L.rows * L.group} && row < n_rows;
//%   end
//%   if L.edgeWorker == 1 then
    const int edge = 0;
//%   elseif L.rows == 1 then
    const int edge = lane / ${L.dimWorker};
//%   else
    const int edge = lane / ${L.dimWorker} % ${L.edgeWorker};
//%   end
//%   lanes.columns(L)
//%   lanes.pointers(L, L.from, spec.x_type)
//% end
//%
//% -- name = the lane's columns of the row of a matrix of floats itself, zeros
//% -- where there is none. Wants walk.define_own.
//% function walk.define_own(L, pitch)
//%   lanes.define("load", L, lanes.widest(L.width, pitch))
//% end
//% function walk.own(L, name, from, pitch)
    float ${name}[${L.floats}] = {};
//%   for _, s in ipairs(L.slots) do
//%     local load = lanes.mover("load", s.width, lanes.widest(L.width, pitch))
    if (active)
        ${load}(&${name}[${s.at}], ${from} + (long long)row * ${pitch} + c${s.index});
//%   end
//% end
//%
//% -- `degree`, and the team's edges: `left` of them from `ids` on.
//% function walk.begin(L)
    offset_t degree = 0;
    const int *ids = colidx + edge;
//%   weights.open("edge")
    if (active) {
        const offset_t begin = __ldg(rowptr + row);
        degree = __ldg(rowptr + row + 1) - begin;
        ids += begin;
//%   weights.step("begin")
    }
    offset_t left = degree - edge;
//% end
//%
//% -- The loop: body(count, guarded) writes what is done with `count` edges,
//% -- edgeWorker apart; each if it is there, when guarded.
//% function walk.each_batch(L, body)
#pragma unroll 1
    while (left > ${(L.unroll - 1) * L.edgeWorker}) {
//%   body(L.unroll, false)
        left -= ${L.unroll * L.edgeWorker};
        ids += ${L.unroll * L.edgeWorker};
//%   weights.step(L.unroll * L.edgeWorker)
    }
//%   if L.unroll > 1 then
    if (left > 0) {
//%     body(L.unroll - 1, true)
    }
//%   end
//% end
//%
//% -- v[count] = the columns of those edges' rows, zeros for one that is not
//% -- there. fetch() writes what else is read of an edge to `id`.
//% function walk.load(L, count, guarded, fetch)
#pragma unroll
        for (int k = 0; k < ${count}; k++) {
//%   if guarded then
            if (k * ${L.edgeWorker} >= left)
                continue;
//%   end
            const int id = ${L.fetch_id}(ids + k * ${L.edgeWorker});
            const long long u = (long long)id * ${L.pitch};
//%   if fetch then fetch() end
//%   lanes.load_row(L)
        }
//% end
//%
//% -- Only the row's first team goes on.
//% function walk.leave(L)
//%   if L.edgeWorker == 1 then
    if (!active)
        return;
//%   else
    if (!active || edge > 0)
        return;
//%   end
//% end
//%
//% return walk
