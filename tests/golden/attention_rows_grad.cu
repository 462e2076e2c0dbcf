// gnnac attention_rows_grad, from templates/attention_rows_grad.cu.lua
// Attention's backward, the half that sums over a row's edges: with a the
// coefficient of an edge, w what dropout left of it and d = <g[v], x[u]>, a row
// and head get D = sum w d, which the other half needs (attention_grad), and the
// gradient of the row's own score, sum slope w d - D sum slope a. Both are left
// in kept, behind the scores.
// dimWorker=0 edgeWorker=4 warpPerRow=1 vec=4 unroll=2 warpPerBlock=4
// f32 dim=16 x_pitch=64 out_pitch=16 self_pitch=56 grad_pitch=64 norm=none self=none bias=0 act=none offset_bits=32
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

#line 102 "/gnnac/templates/edge_heads.lib.lua"
// Scores are compared in units of log2.
static __device__ __forceinline__ float log2_score(float sum)
{
    return 1.44269504f * slope_at(sum) * sum;
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

#line 35 "/gnnac/templates/attention_rows_grad.cu.lua"
// 4 teams of 2 lanes per row and head; 2 rows per block.
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_attention_rows_grad_f32_d16_l0_e4_r1_v4_u2_w4_h8x8_x64_s56_g64(
    const float *x, float *kept, const float *g,
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
#line 41 "/gnnac/templates/attention_rows_grad.cu.lua"
    float *to = kept + (long long)row * 56 + head;
    const float target = to[8];
    const float top = to[16];
    const float part = to[24];
    float sum[3] = {}; // w d, slope w d, slope a
#line 174 "/gnnac/templates/edge_heads.lib.lua"
    float own[1][4];
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 180 "/gnnac/templates/edge_heads.lib.lua"
        load4(own[i], g + (long long)row * 64 + column[i]);
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
#line 49 "/gnnac/templates/attention_rows_grad.cu.lua"
#pragma unroll
        for (int k = 0; k < 2; k++) {
            const float z =
                kept[(long long)id[k] * 56 + head] + target;
            const float a =
                there[k] ? exp2f(log2_score(z) - top) * part : 0.0f;
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
#line 57 "/gnnac/templates/attention_rows_grad.cu.lua"
            d *= left_of(state, stream, number, head, a);
            sum[0] += d;
            sum[1] = fmaf(slope_at(z), d, sum[1]);
            sum[2] = fmaf(slope_at(z), a, sum[2]);
        }
    }
#line 282 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
    for (int step = 2; step < 8; step *= 2)
#pragma unroll
        for (int i = 0; i < 3; i++)
            sum[i] += __shfl_xor_sync(~0u, sum[i], step);
#line 306 "/gnnac/templates/edge_heads.lib.lua"
    if (!active || turn > 0)
        return;
#line 64 "/gnnac/templates/attention_rows_grad.cu.lua"
    if (at == 0) {
        to[32] = sum[0];
        to[48] = sum[1] - sum[0] * sum[2];
    }
}
