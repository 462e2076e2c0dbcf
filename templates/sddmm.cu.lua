//% family {
//%   op = "sddmm",
//%   doc = [[
//% A value for every edge and head: the product of two rows, of self at the edge's
//% row and of x at its source; the gradient of a weighted sum by its weights. A warp
//% per group of at most partSize edges of one row, so work is even however long rows
//% are; teams of dimWorker lanes take turns at the edges. A row that fits stays in
//% registers, a wider one is read again. Edges are written once: no atomics.]],
//% }
//% knob { name = "partSize", tag = "p", min = 1, max = 1024, default = 64,
//%        doc = "edges per group" }
//% knob { name = "dimWorker", tag = "l", min = 1, max = 32, default = 32,
//%        doc = "lanes along a head's columns, a power of two" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "floats per load, at most: fewer where heads or pitches demand" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "edges that a team of lanes has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "groups, and so warps, per block" }

//% local lanes = include "lanes"
//% local walk = include "walk"
//% local follow = include "follow"
//% local heads, channels = spec.heads, spec.channels
//% check(heads > 0 and heads <= 65535, "%d heads are none or too many", heads)
//% check(spec.edges ~= "none", "products of rows are values of edges")
//% check(spec.x_type == "f32" and spec.self_type == "f32",
//%       "products of rows are of float32")
//% check(dimWorker & (dimWorker - 1) == 0, "dimWorker %d is no power of two",
//%       dimWorker)
//% local teams, stride = 32 // dimWorker, 32 // dimWorker * unroll
//% local width = lanes.widest(vec, channels, spec.x_pitch, spec.self_pitch)
//% local span = dimWorker * width
//% local steps = (channels + span - 1) // span
//% local held = math.min(steps, 8 // width)
//% local whole = channels % (span * held) == 0
//% local once = steps <= held
//% check(lanes.fits(held * width, unroll, warpPerBlock),
//%       "unroll %d: too many registers for %d warps", unroll, warpPerBlock)
//% needs { part_size = partSize, parts_per_block = warpPerBlock }
//% local args = { "edge_out", "x", "self", "colidx", "part_ptr", "part_row" }
//% if spec.edges == "mapped" then args[#args + 1] = "edge_of" end
//% if spec.norm == "mean" then args[#args + 1] = "rowptr" end
//% args[#args + 1] = "n_parts"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_parts", per = warpPerBlock, y = heads },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
// Teams per warp: ${teams}; lanes per team: ${dimWorker}; floats per load: ${width}.
//% walk.define()
//% lanes.define_move("load", width, width)
// The lane's vectors of a row, from column c on, as far as the head has columns.
static __device__ __forceinline__ void
load_row(float (*to)[${width}], const float *from, int c)
{
#pragma unroll
    for (int i = 0; i < ${held}; i++)
//% if not whole then
        if (c + i * ${span} < ${channels})
//% end
            load${width}(to[i], from + c + i * ${span});
}

extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    const int lane = threadIdx.x % 32;
    const unsigned part = blockIdx.x * ${warpPerBlock} + threadIdx.x / 32;
    if (part >= n_parts)
        return;
    const int at = lane % ${dimWorker};
    const int edge = lane / ${dimWorker};
    const int head = blockIdx.y;
    const int row = __ldg(part_row + part);
    const offset_t begin = __ldg(part_ptr + part);
    const offset_t end = __ldg(part_ptr + part + 1);
    const float *mine = self + (long long)row * ${spec.self_pitch} +
                        head * ${channels};
//% if spec.norm == "mean" then
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
    const float scale = 1.0f / (float)(degree > 1 ? degree : 1);
//% end
//% if once then
    const int c = at * ${width};
    float own[${held}][${width}] = {};
    load_row(own, mine, c);
//% end

#pragma unroll 1
    for (offset_t base = begin; base < end; base += ${stride}) {
        float dot[${unroll}] = {};
        const float *from[${unroll}];
#pragma unroll
        for (int k = 0; k < ${unroll}; k++) {
            const offset_t e = base + k * ${teams} + edge;
            const int id = __ldg(colidx + (e < end ? e : begin));
            from[k] = x + (long long)id * ${spec.x_pitch} + head * ${channels};
        }
//% if not once then
#pragma unroll 1
        for (int c = at * ${width}; c < ${channels}; c += ${span * held}) {
            float own[${held}][${width}] = {};
            load_row(own, mine, c);
//% else
        {
//% end
            float v[${unroll}][${held}][${width}] = {};
#pragma unroll
            for (int k = 0; k < ${unroll}; k++)
                load_row(v[k], from[k], c);
#pragma unroll
            for (int k = 0; k < ${unroll}; k++)
#pragma unroll
                for (int i = 0; i < ${held}; i++)
#pragma unroll
                    for (int j = 0; j < ${width}; j++)
                        dot[k] = fmaf(own[i][j], v[k][i][j], dot[k]);
        }
#pragma unroll
        for (int k = 0; k < ${unroll}; k++) {
//% if dimWorker > 1 then
#pragma unroll
            for (int step = ${dimWorker // 2}; step > 0; step /= 2)
                dot[k] += __shfl_xor_sync(~0u, dot[k], step);
//% end
            const offset_t e = base + k * ${teams} + edge;
            if (at > 0 || e >= end)
                continue;
//% if spec.edges == "mapped" then
            const long long number = __ldg(edge_of + e);
//% else
            const long long number = e;
//% end
//% if spec.norm == "mean" then
            dot[k] *= scale;
//% end
            edge_out[number * ${heads} + head] = dot[k];
        }
    }
}
