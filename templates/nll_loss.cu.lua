//% family {
//%   op = "nll_loss",
//%   doc = [[
//% Log-softmax of the logits x, negative log-likelihood, and the gradient of both
//% in one pass: out = share * (softmax(x) - one at the label), 0 in rows without
//% a label; state->loss = the sum of share * -log_softmax(x)[label]. Of
//% log-softmax's output it gives the same. A power of two of lanes per row, at
//% most a warp. A second kernel adds the blocks' losses in their order.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block; a power of two" }

//% local train = include "train"
//% local follow = include "follow"
//% local threads = 32 * warpPerBlock
//% check(warpPerBlock & (warpPerBlock - 1) == 0,
//%       "warpPerBlock %d is no power of two", warpPerBlock)
//% local group = train.lanes_for(spec.dim)
//% local rows = threads // group
//% train.define_state()
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows },
//%   block = threads,
//%   args = { "out", "x", "labels", "share", "scratch", "n_rows" },
//% }
// ${group} lanes per row; ${rows} rows per block.
extern "C" __global__ void __launch_bounds__(${threads}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    const unsigned row = blockIdx.x * ${rows} + threadIdx.x / ${group};
    const int at = threadIdx.x % ${group};
    const bool active = row < n_rows;
    const int label = active ? __ldg(labels + row) : -1;
    const int n = label >= 0 ? ${spec.dim} : 0;
    const float *from = x + (long long)row * ${spec.x_pitch};
    float *to = out + (long long)row * ${spec.out_pitch};

//% local function over_lanes(max)
//%   if group == 1 then return end
#pragma unroll
    for (int step = ${group // 2}; step > 0; step /= 2)
//%   if max then
        top = fmaxf(top, __shfl_xor_sync(~0u, top, step));
//%   else
        exps += __shfl_xor_sync(~0u, exps, step);
//%   end
//% end
    float top = __int_as_float(0xff800000);
    for (int c = at; c < n; c += ${group})
        top = fmaxf(top, __ldg(from + c));
//% over_lanes(true)
    float exps = 0.0f;
    for (int c = at; c < n; c += ${group})
        exps += expf(__ldg(from + c) - top);
//% over_lanes(false)
    double total = 0.0;
    if (n > 0) {
        const float weight = __ldg(share + row);
        const float shift = top + logf(exps);
        for (int c = at; c < n; c += ${group})
            to[c] = weight *
                    (expf(__ldg(from + c) - shift) - (c == label ? 1.0f : 0.0f));
        if (at == 0)
            total = (double)weight * (shift - __ldg(from + label));
    } else if (active) {
        for (int c = at; c < ${spec.dim}; c += ${group})
            to[c] = 0.0f;
    }
//% train.add_rows("total", threads, 1)
    if (threadIdx.x == 0)
        scratch[blockIdx.x] = total;
}
//% local second = train.launch_total({ "state" }, 1)
//% train.open_total(second, rows, 1)
    if (threadIdx.x == 0)
        state->loss = total;
}
