//% -- Rows as their length asks, by parts that are sorted by length
//% -- (runtime/cuda/buckets.h): rows of up to packedEdges edges share a warp, a
//% -- team of dimWorker lanes for each; of up to segmentEdges they have a warp
//% -- each; longer ones are cut into pieces.
//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local parts = include "parts"
//% local combine = include "combine"
//% local layout = include "layout"
//% local sorted = {}
//%
//% -- `k` has the knobs of hybrid; slab and hints may be left out.
//% function sorted.layout(k)
//%   local teams = 32 // k.dimWorker
//%   -- Ids that a lane holds, and neighbours of a team that these give.
//%   local held = (k.unroll + k.dimWorker - 1) // k.dimWorker
//%   check(k.packedEdges <= k.segmentEdges,
//%         "packedEdges %d is more than the %d edges of a piece",
//%         k.packedEdges, k.segmentEdges)
//%   check(spec.edges == "none", "sorted rows take no weights of edges")
//%   local L = parts.layout(k.dimWorker, k.vec, k.unroll + held, k.warpPerBlock,
//%                          k.slab)
//%   lanes.hint(L, k.hints or 0)
//%   local joins = combine.choose(L, k.combine or 0,
//%                                { sorted = true, unroll = k.unroll })
//%   return {
//%     L = L, joins = joins, teams = teams, used = teams * k.dimWorker, held = held,
//%     step = math.max(1, k.dimWorker // k.unroll) * k.unroll,
//%     dimWorker = k.dimWorker, unroll = k.unroll,
//%     needs = { part_size = k.segmentEdges, parts_per_block = 1,
//%               partials = not joins.atomic, tickets = joins.words,
//%               packed_rows = teams,
//%               packed_edges = k.packedEdges, packed_step = k.unroll },
//%   }
//% end
//%
//% -- What a kernel is given to walk over such parts.
//% function sorted.arguments(S)
//%   local args = { "out", "x", "colidx", "part_ptr", "part_end", "part_row" }
//%   if S.joins.meets and spec.norm == "mean" then args[#args + 1] = "rowptr" end
//%   epilogue.add_args(args)
//%   for _, a in ipairs(S.joins.last { "n_parts", "n_cut" }) do
//%     args[#args + 1] = a
//%   end
//%   if S.teams > 1 then args[#args + 1] = "n_wide" end
//%   layout.add_args(args)
//%   return args
//% end
//%
//% -- The rest of a kernel: what warp number `warp` does.
//% function sorted.walk(S)
//%   local L, teams, used, held = S.L, S.teams, S.used, S.held
//%   local step, dimWorker, unroll = S.step, S.dimWorker, S.unroll
//%   local weighted = spec.norm == "gcn"
//%   if teams == 1 then
    const int lane = threadIdx.x % 32;
//%     lanes.columns(L)
//%   else
//%     parts.places(L)
//%   end
//%   lanes.pointers(L, "x", spec.x_type)

//%   if teams == 1 then
    const unsigned part = warp;
    const bool active = part < n_parts;
    const int place = lane;
//%   else
    // A wide part has the warp, whose teams take turns at the neighbours; a
    // packed one has a team. `place`: which id the lane fetches; `source`: which
    // lane has the team's first, `stride` lanes before its next.
    const bool wide = warp < n_wide;
    const unsigned part =
        wide ? warp : n_wide + (warp - n_wide) * ${teams} + edge;
//%     if used == 32 then
    const bool active = part < n_parts;
//%     else
    const bool active = edge < ${teams} && part < n_parts;
//%     end
    const int place = wide ? lane : at;
    const int source = wide ? edge : edge * ${dimWorker};
    const int stride = wide ? ${teams} : 1;
//%   end
    int row = 0, left = 0;
    const int *ids = colidx + place;
    if (active) {
        const offset_t begin = __ldg(part_ptr + part);
        row = __ldg(part_row + part);
        left = (int)(__ldg(part_end + part) - begin);
        ids += begin;
    }
//%   if spec.norm == "mean" and S.joins.meets then
    int degree = left;
//%   elseif spec.norm == "mean" then
    const int degree = left;
//%   end

//%   if teams == 1 then
    const int mine = left, most = left, sure = left;
//%   else
    // Neighbours of this team, of the first, which takes as many batches as any,
    // and of whole batches that no team lacks: rows that share a warp are sorted
    // by how many batches they take.
    const int first = __shfl_sync(~0u, left, 0);
    const int last = __shfl_sync(~0u, left, ${used - 1});
    const int mine = wide ? (left - edge + ${teams - 1}) / ${teams} : left;
    const int most = wide ? (first + ${teams - 1}) / ${teams} : first;
    const int sure =
        wide ? first / ${teams} : (last - 1) / ${unroll} * ${unroll};
//%   end

//%   local function fetch_ids()
#pragma unroll
        for (int h = 0; h < ${held}; h++) {
//%     if held == 1 then
            next[h] = place < left ? ${L.fetch_id}(ids) : 0;
//%     else
            const int by = wide ? h * ${used} : h * ${dimWorker};
            next[h] = place + by < left ? ${L.fetch_id}(ids + by) : 0;
//%     end
        }
//%   end
//%   -- One batch; each neighbour if it is there, when guarded.
//%   local function batch(guarded)
                float v[${unroll}][${L.floats}] = {};
                int u_id[${unroll}];
#pragma unroll
                for (int k = 0; k < ${unroll}; k++)
//%     if teams == 1 then
                    u_id[k] = __shfl_sync(~0u, id[0], j + k);
//%     elseif held == 1 then
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
//%     else
                    u_id[k] = __shfl_sync(~0u, id[k / ${dimWorker}],
                                          source + k % ${dimWorker} * stride);
//%     end
//%     if weighted then
                float coef[${unroll}] = {};
//%     end
#pragma unroll
                for (int k = 0; k < ${unroll}; k++) {
//%     if guarded then
                    if (base + j + k >= mine)
                        continue;
//%     end
                    const long long u = (long long)u_id[k] * ${layout.step("x")};
//%     if weighted then
                    coef[k] = __ldg(dinv + u_id[k]);
//%     end
//%     lanes.load_row(L)
                }
#pragma unroll
                for (int k = 0; k < ${unroll}; k++)
#pragma unroll
                    for (int i = 0; i < ${L.floats}; i++)
//%     if weighted then
                        sum[i] = fmaf(coef[k], v[k][i], sum[i]);
//%     else
                        sum[i] += v[k][i];
//%     end
//%   end
    float sum[${L.floats}] = {};
    int next[${held}];
    {
//%   fetch_ids()
    }
#pragma unroll 1
    for (int base = 0; base < most; base += ${step}) {
        int id[${held}];
#pragma unroll
        for (int h = 0; h < ${held}; h++)
            id[h] = next[h];
//%   if teams == 1 then
        ids += ${step};
        left -= ${step};
//%   else
        ids += ${step} * stride;
        left -= ${step} * stride;
//%   end
//%   fetch_ids()
//%   if step == unroll then
        const int j = 0;
        {
//%   else
#pragma unroll 1
        for (int j = 0; j < ${step} && base + j < most; j += ${unroll}) {
//%   end
            if (base + j + ${unroll} <= sure) {
//%   batch(false)
            } else {
//%   batch(true)
            }
        }
    }

//%   if teams > 1 then
    if (wide) {
//%   lanes.reduce(L)
    }
//%   end
//%   if S.joins.meets then
    if (part < n_cut) {
//%     S.joins.share(L)
//%     S.joins.leave()
//%     if spec.norm == "mean" then
        degree = (int)(__ldg(rowptr + row + 1) - __ldg(rowptr + row));
//%     end
    }
//%   end
//%   if teams > 1 then
    if (!active || (wide && edge > 0))
        return;
//%   elseif used < 32 then
    if (!active || lane >= ${used})
        return;
//%   else
    if (!active)
        return;
//%   end
//%   if not S.joins.meets then
    if (part < n_cut) {
//%     if S.joins.atomic then
//%       S.joins.share(L)
//%     else
        float *to = partial + (long long)part * ${parts.pitch};
//%       lanes.store_row(L, L.vec)
//%     end
        return;
    }
//%   end
//%   epilogue.write(L)
//% end
//%
//% return sorted
