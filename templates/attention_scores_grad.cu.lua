//% family {
//%   op = "attention_scores_grad",
//%   doc = [[
//% The backward of attention's scores, whose gradients lie behind them: out, the
//% gradient of the rows, gets what they add to it; grad and grad_next, those of
//% att_src and att_dst, are sums over the rows. A block adds rowsPerBlock rows, 32
//% columns at a time; a second kernel adds the blocks' sums in their order.]],
//% }
//% knob { name = "rowsPerBlock", tag = "r", min = 1, max = 65536, default = 128,
//%        doc = "rows that a block adds" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block; a power of two" }

//% local edges = include "edge_heads"
//% local train = include "train"
//% local follow = include "follow"
//% edges.keep_behind_scores()
//% local threads = 32 * warpPerBlock
//% check(warpPerBlock & (warpPerBlock - 1) == 0,
//%       "warpPerBlock %d is no power of two", warpPerBlock)
//% local lanes = train.lanes_for(spec.dim)
//% local teams = threads // lanes
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rowsPerBlock, y = (spec.dim + 31) // 32 },
//%   block = threads,
//%   args = { "out", "x", "kept", "att_src", "att_dst", "scratch", "n_rows" },
//% }
// ${lanes} lanes per row; ${teams} rows at a time.
extern "C" __global__ void __launch_bounds__(${threads}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    const int column = blockIdx.y * 32 + threadIdx.x % ${lanes};
    const long long first = blockIdx.x * ${rowsPerBlock}LL;
    const long long past = min(n_rows - first, ${rowsPerBlock}LL);
    float sources = 0.0f, targets = 0.0f;
    if (column < ${spec.dim}) {
        const float by_source = __ldg(att_src + column);
        const float by_target = __ldg(att_dst + column);
#pragma unroll 4
        for (int i = threadIdx.x / ${lanes}; i < past; i += ${teams}) {
            const long long row = first + i;
            const float *grads =
                kept + row * ${spec.self_pitch} + column / ${spec.channels};
            const float source = grads[${edges.grad_source}];
            const float target = grads[${edges.grad_target}];
            const float v = __ldg(x + row * ${spec.x_pitch} + column);
            out[row * ${spec.out_pitch} + column] +=
                source * by_source + target * by_target;
            sources = fmaf(source, v, sources);
            targets = fmaf(target, v, targets);
        }
    }
//% for i, name in ipairs { "sources", "targets" } do
//%   if i > 1 then
    __syncthreads();
//%   end
    {
    double total = ${name};
//%   train.add_rows("total", threads, lanes)
    if (threadIdx.x < ${lanes} && column < ${spec.dim})
        scratch[blockIdx.x * ${2 * spec.dim}LL + ${(i - 1) * spec.dim} + column] =
            total;
    }
//% end
}
//% local second = train.launch_total({ "grad", "grad_next" }, 2 * spec.dim)
//% train.open_total(second, rowsPerBlock, 2 * spec.dim)
    if (threadIdx.x >= ${train.lanes_for(2 * spec.dim)})
        return;
    if (column < ${spec.dim})
        grad[column] = (float)total;
    else if (column < ${2 * spec.dim})
        grad_next[column - ${spec.dim}] = (float)total;
}
