//% family {
//%   op = "attention_scores",
//%   doc = [[
//% What attention knows of a node: for every head the products of its columns
//% of x with att_src and with att_dst. out has the first of all heads, then the
//% second. A power of two of lanes, at most a warp, for each row and head.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% check(spec.heads > 0, "attention needs heads")
//% check(spec.x_type == "f32" and spec.out_type == "f32",
//%       "attention works on float32")
//% local follow = include "follow"
//% local group = 1
//% while group < 32 and group < spec.channels do group = group * 2 end
//% local groups = warpPerBlock * 32 // group
//% local rows = math.max(1, groups // spec.heads)
//% local pairs = rows * spec.heads
//% local turns = (pairs + groups - 1) // groups
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows },
//%   block = 32 * warpPerBlock,
//%   args = { "out", "x", "att_src", "att_dst", "n_rows" },
//% }
// ${group} lanes per row and head; ${rows} rows per block.
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    const int at = threadIdx.x % ${group};
    int pair = threadIdx.x / ${group};
#pragma unroll 1
    for (int turn = 0; turn < ${turns}; turn++, pair += ${groups}) {
        const unsigned row = blockIdx.x * ${rows} + pair / ${spec.heads};
        const int head = pair % ${spec.heads};
        const bool active = pair < ${pairs} && row < n_rows;
        const float *from = x + (long long)row * ${spec.x_pitch};
        float source = 0.0f, target = 0.0f;
        for (int c = at; active && c < ${spec.channels}; c += ${group}) {
            const int k = head * ${spec.channels} + c;
            const float v = __ldg(from + k);
            source = fmaf(v, __ldg(att_src + k), source);
            target = fmaf(v, __ldg(att_dst + k), target);
        }
//% if group > 1 then
#pragma unroll
        for (int step = ${group // 2}; step > 0; step /= 2) {
            source += __shfl_xor_sync(~0u, source, step);
            target += __shfl_xor_sync(~0u, target, step);
        }
//% end
        if (active && at == 0) {
            float *to = out + (long long)row * ${spec.out_pitch} + head;
            to[0] = source;
            to[${spec.heads}] = target;
        }
    }
}
