//% family {
//%   op = "attention", tails = true,
//%   doc = [[
//% Graph attention in one pass over a row's edges: sums of x weighted by the
//% softmax of LeakyReLU(source score + destination score), maximum and sum kept
//% online (Milakov and Gimelshein 2018), the row's own self loop included.
//% Lanes lie along the columns; each follows the maximum and the sum of the
//% heads of its own columns, so lanes share nothing until the edges are done.
//% The teams of a row, in one warp or in several, take its edges in turns and
//% are then joined in order: no atomics, results repeat bit by bit. Last perhaps a
//% residual.]],
//% }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 16,
//%        doc = "lanes along the columns, a power of two" }
//% knob { name = "edgeWorker", tag = "e", min = 1, max = 32, default = 1,
//%        doc = "teams of a warp that share a row, a power of two" }
//% knob { name = "warpPerRow", tag = "r", min = 1, max = 16, default = 1,
//%        doc = "warps that share a row; more than one for long rows" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "floats per load, at most: fewer where heads or pitch demand" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "warps per block" }

//% local lanes = include "lanes"
//% local offsets = include "offsets"
//% local residual = include "residual"
//% local follow = include "follow"
//% local function is_power(v) return v & (v - 1) == 0 end
//% local team = dimWorker * edgeWorker
//% check(spec.heads > 0, "attention needs heads")
//% check(spec.x_type == "f32" and spec.out_type == "f32",
//%       "attention works on float32")
//% check(is_power(dimWorker) and is_power(edgeWorker) and team <= 32,
//%       "dimWorker %d and edgeWorker %d do not share a warp", dimWorker,
//%       edgeWorker)
//% check(warpPerRow == 1 or team == 32,
//%       "several warps per row need whole warps")
//% check(warpPerBlock % warpPerRow == 0, "warpPerRow %d does not divide %d",
//%       warpPerRow, warpPerBlock)
//% -- No load crosses a head, so that it has one weight.
//% local width = 1
//% while 2 * width <= vec and spec.channels % (2 * width) == 0
//%       and spec.x_pitch % (2 * width) == 0 do width = 2 * width end
//% local span = dimWorker * width
//% local loads = math.min(8 // width, (spec.dim + span - 1) // span)
//% local tiles = (spec.dim + span * loads - 1) // (span * loads)
//% local whole = span * loads * tiles == spec.dim
//% local floats = width * loads
//% check((unroll + 1) * floats + 2 * unroll * loads + 3 * loads + unroll + 32
//%       <= math.min(255, 65536 // (32 * warpPerBlock)),
//%       "unroll %d: a row does not fit the registers", unroll)
//% local rows = warpPerRow > 1 and warpPerBlock // warpPerRow
//%              or warpPerBlock * (32 // team)
//% local teams = edgeWorker * warpPerRow
//% local args = { "out", "x", "self", "rowptr", "colidx" }
//% if spec.bias then args[#args + 1] = "bias" end
//% residual.add_args(args)
//% args[#args + 1] = "n_rows"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows, y = tiles },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
// ${dimWorker} lanes of ${floats} columns; ${teams} teams per row, ${rows}
// rows per block. self: scores of sources, then of destinations, times log2(e)
// on the way in, since exp2 is what the hardware has.
//% offsets.define()

//% local out_width = lanes.widest(width, spec.out_pitch)
//% lanes.define_move("load", width, width)
//% lanes.define_move("store", width, out_width)
//% local store = lanes.mover("store", width, out_width)
//% residual.define(width)
// LeakyReLU of slope 0.2, in units of log2.
__device__ __forceinline__ float score(float source, float target)
{
    const float e = source + target;
    return 1.44269504f * (e < 0.0f ? 0.2f * e : e);
}

// What a maximum that moves to `to` makes of the sums so far; nothing was
// summed under a maximum of -infinity.
__device__ __forceinline__ float rescale(float from, float to)
{
    return from == __int_as_float(0xff800000) ? 0.0f : exp2f(from - to);
}

extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% if warpPerRow > 1 then
    __shared__ float joined[${warpPerBlock}][${loads * (2 + width)}][${dimWorker}];
//% end
    const int lane = threadIdx.x % 32;
    const int warp = threadIdx.x / 32;
    const int at = lane % ${dimWorker};
//% if warpPerRow > 1 then
    const int turn = warp % ${warpPerRow} * ${edgeWorker} + lane / ${dimWorker};
    const unsigned row = blockIdx.x * ${rows} + warp / ${warpPerRow};
//% else
    const int turn = lane % ${team} / ${dimWorker};
    const unsigned row = blockIdx.x * ${rows} + warp * ${32 // team} + lane / ${team};
//% end
    const bool active = row < n_rows;
    offset_t edge = 0, end = 0;
    if (active) {
        edge = __ldg(rowptr + row) + turn * ${unroll};
        end = __ldg(rowptr + row + 1);
    }

    // Columns that are not there are read as the first ones and not stored.
    int column[${loads}], head[${loads}];
    float top[${loads}], total[${loads}], target[${loads}];
    float sum[${loads}][${width}] = {};
#pragma unroll
    for (int i = 0; i < ${loads}; i++) {
        const int c = (blockIdx.y * ${loads} + i) * ${span} + at * ${width};
//% if whole then
        column[i] = c;
//% else
        column[i] = c < ${spec.dim} ? c : 0;
//% end
        head[i] = column[i] / ${spec.channels};
        top[i] = __int_as_float(0xff800000);
        total[i] = target[i] = 0.0f;
        if (!active)
            continue;
        const float *mine = self + (long long)row * ${spec.self_pitch};
        target[i] = __ldg(mine + ${spec.heads} + head[i]);
        if (turn > 0)
            continue;
        top[i] = score(__ldg(mine + head[i]), target[i]);
        total[i] = 1.0f;
        load${width}(sum[i], x + (long long)row * ${spec.x_pitch} + column[i]);
    }

#pragma unroll 1
    for (; edge < end; edge += ${teams * unroll}) {
        int id[${unroll}];
        float e[${unroll}][${loads}];
        float v[${unroll}][${loads}][${width}];
#pragma unroll
        for (int k = 0; k < ${unroll}; k++)
            id[k] = __ldg(colidx + (edge + k < end ? edge + k : end - 1));
#pragma unroll
        for (int k = 0; k < ${unroll}; k++)
#pragma unroll
            for (int i = 0; i < ${loads}; i++) {
                e[k][i] = __ldg(self + (long long)id[k] * ${spec.self_pitch} +
                                head[i]);
                load${width}(v[k][i], x + (long long)id[k] * ${spec.x_pitch} +
                                          column[i]);
            }
#pragma unroll
        for (int i = 0; i < ${loads}; i++) {
            float most = top[i];
#pragma unroll
            for (int k = 0; k < ${unroll}; k++) {
                e[k][i] = edge + k < end ? score(e[k][i], target[i])
                                         : __int_as_float(0xff800000);
                most = fmaxf(most, e[k][i]);
            }
            const float scale = rescale(top[i], most);
            top[i] = most;
            total[i] *= scale;
#pragma unroll
            for (int j = 0; j < ${width}; j++)
                sum[i][j] *= scale;
#pragma unroll
            for (int k = 0; k < ${unroll}; k++) {
                const float p = exp2f(e[k][i] - most);
                total[i] += p; // 0 of a slot beyond the end, its x too
#pragma unroll
                for (int j = 0; j < ${width}; j++)
                    sum[i][j] = fmaf(p, edge + k < end ? v[k][i][j] : 0.0f,
                                     sum[i][j]);
            }
        }
    }

//% -- Add the sums of another team, from a lane `step` away, or of warp q.
//% local function join(shared)
//%   if shared then
            const float other = joined[q][i * ${2 + width}][at];
            const float others = joined[q][i * ${2 + width} + 1][at];
//%   else
            const float other = __shfl_xor_sync(~0u, top[i], step);
            const float others = __shfl_xor_sync(~0u, total[i], step);
//%   end
            const float most = fmaxf(top[i], other);
            const float mine = rescale(top[i], most);
            const float theirs = rescale(other, most);
            top[i] = most;
            total[i] = total[i] * mine + others * theirs;
#pragma unroll
            for (int j = 0; j < ${width}; j++) {
//%   if shared then
                const float more = joined[q][i * ${2 + width} + 2 + j][at];
//%   else
                const float more = __shfl_xor_sync(~0u, sum[i][j], step);
//%   end
                sum[i][j] = sum[i][j] * mine + more * theirs;
            }
//% end
//% if edgeWorker > 1 then
#pragma unroll
    for (int step = ${dimWorker}; step < ${team}; step *= 2)
#pragma unroll
        for (int i = 0; i < ${loads}; i++) {
//%   join(false)
        }
//% end
//% if warpPerRow > 1 then
    if (warp % ${warpPerRow} > 0 && lane < ${dimWorker}) {
#pragma unroll
        for (int i = 0; i < ${loads}; i++) {
            joined[warp][i * ${2 + width}][at] = top[i];
            joined[warp][i * ${2 + width} + 1][at] = total[i];
#pragma unroll
            for (int j = 0; j < ${width}; j++)
                joined[warp][i * ${2 + width} + 2 + j][at] = sum[i][j];
        }
    }
    __syncthreads();
    if (warp % ${warpPerRow} > 0)
        return;
#pragma unroll 1
    for (int q = warp + 1; q < warp + ${warpPerRow}; q++)
#pragma unroll
        for (int i = 0; i < ${loads}; i++) {
//%   join(true)
        }
//% end
    if (!active || lane % ${team} >= ${dimWorker})
        return;
    float *to = out + (long long)row * ${spec.out_pitch};
#pragma unroll
    for (int i = 0; i < ${loads}; i++) {
//% if not whole then
        if ((blockIdx.y * ${loads} + i) * ${span} + at * ${width} >= ${spec.dim})
            continue;
//% end
        const float scale = 1.0f / total[i];
#pragma unroll
        for (int j = 0; j < ${width}; j++) {
//% if spec.bias then
            sum[i][j] = fmaf(sum[i][j], scale, __ldg(bias + column[i] + j));
//% else
            sum[i][j] *= scale;
//% end
//% if spec.act == "relu" then
            sum[i][j] = sum[i][j] < 0.0f ? 0.0f : sum[i][j];
//% elseif spec.act == "elu" then
            sum[i][j] = sum[i][j] < 0.0f ? expm1f(sum[i][j]) : sum[i][j];
//% end
        }
//% if residual.there then
        const int c = column[i];
//%   residual.take("c", width)
#pragma unroll
        for (int j = 0; j < ${width}; j++)
            sum[i][j] += more[j];
//% end
        ${store}(to + column[i], sum[i]);
    }
}
