//% family {
//%   op = "log_softmax",
//%   doc = [[
//% x - max(x) - log(sum(exp(x - max(x)))) along each row; out may be x. A power
//% of two of lanes per row, at most a warp. Rows of up to 512 columns stay in
//% registers; wider ones are read three times.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% check(spec.x_type == "f32" and spec.out_type == "f32",
//%       "log_softmax works on float32")
//% local follow = include "follow"
//% local group = 1
//% while group < 32 and group < spec.dim do group = group * 2 end
//% local held = (spec.dim + group - 1) // group
//% local rows = warpPerBlock * 32 // group
//% local whole = held * group == spec.dim
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows },
//%   block = 32 * warpPerBlock,
//%   args = { "out", "x", "n_rows" },
//% }
// ${group} lanes per row; ${rows} rows per block.
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    const unsigned row = blockIdx.x * ${rows} + threadIdx.x / ${group};
    const int at = threadIdx.x % ${group};
    const bool active = row < n_rows;
    const float *from = x + (long long)row * ${spec.x_pitch};
    float *to = out + (long long)row * ${spec.out_pitch};

//% local function over_lanes(max)
//%   if group == 1 then return end
#pragma unroll
    for (int step = ${group // 2}; step > 0; step /= 2)
//%   if max then
        top = fmaxf(top, __shfl_xor_sync(~0u, top, step));
//%   else
        total += __shfl_xor_sync(~0u, total, step);
//%   end
//% end
    float top = __int_as_float(0xff800000);
//% if held <= 16 then
    float v[${held}];
#pragma unroll
    for (int k = 0; k < ${held}; k++) {
        const int c = at + k * ${group};
//%   if whole then
        v[k] = active ? from[c] : top;
//%   else
        v[k] = active && c < ${spec.dim} ? from[c] : __int_as_float(0xff800000);
//%   end
        top = fmaxf(top, v[k]);
    }
//%   over_lanes(true)
    float total = 0.0f;
#pragma unroll
    for (int k = 0; k < ${held}; k++)
        total += expf(v[k] - top);
//%   over_lanes(false)
    if (!active)
        return;
    const float shift = logf(total);
#pragma unroll
    for (int k = 0; k < ${held}; k++)
//%   if whole then
        to[at + k * ${group}] = v[k] - top - shift;
//%   else
        if (at + k * ${group} < ${spec.dim})
            to[at + k * ${group}] = v[k] - top - shift;
//%   end
//% else
    const int n = active ? ${spec.dim} : 0;
    for (int c = at; c < n; c += 32)
        top = fmaxf(top, from[c]);
//%   over_lanes(true)
    float total = 0.0f;
    for (int c = at; c < n; c += 32)
        total += expf(from[c] - top);
//%   over_lanes(false)
    const float shift = logf(total);
    for (int c = at; c < n; c += 32)
        to[c] = from[c] - top - shift;
//% end
}
