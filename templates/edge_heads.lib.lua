//% -- One walk over a row's edges for one head: the frame of attention's kernels
//% -- in training, and of all of GATv2's. Row and head together are a place. The
//% -- row's own self loop is its last edge.
//% --
//% -- A place has `unit` lanes: teams of L.lanes lanes along the head's columns,
//% -- which take edges in turns, in one warp or in several. Behind the scores, of
//% -- GATv2 behind the rows' columns, a row of `kept` has what forward leaves for
//% -- backward and what backward finds (runtime/bundle/attention_kept.h).
//% local lanes = include "lanes"
//% local offsets = include "offsets"
//% local edges = {}
//% local heads, channels = spec.heads, spec.channels
//% check(heads > 0, "attention needs heads")
//%
//% -- Where the numbers of head 0 lie in a row of `kept`.
//% local function keep(names, first)
//%   for i, name in ipairs(names) do edges[name] = first + (i - 1) * heads end
//%   check(spec.self_pitch >= first + #names * heads,
//%         "nothing can be kept in rows of %d", spec.self_pitch)
//% end
//% function edges.keep_behind_scores()
//%   keep({ "source", "target", "top", "part", "dot", "grad_source",
//%          "grad_target" }, 0)
//% end
//% function edges.keep_behind_rows()
//%   keep({ "top", "part", "dot" }, heads * channels)
//% end
//%
//% local function is_power(v) return v & (v - 1) == 0 end
//% local function power_for(n)
//%   local p = 1
//%   while p < n do p = p * 2 end
//%   return p
//% end
//%
//% -- `k` has the knobs, `pitches` of the matrices whose rows are read in pieces;
//% -- `loaded` rows for each edge (1), beside `held` others (2), lie in registers.
//% function edges.layout(k, pitches, held, loaded)
//%   held, loaded = held or 2, loaded or 1
//%   check(is_power(k.dimWorker) or k.dimWorker == 0,
//%         "dimWorker %d is no power of two", k.dimWorker)
//%   check(is_power(k.edgeWorker), "edgeWorker %d is no power of two",
//%         k.edgeWorker)
//%   check(k.warpPerBlock % k.warpPerRow == 0, "warpPerRow %d does not divide %d",
//%         k.warpPerRow, k.warpPerBlock)
//%   local L = { width = lanes.widest(k.vec, channels, table.unpack(pitches)) }
//%   L.lanes = k.dimWorker
//%   if L.lanes == 0 then
//%     L.lanes = math.min(32, power_for(channels // L.width))
//%   end
//%   L.span = L.lanes * L.width
//%   L.loads = (channels + L.span - 1) // L.span
//%   L.whole = L.span * L.loads == channels
//%   L.floats = L.loads * L.width
//%   check(L.floats <= 32, "a head's %d columns do not fit %d lanes", channels,
//%         L.lanes)
//%   L.team = k.warpPerRow > 1 and 32
//%            or math.min(32, L.lanes * k.edgeWorker)
//%   L.warps, L.block = k.warpPerRow, 32 * k.warpPerBlock
//%   L.unit = L.team * L.warps
//%   L.teams = L.unit // L.lanes
//%   L.slots = L.block // L.unit
//%   L.places = math.min(heads, L.slots)
//%   L.rows = L.slots // L.places
//%   L.tiles = (heads + L.places - 1) // L.places
//%   check(L.tiles <= 65535, "%d heads are more than a grid has", heads)
//%   local registers = math.min(255, 65536 // L.block)
//%   L.unroll = k.unroll
//%   local function needed(unroll)
//%     return (unroll * loaded + held) * L.floats + 6 * unroll + 48
//%   end
//%   while L.unroll > 1 and needed(L.unroll) > registers do
//%     L.unroll = L.unroll // 2
//%   end
//%   check(needed(1) <= registers, "a row does not fit the registers")
//%   L.step = L.teams * L.unroll
//%   return L
//% end
//%
//% function edges.launch(L, args)
//%   return launch {
//%     entry = kernel,
//%     grid = { "n_rows", per = L.rows, y = L.tiles },
//%     block = L.block,
//%     args = args,
//%   }
//% end
//%
//% -- `drops`: coefficients go through dropout.
//% function edges.define(L, drops)
//%   L.drops = drops
//%   offsets.define()
//%   lanes.define_move("load", L.width, L.width)

// The slope of the LeakyReLU.
static __device__ __forceinline__ float slope_at(float sum)
{
    return sum < 0.0f ? 0.2f : 1.0f;
}

//%   if edges.source then
// Scores are compared in units of log2.
static __device__ __forceinline__ float log2_score(float sum)
{
    return 1.44269504f * slope_at(sum) * sum;
}

//%   end
//%   if drops then
// What dropout leaves of head `head`'s coefficient of edge `number`.
static __device__ __forceinline__ float
left_of(const train_state *state, unsigned long long stream,
        unsigned long long number, int head, float a)
{
    if (state->attention_threshold == 0)
        return a;
    const unsigned long long bits =
        draw(stream, number * ${(heads + 3) // 4}ULL + head / 4);
    const unsigned mine = (unsigned)(bits >> (16 * (head % 4))) & 0xffff;
    return mine >= state->attention_threshold ? state->attention_scale * a : 0.0f;
}

//%   end
//% end
//%
//% -- Where a thread stands, and what it walks over.
//% function edges.open(L)
//%   if L.lanes == 1 then
    const int at = 0;
//%   else
    const int at = threadIdx.x % ${L.lanes};
//%   end
    const int turn = threadIdx.x % ${L.unit} / ${L.lanes};
    const int slot = threadIdx.x / ${L.unit};
    const unsigned place_row = blockIdx.x * ${L.rows} + slot / ${L.places};
    const int place_head = blockIdx.y * ${L.places} + slot % ${L.places};
    const bool active = slot < ${L.rows * L.places} && place_row < n_rows &&
                        place_head < ${heads};
    const unsigned row = active ? place_row : 0;
    const int head = active ? place_head : 0;
    const offset_t end = __ldg(rowptr + row + 1);
//%   if L.drops then
    const unsigned long long loop = (unsigned long long)__ldg(rowptr + n_rows) + row;
    const unsigned long long stream = dropout_stream(state, place);
//%   end
    long long edge = (long long)__ldg(rowptr + row) + turn * ${L.unroll};

    // Columns that are not there are read as the first ones and not stored.
    int column[${L.loads}];
#pragma unroll
    for (int i = 0; i < ${L.loads}; i++) {
        const int c = i * ${L.span} + at * ${L.width};
//%   if L.whole then
        column[i] = head * ${channels} + c;
//%   else
        column[i] = head * ${channels} + (c < ${channels} ? c : 0);
//%   end
    }

    // The lanes of a warp take as many steps as the longest row asks.
    int steps = active && edge <= end ? (int)((end - edge) / ${L.step}) + 1 : 0;
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
        steps = max(steps, __shfl_xor_sync(~0u, steps, step));
//% end
//%
//% -- For readW, of rows behind which the kernel writes.
//% function edges.define_read(L) lanes.define_move("read", L.width, L.width) end
//%
//% -- name = the place's columns of its row of `from`, 0 where there is none; of
//% -- pitch 0 all rows are one. By readW where the kernel writes there, too.
//% function edges.load_own(L, name, from, pitch, verb)
//%   verb = verb or "load"
    float ${name}[${L.loads}][${L.width}];
#pragma unroll
    for (int i = 0; i < ${L.loads}; i++) {
//%   if pitch == 0 then
        ${verb}${L.width}(${name}[i], ${from} + column[i]);
//%   else
        ${verb}${L.width}(${name}[i], ${from} + (long long)row * ${pitch} + column[i]);
//%   end
//%   if not L.whole then
        if (i * ${L.span} + at * ${L.width} >= ${channels})
#pragma unroll
            for (int j = 0; j < ${L.width}; j++)
                ${name}[i][j] = 0.0f;
//%   end
    }
//% end
//%
//% -- Open the loop over batches of edges: ids, whether they are there, columns of
//% -- `from` as v, and where there is `more` those of that as more_v.
//% -- edges.close() ends it.
//% function edges.each_batch(L, from, pitch, more, more_pitch)
#pragma unroll 1
    for (; steps > 0; steps--, edge += ${L.step}) {
        unsigned id[${L.unroll}];
        bool there[${L.unroll}];
        float v[${L.unroll}][${L.loads}][${L.width}];
//%   if more then
        float more_v[${L.unroll}][${L.loads}][${L.width}];
//%   end
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++) {
            there[k] = active && edge + k <= end;
            id[k] = active && edge + k < end ? __ldg(colidx + edge + k) : row;
        }
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++)
#pragma unroll
            for (int i = 0; i < ${L.loads}; i++)
                load${L.width}(v[k][i],
                      ${from} + (long long)id[k] * ${pitch} + column[i]);
//%   if more then
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++)
#pragma unroll
            for (int i = 0; i < ${L.loads}; i++)
                load${L.width}(more_v[k][i],
                      ${more} + (long long)id[k] * ${more_pitch} + column[i]);
//%   end
//% end
//%
//% function edges.close()
    }
//% end
//%
//% -- Add `name` up over the lanes of a team, which all get the sum.
//% local function over_team(L, name)
//%   if L.lanes > 1 then
#pragma unroll
            for (int step = ${L.lanes // 2}; step > 0; step /= 2)
                ${name} += __shfl_xor_sync(~0u, ${name}, step);
//%   end
//% end
//%
//% -- d = <own, v[k]>, which all lanes of the team get.
//% function edges.dot_product(L, own)
            float d = 0.0f;
#pragma unroll
            for (int i = 0; i < ${L.loads}; i++)
#pragma unroll
                for (int j = 0; j < ${L.width}; j++)
                    d = fmaf(${own}[i][j], v[k][i][j], d);
//%   over_team(L, "d")
//% end
//%
//% -- z = <weight, LeakyReLU(own + from[k])>, GATv2's score, in all lanes.
//% function edges.rows_score(L, own, from)
            float z = 0.0f;
#pragma unroll
            for (int i = 0; i < ${L.loads}; i++)
#pragma unroll
                for (int j = 0; j < ${L.width}; j++) {
                    const float both = ${own}[i][j] + ${from}[k][i][j];
                    z = fmaf(weight[i][j], fmaxf(both, 0.2f * both), z);
                }
//%   over_team(L, "z")
//% end
//%
//% -- top = the largest of all teams of the place.
//% function edges.join_top(L)
//%   if L.team > L.lanes then
#pragma unroll
    for (int step = ${L.lanes}; step < ${L.team}; step *= 2)
        top = fmaxf(top, __shfl_xor_sync(~0u, top, step));
//%   end
//%   if L.warps > 1 then
    __shared__ float tops[${L.block // 32}];
    if (threadIdx.x % 32 == 0)
        tops[threadIdx.x / 32] = top;
    __syncthreads();
    for (int q = 0; q < ${L.warps}; q++)
        top = fmaxf(top, tops[threadIdx.x / 32 / ${L.warps} * ${L.warps} + q]);
//%   end
//% end
//%
//% -- Add sum[n] over the teams of the place, in a fixed order; the first has it
//% -- and goes on.
//% function edges.join(L, n)
//%   if L.team > L.lanes then
#pragma unroll
    for (int step = ${L.lanes}; step < ${L.team}; step *= 2)
#pragma unroll
        for (int i = 0; i < ${n}; i++)
            sum[i] += __shfl_xor_sync(~0u, sum[i], step);
//%   end
//%   if L.warps > 1 then
//%     check(L.block // 32 * n * L.lanes <= 12000,
//%           "the sums of %d warps do not fit the shared memory", L.block // 32)
    __shared__ float joined[${L.block // 32}][${n}][${L.lanes}];
    const int warp = threadIdx.x / 32;
    if (threadIdx.x % 32 < ${L.lanes})
#pragma unroll
        for (int i = 0; i < ${n}; i++)
            joined[warp][i][at] = sum[i];
    __syncthreads();
    if (turn > 0)
        return;
#pragma unroll 1
    for (int q = warp + 1; q < warp + ${L.warps}; q++)
#pragma unroll
        for (int i = 0; i < ${n}; i++)
            sum[i] += joined[q][i][at];
//%   end
    if (!active || turn > 0)
        return;
//% end
//%
//% -- The rows of `out` that the places make: visit() writes the store, by
//% -- L.store, of the columns from column[i] on.
//% function edges.define_store(L)
//%   local piece = lanes.widest(L.width, spec.out_pitch)
//%   L.store = lanes.mover("store", L.width, piece)
//%   lanes.define_move("store", L.width, piece)
//% end
//% function edges.each_load(L, visit)
    float *to = out + (long long)row * ${spec.out_pitch};
#pragma unroll
    for (int i = 0; i < ${L.loads}; i++) {
//%   if not L.whole then
        if (i * ${L.span} + at * ${L.width} >= ${channels})
            continue;
//%   end
//%   visit()
    }
//% end
//%
//% return edges
