// gnnac attention_v2_rows_grad, from templates/attention_v2_rows_grad.cu.lua
// The backward of GATv2's attention, the half that sums over a row's edges: with a
// the coefficient of an edge, w what dropout left of it, d = <g[v], x[u]> and D =
// sum w d, the gradient of the edge's score is w d - a D. With z = x[u] + self[v]
// and s the LeakyReLU's slope at it a row gets out[v] = sum (w d - a D) s att, the
// gradient of its self, and att_rows[v] = sum (w d - a D) s z, its part of att's.
// D is left in kept for the other half (attention_v2_grad).
// dimWorker=0 edgeWorker=4 warpPerRow=1 vec=4 unroll=2 warpPerBlock=4
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=88 grad_pitch=64 norm=none self=none bias=0 act=none offset_bits=32
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

#line 95 "/gnnac/templates/edge_heads.lib.lua"
// The slope of the LeakyReLU.
static __device__ __forceinline__ float slope_at(float sum)
{
    return sum < 0.0f ? 0.2f : 1.0f;
}

#line 110 "/gnnac/templates/edge_heads.lib.lua"
// What dropout leaves of head `head`'s coefficient of edge `number`.
static __device__ __forceinline__ float
left_of(const train_state *state, unsigned long long stream,
        unsigned long long number, int head, float a)
{
    if (state->attention_threshold == 0)
        return a;
    const unsigned long long bits =
        draw(stream, number * 2ULL + head / 4);
    const unsigned mine = (unsigned)(bits >> (16 * (head % 4))) & 0xffff;
    return mine >= state->attention_threshold ? state->attention_scale * a : 0.0f;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read4(float *to, const float *from)
{
#line 211 "/gnnac/templates/lanes.lib.lua"
    const float4 v = *(const float4 *)from;
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

#line 41 "/gnnac/templates/attention_v2_rows_grad.cu.lua"
// 4 teams of 2 lanes per row and head; 2 rows per block.
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_attention_v2_rows_grad_f32_d64_l0_e4_r1_v4_u2_w4_h8x8_s88(
    float *out, float *att_rows, const float *x,
    float *kept, const float *g, const float *att,
    const offset_t *rowptr, const int *colidx, train_state *state,
    int place, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 131 "/gnnac/templates/edge_heads.lib.lua"
    const int at = threadIdx.x % 2;
#line 133 "/gnnac/templates/edge_heads.lib.lua"
    const int turn = threadIdx.x % 8 / 2;
    const int slot = threadIdx.x / 8;
    const unsigned place_row = blockIdx.x * 2 + slot / 8;
    const int place_head = blockIdx.y * 8 + slot % 8;
    const bool active = slot < 16 && place_row < n_rows &&
                        place_head < 8;
    const unsigned row = active ? place_row : 0;
    const int head = active ? place_head : 0;
    const offset_t end = __ldg(rowptr + row + 1);
#line 143 "/gnnac/templates/edge_heads.lib.lua"
    const unsigned long long loop = (unsigned long long)__ldg(rowptr + n_rows) + row;
    const unsigned long long stream = dropout_stream(state, place);
#line 146 "/gnnac/templates/edge_heads.lib.lua"
    long long edge = (long long)__ldg(rowptr + row) + turn * 2;

    // Columns that are not there are read as the first ones and not stored.
    int column[1];
#pragma unroll
    for (int i = 0; i < 1; i++) {
        const int c = i * 8 + at * 4;
#line 154 "/gnnac/templates/edge_heads.lib.lua"
        column[i] = head * 8 + c;
    }

#line 160 "/gnnac/templates/edge_heads.lib.lua"
    // The lanes of a warp take as many steps as the longest row asks.
    int steps = active && edge <= end ? (int)((end - edge) / 8) + 1 : 0;
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
        steps = max(steps, __shfl_xor_sync(~0u, steps, step));
#line 47 "/gnnac/templates/attention_v2_rows_grad.cu.lua"
    float *mine = kept + (long long)row * 88 + head;
    const float top = mine[64];
    const float part = mine[72];
    // Of the columns w d s, a s, w d s z, a s z; last, of w d.
    float sum[17] = {};
#line 174 "/gnnac/templates/edge_heads.lib.lua"
    float own[1][4];
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 180 "/gnnac/templates/edge_heads.lib.lua"
        load4(own[i], g + (long long)row * 64 + column[i]);
    }
#line 174 "/gnnac/templates/edge_heads.lib.lua"
    float target[1][4];
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 180 "/gnnac/templates/edge_heads.lib.lua"
        read4(target[i], kept + (long long)row * 88 + column[i]);
    }
#line 174 "/gnnac/templates/edge_heads.lib.lua"
    float weight[1][4];
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 178 "/gnnac/templates/edge_heads.lib.lua"
        load4(weight[i], att + column[i]);
    }

#line 195 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll 1
    for (; steps > 0; steps--, edge += 8) {
        unsigned id[2];
        bool there[2];
        float v[2][1][4];
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
                load4(v[k][i],
                      x + (long long)id[k] * 64 + column[i]);
#line 57 "/gnnac/templates/attention_v2_rows_grad.cu.lua"
#pragma unroll
        for (int k = 0; k < 2; k++) {
#line 250 "/gnnac/templates/edge_heads.lib.lua"
            float z = 0.0f;
#pragma unroll
            for (int i = 0; i < 1; i++)
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    const float both = target[i][j] + v[k][i][j];
                    z = fmaf(weight[i][j], fmaxf(both, 0.2f * both), z);
                }
#line 231 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
            for (int step = 1; step > 0; step /= 2)
                z += __shfl_xor_sync(~0u, z, step);
#line 60 "/gnnac/templates/attention_v2_rows_grad.cu.lua"
            const float a =
                there[k] ? exp2f(1.44269504f * z - top) * part : 0.0f;
            const unsigned long long number = edge + k < end ? edge + k : loop;
#line 239 "/gnnac/templates/edge_heads.lib.lua"
            float d = 0.0f;
#pragma unroll
            for (int i = 0; i < 1; i++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    d = fmaf(own[i][j], v[k][i][j], d);
#line 231 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
            for (int step = 1; step > 0; step /= 2)
                d += __shfl_xor_sync(~0u, d, step);
#line 64 "/gnnac/templates/attention_v2_rows_grad.cu.lua"
            d *= left_of(state, stream, number, head, a);
            sum[16] += d;
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const float both = target[i / 4][i % 4] +
                                   v[k][i / 4][i % 4];
                const float slope = slope_at(both);
                const float leaky = slope * both;
                sum[i] = fmaf(d, slope, sum[i]);
                sum[4 + i] = fmaf(a, slope, sum[4 + i]);
                sum[8 + i] = fmaf(d, leaky, sum[8 + i]);
                sum[12 + i] = fmaf(a, leaky, sum[12 + i]);
            }
        }
    }
#line 282 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
    for (int step = 2; step < 8; step *= 2)
#pragma unroll
        for (int i = 0; i < 17; i++)
            sum[i] += __shfl_xor_sync(~0u, sum[i], step);
#line 306 "/gnnac/templates/edge_heads.lib.lua"
    if (!active || turn > 0)
        return;
#line 80 "/gnnac/templates/attention_v2_rows_grad.cu.lua"
    const float dot = sum[16];
    if (at == 0)
        mine[80] = dot;
    float *parts = att_rows + (long long)row * 64;
#line 318 "/gnnac/templates/edge_heads.lib.lua"
    float *to = out + (long long)row * 64;
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 85 "/gnnac/templates/attention_v2_rows_grad.cu.lua"
        float rows[4], atts[4];
#pragma unroll
        for (int j = 0; j < 4; j++) {
            const float *at_column = sum + i * 4 + j;
            rows[j] = weight[i][j] * (at_column[0] - dot * at_column[4]);
            atts[j] = at_column[8] - dot * at_column[12];
        }
        store4(to + column[i], rows);
        store4(parts + column[i], atts);
    }
}
