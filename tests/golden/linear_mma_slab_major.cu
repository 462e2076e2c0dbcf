// gnnac linear, from templates/linear_mma.cu.lua
// x W^T for many columns, by tensor cores, within float32's bound: a number is split
// into two tf32 numbers, and three of their four products are added. A block has
// rows of x and columns of the result. The depth comes 16 at a time into shared
// memory, `stages` steps of it in flight. A warp holds rowTiles times 16 rows by
// colTiles times 8 columns. A sum that is not finite is computed once more without
// tensor cores, and so is everything below sm_80. Sums in a fixed order. Wins
// against BLAS where the depth is a few hundred at most.
// rowTiles=2 colTiles=8 colWarps=1 stages=3 warpPerBlock=4
// f32 dim=64 x_pitch=128 out_pitch=64 x_slab=0 out_slab=8 self_slab=0 norm=none self=none bias=0 act=none offset_bits=32
#line 68 "/gnnac/templates/linear_mma.cu.lua"
// Rows of a block: 128; columns: 64; of a warp: 32 x 64.
#line 26 "/gnnac/templates/layout.lib.lua"
static __device__ __forceinline__ long long out_at(long long row, unsigned column,
                                                         int n_rows)
{
    return (column / 8 * (long long)n_rows + row) * 8 +
           column % 8;
}

#line 8 "/gnnac/templates/mma.lib.lua"
#if __CUDA_ARCH__ >= 800
#define TENSOR_CORES 1
#endif
#if TENSOR_CORES
// d = a b + d, of which a warp holds d [16, 8], a [16, 8] and b [8, 8]. Lane
// 4 g + t has rows g and g + 8 of d and a; columns 2 t and 2 t + 1 of d, t and
// t + 4 of a; rows t and t + 4, column g of b.
static __device__ __forceinline__ void multiply(
    float &d0, float &d1, float &d2, float &d3, unsigned a0, unsigned a1,
    unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d0), "+f"(d1), "+f"(d2), "+f"(d3)
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

#line 30 "/gnnac/templates/mma.lib.lua"
// The nearest tf32, 11 bits.
static __device__ __forceinline__ unsigned high(float v)
{
    return (__float_as_uint(v) + 0x1000u) & 0xffffe000u;
}

// What it lacks; together they have all but the last of 24 bits.
static __device__ __forceinline__ unsigned low(float v)
{
    const float rest = v - __uint_as_float(high(v));
    return __float_as_uint(rest) & 0xffffe000u;
}

#line 75 "/gnnac/templates/linear_mma.cu.lua"
static __device__ __forceinline__ void multiply(float *d, const unsigned *a,
                                                unsigned b0, unsigned b1)
{
    multiply(d[0], d[1], d[2], d[3], a[0], a[1], a[2], a[3], b0, b1);
}

// Sends `bytes` bytes, and zeros up to 16, on their way to shared memory.
static __device__ __forceinline__ void send(float *to, const float *from, int bytes)
{
    const unsigned at = (unsigned)__cvta_generic_to_shared(to);
#line 86 "/gnnac/templates/linear_mma.cu.lua"
    asm("cp.async.cg.shared.global [%0], [%1], 16, %2;"
        :: "r"(at), "l"(from), "r"(bytes) : "memory");
}

#line 97 "/gnnac/templates/linear_mma.cu.lua"
// The piece of a row from column k on; beyond the depth there are zeros.
static __device__ __forceinline__ void send_piece(float *to, const float *row, int k)
{
#pragma unroll
    for (int i = 0; i < 4; i += 4) {
#line 103 "/gnnac/templates/linear_mma.cu.lua"
        send(to + i, row + k + i, 16);
    }
}
#line 45 "/gnnac/templates/mma.lib.lua"
#endif

#line 112 "/gnnac/templates/linear_mma.cu.lua"
// A sum without tensor cores.
static __device__ __forceinline__ float plain(const float *a, const float *b)
{
    float sum = 0.0f;
#pragma unroll 1
    for (int k = 0; k < 128; k++)
        sum = fmaf(__ldg(a + k), __ldg(b + k), sum);
    return sum;
}

#line 132 "/gnnac/templates/linear_mma.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_linear_mma_f32_d64_r2_c8_d1_s3_w4_k128_yslab8(
    float *out, const float *x, const float *weight,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 136 "/gnnac/templates/linear_mma.cu.lua"
    const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const int warp = threadIdx.x / 32;
    const unsigned first = blockIdx.x * 128;
    const int first_column = blockIdx.y * 64;
    // Where the warp's rows and columns begin among the block's.
    const int top = warp / 1 * 32;
    const int left = warp % 1 * 64;
#if TENSOR_CORES
    // 16 floats of each row of x, then of W. In every other pair of rows the halves
    // are swapped, so that the lanes of half a warp, who read two floats of four
    // rows each, meet in no bank.
    __shared__ float4 staged[3][768];
    const int to = threadIdx.x ^ threadIdx.x / 8 % 2 * 2;
    // What lies beyond the last row or column repeats it and is not stored.
    const float *from[6];
#pragma unroll
    for (int i = 0; i < 6; i++) {
        const int at = (threadIdx.x + i * 128) / 4;
        if (at < 128) {
            const unsigned row = first + at < n_rows ? first + at : n_rows - 1;
            from[i] = x + (long long)row * 128;
        } else {
            const int column = min(first_column + at - 128, 63);
            from[i] = weight + (long long)column * 128;
        }
    }
    {
#line 124 "/gnnac/templates/linear_mma.cu.lua"
#pragma unroll
            for (int i = 0; i < 6; i++)
#line 129 "/gnnac/templates/linear_mma.cu.lua"
                send_piece((float *)(staged[0] + to + i * 128), from[i],
                           16 * 0 + threadIdx.x % 4 * 4);
    }
#line 168 "/gnnac/templates/linear_mma.cu.lua"
    asm("cp.async.commit_group;" ::: "memory");
    {
#line 124 "/gnnac/templates/linear_mma.cu.lua"
#pragma unroll
            for (int i = 0; i < 6; i++)
#line 129 "/gnnac/templates/linear_mma.cu.lua"
                send_piece((float *)(staged[1] + to + i * 128), from[i],
                           16 * 1 + threadIdx.x % 4 * 4);
    }
#line 168 "/gnnac/templates/linear_mma.cu.lua"
    asm("cp.async.commit_group;" ::: "memory");
#line 170 "/gnnac/templates/linear_mma.cu.lua"
    float d[2][8][4] = {};
#pragma unroll 1
    for (int step = 0; step < 8; step++) {
        // The step has come, and all have done with the one before.
        asm("cp.async.wait_group 1;" ::: "memory");
        __syncthreads();
        const int ahead = step + 2;
        if (ahead < 8) {
            const int at = ahead % 3;
#line 124 "/gnnac/templates/linear_mma.cu.lua"
#pragma unroll
            for (int i = 0; i < 6; i++)
#line 129 "/gnnac/templates/linear_mma.cu.lua"
                send_piece((float *)(staged[at] + to + i * 128), from[i],
                           16 * ahead + threadIdx.x % 4 * 4);
        }
#line 181 "/gnnac/templates/linear_mma.cu.lua"
        asm("cp.async.commit_group;" ::: "memory");
        const float *const stage =
            (const float *)staged[step % 3] + 16 * g + 2 * t;
#pragma unroll
        for (int k = 0; k < 2; k++) {
            // Of eight numbers the lane has 2 t and 2 t + 1, in the places of t and
            // t + 4: x and W agree, so it is the same sum.
            const float *const half = stage + 8 * (k ^ g / 2 % 2);
            unsigned big[2][4], small[2][4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const float2 v = *(const float2 *)(half + 16 * top + 128 * i);
                big[i / 2][i % 2] = high(v.x);
                big[i / 2][i % 2 + 2] = high(v.y);
                small[i / 2][i % 2] = low(v.x);
                small[i / 2][i % 2 + 2] = low(v.y);
            }
#pragma unroll
            for (int j = 0; j < 8; j++) {
                const float2 v =
                    *(const float2 *)(half + 16 * (128 + left) + 128 * j);
                const unsigned b0 = high(v.x), b1 = high(v.y);
                const unsigned c0 = low(v.x), c1 = low(v.y);
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    multiply(d[i][j], small[i], b0, b1);
                    multiply(d[i][j], big[i], c0, c1);
                    multiply(d[i][j], big[i], b0, b1);
                }
            }
        }
    }
#endif
#line 215 "/gnnac/templates/linear_mma.cu.lua"
#pragma unroll
    for (int r = 0; r < 4; r++) {
        const unsigned row = first + top + 8 * r + g;
        if (row >= n_rows)
            break;
        const float *const xs = x + (long long)row * 128;
#line 224 "/gnnac/templates/linear_mma.cu.lua"
#pragma unroll
        for (int j = 0; j < 8; j++) {
            const int column = first_column + left + 8 * j + 2 * t;
#line 228 "/gnnac/templates/linear_mma.cu.lua"
            float *const to = out + out_at(row, column, n_rows);
#line 232 "/gnnac/templates/linear_mma.cu.lua"
            float v[2] = {};
#line 237 "/gnnac/templates/linear_mma.cu.lua"
#pragma unroll
            for (int c = 0; c < 2; c++) {
#line 243 "/gnnac/templates/linear_mma.cu.lua"
#if TENSOR_CORES
                v[c] = d[r / 2][j][r % 2 * 2 + c];
                if (!(fabsf(v[c]) <= 3.4e38f))
#endif
                    v[c] = plain(xs, weight + (long long)(column + c) * 128);
            }
#line 274 "/gnnac/templates/linear_mma.cu.lua"
            *(float2 *)to = make_float2(v[0], v[1]);
        }
    }
}
