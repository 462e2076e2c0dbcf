// gnnac linear, from templates/linear.cu.lua
// x W^T for few columns, in one pass over x, perhaps added to out, perhaps with
// a bias and an activation behind, in training dropout. A lane has a block of rowsPerLane
// rows and colsPerLane columns in registers; depthWorker lanes share the
// block's depth and hand its rows round in the end, and so do the lanes of
// depthWarps warps, whose sums meet in shared memory: few rows of a great depth
// have too few warps else. W is read through the L1 cache. Sums in a fixed
// order. Wins against BLAS, whose tiles are wider, up
// to 16 columns.
// rowsPerLane=8 colsPerLane=4 depthWorker=8 depthWarps=1 unroll=4 warpPerBlock=4
// f32 dim=16 x_pitch=64 out_pitch=16 tail=bias_act tail_dim=0 tail_bias=1 tail_act=relu drops=1 norm=none self=none bias=0 act=none offset_bits=32
#line 75 "/gnnac/templates/product.lib.lua"
// Lanes along the columns: 4; along the depth: 8; rows per warp: 8.
#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldg((const float4 *)from);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 197 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 10 "/gnnac/templates/train.lib.lua"
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

#line 28 "/gnnac/templates/train.lib.lua"
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

#line 69 "/gnnac/templates/train.lib.lua"
// The random bits of the columns from this one on, whose draw decides four.
static __device__ __forceinline__ unsigned long long
bits_from(unsigned long long stream, unsigned row, int column)
{
    return draw(stream, row * 4ULL + column / 4) >>
           16 * (column % 4);
}

#line 43 "/gnnac/templates/linear.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_linear_f32_d16_r8_c4_k8_d1_u4_w4_k64_bias_act_tailbias_tailrelu_drops(
    float *out, const float *x, const float *weight,
    const float *tail_bias, train_state *state, int tail_place,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 89 "/gnnac/templates/product.lib.lua"
    const int lane = threadIdx.x % 32;
    const int slice = lane / 4 % 8;
#line 99 "/gnnac/templates/product.lib.lua"
    const int first_column = blockIdx.y * 16 + lane % 4 * 4;
    const unsigned first = blockIdx.x * 32 +
                           threadIdx.x / 32 * 8 +
                           lane / 32 * 8;
#line 104 "/gnnac/templates/product.lib.lua"
    // What lies beyond the last row or column repeats it and is not stored.
    const float *xs[8], *ws[4];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        const unsigned row = first + i < n_rows ? first + i : n_rows - 1;
        xs[i] = x + (long long)row * 64 + slice * 4;
    }
#pragma unroll
    for (int j = 0; j < 4; j++)
#line 114 "/gnnac/templates/product.lib.lua"
        ws[j] = weight + (long long)first_column * 64 + slice * 4 +
                j * 64;

#line 121 "/gnnac/templates/product.lib.lua"
    float sum[8][4] = {};
#line 139 "/gnnac/templates/product.lib.lua"
#pragma unroll 4
    for (int k = 0; k < 64; k += 32) {
#line 123 "/gnnac/templates/product.lib.lua"
        float a[8][4], b[4][4];
#pragma unroll
        for (int i = 0; i < 8; i++)
            load4(a[i], xs[i] + k);
#pragma unroll
        for (int j = 0; j < 4; j++)
            load4(b[j], ws[j] + k);
#pragma unroll
        for (int v = 0; v < 4; v++)
#pragma unroll
            for (int i = 0; i < 8; i++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sum[i][j] = fmaf(a[i][v], b[j][v], sum[i][j]);
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 4;
#pragma unroll
        for (int i = 0; i < 4; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
#line 170 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i + 4][j];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 16);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 2;
#pragma unroll
        for (int i = 0; i < 2; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
#line 170 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i + 2][j];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 8);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 1;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
#line 170 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i + 1][j];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 4);
            }
    }

#line 79 "/gnnac/templates/train.lib.lua"
    const bool drops = state->drop_threshold > 0;
    const unsigned long long stream = dropout_stream(state, tail_place);
#line 215 "/gnnac/templates/product.lib.lua"
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 218 "/gnnac/templates/product.lib.lua"
        const unsigned row = first + slice * 1 + i;
        const int column = first_column;
#line 224 "/gnnac/templates/product.lib.lua"
        if (row >= n_rows)
            break;
#line 233 "/gnnac/templates/product.lib.lua"
        float *to =
            out + (long long)row * 16 + column;
#line 237 "/gnnac/templates/product.lib.lua"
#pragma unroll
        for (int j = 0; j < 4; j++) {
#line 253 "/gnnac/templates/product.lib.lua"
            sum[i][j] += __ldg(tail_bias + column + j);
#line 256 "/gnnac/templates/product.lib.lua"
            sum[i][j] = sum[i][j] < 0.0f ? 0.0f : sum[i][j];
#line 259 "/gnnac/templates/product.lib.lua"
            if (drops)
                sum[i][j] = dropped(
                    state, (unsigned)bits_from(stream, row, column + j), sum[i][j]);
        }
#line 270 "/gnnac/templates/product.lib.lua"
#pragma unroll
        for (int j = 0; j < 4; j += 4)
#line 280 "/gnnac/templates/product.lib.lua"
            store4(to + j, &sum[i][j]);
    }
}
