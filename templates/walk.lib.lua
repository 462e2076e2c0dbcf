//% -- One walk over rows and their edges: the frame of row_split and of what else
//% -- goes over the neighbours of a row with their columns in registers.
//% --
//% -- dimWorker lanes, a team, hold a row's columns; edgeWorker teams take turns
//% -- at its edges; a warp has 32 // (dimWorker * edgeWorker) rows.
//% local lanes = include "lanes"
//% local weights = include "weights"
//% local offsets = include "offsets"
//% local layout = include "layout"
//% local walk = {}
//%
//% -- `k` has the knobs, and whether weights count (`weighs`); where the neighbours'
//% -- rows are not x's, `from`, of floats, their `pitch`, and how many such matrices
//% -- are read (`rows`), to all of whose pitches `width` is suited.
//% --
//% -- Ids come in three ways, the knob `ids`. 0: a team's lanes all load its
//% -- neighbour's. 1: all lanes of a row load an id each, `held` of them if a batch
//% -- takes more, for a step of `step` neighbours a team and a step ahead; shuffles
//% -- hand them round. 2: as 0, but those of the first batch before the walk.
//% -- Neighbours and their order are the same.
//% function walk.layout(k)
//%   local width = k.width or lanes.x_width(k.vec)
//%   local most = k.vec * lanes.per_word(spec.x_type)
//%   check(k.dimWorker * k.edgeWorker <= 32,
//%         "dimWorker %d times edgeWorker %d is more than a warp's 32 lanes",
//%         k.dimWorker, k.edgeWorker)
//%   local L = lanes.layout(k.dimWorker, k.edgeWorker, width,
//%                          k.coarsen * most // width, k.slab)
//%   L.from, L.pitch = k.from or "x", k.pitch or layout.step("x")
//%   L.width, L.unroll, L.warps = width, k.unroll, k.warpPerBlock
//%   L.group = k.dimWorker * k.edgeWorker
//%   L.rows = 32 // L.group
//%   L.weighs = k.weighs and weights.used
//%   L.heads = L.weighs and weights.heads or 1
//%   L.shares_ids, L.ahead = k.ids == 1, k.ids == 2
//%   L.counted = L.group & (L.group - 1) == 0 -- shuffles count a row's lanes
//%   L.held = L.shares_ids and (k.unroll + k.dimWorker - 1) // k.dimWorker or 0
//%   L.step = math.max(1, k.dimWorker // k.unroll) * k.unroll
//%   check(not L.shares_ids or L.group > 1,
//%         "ids 1: a row's only lane has nobody to share them with")
//%   local floats = L.floats * (k.rows or 1)
//%   check(lanes.fits(floats, k.unroll + L.held, k.warpPerBlock),
//%         "unroll %d times %d floats per lane: too many registers for %d warps",
//%         k.unroll, floats, k.warpPerBlock)
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
//% -- `degree`, and the edges to come: `left` of them from `ids` on, the team's or,
//% -- where the row's lanes share their ids, the row's.
//% local function begin_apart(L)
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
//%   if L.ahead then
    int next[${L.unroll}];
#pragma unroll
    for (int k = 0; k < ${L.unroll}; k++)
        next[k] = k * ${L.edgeWorker} < left ? ${L.fetch_id}(ids + k * ${L.edgeWorker}) : 0;
//%   end
//% end
//%
//% -- The lane's ids of the step that begins `ahead` edges on.
//% local function fetch_ids(L, ahead)
#pragma unroll
        for (int h = 0; h < ${L.held}; h++) {
            const int by = ${ahead} + h * ${L.group};
            next[h] = place + by < left ? ${L.fetch_id}(ids + by) : 0;
        }
//% end
//%
//% local function begin_together(L)
    // The row's lanes: this one's place among them, the first, and all.
//%   if L.group == 32 then
    const int place = lane;
    const unsigned all = ~0u;
//%   else
//%     if L.rows == 1 then
    const int place = lane, first = 0;
//%     else
    const int place = lane % ${L.group}, first = lane - place;
//%     end
    const unsigned all = ${(1 << L.group) - 1}u << first;
//%   end
    offset_t degree = 0;
    const int *ids = colidx + place;
//%   weights.open(L.heads > 1 and "edge" or "place")
    if (active) {
        const offset_t bound = __ldg(rowptr + row + (place > 0));
//%   if L.counted then
        const offset_t begin = __shfl_sync(all, bound, 0, ${L.group});
        degree = __shfl_sync(all, bound, 1, ${L.group}) - begin;
//%   else
        const offset_t begin = __shfl_sync(all, bound, first);
        degree = __shfl_sync(all, bound, first + 1) - begin;
//%   end
        ids += begin;
//%   weights.step("begin")
    }
    offset_t left = degree;
    int next[${L.held}];
    {
//%   fetch_ids(L, 0)
    }
//% end
//%
//% -- Reads nothing but rowptr and colidx.
//% function walk.begin(L)
//%   if L.shares_ids then begin_together(L) else begin_apart(L) end
//% end
//%
//% -- The weights of the edges whose ids the lane has.
//% local function fetch_weights(L)
        float weight[${L.held}] = {};
#pragma unroll
        for (int h = 0; h < ${L.held}; h++) {
            if (place + h * ${L.group} >= left)
                continue;
//%   if weights.by_source then
            const int id = held[h];
//%   end
//%   weights.load("h", L.group)
            weight[h] = value;
        }
//% end
//%
//% -- The loop: body(count, guarded) writes what is done with `count` edges,
//% -- edgeWorker apart; each if it is there, when guarded. Of a step, which has
//% -- `stop` of the row's edges, j neighbours of each team are done.
//% local function each_step(L, body)
//%   local by = L.step * L.edgeWorker
//%   local rest = L.edgeWorker == 1 and math.max(1, L.unroll - 1) or L.unroll
#pragma unroll 1
    for (; left > 0; left -= ${by}, ids += ${by}) {
        int held[${L.held}];
#pragma unroll
        for (int h = 0; h < ${L.held}; h++)
            held[h] = next[h];
//%   if L.weighs and L.heads == 1 then fetch_weights(L) end
//%   fetch_ids(L, by)
        const int stop = left < ${by} ? (int)left : ${by};
        int j = 0;
//%   if L.step == L.unroll then
        if (stop == ${by}) {
//%     body(L.unroll, false)
        } else {
//%     body(rest, true)
        }
//%   else
#pragma unroll 1
        for (; (j + ${L.unroll}) * ${L.edgeWorker} <= stop; j += ${L.unroll}) {
//%     body(L.unroll, false)
        }
        if (j * ${L.edgeWorker} < stop) {
//%     body(rest, true)
        }
//%   end
//%   weights.step(by)
    }
//% end
//%
//% local function go_on(L)
        left -= ${L.unroll * L.edgeWorker};
        ids += ${L.unroll * L.edgeWorker};
//%   weights.step(L.unroll * L.edgeWorker)
//% end
//%
//% local function each_batch(L, body)
//%   if L.ahead then
    if (left > 0) {
//%     L.has_ids = true
//%     body(L.unroll, true)
//%     L.has_ids = false
//%     go_on(L)
    }
//%   end
#pragma unroll 1
    while (left > ${(L.unroll - 1) * L.edgeWorker}) {
//%   body(L.unroll, false)
//%   go_on(L)
    }
//%   if L.unroll > 1 then
    if (left > 0) {
//%     body(L.unroll - 1, true)
    }
//%   end
//% end
//%
//% function walk.each_batch(L, body)
//%   if L.shares_ids then each_step(L, body) else each_batch(L, body) end
//% end
//%
//% -- The condition under which neighbour k of a guarded batch is there.
//% function walk.ask(L)
//%   if L.shares_ids then
                if ((j + k) * ${L.edgeWorker} + edge < stop)
//%   else
                if (k * ${L.edgeWorker} < left)
//%   end
//% end
//%
//% -- What the lane that has it holds of neighbour k: of `held` or `weight`.
//% local function share(L, to, from)
//%   local held = L.held > 1
//%   local by = L.edgeWorker
//%   if held and L.counted then
            ${to}[k] = __shfl_sync(all, ${from}[k / ${L.dimWorker}],
                                   k % ${L.dimWorker} * ${by} + edge, ${L.group});
//%   elseif held then
            ${to}[k] = __shfl_sync(all, ${from}[k / ${L.dimWorker}],
                                   first + k % ${L.dimWorker} * ${by} + edge);
//%   elseif L.counted then
            ${to}[k] = __shfl_sync(all, ${from}[0], (j + k) * ${by} + edge, ${L.group});
//%   else
            ${to}[k] = __shfl_sync(all, ${from}[0], first + (j + k) * ${by} + edge);
//%   end
//% end
//%
//% -- v[count] = the columns of those edges' rows, zeros for one that is not
//% -- there, and coef[count] = their weights. fetch() writes what else is read of an
//% -- edge to `id`.
//% function walk.load(L, count, guarded, fetch)
//%   if L.shares_ids then
        int u_id[${count}];
#pragma unroll
        for (int k = 0; k < ${count}; k++)
//%     share(L, "u_id", "held")
//%   end
#pragma unroll
        for (int k = 0; k < ${count}; k++) {
//%   if guarded and L.shares_ids then
            if ((j + k) * ${L.edgeWorker} + edge >= stop)
                continue;
//%   elseif guarded then
            if (k * ${L.edgeWorker} >= left)
                continue;
//%   end
//%   if L.shares_ids then
            const int id = u_id[k];
//%   elseif L.has_ids then
            const int id = next[k];
//%   else
            const int id = ${L.fetch_id}(ids + k * ${L.edgeWorker});
//%   end
            const long long u = (long long)id * ${L.pitch};
//%   if fetch then fetch() end
//%   if L.heads > 1 then
//%     if L.shares_ids then
            const int turn = j + k;
//%       weights.load_heads(L, "turn", L.edgeWorker)
//%     else
//%       weights.load_heads(L, "k", L.edgeWorker)
//%     end
//%   elseif L.weighs and not L.shares_ids then
//%     weights.load("k", L.edgeWorker)
            coef[k] = value;
//%   end
//%   lanes.load_row(L)
        }
//%   if L.weighs and L.heads == 1 and L.shares_ids then
#pragma unroll
        for (int k = 0; k < ${count}; k++)
//%     share(L, "coef", "weight")
//%   end
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
