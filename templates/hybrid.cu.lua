//% family {
//%   op = "aggregate", tails = true,
//%   doc = [[
//% Every row as its length asks, in one launch, longest first. Short rows share
//% a warp, a team of dimWorker lanes for each; medium ones have a warp, whose
//% teams take turns at the neighbours and are added by shuffles; long ones are
//% cut into pieces, a warp for each, whose sums a second kernel adds in order:
//% no atomics, results repeat bit by bit. The runtime sorts the rows by length
//% (runtime/cuda/buckets.h), so that a warp knows by its number what it is for, and
//% rows that share one are alike: lanes never diverge and the last blocks of a
//% launch are its shortest. The ids of a step's neighbours are read by one load
//% of all lanes and handed round. Meant for rows of all lengths.]],
//% }
//% knob { name = "segmentEdges", tag = "s", min = 1, max = 65536, default = 256,
//%        doc = "edges of a piece, at most: longer rows are cut" }
//% knob { name = "packedEdges", tag = "k", min = 1, max = 1024, default = 16,
//%        doc = "edges of a row that shares a warp, at most" }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "4-byte words per load, at most: fewer where x's pitch demands" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }
//% knob { name = "slab", tag = "b", min = 0, max = 1024, default = 0,
//%        doc = "bytes of a row that all rows are summed by at a time; 0: as many as lanes hold" }
//% knob { name = "hints", tag = "h", min = 0, max = 2, default = 0,
//%        doc = "1: caches drop ids and sums first; 2: and L2 keeps x" }

//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local parts = include "parts"
//% check(packedEdges <= segmentEdges,
//%       "packedEdges %d is more than the %d edges of a piece", packedEdges,
//%       segmentEdges)
//% local teams = 32 // dimWorker
//% local used = teams * dimWorker
//% -- Ids that a lane holds, and neighbours of a team that these give.
//% local held = (unroll + dimWorker - 1) // dimWorker
//% local step = math.max(1, dimWorker // unroll) * unroll
//% local L = parts.layout(dimWorker, vec, unroll + held, warpPerBlock, slab)
//% lanes.hint(L, hints)
//% check(spec.edges == "none", "hybrid takes no weights of edges")
//% local weighted = spec.norm == "gcn"
//% needs { part_size = segmentEdges, parts_per_block = 1, partials = true,
//%         packed_rows = teams, packed_edges = packedEdges,
//%         packed_step = unroll }
//% local args = { "out", "x", "colidx", "part_ptr", "part_end", "part_row" }
//% epilogue.add_args(args)
//% for _, a in ipairs { "partial", "n_parts", "n_cut" } do
//%   args[#args + 1] = a
//% end
//% if teams > 1 then args[#args + 1] = "n_wide" end
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_warps", per = warpPerBlock, y = L.tiles },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
//% local finish = parts.launch_join(L, warpPerBlock)
// Rows of up to ${packedEdges} edges: ${teams} to a warp; of up to
// ${segmentEdges}: a warp each; longer ones are cut.
// Lanes per team: ${dimWorker}; columns per lane: ${L.floats}.
//% if spec.offset_bits == 64 then
typedef long long offset_t;
//% else
typedef int offset_t;
//% end

//% lanes.define(L.x_verb, L, L.vec, spec.x_type)
//% parts.define(L)
//% epilogue.define(L)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
    const unsigned warp = blockIdx.x * ${warpPerBlock} + threadIdx.x / 32;
//% if teams == 1 then
    const int lane = threadIdx.x % 32;
//%   lanes.columns(L)
//% else
//%   parts.places(L)
//% end
//% lanes.pointers(L, "x", spec.x_type)

//% if teams == 1 then
    const unsigned part = warp;
    const bool active = part < n_parts;
    const int place = lane;
//% else
    // A wide part has the warp, whose teams take turns at the neighbours; a
    // packed one has a team. `place`: which id the lane fetches; `source`: which
    // lane has the team's first, `stride` lanes before its next.
    const bool wide = warp < n_wide;
    const unsigned part =
        wide ? warp : n_wide + (warp - n_wide) * ${teams} + edge;
//%   if used == 32 then
    const bool active = part < n_parts;
//%   else
    const bool active = edge < ${teams} && part < n_parts;
//%   end
    const int place = wide ? lane : at;
    const int source = wide ? edge : edge * ${dimWorker};
    const int stride = wide ? ${teams} : 1;
//% end
    int row = 0, left = 0;
    const int *ids = colidx + place;
    if (active) {
        const offset_t begin = __ldg(part_ptr + part);
        row = __ldg(part_row + part);
        left = (int)(__ldg(part_end + part) - begin);
        ids += begin;
    }
//% if spec.norm == "mean" then
    const int degree = left;
//% end

//% if teams == 1 then
    const int mine = left, most = left, sure = left;
//% else
    // Neighbours of this team, of the first, which takes as many batches as any,
    // and of whole batches that no team lacks: rows that share a warp are sorted
    // by how many batches they take.
    const int first = __shfl_sync(~0u, left, 0);
    const int last = __shfl_sync(~0u, left, ${used - 1});
    const int mine = wide ? (left - edge + ${teams - 1}) / ${teams} : left;
    const int most = wide ? (first + ${teams - 1}) / ${teams} : first;
    const int sure =
        wide ? first / ${teams} : (last - 1) / ${unroll} * ${unroll};
//% end

//% local function fetch_ids()
#pragma unroll
        for (int h = 0; h < ${held}; h++) {
//%   if held == 1 then
            next[h] = place < left ? ${L.fetch_id}(ids) : 0;
//%   else
            const int by = wide ? h * ${used} : h * ${dimWorker};
            next[h] = place + by < left ? ${L.fetch_id}(ids + by) : 0;
//%   end
        }
//% end
//% -- One batch; each neighbour if it is there, when guarded.
//% local function batch(guarded)
                float v[${unroll}][${L.floats}] = {};
                int u_id[${unroll}];
#pragma unroll
                for (int k = 0; k < ${unroll}; k++)
//%   if teams == 1 then
                    u_id[k] = __shfl_sync(~0u, id[0], j + k);
//%   elseif held == 1 then
                    u_id[k] = __shfl_sync(~0u, id[0], source + (j + k) * stride);
//%   else
                    u_id[k] = __shfl_sync(~0u, id[k / ${dimWorker}],
                                          source + k % ${dimWorker} * stride);
//%   end
//%   if weighted then
                float coef[${unroll}] = {};
//%   end
#pragma unroll
                for (int k = 0; k < ${unroll}; k++) {
//%   if guarded then
                    if (base + j + k >= mine)
                        continue;
//%   end
                    const long long u = (long long)u_id[k] * ${spec.x_pitch};
//%   if weighted then
                    coef[k] = __ldg(dinv + u_id[k]);
//%   end
//%   lanes.load_row(L)
                }
#pragma unroll
                for (int k = 0; k < ${unroll}; k++)
#pragma unroll
                    for (int i = 0; i < ${L.floats}; i++)
//%   if weighted then
                        sum[i] = fmaf(coef[k], v[k][i], sum[i]);
//%   else
                        sum[i] += v[k][i];
//%   end
//% end
    float sum[${L.floats}] = {};
    int next[${held}];
    {
//% fetch_ids()
    }
#pragma unroll 1
    for (int base = 0; base < most; base += ${step}) {
        int id[${held}];
#pragma unroll
        for (int h = 0; h < ${held}; h++)
            id[h] = next[h];
//% if teams == 1 then
        ids += ${step};
        left -= ${step};
//% else
        ids += ${step} * stride;
        left -= ${step} * stride;
//% end
//% fetch_ids()
//% if step == unroll then
        const int j = 0;
        {
//% else
#pragma unroll 1
        for (int j = 0; j < ${step} && base + j < most; j += ${unroll}) {
//% end
            if (base + j + ${unroll} <= sure) {
//% batch(false)
            } else {
//% batch(true)
            }
        }
    }

//% if teams > 1 then
    if (wide) {
//% lanes.reduce(L)
    }
    if (!active || (wide && edge > 0))
        return;
//% elseif used < 32 then
    if (!active || lane >= ${used})
        return;
//% else
    if (!active)
        return;
//% end
    if (part < n_cut) {
        float *to = partial + (long long)part * ${parts.pitch};
//% lanes.store_row(L, L.vec)
        return;
    }
//% epilogue.write(L)
}
//% parts.join(L, finish, warpPerBlock, unroll, true)
