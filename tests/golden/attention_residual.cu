// gnnac attention, from templates/attention.cu.lua
// Graph attention in one pass over a row's edges: sums of x weighted by the
// softmax of LeakyReLU(source score + destination score), maximum and sum kept
// online (Milakov and Gimelshein 2018), the row's own self loop included.
// Lanes lie along the columns; each follows the maximum and the sum of the
// heads of its own columns, so lanes share nothing until the edges are done.
// The teams of a row, in one warp or in several, take its edges in turns and
// are then joined in order: no atomics, results repeat bit by bit. Last perhaps a
// residual.
// dimWorker=16 edgeWorker=1 warpPerRow=1 vec=4 unroll=4 warpPerBlock=4
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=16 residual_pitch=64 norm=none self=none bias=1 act=elu offset_bits=32
#line 67 "/gnnac/templates/attention.cu.lua"
// 16 lanes of 4 columns; 1 teams per row, 8
// rows per block. self: scores of sources, then of destinations, times log2(e)
// on the way in, since exp2 is what the hardware has.
#line 9 "/gnnac/templates/offsets.lib.lua"
typedef int offset_t;

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

#line 77 "/gnnac/templates/attention.cu.lua"
// LeakyReLU of slope 0.2, in units of log2.
__device__ __forceinline__ float score(float source, float target)
{
    const float e = source + target;
    return 1.44269504f * (e < 0.0f ? 0.2f * e : e);
}

// What a maximum that moves to `to` makes of the sums so far; nothing was
// summed under a maximum of -infinity.
__device__ __forceinline__ float rescale(float from, float to)
{
    return from == __int_as_float(0xff800000) ? 0.0f : exp2f(from - to);
}

extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_attention_f32_d64_l16_e1_r1_v4_u4_w4_h8x8_bias_elu_residual_s16(
    float *out, const float *x, const float *self,
    const offset_t *rowptr, const int *colidx, const float *bias,
    const float *residual, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 98 "/gnnac/templates/attention.cu.lua"
    const int lane = threadIdx.x % 32;
    const int warp = threadIdx.x / 32;
    const int at = lane % 16;
#line 105 "/gnnac/templates/attention.cu.lua"
    const int turn = lane % 16 / 16;
    const unsigned row = blockIdx.x * 8 + warp * 2 + lane / 16;
#line 108 "/gnnac/templates/attention.cu.lua"
    const bool active = row < n_rows;
    offset_t edge = 0, end = 0;
    if (active) {
        edge = __ldg(rowptr + row) + turn * 4;
        end = __ldg(rowptr + row + 1);
    }

    // Columns that are not there are read as the first ones and not stored.
    int column[1], head[1];
    float top[1], total[1], target[1];
    float sum[1][4] = {};
#pragma unroll
    for (int i = 0; i < 1; i++) {
        const int c = (blockIdx.y * 1 + i) * 64 + at * 4;
#line 123 "/gnnac/templates/attention.cu.lua"
        column[i] = c;
#line 127 "/gnnac/templates/attention.cu.lua"
        head[i] = column[i] / 8;
        top[i] = __int_as_float(0xff800000);
        total[i] = target[i] = 0.0f;
        if (!active)
            continue;
        const float *mine = self + (long long)row * 16;
        target[i] = __ldg(mine + 8 + head[i]);
        if (turn > 0)
            continue;
        top[i] = score(__ldg(mine + head[i]), target[i]);
        total[i] = 1.0f;
        load4(sum[i], x + (long long)row * 64 + column[i]);
    }

#pragma unroll 1
    for (; edge < end; edge += 4) {
        int id[4];
        float e[4][1];
        float v[4][1][4];
#pragma unroll
        for (int k = 0; k < 4; k++)
            id[k] = __ldg(colidx + (edge + k < end ? edge + k : end - 1));
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 1; i++) {
                e[k][i] = __ldg(self + (long long)id[k] * 16 +
                                head[i]);
                load4(v[k][i], x + (long long)id[k] * 64 +
                                          column[i]);
            }
#pragma unroll
        for (int i = 0; i < 1; i++) {
            float most = top[i];
#pragma unroll
            for (int k = 0; k < 4; k++) {
                e[k][i] = edge + k < end ? score(e[k][i], target[i])
                                         : __int_as_float(0xff800000);
                most = fmaxf(most, e[k][i]);
            }
            const float scale = rescale(top[i], most);
            top[i] = most;
            total[i] *= scale;
#pragma unroll
            for (int j = 0; j < 4; j++)
                sum[i][j] *= scale;
#pragma unroll
            for (int k = 0; k < 4; k++) {
                const float p = exp2f(e[k][i] - most);
                total[i] += p; // 0 of a slot beyond the end, its x too
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sum[i][j] = fmaf(p, edge + k < end ? v[k][i][j] : 0.0f,
                                     sum[i][j]);
            }
        }
    }

#line 238 "/gnnac/templates/attention.cu.lua"
    if (!active || lane % 16 >= 16)
        return;
    float *to = out + (long long)row * 64;
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 247 "/gnnac/templates/attention.cu.lua"
        const float scale = 1.0f / total[i];
#pragma unroll
        for (int j = 0; j < 4; j++) {
#line 251 "/gnnac/templates/attention.cu.lua"
            sum[i][j] = fmaf(sum[i][j], scale, __ldg(bias + column[i] + j));
#line 258 "/gnnac/templates/attention.cu.lua"
            sum[i][j] = sum[i][j] < 0.0f ? expm1f(sum[i][j]) : sum[i][j];
        }
#line 262 "/gnnac/templates/attention.cu.lua"
        const int c = column[i];
#line 24 "/gnnac/templates/residual.lib.lua"
        float more[4];
        load4(more, residual + (long long)row * 64 + c);
#line 264 "/gnnac/templates/attention.cu.lua"
#pragma unroll
        for (int j = 0; j < 4; j++)
            sum[i][j] += more[j];
#line 268 "/gnnac/templates/attention.cu.lua"
        store4(to + column[i], sum[i]);
    }
}
