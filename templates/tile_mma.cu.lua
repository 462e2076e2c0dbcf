//% family {
//%   op = "aggregate", tails = true,
//%   doc = [[
//% For graphs whose neighbouring rows share columns. Windows of 8 rows with few
//% distinct columns are tiles (runtime/cuda/tiles.h): a warp fetches a column's
//% row of x once for all 8, and multiplies blocks of 8 columns by their mask of
//% edges with tensor cores, 16 columns of x by 8 neighbours by 8 rows at a time.
//% x is split into two tf32 numbers and the mask is 0 and 1, so that products are
//% exact and sums are float32's; what is not finite would spoil all 8 rows, so a
//% warp that finds such a sum goes over its window again, handing numbers round
//% by shuffles instead, as it does below sm_80. All other rows go as hybrid's do
//% (sorted.lib.lua). Windows of many columns are cut into pieces, whose sums the
//% second kernel adds in order: no atomics, results repeat bit by bit.]],
//% }
//% knob { name = "tilePercent", tag = "r", min = 100, max = 1000, default = 150,
//%        doc = "edges of 100 distinct columns from which a window is a tile" }
//% knob { name = "tileBlocks", tag = "b", min = 1, max = 65536, default = 64,
//%        doc = "blocks of 8 columns of a tile, at most: longer ones are cut" }
//% knob { name = "tileUnroll", tag = "t", min = 1, max = 4, default = 2,
//%        doc = "blocks of a tile that a warp has in flight" }
//% knob { name = "tensor", tag = "m", min = 0, max = 1, default = 1,
//%        doc = "1: tensor cores; 0: shuffles, on every GPU" }
//% knob { name = "segmentEdges", tag = "s", min = 1, max = 65536, default = 256,
//%        doc = "edges of a piece of another row, at most: longer rows are cut" }
//% knob { name = "packedEdges", tag = "k", min = 1, max = 1024, default = 16,
//%        doc = "edges of another row that shares a warp, at most" }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along the feature dimension, of other rows; of tiles 8" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "4-byte words per load, at most: fewer where x's pitch demands" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team has in flight, of other rows" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }

//% local lanes = include "lanes"
//% local epilogue = include "epilogue"
//% local parts = include "parts"
//% local mma = include "mma"
//% local sorted = include "sorted"
//% local offsets = include "offsets"
//% local follow = include "follow"
//% local weighted = spec.norm == "gcn"
//% -- What is stored in 16 bits is a tf32 number already.
//% local exact = spec.x_type ~= "f32" and not weighted
//% local S = sorted.layout {
//%   segmentEdges = segmentEdges, packedEdges = packedEdges,
//%   dimWorker = dimWorker, vec = vec, unroll = unroll,
//%   warpPerBlock = warpPerBlock }
//% local T = parts.layout(8, vec, 2 * tileUnroll + 2, warpPerBlock)
//% T.apart = 4
//% local held = T.floats + T.floats % 2 -- a product takes two columns a lane
//% local tiles = math.max(S.L.tiles, T.tiles)
//% S.needs.tile_percent, S.needs.tile_blocks = tilePercent, tileBlocks
//% needs(S.needs)
//% local args = sorted.arguments(S)
//% if spec.norm == "mean" then args[#args + 1] = "rowptr" end
//% for _, a in ipairs { "tiles", "tile_columns", "tile_masks", "n_tiles",
//%                      "n_rows" } do
//%   args[#args + 1] = a
//% end
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_warps", per = warpPerBlock, y = tiles },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
//% local finish = parts.launch_join(S.L, warpPerBlock)
// Windows of 8 rows with ${tilePercent} edges or more to 100 columns: a warp to
// ${8 * tileBlocks} columns. Of the others, rows of up to ${packedEdges} edges:
// ${S.teams} to a warp; of up to ${segmentEdges}: a warp each; longer are cut.
// Lanes per team: 8, others ${dimWorker}; columns per lane: ${T.floats}, ${S.L.floats}.
//% offsets.define()

//% for _, L in ipairs { T, S.L } do
//%   lanes.define("load", L, L.vec, spec.x_type)
//%   parts.define(L)
//%   epilogue.define(L)
//% end
//% if tensor == 1 then
//%   mma.define_product()
//%   if not exact then mma.define_split() end
//%   mma.finish()
//% end
//% -- Block b of a batch, added to `acc`: v[b][k] is what the lane has of
//% -- neighbour 2 pair + k.
//% local function add_by_tensor_cores()
                const unsigned one = 0x3f800000u;
                const unsigned b0 = mask[b].x >> lane & 1u ? one : 0u;
                const unsigned b1 = mask[b].y >> lane & 1u ? one : 0u;
#pragma unroll
                for (int i = 0; i < ${held}; i += 2) {
//%   for _, take in ipairs(exact and { "__float_as_uint" } or { "high", "low" }) do
                    multiply(acc[0][i], acc[1][i], acc[0][i + 1], acc[1][i + 1],
                             ${take}(v[b][0][i]), ${take}(v[b][0][i + 1]),
                             ${take}(v[b][1][i]), ${take}(v[b][1][i + 1]), b0,
                             b1);
//%   end
                }
//% end
//% local function add_by_shuffles()
#pragma unroll
                for (int s = 0; s < 8; s++) {
                    const unsigned word = s % 2 ? mask[b].y : mask[b].x;
                    const unsigned edges = word >> (8 * pair + s / 2);
#pragma unroll
                    for (int i = 0; i < ${T.floats}; i++) {
                        const float one = __shfl_sync(~0u, v[b][s % 2][i],
                                                      lane / 4 * 4 + s / 2);
                        acc[0][i] += edges & 1u ? one : 0.0f;
                        acc[1][i] += edges & 16u ? one : 0.0f;
                    }
                }
//% end
//% -- `count` blocks from `block` on; each if it is there, when guarded.
//% local function batch(count, guarded, add)
                float v[${count}][2][${held}] = {};
//%   if weighted then
                float coef[${count}][2] = {};
//%   end
#pragma unroll
                for (int b = 0; b < ${count}; b++) {
//%   if guarded then
                    if (block + b >= last)
                        continue;
//%   end
                    float (*const to)[${held}] = v[b];
#pragma unroll
                    for (int k = 0; k < 2; k++) {
                        const int column = k == 0 ? id[b].x : id[b].y;
                        const long long u = (long long)column * ${spec.x_pitch};
//%   if weighted then
                        coef[b][k] = __ldg(dinv + column);
//%   end
//%   lanes.load_row(T, "to")
                    }
                }
#pragma unroll
                for (int b = 0; b < ${count}; b++) {
//%   if guarded then
                    if (block + b >= last)
                        continue;
//%   end
//%   if weighted then
#pragma unroll
                    for (int i = 0; i < ${2 * held}; i++)
                        v[b][i % 2][i / 2] *= coef[b][i % 2];
//%   end
//%   add()
                }
//% end
//% -- All blocks of the tile, `count` at a time. Their columns and masks are
//% -- asked for a batch ahead.
//% local function each_block(count, add)
            int2 next[${count}];
            uint2 next_mask[${count}];
#pragma unroll
            for (int b = 0; b < ${count}; b++) {
                const int at_block = min(window.y + b, last - 1);
                next[b] = __ldg(ids + 4LL * at_block);
                next_mask[b] = __ldg(masks + at_block);
            }
#pragma unroll 1
            for (int block = window.y; block < last; block += ${count}) {
                int2 id[${count}];
                uint2 mask[${count}];
#pragma unroll
                for (int b = 0; b < ${count}; b++) {
                    const int ahead = min(block + ${count} + b, last - 1);
                    id[b] = next[b];
                    mask[b] = next_mask[b];
                    next[b] = __ldg(ids + 4LL * ahead);
                    next_mask[b] = __ldg(masks + ahead);
                }
//%   if count > 1 then
                if (block + ${count} <= last) {
//%     batch(count, false, add)
                } else {
//%     batch(count, true, add)
                }
//%   else
//%     batch(count, false, add)
//%   end
            }
//% end
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    unsigned warp = blockIdx.x * ${warpPerBlock} + threadIdx.x / 32;
    if (warp < n_tiles) {
//% if T.tiles < tiles then
        if (blockIdx.y >= ${T.tiles})
            return;
//% end
        // `pair`: which two neighbours of a block the lane fetches, and which two
        // rows of the window it ends with. Its team are the lanes of its pair.
        const int lane = threadIdx.x % 32;
        const int pair = lane % 4;
//% lanes.columns(T)
//% lanes.pointers(T, "x", spec.x_type)
        // First row, first block, and of a cut window its first tile and how many.
        const int4 *const window_at = (const int4 *)tiles + warp;
        const int4 window = __ldg(window_at);
        const int last = __ldg((const int *)(window_at + 1) + 1);
        const int2 *const ids = (const int2 *)tile_columns + pair;
        const uint2 *const masks = (const uint2 *)tile_masks;
        float acc[2][${held}] = {};
//% if tensor == 1 then
#if TENSOR_CORES
        {
//%   each_block(tileUnroll, add_by_tensor_cores)
        }
        // Nothing times what is not finite is no number, in rows without it, too.
        float spoilt = 0.0f;
#pragma unroll
        for (int i = 0; i < ${2 * held}; i++)
            spoilt = fmaf(acc[i % 2][i / 2], 0.0f, spoilt);
        const bool again = __any_sync(~0u, spoilt != 0.0f);
#else
        const bool again = true;
#endif
        if (again) {
#pragma unroll
            for (int i = 0; i < ${2 * held}; i++)
                acc[i % 2][i / 2] = 0.0f;
//%   each_block(1, add_by_shuffles)
        }
//% else
        {
//%   each_block(tileUnroll, add_by_shuffles)
        }
//% end

#pragma unroll
        for (int r = 0; r < 2; r++) {
            const int place = 2 * pair + r;
            const int row = window.x + place;
            if (row >= n_rows)
                continue;
            float sum[${T.floats}];
#pragma unroll
            for (int i = 0; i < ${T.floats}; i++)
                sum[i] = acc[r][i];
            if (window.w > 0) {
                const int piece = (int)warp - window.z;
                const int slot = n_cut + 8 * window.z + place * window.w + piece;
                float *to = partial + (long long)slot * ${parts.pitch};
//% lanes.store_row(T, T.vec)
                continue;
            }
//% if spec.norm == "mean" then
            const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
//% end
//% epilogue.write(T)
        }
        return;
    }
//% if S.L.tiles < tiles then
    if (blockIdx.y >= ${S.L.tiles})
        return;
//% end
    warp -= n_tiles;
//% sorted.walk(S)
}
//% parts.join(S.L, finish, warpPerBlock, unroll, true)
