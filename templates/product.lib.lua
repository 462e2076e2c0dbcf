//% -- A product of narrow matrices by warps whose lanes have blocks of rows and
//% -- columns in registers and share the depth: the whole kernel of linear, or what
//% -- a kernel does in one of its turns.
//% local lanes = include "lanes"
//% local layout = include "layout"
//% local product = {}
//% local function is_power(v) return v & (v - 1) == 0 end
//%
//% -- From linear's knobs. Where `turns` is set, a loop around it says which
//% -- `turn` of as many rows and columns a warp has.
//% function product.layout(k)
//%   local rowsPerLane, colsPerLane = k.rowsPerLane, k.colsPerLane
//%   local depthWorker, depthWarps = k.depthWorker, k.depthWarps
//%   local warpPerBlock, unroll = k.warpPerBlock, k.unroll
//%   check(is_power(rowsPerLane) and is_power(depthWorker),
//%         "rowsPerLane %d and depthWorker %d must be powers of two",
//%         rowsPerLane, depthWorker)
//%   check(spec.depth > 0, "a product needs a depth")
//%   -- Of 16-bit columns a lane has whole words, that none is two lanes'.
//%   local word = spec.out_type == "f32" and 1 or 2
//%   check(spec.dim == 1 or colsPerLane % word == 0,
//%         "columns of 16 bits go by pairs, not by %d", colsPerLane)
//%   local vec = lanes.widest_of(spec.x_type, 4, spec.x_pitch, spec.depth)
//%   local x_type = lanes.type(spec.x_type)
//%   -- Lanes along the columns, and along the depth: no more than have work.
//%   local across = 1
//%   while across < 32 and across * colsPerLane < spec.dim do across = 2 * across end
//%   -- In the end the lanes along the depth share the block's rows, and if those
//%   -- are fewer, its columns.
//%   local pieces = rowsPerLane * math.max(1, (colsPerLane & -colsPerLane) // word)
//%   local along = math.min(depthWorker, pieces, 32 // across)
//%   while along > 1 and along // 2 * vec >= spec.depth do along = along // 2 end
//%   local row_lanes = math.min(along, rowsPerLane)
//%   local column_lanes = along // row_lanes
//%   local groups = 32 // (across * along)
//%   local tile = across * colsPerLane
//%   local tiles = (spec.dim + tile - 1) // tile
//%   check(tiles <= 65535, "%d tiles of columns are more than a grid has", tiles)
//%   local held = rowsPerLane * colsPerLane
//%   check(held + (rowsPerLane + colsPerLane) * (vec + 2) <= 200,
//%         "a block of %d x %d is too much for a lane's registers",
//%         rowsPerLane, colsPerLane)
//%   local rows = groups * rowsPerLane
//%   local step = along * vec
//%   local whole = spec.depth - spec.depth % step
//%   local per_lane = rowsPerLane // row_lanes
//%   local columns = colsPerLane // column_lanes
//%   -- Warps along the depth: no more than there are steps, rest included.
//%   local split = depthWarps
//%   while split > 1 and (split - 1) * step >= spec.depth do split = split // 2 end
//%   check(warpPerBlock % split == 0, "%d warps cannot share %d ways in a depth",
//%         warpPerBlock, split)
//%   local teams = warpPerBlock // split
//%   check(teams * (split - 1) * per_lane * columns <= 384,
//%         "the sums of %d warps do not fit shared memory", warpPerBlock)
//%   local stride = step * split
//%   local piece = lanes.widest_of(spec.out_type, math.min(4, columns & -columns),
//%                                 spec.out_pitch)
//%   local full_columns = spec.dim % tile == 0
//%   local slabs = layout.has_slabs("out")
//%   local load = lanes.mover("load", vec, vec, spec.x_type)
//%   local store = lanes.mover("store", piece, piece, spec.out_type)
//%   local load_x = lanes.mover(k.x_verb or "load", vec, vec, spec.x_type)
//%   check(not k.turns or split == 1, "turns are warps', not blocks'")
//%   local P = { rows = rows, tiles = tiles, teams = teams }
//%   local train = spec.drops_result and include "train"
//%   local residual = include "residual"
//%
//%   function P.add_args(args)
//%     if train then train.add_drop_args(args) end
//%     residual.add_args(args)
//%   end
//%
//%   function P.define()
// Lanes along the columns: ${across}; along the depth: ${along}; rows per warp: ${rows}.
//%     lanes.define_move("load", vec, vec, spec.x_type)
//%     lanes.define_move(k.x_verb or "load", vec, vec, spec.x_type)
//%     lanes.define_move("store", piece, piece, spec.out_type)
//%     if not full_columns and spec.dim % piece ~= 0 then
//%       lanes.define_move("store", 1, 1, spec.out_type)
//%     end
//%     if spec.adds then lanes.define_move("read", 1, 1, spec.out_type) end
//%     if train then train.define_drop(spec.dim) end
//%     residual.define(1)
//%     layout.define("out")
//%   end
//%
//%   function P.write()
    const int lane = threadIdx.x % 32;
    const int slice = lane / ${across} % ${along};
//%     if split > 1 then
    const int part = threadIdx.x / 32 % ${split};
//%     end
//%     if k.turns then
    const int first_column = turn % ${tiles} * ${tile} + lane % ${across} * ${colsPerLane};
    const unsigned first = turn / ${tiles} * ${rows} +
                           lane / ${across * along} * ${rowsPerLane};
//%     else
    const int first_column = blockIdx.y * ${tile} + lane % ${across} * ${colsPerLane};
    const unsigned first = blockIdx.x * ${rows * teams} +
                           threadIdx.x / ${32 * split} * ${rows} +
                           lane / ${across * along} * ${rowsPerLane};
//%     end
    // What lies beyond the last row or column repeats it and is not stored.
    const ${x_type} *xs[${rowsPerLane}], *ws[${colsPerLane}];
#pragma unroll
    for (int i = 0; i < ${rowsPerLane}; i++) {
        const unsigned row = first + i < n_rows ? first + i : n_rows - 1;
        xs[i] = x + (long long)row * ${spec.x_pitch} + slice * ${vec};
    }
#pragma unroll
    for (int j = 0; j < ${colsPerLane}; j++)
//%     if full_columns then
        ws[j] = weight + (long long)first_column * ${spec.depth} + slice * ${vec} +
                j * ${spec.depth};
//%     else
        ws[j] = weight + (long long)min(first_column + j, ${spec.dim - 1}) * ${spec.depth} +
                slice * ${vec};
//%     end

    float sum[${rowsPerLane}][${colsPerLane}] = {};
//%     local function add()
        float a[${rowsPerLane}][${vec}], b[${colsPerLane}][${vec}];
#pragma unroll
        for (int i = 0; i < ${rowsPerLane}; i++)
            ${load_x}(a[i], xs[i] + k);
#pragma unroll
        for (int j = 0; j < ${colsPerLane}; j++)
            ${load}(b[j], ws[j] + k);
#pragma unroll
        for (int v = 0; v < ${vec}; v++)
#pragma unroll
            for (int i = 0; i < ${rowsPerLane}; i++)
#pragma unroll
                for (int j = 0; j < ${colsPerLane}; j++)
                    sum[i][j] = fmaf(a[i][v], b[j][v], sum[i][j]);
//%     end
//%     if whole > 0 and split == 1 then
#pragma unroll ${unroll}
    for (int k = 0; k < ${whole}; k += ${step}) {
//%     add()
    }
//%     elseif whole > 0 then
#pragma unroll ${unroll}
    for (int k = part * ${step}; k < ${whole}; k += ${stride}) {
//%     add()
    }
//%     end
//%     if whole < spec.depth and split == 1 then
    if (${whole} + slice * ${vec} < ${spec.depth}) {
        const int k = ${whole};
//%     add()
    }
//%     elseif whole < spec.depth then
    if (part == ${whole // step % split} && ${whole} + slice * ${vec} < ${spec.depth}) {
        const int k = ${whole};
//%     add()
    }
//%     end
//%     -- Each step halves the rows, then the columns, that a lane still sums: it
//%     -- keeps one half and gives the other away.
//%     local function halve(n, rows, columns, distance, by_row)
    {
        const bool upper = slice & ${n};
#pragma unroll
        for (int i = 0; i < ${rows}; i++)
#pragma unroll
            for (int j = 0; j < ${columns}; j++) {
//%       if by_row then
                float &low = sum[i][j], &high = sum[i + ${rows}][j];
//%       else
                float &low = sum[i][j], &high = sum[i][j + ${columns}];
//%       end
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, ${distance});
            }
    }
//%     end
//%     local n = row_lanes
//%     while n > 1 do
//%       n = n // 2
//%       local bit = n * column_lanes
//%       halve(bit, n * per_lane, colsPerLane, bit * across, true)
//%     end
//%     n = column_lanes
//%     while n > 1 do
//%       n = n // 2
//%       halve(n, per_lane, n * columns, n * across, false)
//%     end

//%     if split > 1 then
    // What the other warps have of the same rows and columns.
    __shared__ float parts[${teams}][${split - 1}][${per_lane * columns}][32];
    const int team = threadIdx.x / ${32 * split};
    if (part > 0)
#pragma unroll
        for (int i = 0; i < ${per_lane}; i++)
#pragma unroll
            for (int j = 0; j < ${columns}; j++)
                parts[team][part - 1][i * ${columns} + j][lane] = sum[i][j];
    __syncthreads();
    if (part > 0)
        return;
#pragma unroll ${math.min(4, split - 1)}
    for (int p = 0; p < ${split - 1}; p++)
#pragma unroll
        for (int i = 0; i < ${per_lane}; i++)
#pragma unroll
            for (int j = 0; j < ${columns}; j++)
                sum[i][j] += parts[team][p][i * ${columns} + j][lane];
//%     end

//%     if train then train.open_drop() end
#pragma unroll
    for (int i = 0; i < ${per_lane}; i++) {
//%     if column_lanes == 1 then
        const unsigned row = first + slice * ${per_lane} + i;
        const int column = first_column;
//%     else
        const unsigned row = first + slice / ${column_lanes} * ${per_lane} + i;
        const int column = first_column + slice % ${column_lanes} * ${columns};
//%     end
        if (row >= n_rows)
            break;
//%     if spec.norm == "gcn" then
        const float scale = __ldg(dinv + row);
#pragma unroll
        for (int j = 0; j < ${columns}; j++)
            sum[i][j] *= scale;
//%     end
//%     if not slabs then
        ${lanes.type(spec.out_type)} *to =
            out + (long long)row * ${spec.out_pitch} + column;
//%     end
//%     if spec.adds or train or residual.there or spec.tail ~= "none" then
#pragma unroll
        for (int j = 0; j < ${columns}; j++) {
//%       if not full_columns then
            if (column + j >= ${spec.dim})
                break;
//%       end
//%       if spec.adds then
            float held;
//%         if slabs then
            ${lanes.mover("read", 1, 1, spec.out_type)}(&held, out + out_at(row, column + j, n_rows));
//%         else
            ${lanes.mover("read", 1, 1, spec.out_type)}(&held, to + j);
//%         end
            sum[i][j] += held;
//%       end
//%       if spec.tail_bias then
            sum[i][j] += __ldg(tail_bias + column + j);
//%       end
//%       if spec.tail_act == "relu" then
            sum[i][j] = sum[i][j] < 0.0f ? 0.0f : sum[i][j];
//%       end
//%       if train then
            if (drops)
                sum[i][j] = dropped(
                    state, (unsigned)bits_from(stream, row, column + j), sum[i][j]);
//%       end
//%       if residual.there then
            const int of = column + j;
//%         residual.take("of", 1)
            sum[i][j] += more[0];
//%       end
        }
//%     end
#pragma unroll
        for (int j = 0; j < ${columns}; j += ${piece})
//%     local whole_pieces = spec.dim % piece == 0
//%     if slabs then
//%       local width = whole_pieces and piece or 1
//%       local store = lanes.mover("store", width, width, spec.out_type)
            for (int p = 0; p < ${piece}; p += ${width})
                if (column + j + p < ${spec.dim})
                    ${store}(out + out_at(row, column + j + p, n_rows), &sum[i][j + p]);
//%     elseif full_columns then
            ${store}(to + j, &sum[i][j]);
//%     elseif whole_pieces then
            if (column + j < ${spec.dim})
                ${store}(to + j, &sum[i][j]);
//%     else
            for (int p = 0; p < ${piece}; p++)
                if (column + j + p < ${spec.dim})
                    ${lanes.mover("store", 1, 1, spec.out_type)}(to + j + p, &sum[i][j + p]);
//%     end
    }
//%   end
//%
//%   return P
//% end
//%
//% return product
