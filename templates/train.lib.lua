//% -- What the kernels of a training step share: the state in device memory
//% -- (runtime/bundle/train_state.h), the random numbers of dropout
//% -- (runtime/base/rng.h), and sums over a block in a fixed order.
//% local follow = include "follow"
//% local train = {}
//% check(spec.x_type == "f32" and spec.out_type == "f32" and
//%       spec.self_type == "f32", "training works on float32")
//%
//% function train.define_state()
struct train_state {
    unsigned long long seed;
    long long step;
    double loss;
    unsigned drop_threshold;
    float drop_scale;
    unsigned attention_threshold;
    float attention_scale;
    int is_sgd;
    float lr, decay, shrink, beta1, beta2, epsilon;
    float step_lr, correct2;
};

//% end
//%
//% -- Whether an element is kept is 16 bits of draw(stream, index): the same
//% -- function as the CPU's.
//% function train.define_dropout()
static __device__ __forceinline__ unsigned long long mix(unsigned long long z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static __device__ __forceinline__ unsigned long long
draw(unsigned long long stream, unsigned long long index)
{
    return mix(mix(stream) + (index + 1) * 0x9e3779b97f4a7c15ULL);
}

static __device__ __forceinline__ unsigned long long
dropout_stream(const train_state *state, int place)
{
    return draw(draw(state->seed, state->step), place);
}

static __device__ __forceinline__ float
dropped(const train_state *state, unsigned bits, float v)
{
    return (bits & 0xffff) >= state->drop_threshold ? state->drop_scale * v
                                                    : 0.0f;
}

//% end
//%
//% -- Dropout of what a kernel has made of rows of `columns` columns, the last
//% -- thing before the store: its arguments; what comes before the kernel; once per
//% -- thread; then `width` neighbours from `column` on, which one draw decides, as
//% -- value[at] and on.
//% function train.add_drop_args(args)
//%   args[#args + 1], args[#args + 2] = "state", "tail_place"
//% end
//% local defined
//% function train.define_drop(columns)
//%   if defined then return end -- for another layout of lanes
//%   defined = true
//%   train.define_state()
//%   train.define_dropout()
// The random bits of the columns from this one on, whose draw decides four.
static __device__ __forceinline__ unsigned long long
bits_from(unsigned long long stream, unsigned row, int column)
{
    return draw(stream, row * ${(columns + 3) // 4}ULL + column / 4) >>
           16 * (column % 4);
}

//% end
//% function train.open_drop()
    const bool drops = state->drop_threshold > 0;
    const unsigned long long stream = dropout_stream(state, tail_place);
//% end
//% function train.drop(value, at, column, width)
    if (drops) {
        unsigned long long bits = bits_from(stream, row, ${column});
#pragma unroll
        for (int d = 0; d < ${width}; d++, bits >>= 16)
            ${value}[${at} + d] =
                dropped(state, (unsigned)bits, ${value}[${at} + d]);
    }
//% end
//%
//% -- The block's threads are `lanes` per row of a table, a power of two of at
//% -- most a warp. Adds `sum` over the rows, in shared memory, then in the first
//% -- warp; the first `lanes` threads have the totals.
//% function train.add_rows(sum, threads, lanes)
//%   if threads > 32 then
    __shared__ double held[${threads}];
    held[threadIdx.x] = ${sum};
    for (int half = ${threads // 2}; half >= 32; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half)
            held[threadIdx.x] += held[threadIdx.x + half];
    }
//%   end
//%   if threads > 32 and lanes == 32 then
    if (threadIdx.x < 32)
        ${sum} = held[threadIdx.x];
//%   elseif lanes < 32 then
    if (threadIdx.x < 32) {
//%     if threads > 32 then
        ${sum} = held[threadIdx.x];
//%     end
        for (int step = 16; step >= ${lanes}; step /= 2)
            ${sum} += __shfl_down_sync(~0u, ${sum}, step);
    }
//%   end
//% end
//%
//% -- The smallest power of two, at most a warp, that holds n.
//% function train.lanes_for(n)
//%   local group = 1
//%   while group < 32 and group < n do group = group * 2 end
//%   return group
//% end
//%
//% -- The second kernel of a sum: one block adds what the blocks of the first
//% -- left in scratch, `stride` numbers each, into `total`, of which thread
//% -- `at` < lanes of tile y has column y * 32 + at. `to` lists where they go.
//% function train.launch_total(to, stride)
//%   local args = { table.unpack(to) }
//%   args[#args + 1], args[#args + 2] = "scratch", "n_rows"
//%   return launch {
//%     entry = kernel .. "_total",
//%     grid = { "one", y = (stride + 31) // 32 },
//%     block = 1024,
//%     args = args,
//%   }
//% end
//%
//% function train.open_total(parameters, rows, stride)
//%   local lanes = train.lanes_for(stride)

extern "C" __global__ void __launch_bounds__(1024, 1)
${kernel}_total(${parameters})
{
//%   follow.wait(kernel .. "_total")
    const int column = blockIdx.y * 32 + threadIdx.x % ${lanes};
    const int blocks = (n_rows + ${rows - 1}LL) / ${rows};
    double total = 0.0;
    for (int b = threadIdx.x / ${lanes}; b < blocks; b += ${1024 // lanes})
        if (column < ${stride})
            total += scratch[(long long)b * ${stride} + column];
//%   train.add_rows("total", 1024, lanes)
//% end
//%
//% return train
