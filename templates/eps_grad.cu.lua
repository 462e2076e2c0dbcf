//% family {
//%   op = "eps_grad",
//%   doc = [[
//% The gradient of GIN's epsilon: the sum of all products of elements of x and
//% self. A block adds rowsPerBlock rows; a second kernel adds the blocks' sums in
//% their order.]],
//% }
//% knob { name = "rowsPerBlock", tag = "r", min = 1, max = 65536, default = 128,
//%        doc = "rows that a block adds" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block; a power of two" }

//% local train = include "train"
//% local follow = include "follow"
//% local threads = 32 * warpPerBlock
//% check(warpPerBlock & (warpPerBlock - 1) == 0,
//%       "warpPerBlock %d is no power of two", warpPerBlock)
//% local lanes = train.lanes_for(spec.dim)
//% local teams = threads // lanes
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rowsPerBlock },
//%   block = threads,
//%   args = { "x", "self", "scratch", "n_rows" },
//% }
// ${lanes} lanes per row; ${teams} rows at a time.
extern "C" __global__ void __launch_bounds__(${threads}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    const long long first = blockIdx.x * ${rowsPerBlock}LL;
    const long long past = min(n_rows - first, ${rowsPerBlock}LL);
    float sum = 0.0f;
    for (int i = threadIdx.x / ${lanes}; i < past; i += ${teams}) {
        const float *a = x + (first + i) * ${spec.x_pitch};
        const float *b = self + (first + i) * ${spec.self_pitch};
        for (int c = threadIdx.x % ${lanes}; c < ${spec.dim}; c += ${lanes})
            sum = fmaf(__ldg(a + c), __ldg(b + c), sum);
    }
    double total = sum;
//% train.add_rows("total", threads, 1)
    if (threadIdx.x == 0)
        scratch[blockIdx.x] = total;
}
//% local second = train.launch_total({ "grad" }, 1)
//% train.open_total(second, rowsPerBlock, 1)
    if (threadIdx.x == 0)
        grad[0] = (float)total;
}
