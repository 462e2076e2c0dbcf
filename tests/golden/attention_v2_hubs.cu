// gnnac attention_v2, from templates/attention_v2.cu.lua
// GATv2's attention (Brody et al. 2022) in one pass over a row's edges: sums of x
// weighted by the softmax of <att, LeakyReLU(x[u] + self[v])>, the row's own self
// loop included. A row of x is read once, for its score and for the sum; maximum
// and sum are kept online. A team of lanes has one head's columns of a row; the
// teams of a row and head take its edges in turns and are then joined in order: no
// atomics, results repeat bit by bit. Last perhaps a residual.
// dimWorker=0 edgeWorker=4 warpPerRow=2 vec=4 unroll=2 warpPerBlock=4
// f32 dim=7 x_pitch=8 out_pitch=7 self_pitch=12 norm=none self=none bias=1 act=none offset_bits=64
#line 7 "/gnnac/templates/offsets.lib.lua"
typedef long long offset_t;
#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 95 "/gnnac/templates/edge_heads.lib.lua"
// The slope of the LeakyReLU.
static __device__ __forceinline__ float slope_at(float sum)
{
    return sum < 0.0f ? 0.2f : 1.0f;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 36 "/gnnac/templates/attention_v2.cu.lua"
// 8 teams of 8 lanes per row and head; 2 rows per block.
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_attention_v2_f32_d7_l0_e4_r2_v4_u2_w4_h1x7_bias_x8_s12_o64(
    float *out, const float *x, const float *self,
    const offset_t *rowptr, const int *colidx, const float *att,
    const float *bias, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 131 "/gnnac/templates/edge_heads.lib.lua"
    const int at = threadIdx.x % 8;
#line 133 "/gnnac/templates/edge_heads.lib.lua"
    const int turn = threadIdx.x % 64 / 8;
    const int slot = threadIdx.x / 64;
    const unsigned place_row = blockIdx.x * 2 + slot / 1;
    const int place_head = blockIdx.y * 1 + slot % 1;
    const bool active = slot < 2 && place_row < n_rows &&
                        place_head < 1;
    const unsigned row = active ? place_row : 0;
    const int head = active ? place_head : 0;
    const offset_t end = __ldg(rowptr + row + 1);
#line 146 "/gnnac/templates/edge_heads.lib.lua"
    long long edge = (long long)__ldg(rowptr + row) + turn * 2;

    // Columns that are not there are read as the first ones and not stored.
    int column[1];
#pragma unroll
    for (int i = 0; i < 1; i++) {
        const int c = i * 8 + at * 1;
#line 156 "/gnnac/templates/edge_heads.lib.lua"
        column[i] = head * 7 + (c < 7 ? c : 0);
    }

#line 160 "/gnnac/templates/edge_heads.lib.lua"
    // The lanes of a warp take as many steps as the longest row asks.
    int steps = active && edge <= end ? (int)((end - edge) / 16) + 1 : 0;
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
        steps = max(steps, __shfl_xor_sync(~0u, steps, step));
#line 174 "/gnnac/templates/edge_heads.lib.lua"
    float target[1][1];
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 180 "/gnnac/templates/edge_heads.lib.lua"
        load1(target[i], self + (long long)row * 12 + column[i]);
#line 183 "/gnnac/templates/edge_heads.lib.lua"
        if (i * 8 + at * 1 >= 7)
#pragma unroll
            for (int j = 0; j < 1; j++)
                target[i][j] = 0.0f;
    }
#line 174 "/gnnac/templates/edge_heads.lib.lua"
    float weight[1][1];
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 178 "/gnnac/templates/edge_heads.lib.lua"
        load1(weight[i], att + column[i]);
#line 183 "/gnnac/templates/edge_heads.lib.lua"
        if (i * 8 + at * 1 >= 7)
#pragma unroll
            for (int j = 0; j < 1; j++)
                weight[i][j] = 0.0f;
    }
#line 63 "/gnnac/templates/edge_softmax.lib.lua"
    float top = __int_as_float(0xff800000);
    float sum[2] = {}; // of the columns; last, of the coefficients

#line 195 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll 1
    for (; steps > 0; steps--, edge += 16) {
        unsigned id[2];
        bool there[2];
        float v[2][1][1];
#line 203 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
        for (int k = 0; k < 2; k++) {
            there[k] = active && edge + k <= end;
            id[k] = active && edge + k < end ? __ldg(colidx + edge + k) : row;
        }
#pragma unroll
        for (int k = 0; k < 2; k++)
#pragma unroll
            for (int i = 0; i < 1; i++)
                load1(v[k][i],
                      x + (long long)id[k] * 8 + column[i]);
#line 67 "/gnnac/templates/edge_softmax.lib.lua"
        float e[2];
        float most = top;
#pragma unroll
        for (int k = 0; k < 2; k++) {
#line 250 "/gnnac/templates/edge_heads.lib.lua"
            float z = 0.0f;
#pragma unroll
            for (int i = 0; i < 1; i++)
#pragma unroll
                for (int j = 0; j < 1; j++) {
                    const float both = target[i][j] + v[k][i][j];
                    z = fmaf(weight[i][j], fmaxf(both, 0.2f * both), z);
                }
#line 231 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
            for (int step = 4; step > 0; step /= 2)
                z += __shfl_xor_sync(~0u, z, step);
#line 45 "/gnnac/templates/edge_softmax.lib.lua"
            e[k] = 1.44269504f * z;
#line 72 "/gnnac/templates/edge_softmax.lib.lua"
            most = there[k] ? fmaxf(most, e[k]) : most;
        }
        // Nothing was summed under a maximum of -infinity.
        const float scale =
            top == __int_as_float(0xff800000) ? 0.0f : exp2f(top - most);
        top = most;
#pragma unroll
        for (int i = 0; i <= 1; i++)
            sum[i] *= scale;
#pragma unroll
        for (int k = 0; k < 2; k++) {
            const float p = there[k] ? exp2f(e[k] - most) : 0.0f;
#line 88 "/gnnac/templates/edge_softmax.lib.lua"
            const float w = p;
#line 90 "/gnnac/templates/edge_softmax.lib.lua"
            sum[1] += p;
#pragma unroll
            for (int i = 0; i < 1; i++)
                sum[i] = fmaf(w, v[k][i / 1][i % 1], sum[i]);
        }
    }

    const float mine = top;
#line 264 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
    for (int step = 8; step < 32; step *= 2)
        top = fmaxf(top, __shfl_xor_sync(~0u, top, step));
#line 269 "/gnnac/templates/edge_heads.lib.lua"
    __shared__ float tops[4];
    if (threadIdx.x % 32 == 0)
        tops[threadIdx.x / 32] = top;
    __syncthreads();
    for (int q = 0; q < 2; q++)
        top = fmaxf(top, tops[threadIdx.x / 32 / 2 * 2 + q]);
#line 99 "/gnnac/templates/edge_softmax.lib.lua"
    const float scale =
        mine == __int_as_float(0xff800000) ? 0.0f : exp2f(mine - top);
#pragma unroll
    for (int i = 0; i <= 1; i++)
        sum[i] *= scale;
#line 282 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
    for (int step = 8; step < 32; step *= 2)
#pragma unroll
        for (int i = 0; i < 2; i++)
            sum[i] += __shfl_xor_sync(~0u, sum[i], step);
#line 291 "/gnnac/templates/edge_heads.lib.lua"
    __shared__ float joined[4][2][8];
    const int warp = threadIdx.x / 32;
    if (threadIdx.x % 32 < 8)
#pragma unroll
        for (int i = 0; i < 2; i++)
            joined[warp][i][at] = sum[i];
    __syncthreads();
    if (turn > 0)
        return;
#pragma unroll 1
    for (int q = warp + 1; q < warp + 2; q++)
#pragma unroll
        for (int i = 0; i < 2; i++)
            sum[i] += joined[q][i][at];
#line 306 "/gnnac/templates/edge_heads.lib.lua"
    if (!active || turn > 0)
        return;
#line 105 "/gnnac/templates/edge_softmax.lib.lua"
    const float part = 1.0f / sum[1];
#line 318 "/gnnac/templates/edge_heads.lib.lua"
    float *to = out + (long long)row * 7;
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 322 "/gnnac/templates/edge_heads.lib.lua"
        if (i * 8 + at * 1 >= 7)
            continue;
#line 114 "/gnnac/templates/edge_softmax.lib.lua"
        float y[1];
#pragma unroll
        for (int j = 0; j < 1; j++) {
            y[j] = sum[i * 1 + j] * part;
#line 119 "/gnnac/templates/edge_softmax.lib.lua"
            y[j] += __ldg(bias + column[i] + j);
        }
#line 132 "/gnnac/templates/edge_softmax.lib.lua"
        store1(to + column[i], y);
    }
}
