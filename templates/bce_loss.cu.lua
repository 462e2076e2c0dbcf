//% family {
//%   op = "bce_loss",
//%   doc = [[
//% Binary cross-entropy of each logit of x by itself, and its gradient, in one
//% pass: out = share / dim * (sigmoid(x) - label), 0 in rows without a share;
//% state->loss = the sum of share / dim * (max(x, 0) - x label + log(1 +
//% e^-|x|)), which no logit overflows. A row's labels are bits, 32 columns in
//% each number. A power of two of lanes per row, at most a warp. A second kernel
//% adds the blocks' losses in their order.]],
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
    const int n = row < n_rows ? ${spec.dim} : 0;
    const float weight = n > 0 ? __ldg(share + row) / ${spec.dim}.0f : 0.0f;
    const float *from = x + (long long)row * ${spec.x_pitch};
    const int *bits = labels + (long long)row * ${(spec.dim + 31) // 32};
    float *to = out + (long long)row * ${spec.out_pitch};

    double total = 0.0;
    for (int c = at; c < n; c += ${group}) {
        float slope = 0.0f;
        if (weight > 0.0f) {
            const float y = __ldg(from + c);
            const float label = (__ldg(bits + c / 32) >> (c % 32)) & 1;
            const float small = expf(-fabsf(y));
            slope = (y < 0.0f ? small : 1.0f) / (1.0f + small) - label;
            total += fmaxf(y, 0.0f) - y * label + log1pf(small);
        }
        to[c] = weight * slope;
    }
    total *= weight;
//% train.add_rows("total", threads, 1)
    if (threadIdx.x == 0)
        scratch[blockIdx.x] = total;
}
//% local second = train.launch_total({ "state" }, 1)
//% train.open_total(second, rows, 1)
    if (threadIdx.x == 0)
        state->loss = total;
}
