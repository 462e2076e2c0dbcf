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
// f32 dim=7 x_pitch=16 out_pitch=8 x_slab=0 out_slab=8 self_slab=0 adds=1 norm=none self=none bias=0 act=none offset_bits=32
#line 75 "/gnnac/templates/product.lib.lua"
// Lanes along the columns: 2; along the depth: 4; rows per warp: 32.
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
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 26 "/gnnac/templates/layout.lib.lua"
static __device__ __forceinline__ long long out_at(long long row, unsigned column,
                                                         int n_rows)
{
    return (column / 8 * (long long)n_rows + row) * 8 +
           column % 8;
}

#line 43 "/gnnac/templates/linear.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_linear_f32_d7_r8_c4_k8_d1_u4_w4_k16_adds_y8_yslab8(
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
    const int slice = lane / 2 % 4;
#line 99 "/gnnac/templates/product.lib.lua"
    const int first_column = blockIdx.y * 8 + lane % 2 * 4;
    const unsigned first = blockIdx.x * 128 +
                           threadIdx.x / 32 * 32 +
                           lane / 8 * 8;
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
#line 117 "/gnnac/templates/product.lib.lua"
        ws[j] = weight + (long long)min(first_column + j, 6) * 16 +
                slice * 4;

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
                low = keep + __shfl_xor_sync(~0u, give, 4);
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
                low = keep + __shfl_xor_sync(~0u, give, 2);
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
#line 237 "/gnnac/templates/product.lib.lua"
#pragma unroll
        for (int j = 0; j < 4; j++) {
#line 240 "/gnnac/templates/product.lib.lua"
            if (column + j >= 7)
                break;
#line 244 "/gnnac/templates/product.lib.lua"
            float held;
#line 246 "/gnnac/templates/product.lib.lua"
            read1(&held, out + out_at(row, column + j, n_rows));
#line 250 "/gnnac/templates/product.lib.lua"
            sum[i][j] += held;
        }
#line 270 "/gnnac/templates/product.lib.lua"
#pragma unroll
        for (int j = 0; j < 4; j += 4)
#line 276 "/gnnac/templates/product.lib.lua"
            for (int p = 0; p < 4; p += 1)
                if (column + j + p < 7)
                    store1(out + out_at(row, column + j + p, n_rows), &sum[i][j + p]);
    }
}
