// gnnac attention, from templates/attention.cu.lua
// Graph attention in one pass over a row's edges: sums of x weighted by the
// softmax of LeakyReLU(source score + destination score), maximum and sum kept
// online (Milakov and Gimelshein 2018), the row's own self loop included.
// Lanes lie along the columns; each follows the maximum and the sum of the
// heads of its own columns, so lanes share nothing until the edges are done.
// The teams of a row, in one warp or in several, take its edges in turns and
// are then joined in order: no atomics, results repeat bit by bit. Last perhaps a
// residual.
// dimWorker=8 edgeWorker=4 warpPerRow=2 vec=4 unroll=4 warpPerBlock=4
// f32 dim=7 x_pitch=8 out_pitch=7 self_pitch=2 norm=none self=none bias=1 act=none offset_bits=64
#line 67 "/gnnac/templates/attention.cu.lua"
// 8 lanes of 1 columns; 8 teams per row, 2
// rows per block. self: scores of sources, then of destinations, times log2(e)
// on the way in, since exp2 is what the hardware has.
#line 7 "/gnnac/templates/offsets.lib.lua"
typedef long long offset_t;

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
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
gnnac_attention_f32_d7_l8_e4_r2_v4_u4_w4_h1x7_bias_x8_s2_o64(
    float *out, const float *x, const float *self,
    const offset_t *rowptr, const int *colidx, const float *bias,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 96 "/gnnac/templates/attention.cu.lua"
    __shared__ float joined[4][3][8];
#line 98 "/gnnac/templates/attention.cu.lua"
    const int lane = threadIdx.x % 32;
    const int warp = threadIdx.x / 32;
    const int at = lane % 8;
#line 102 "/gnnac/templates/attention.cu.lua"
    const int turn = warp % 2 * 4 + lane / 8;
    const unsigned row = blockIdx.x * 2 + warp / 2;
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
    float sum[1][1] = {};
#pragma unroll
    for (int i = 0; i < 1; i++) {
        const int c = (blockIdx.y * 1 + i) * 8 + at * 1;
#line 125 "/gnnac/templates/attention.cu.lua"
        column[i] = c < 7 ? c : 0;
#line 127 "/gnnac/templates/attention.cu.lua"
        head[i] = column[i] / 7;
        top[i] = __int_as_float(0xff800000);
        total[i] = target[i] = 0.0f;
        if (!active)
            continue;
        const float *mine = self + (long long)row * 2;
        target[i] = __ldg(mine + 1 + head[i]);
        if (turn > 0)
            continue;
        top[i] = score(__ldg(mine + head[i]), target[i]);
        total[i] = 1.0f;
        load1(sum[i], x + (long long)row * 8 + column[i]);
    }

#pragma unroll 1
    for (; edge < end; edge += 32) {
        int id[4];
        float e[4][1];
        float v[4][1][1];
#pragma unroll
        for (int k = 0; k < 4; k++)
            id[k] = __ldg(colidx + (edge + k < end ? edge + k : end - 1));
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 1; i++) {
                e[k][i] = __ldg(self + (long long)id[k] * 2 +
                                head[i]);
                load1(v[k][i], x + (long long)id[k] * 8 +
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
            for (int j = 0; j < 1; j++)
                sum[i][j] *= scale;
#pragma unroll
            for (int k = 0; k < 4; k++) {
                const float p = exp2f(e[k][i] - most);
                total[i] += p; // 0 of a slot beyond the end, its x too
#pragma unroll
                for (int j = 0; j < 1; j++)
                    sum[i][j] = fmaf(p, edge + k < end ? v[k][i][j] : 0.0f,
                                     sum[i][j]);
            }
        }
    }

#line 210 "/gnnac/templates/attention.cu.lua"
#pragma unroll
    for (int step = 8; step < 32; step *= 2)
#pragma unroll
        for (int i = 0; i < 1; i++) {
#line 191 "/gnnac/templates/attention.cu.lua"
            const float other = __shfl_xor_sync(~0u, top[i], step);
            const float others = __shfl_xor_sync(~0u, total[i], step);
#line 194 "/gnnac/templates/attention.cu.lua"
            const float most = fmaxf(top[i], other);
            const float mine = rescale(top[i], most);
            const float theirs = rescale(other, most);
            top[i] = most;
            total[i] = total[i] * mine + others * theirs;
#pragma unroll
            for (int j = 0; j < 1; j++) {
#line 204 "/gnnac/templates/attention.cu.lua"
                const float more = __shfl_xor_sync(~0u, sum[i][j], step);
#line 206 "/gnnac/templates/attention.cu.lua"
                sum[i][j] = sum[i][j] * mine + more * theirs;
            }
        }
#line 218 "/gnnac/templates/attention.cu.lua"
    if (warp % 2 > 0 && lane < 8) {
#pragma unroll
        for (int i = 0; i < 1; i++) {
            joined[warp][i * 3][at] = top[i];
            joined[warp][i * 3 + 1][at] = total[i];
#pragma unroll
            for (int j = 0; j < 1; j++)
                joined[warp][i * 3 + 2 + j][at] = sum[i][j];
        }
    }
    __syncthreads();
    if (warp % 2 > 0)
        return;
#pragma unroll 1
    for (int q = warp + 1; q < warp + 2; q++)
#pragma unroll
        for (int i = 0; i < 1; i++) {
#line 188 "/gnnac/templates/attention.cu.lua"
            const float other = joined[q][i * 3][at];
            const float others = joined[q][i * 3 + 1][at];
#line 194 "/gnnac/templates/attention.cu.lua"
            const float most = fmaxf(top[i], other);
            const float mine = rescale(top[i], most);
            const float theirs = rescale(other, most);
            top[i] = most;
            total[i] = total[i] * mine + others * theirs;
#pragma unroll
            for (int j = 0; j < 1; j++) {
#line 202 "/gnnac/templates/attention.cu.lua"
                const float more = joined[q][i * 3 + 2 + j][at];
#line 206 "/gnnac/templates/attention.cu.lua"
                sum[i][j] = sum[i][j] * mine + more * theirs;
            }
        }
#line 238 "/gnnac/templates/attention.cu.lua"
    if (!active || lane % 32 >= 8)
        return;
    float *to = out + (long long)row * 7;
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 244 "/gnnac/templates/attention.cu.lua"
        if ((blockIdx.y * 1 + i) * 8 + at * 1 >= 7)
            continue;
#line 247 "/gnnac/templates/attention.cu.lua"
        const float scale = 1.0f / total[i];
#pragma unroll
        for (int j = 0; j < 1; j++) {
#line 251 "/gnnac/templates/attention.cu.lua"
            sum[i][j] = fmaf(sum[i][j], scale, __ldg(bias + column[i] + j));
        }
#line 268 "/gnnac/templates/attention.cu.lua"
        store1(to + column[i], sum[i]);
    }
}
