//% family {
//%   op = "aggregate", tails = true, slabs = true,
//%   doc = [[
//% Equal edges for every team of dimWorker lanes, however long rows are. A
//% team walks over a range of edges, row by row, and writes each row as it
//% ends. The runtime cuts the ranges (runtime/cuda/parts.h), which costs one round
//% of loads here, where a search would cost one for each bit of the number of
//% rows: the first neighbour is three dependent loads away (range, id, row of
//% x), as in row_split, and each batch one from the next, since the ids, the
//% row's end and what the epilogue reads are asked for early. Ranges end with
//% a row unless it is long. The sums of a longer one are added in the block
//% through shared memory, across blocks by a second kernel in block order, so that
//% results repeat bit by bit (combine=1: atomics, they do not). Meant for short rows around long ones.]],
//% }
//% knob { name = "edgesPerWarp", tag = "n", min = 1, max = 8192, default = 256,
//%        doc = "edges per warp, shared evenly by its teams" }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "4-byte words per load, at most: fewer where x's pitch demands" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours of a row that a team has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }
//% knob { name = "slab", tag = "b", min = 0, max = 1024, default = 0,
//%        doc = "bytes of a row that all rows are summed by at a time; 0: as many as lanes hold" }
//% knob { name = "hints", tag = "h", min = 0, max = 2, default = 0,
//%        doc = "1: caches drop ids and sums first; 2: and L2 keeps x" }
//% knob { name = "combine", tag = "c", min = 0, max = 3, default = 0, atomics = 2,
//%        doc = "1: shares of a row are added atomically, results do not repeat; 3: by who comes last" }

//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local parts = include "parts"
//% local combine_by = include "combine"
//% local offsets = include "offsets"
//% local layout = include "layout"
//% local follow = include "follow"
//% local teams = 32 // dimWorker
//% check(edgesPerWarp >= teams,
//%       "edgesPerWarp %d is less than one for each of %d teams", edgesPerWarp,
//%       teams)
//% local share = edgesPerWarp // teams
//% local places = teams * warpPerBlock
//% -- One load more than there are neighbours: the row's own term.
//% local L = parts.layout(dimWorker, vec, unroll + 1, warpPerBlock, slab)
//% lanes.hint(L, hints)
//% check(spec.edges == "none", "edge_balanced takes no weights of edges")
//% local weighted = spec.norm == "gcn"
//% local joins = combine_by.choose(L, combine, { team = true, unroll = unroll })
//% needs { part_size = share, part_rows = (share + 1) // 2,
//%         parts_per_block = places, partials = not joins.atomic,
//%         tickets = joins.words }
//% local args = { "out", "x", "rowptr", "colidx", "part_ptr", "part_row" }
//% epilogue.add_args(args)
//% for _, a in ipairs(joins.last { "n_parts" }) do args[#args + 1] = a end
//% layout.add_args(args)
//% local clear = joins.launch_clear(L, warpPerBlock)
//% local parameters = launch {
//%   entry = joins.entry,
//%   grid = { "n_parts", per = places, y = L.tiles },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
//% local finish = joins.launch_join(L, warpPerBlock)
// Edges per team: up to ${share}; teams per warp: ${teams};
// lanes per team: ${dimWorker}; columns per lane: ${L.floats}.
//% offsets.define()

//% lanes.define(L.x_verb, L, L.vec, spec.x_type)
//% joins.define(L)
//% epilogue.define(L)
//% -- Leave the sum of a row that an earlier team of the block began.
//% local function leave()
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                heads[place][i * ${dimWorker} + at] = sum[i];
//% end
//% joins.clear(L, clear, warpPerBlock)
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${joins.entry}(${parameters})
{
//% follow.wait(joins.entry)
//% if places > 1 then
    __shared__ float heads[${places}][${L.floats * dimWorker}];
//% end
//% parts.places(L)
//% lanes.pointers(L, "x", spec.x_type)
//% if places == 1 then
    const int place = edge;
//% else
    const int place = threadIdx.x / 32 * ${teams} + edge;
//% end
    const unsigned first = blockIdx.x * ${places};
    const unsigned part = first + place;

    // Rows row .. last - 1 end in the range, which also holds `tail` edges of
    // the row `last`. `open`: the row at hand began in an earlier range.
    int row = 0, last = 0, left = 0, row_left = 0;
    offset_t row_end = 0, next_end = 0;
    bool open = false;
    const int *ids = colidx;
//% if teams * dimWorker == 32 then
    if (part < n_parts) {
//% else
    if (edge < ${teams} && part < n_parts) {
//% end
        row = __ldg(part_row + part);
        last = __ldg(part_row + part + 1);
        const offset_t begin = __ldg(part_ptr + part);
        left = (int)(__ldg(part_ptr + part + 1) - begin);
        ids += begin;
        open = begin > __ldg(rowptr + row);
        row_end = __ldg(rowptr + row + 1);
        row_left = row < last ? (int)(row_end - begin) : left;
        if (row + 1 < last)
            next_end = __ldg(rowptr + row + 2);
    }
    int tail = row < last ? 0 : left;
//% if spec.norm == "mean" then
    int degree = row_left;
//% end

//% local function fetch_ids()
#pragma unroll
    for (int k = 0; k < ${unroll}; k++)
        id[k] = k < left ? ${L.fetch_id}(ids + k) : 0;
//% end
    int id[${unroll}];
//% fetch_ids()
    float sum[${L.floats}] = {};
#pragma unroll 1
    while (row < last || left > 0) {
        const int n = min(row_left, ${unroll});
        const bool ends = row < last && n == row_left;
        float v[${unroll}][${L.floats}] = {};
//% if weighted then
        float coef[${unroll}] = {};
//% end
#pragma unroll
        for (int k = 0; k < ${unroll}; k++) {
            if (k >= n)
                continue;
            const long long u = (long long)id[k] * ${layout.step("x")};
//% if weighted then
            coef[k] = __ldg(dinv + id[k]);
//% end
//% lanes.load_row(L)
        }
//% epilogue.fetch(L, "ends")
        ids += n;
        left -= n;
        row_left -= n;
//% fetch_ids()
#pragma unroll
        for (int k = 0; k < ${unroll}; k++)
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
//% if weighted then
                sum[i] = fmaf(coef[k], v[k][i], sum[i]);
//% else
                sum[i] += v[k][i];
//% end
        if (!ends)
            continue;
        if (!open) {
//% epilogue.finish(L)
//% if places > 1 then
        } else if (place > 0) {
//% leave()
//% end
        } else {
//% joins.share(L, 0)
//% if joins.meets then
            if (last) {
//%   if spec.norm == "mean" then
                degree = (int)(row_end - __ldg(rowptr + row));
//%   end
//%   epilogue.write(L)
            }
//% end
        }
        open = false;
        row++;
        row_left = row < last ? (int)(next_end - row_end) : left;
        tail = row < last ? 0 : left;
//% if spec.norm == "mean" then
        degree = row_left;
//% end
        row_end = next_end;
        if (row + 1 < last)
            next_end = __ldg(rowptr + row + 2);
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            sum[i] = 0.0f;
    }

//% if places > 1 then
    const bool follows = open && place > 0;
    if (tail > 0 && follows) {
//% leave()
    }
    __syncthreads();
    if (tail == 0 || follows)
        return;

    // The row goes on in the ranges behind that begin with it.
#pragma unroll 1
    for (int q = place + 1, n = 4; n == 4; q += 4) {
        n = 0;
#pragma unroll
        for (int k = 0; k < 4; k++)
            n += q + k < ${places} && first + q + k < n_parts &&
                 __ldg(part_row + first + q + k) == row;
#pragma unroll
        for (int k = 0; k < 4; k++) {
            if (k >= n)
                continue;
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                sum[i] += heads[q + k][i * ${dimWorker} + at];
        }
    }
//% else
    if (tail == 0)
        return;
//% end
    const bool goes_on = first + ${places} < n_parts &&
                         __ldg(part_row + first + ${places}) == row;
    const bool begins = !open;
    if (!begins || goes_on) {
//% joins.share(L, "begins")
//% joins.leave()
    }
//% if spec.norm == "mean" then
    degree = (int)(__ldg(rowptr + row + 1) - __ldg(rowptr + row));
//% end
//% epilogue.write(L)
}
//% joins.join(L, finish, warpPerBlock, unroll)
