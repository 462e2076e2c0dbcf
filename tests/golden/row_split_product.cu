// gnnac aggregate, from templates/row_split.cu.lua
// A group of lanes per row. dimWorker lanes hold a row's columns in
// registers; edgeWorker such teams take turns at its neighbours and are added
// by shuffles. A warp works on 32 // (dimWorker * edgeWorker) rows. No shared
// memory, no atomics: results repeat bit by bit. Wins where rows are alike in
// length.
// dimWorker=4 edgeWorker=2 vec=4 coarsen=1 unroll=4 warpPerBlock=4
// f32 dim=16 x_pitch=16 out_pitch=8 self_pitch=16 tail=scaled_linear tail_dim=7 norm=scaled self=scaled bias=1 act=relu offset_bits=32
#line 45 "/gnnac/templates/row_split.cu.lua"
// Rows per warp: 4; teams per row: 2;
// lanes per team: 4; columns per lane: 4.
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

#line 51 "/gnnac/templates/row_split.cu.lua"
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_row_split_f32_d16_l4_e2_v4_c1_u4_w4_scaled_selfscaled_bias_relu_scaled_linear7_y8(
    float *out, const float *x, const offset_t *rowptr,
    const int *colidx, const float *self, const float *dinv,
    const float *bias, const float *weight, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 65 "/gnnac/templates/walk.lib.lua"
    const int lane = threadIdx.x % 32;
#line 69 "/gnnac/templates/walk.lib.lua"
    const unsigned row = blockIdx.x * 16 +
                         threadIdx.x / 32 * 4 + lane / 8;
#line 73 "/gnnac/templates/walk.lib.lua"
    const bool active = row < n_rows;
#line 82 "/gnnac/templates/walk.lib.lua"
    const int edge = lane / 4 % 2;
#line 290 "/gnnac/templates/lanes.lib.lua"
    const int at = lane % 4;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));

#line 105 "/gnnac/templates/walk.lib.lua"
    offset_t degree = 0;
    const int *ids = colidx + edge;
#line 108 "/gnnac/templates/walk.lib.lua"
    if (active) {
        const offset_t begin = __ldg(rowptr + row);
        degree = __ldg(rowptr + row + 1) - begin;
        ids += begin;
    }
#line 114 "/gnnac/templates/walk.lib.lua"
    offset_t left = degree - edge;

#line 66 "/gnnac/templates/row_split.cu.lua"
    float sum[4] = {};
#line 237 "/gnnac/templates/walk.lib.lua"
#pragma unroll 1
    while (left > 6) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[4][4] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 4; k++) {
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 2);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 4; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 85 "/gnnac/templates/row_split.cu.lua"
                sum[i] += v[k][i];
#line 223 "/gnnac/templates/walk.lib.lua"
        left -= 8;
        ids += 8;
    }
#line 243 "/gnnac/templates/walk.lib.lua"
    if (left > 0) {
#line 69 "/gnnac/templates/row_split.cu.lua"
        float v[3][4] = {};
#line 289 "/gnnac/templates/walk.lib.lua"
#pragma unroll
        for (int k = 0; k < 3; k++) {
#line 295 "/gnnac/templates/walk.lib.lua"
            if (k * 2 >= left)
                continue;
#line 303 "/gnnac/templates/walk.lib.lua"
            const int id = __ldg(ids + k * 2);
#line 305 "/gnnac/templates/walk.lib.lua"
            const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            load4(&v[k][0], x0 + u);
        }
#line 76 "/gnnac/templates/row_split.cu.lua"
#pragma unroll
        for (int k = 0; k < 3; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#line 85 "/gnnac/templates/row_split.cu.lua"
                sum[i] += v[k][i];
    }
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 1; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 4);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }

#line 333 "/gnnac/templates/walk.lib.lua"
    if (!active || edge > 0)
        return;
#line 51 "/gnnac/templates/epilogue.lib.lua"
    const float norm = __ldg(dinv + row);
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 16;
#line 109 "/gnnac/templates/epilogue.lib.lua"
    float own[4];
#line 71 "/gnnac/templates/epilogue.lib.lua"
    load4(&own[0], from + c0);
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] *= scale;
#line 135 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[4];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 49 "/gnnac/templates/tail.lib.lua"
    float product[7];
    {
#line 364 "/gnnac/templates/lanes.lib.lua"
        const unsigned team = 15u << (lane - at);
#line 53 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int j = 0; j < 7; j++) {
            const float *of_column = weight + j * 16;
            float w[4], value = 0.0f;
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[0], of_column + c0);
#line 61 "/gnnac/templates/tail.lib.lua"
#pragma unroll
            for (int i = 0; i < 4; i++)
                value = fmaf(sum[i], w[i], value);
#line 380 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
        for (int step = 2; step >= 1; step /= 2)
#line 385 "/gnnac/templates/lanes.lib.lua"
            value += __shfl_xor_sync(team, value, step);
#line 66 "/gnnac/templates/tail.lib.lua"
            product[j] = value * norm;
        }
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 8;
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[0];
#line 119 "/gnnac/templates/tail.lib.lua"
        value0 = at == 1 ? product[1] : value0;
#line 119 "/gnnac/templates/tail.lib.lua"
        value0 = at == 2 ? product[2] : value0;
#line 119 "/gnnac/templates/tail.lib.lua"
        value0 = at == 3 ? product[3] : value0;
#line 102 "/gnnac/templates/tail.lib.lua"
        to[0 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[4];
#line 119 "/gnnac/templates/tail.lib.lua"
        value0 = at == 1 ? product[5] : value0;
#line 119 "/gnnac/templates/tail.lib.lua"
        value0 = at == 2 ? product[6] : value0;
#line 123 "/gnnac/templates/tail.lib.lua"
        if (at < 3) {
#line 102 "/gnnac/templates/tail.lib.lua"
        to[4 + at] = value0;
        }
    }
}
