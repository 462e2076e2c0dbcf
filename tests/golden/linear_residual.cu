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
// f32 dim=16 x_pitch=16 out_pitch=16 residual_pitch=16 tail=bias_act tail_dim=0 tail_bias=1 tail_act=relu norm=none self=none bias=0 act=none offset_bits=32
#line 75 "/gnnac/templates/product.lib.lua"
// Lanes along the columns: 4; along the depth: 4; rows per warp: 16.
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

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 43 "/gnnac/templates/linear.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_linear_f32_d16_r8_c4_k8_d1_u4_w4_k16_bias_act_tailbias_tailrelu_residual(
    float *out, const float *x, const float *weight,
    const float *tail_bias, const float *residual, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 89 "/gnnac/templates/product.lib.lua"
    const int lane = threadIdx.x % 32;
    const int slice = lane / 4 % 4;
#line 99 "/gnnac/templates/product.lib.lua"
    const int first_column = blockIdx.y * 16 + lane % 4 * 4;
    const unsigned first = blockIdx.x * 64 +
                           threadIdx.x / 32 * 16 +
                           lane / 16 * 8;
#line 104 "/gnnac/templates/product.lib.lua"
    // What lies beyond the last row or column repeats it and is not stored.
    const float *xs[8], *ws[4];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        const unsigned row = first + i < n_rows ? first + i : n_rows - 1;
        xs[i] = x + (long long)row * 16 + slice * 4;
    }
#pragma unroll
    for (int j = 0; j < 4; j++)
#line 114 "/gnnac/templates/product.lib.lua"
        ws[j] = weight + (long long)first_column * 16 + slice * 4 +
                j * 16;

#line 121 "/gnnac/templates/product.lib.lua"
    float sum[8][4] = {};
#line 139 "/gnnac/templates/product.lib.lua"
#pragma unroll 4
    for (int k = 0; k < 16; k += 16) {
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
        const bool upper = slice & 2;
#pragma unroll
        for (int i = 0; i < 4; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
#line 170 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i + 4][j];
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
        for (int i = 0; i < 2; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
#line 170 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i + 2][j];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 4);
            }
    }

#line 215 "/gnnac/templates/product.lib.lua"
#pragma unroll
    for (int i = 0; i < 2; i++) {
#line 218 "/gnnac/templates/product.lib.lua"
        const unsigned row = first + slice * 2 + i;
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
#line 264 "/gnnac/templates/product.lib.lua"
            const int of = column + j;
#line 24 "/gnnac/templates/residual.lib.lua"
        float more[1];
        load1(more, residual + (long long)row * 16 + of);
#line 266 "/gnnac/templates/product.lib.lua"
            sum[i][j] += more[0];
        }
#line 270 "/gnnac/templates/product.lib.lua"
#pragma unroll
        for (int j = 0; j < 4; j += 4)
#line 280 "/gnnac/templates/product.lib.lua"
            store4(to + j, &sum[i][j]);
    }
}
