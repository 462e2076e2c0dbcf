// gnnac linear, from templates/linear.cu.lua
// x W^T for few columns, in one pass over x, perhaps added to out, perhaps with
// a bias and an activation behind, in training dropout. A lane has a block of rowsPerLane
// rows and colsPerLane columns in registers; depthWorker lanes share the
// block's depth and hand its rows round in the end, and so do the lanes of
// depthWarps warps, whose sums meet in shared memory: few rows of a great depth
// have too few warps else. W is read through the L1 cache. Sums in a fixed
// order. Wins against BLAS, whose tiles are wider, up
// to 16 columns.
// rowsPerLane=4 colsPerLane=16 depthWorker=32 depthWarps=2 unroll=4 warpPerBlock=4
// f32 dim=16 x_pitch=1433 out_pitch=16 norm=none self=none bias=0 act=none offset_bits=32
#line 75 "/gnnac/templates/product.lib.lua"
// Lanes along the columns: 1; along the depth: 32; rows per warp: 4.
#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store2(float *to, const float *from)
{
#line 202 "/gnnac/templates/lanes.lib.lua"
    *(float2 *)(to + 0) = make_float2(from[0], from[1]);
}

#line 43 "/gnnac/templates/linear.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_linear_f32_d16_r4_c16_k32_d2_u4_w4_k1433(
    float *out, const float *x, const float *weight,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 89 "/gnnac/templates/product.lib.lua"
    const int lane = threadIdx.x % 32;
    const int slice = lane / 1 % 32;
#line 92 "/gnnac/templates/product.lib.lua"
    const int part = threadIdx.x / 32 % 2;
#line 99 "/gnnac/templates/product.lib.lua"
    const int first_column = blockIdx.y * 16 + lane % 1 * 16;
    const unsigned first = blockIdx.x * 8 +
                           threadIdx.x / 64 * 4 +
                           lane / 32 * 4;
#line 104 "/gnnac/templates/product.lib.lua"
    // What lies beyond the last row or column repeats it and is not stored.
    const float *xs[4], *ws[16];
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const unsigned row = first + i < n_rows ? first + i : n_rows - 1;
        xs[i] = x + (long long)row * 1433 + slice * 1;
    }
#pragma unroll
    for (int j = 0; j < 16; j++)
#line 114 "/gnnac/templates/product.lib.lua"
        ws[j] = weight + (long long)first_column * 1433 + slice * 1 +
                j * 1433;

#line 121 "/gnnac/templates/product.lib.lua"
    float sum[4][16] = {};
#line 144 "/gnnac/templates/product.lib.lua"
#pragma unroll 4
    for (int k = part * 32; k < 1408; k += 64) {
#line 123 "/gnnac/templates/product.lib.lua"
        float a[4][1], b[16][1];
#pragma unroll
        for (int i = 0; i < 4; i++)
            load1(a[i], xs[i] + k);
#pragma unroll
        for (int j = 0; j < 16; j++)
            load1(b[j], ws[j] + k);
#pragma unroll
        for (int v = 0; v < 1; v++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#pragma unroll
                for (int j = 0; j < 16; j++)
                    sum[i][j] = fmaf(a[i][v], b[j][v], sum[i][j]);
    }
#line 155 "/gnnac/templates/product.lib.lua"
    if (part == 0 && 1408 + slice * 1 < 1433) {
        const int k = 1408;
#line 123 "/gnnac/templates/product.lib.lua"
        float a[4][1], b[16][1];
#pragma unroll
        for (int i = 0; i < 4; i++)
            load1(a[i], xs[i] + k);
#pragma unroll
        for (int j = 0; j < 16; j++)
            load1(b[j], ws[j] + k);
#pragma unroll
        for (int v = 0; v < 1; v++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#pragma unroll
                for (int j = 0; j < 16; j++)
                    sum[i][j] = fmaf(a[i][v], b[j][v], sum[i][j]);
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 16;
#pragma unroll
        for (int i = 0; i < 2; i++)
#pragma unroll
            for (int j = 0; j < 16; j++) {
#line 170 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i + 2][j];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 16);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 8;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 16; j++) {
#line 170 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i + 1][j];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 8);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 4;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 8; j++) {
#line 172 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i][j + 8];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 4);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 2;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
#line 172 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i][j + 4];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 2);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 1;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 2; j++) {
#line 172 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i][j + 2];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 1);
            }
    }

#line 193 "/gnnac/templates/product.lib.lua"
    // What the other warps have of the same rows and columns.
    __shared__ float parts[2][1][2][32];
    const int team = threadIdx.x / 64;
    if (part > 0)
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 2; j++)
                parts[team][part - 1][i * 2 + j][lane] = sum[i][j];
    __syncthreads();
    if (part > 0)
        return;
#pragma unroll 1
    for (int p = 0; p < 1; p++)
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 2; j++)
                sum[i][j] += parts[team][p][i * 2 + j][lane];

#line 215 "/gnnac/templates/product.lib.lua"
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 221 "/gnnac/templates/product.lib.lua"
        const unsigned row = first + slice / 8 * 1 + i;
        const int column = first_column + slice % 8 * 2;
#line 224 "/gnnac/templates/product.lib.lua"
        if (row >= n_rows)
            break;
#line 233 "/gnnac/templates/product.lib.lua"
        float *to =
            out + (long long)row * 16 + column;
#line 270 "/gnnac/templates/product.lib.lua"
#pragma unroll
        for (int j = 0; j < 2; j += 2)
#line 280 "/gnnac/templates/product.lib.lua"
            store2(to + j, &sum[i][j]);
    }
}
