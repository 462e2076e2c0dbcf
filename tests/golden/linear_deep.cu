// gnnac linear, from templates/linear.cu.lua
// x W^T for few columns, in one pass over x. A lane has a block of rowsPerLane
// rows and colsPerLane columns in registers; depthWorker lanes share the
// block's depth and hand its rows round in the end. W is read through the L1
// cache. Sums in a fixed order. Wins against BLAS, whose tiles are wider, up
// to 16 columns.
// rowsPerLane=8 colsPerLane=4 depthWorker=8 unroll=4 warpPerBlock=4
// f32 dim=16 x_pitch=1433 out_pitch=16 norm=none self=none bias=0 act=none offset_bits=32
#line 58 "/gnnac/templates/linear.cu.lua"
// Lanes along the columns: 4; along the depth: 8; rows per warp: 8.
#line 214 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 170 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 214 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 161 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 61 "/gnnac/templates/linear.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_linear_f32_d16_r8_c4_k8_u4_w4_k1433(
    float *out, const float *x, const float *weight,
    int n_rows)
{
#line 64 "/gnnac/templates/linear.cu.lua"
    const int lane = threadIdx.x % 32;
    const int slice = lane / 4 % 8;
    const int column = blockIdx.y * 16 + lane % 4 * 4;
    const unsigned first = blockIdx.x * 32 +
                           threadIdx.x / 32 * 8 +
                           lane / 32 * 8;
    // What lies beyond the last row or column repeats it and is not stored.
    const float *xs[8], *ws[4];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        const unsigned row = first + i < n_rows ? first + i : n_rows - 1;
        xs[i] = x + (long long)row * 1433 + slice * 1;
    }
#pragma unroll
    for (int j = 0; j < 4; j++)
        ws[j] = weight + (long long)min(column + j, 15) * 1433 +
                slice * 1;

    float sum[8][4] = {};
#line 100 "/gnnac/templates/linear.cu.lua"
#pragma unroll 4
    for (int k = 0; k < 1432; k += 8) {
#line 84 "/gnnac/templates/linear.cu.lua"
        float a[8][1], b[4][1];
#pragma unroll
        for (int i = 0; i < 8; i++)
            load1(a[i], xs[i] + k);
#pragma unroll
        for (int j = 0; j < 4; j++)
            load1(b[j], ws[j] + k);
#pragma unroll
        for (int v = 0; v < 1; v++)
#pragma unroll
            for (int i = 0; i < 8; i++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sum[i][j] = fmaf(a[i][v], b[j][v], sum[i][j]);
    }
#line 106 "/gnnac/templates/linear.cu.lua"
    if (1432 + slice * 1 < 1433) {
        const int k = 1432;
#line 84 "/gnnac/templates/linear.cu.lua"
        float a[8][1], b[4][1];
#pragma unroll
        for (int i = 0; i < 8; i++)
            load1(a[i], xs[i] + k);
#pragma unroll
        for (int j = 0; j < 4; j++)
            load1(b[j], ws[j] + k);
#pragma unroll
        for (int v = 0; v < 1; v++)
#pragma unroll
            for (int i = 0; i < 8; i++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sum[i][j] = fmaf(a[i][v], b[j][v], sum[i][j]);
    }
    {
#line 118 "/gnnac/templates/linear.cu.lua"
        const bool upper = slice & 4;
#pragma unroll
        for (int i = 0; i < 4; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
                const float give = upper ? sum[i][j] : sum[i + 4][j];
                const float keep = upper ? sum[i + 4][j] : sum[i][j];
                sum[i][j] = keep + __shfl_xor_sync(~0u, give, 16);
            }
    }
    {
#line 118 "/gnnac/templates/linear.cu.lua"
        const bool upper = slice & 2;
#pragma unroll
        for (int i = 0; i < 2; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
                const float give = upper ? sum[i][j] : sum[i + 2][j];
                const float keep = upper ? sum[i + 2][j] : sum[i][j];
                sum[i][j] = keep + __shfl_xor_sync(~0u, give, 8);
            }
    }
    {
#line 118 "/gnnac/templates/linear.cu.lua"
        const bool upper = slice & 1;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
                const float give = upper ? sum[i][j] : sum[i + 1][j];
                const float keep = upper ? sum[i + 1][j] : sum[i][j];
                sum[i][j] = keep + __shfl_xor_sync(~0u, give, 4);
            }
    }

#line 130 "/gnnac/templates/linear.cu.lua"
#pragma unroll
    for (int i = 0; i < 1; i++) {
        const unsigned row = first + slice * 1 + i;
        if (row >= n_rows)
            break;
#line 141 "/gnnac/templates/linear.cu.lua"
        float *to = out + (long long)row * 16 + column;
#pragma unroll
        for (int j = 0; j < 4; j += 4)
#line 145 "/gnnac/templates/linear.cu.lua"
            store4(to + j, &sum[i][j]);
    }
}
