//% family {
//%   op = "bias_act_grad",
//%   doc = [[
//% The backward of a bias and an activation, perhaps with dropout behind them: out =
//% what dropout leaves of x, times the slope that self tells, the activation's
//% output with dropout behind it (out may be x); grad, the bias's gradient, is the
//% sums of out's columns. What a ReLU let pass and dropout left is not zero; else
//% dropout draws anew. A block adds rowsPerBlock rows, 32 columns at a
//% time; a second kernel adds the blocks' sums in their order.]],
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
//% local active = spec.act ~= "none"
//% check(spec.bias or active, "there is nothing to do")
//% local lanes = train.lanes_for(spec.dim)
//% local teams = threads // lanes
//% local redraws = spec.drops and spec.act ~= "relu"
//% local writes = active or spec.drops
//% local args = { "x" }
//% if writes then table.insert(args, 1, "out") end
//% if active then args[#args + 1] = "self" end
//% if spec.drops then
//%   args[#args + 1] = "state"
//%   train.define_state()
//% end
//% if redraws then
//%   args[#args + 1] = "place"
//%   train.define_dropout()
//% end
//% if spec.bias then args[#args + 1] = "scratch" end
//% args[#args + 1] = "n_rows"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rowsPerBlock, y = (spec.dim + 31) // 32 },
//%   block = threads,
//%   args = args,
//% }
// ${lanes} lanes per row; ${teams} rows at a time.
extern "C" __global__ void __launch_bounds__(${threads}, 1)
${kernel}(${parameters})
{
//% follow.wait()
    const int column = blockIdx.y * 32 + threadIdx.x % ${lanes};
    const long long first = blockIdx.x * ${rowsPerBlock}LL;
    const long long past = min(n_rows - first, ${rowsPerBlock}LL);
//% if spec.bias then
    float sum = 0.0f;
//% end
//% if redraws then
    const unsigned long long stream = dropout_stream(state, place);
//% end
//% if spec.drops and spec.act == "relu" then
    const float scale = state->drop_scale;
//% elseif spec.drops and spec.act == "elu" then
    // What dropout multiplied the activation's output with.
    const float unscale = 1.0f / state->drop_scale;
//% end
    if (column < ${spec.dim}) {
#pragma unroll 4
        for (int i = threadIdx.x / ${lanes}; i < past; i += ${teams}) {
            const long long row = first + i;
            float g = x[row * ${spec.x_pitch} + column];
//% if redraws then
            const unsigned long long bits =
                draw(stream, row * ${(spec.dim + 3) // 4}ULL + column / 4);
            g = dropped(state, (unsigned)(bits >> 16 * (column % 4)), g);
//% end
//% if active then
            const float y = self[row * ${spec.self_pitch} + column];
//% end
//% if spec.drops and spec.act == "elu" then
            g *= y < 0.0f ? y * unscale + 1.0f : 1.0f;
//% elseif spec.act == "elu" then
            g *= y < 0.0f ? y + 1.0f : 1.0f;
//% elseif spec.drops and active then
            g = y > 0.0f ? scale * g : 0.0f;
//% elseif active then
            g = y > 0.0f ? g : 0.0f;
//% end
//% if writes then
            out[row * ${spec.out_pitch} + column] = g;
//% end
//% if spec.bias then
            sum += g;
//% end
        }
    }
//% if spec.bias then
    double total = sum;
//%   train.add_rows("total", threads, lanes)
    if (threadIdx.x < ${lanes} && column < ${spec.dim})
        scratch[(long long)blockIdx.x * ${spec.dim} + column] = total;
//% end
}
//% if spec.bias then
//%   local second = train.launch_total({ "grad" }, spec.dim)
//%   train.open_total(second, rowsPerBlock, spec.dim)
    if (threadIdx.x < ${lanes} && column < ${spec.dim})
        grad[column] = (float)total;
}
//% end
