// gnnac attention_keep, from templates/attention_keep.cu.lua
// Attention's forward in training: as attention, with dropout of the coefficients,
// which are drawn by edge and head as the CPU draws them. Of each row and head the
// maximum (in units of log2) and one over the sum are kept behind the scores:
// backward finds every coefficient anew from them. Perhaps the result goes through
// dropout, too.
// dimWorker=0 edgeWorker=4 warpPerRow=1 vec=4 unroll=2 warpPerBlock=4
// f32 dim=64 x_pitch=64 out_pitch=64 self_pitch=56 grad_pitch=64 drops=1 norm=none self=none bias=1 act=elu offset_bits=32
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

#line 69 "/gnnac/templates/train.lib.lua"
// The random bits of the columns from this one on, whose draw decides four.
static __device__ __forceinline__ unsigned long long
bits_from(unsigned long long stream, unsigned row, int column)
{
    return draw(stream, row * 16ULL + column / 4) >>
           16 * (column % 4);
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

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4(float *to, const float *from)
{
#line 197 "/gnnac/templates/lanes.lib.lua"
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
}

#line 35 "/gnnac/templates/attention_keep.cu.lua"
// 4 teams of 2 lanes per row and head; 2 rows per block.
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_attention_keep_f32_d64_l0_e4_r1_v4_u2_w4_h8x8_bias_elu_drops_s56(
    float *out, const float *x, float *kept,
    const offset_t *rowptr, const int *colidx, const float *bias,
    train_state *state, int place, int tail_place,
    int n_rows)
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
#line 60 "/gnnac/templates/edge_softmax.lib.lua"
    const float target =
        kept[(long long)row * 56 + 8 + head];
#line 63 "/gnnac/templates/edge_softmax.lib.lua"
    float top = __int_as_float(0xff800000);
    float sum[5] = {}; // of the columns; last, of the coefficients

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
#line 67 "/gnnac/templates/edge_softmax.lib.lua"
        float e[2];
        float most = top;
#pragma unroll
        for (int k = 0; k < 2; k++) {
#line 47 "/gnnac/templates/edge_softmax.lib.lua"
            e[k] = log2_score(
                kept[(long long)id[k] * 56 + head] + target);
#line 72 "/gnnac/templates/edge_softmax.lib.lua"
            most = there[k] ? fmaxf(most, e[k]) : most;
        }
        // Nothing was summed under a maximum of -infinity.
        const float scale =
            top == __int_as_float(0xff800000) ? 0.0f : exp2f(top - most);
        top = most;
#pragma unroll
        for (int i = 0; i <= 4; i++)
            sum[i] *= scale;
#pragma unroll
        for (int k = 0; k < 2; k++) {
            const float p = there[k] ? exp2f(e[k] - most) : 0.0f;
#line 85 "/gnnac/templates/edge_softmax.lib.lua"
            const unsigned long long number = edge + k < end ? edge + k : loop;
            const float w = left_of(state, stream, number, head, p);
#line 90 "/gnnac/templates/edge_softmax.lib.lua"
            sum[4] += p;
#pragma unroll
            for (int i = 0; i < 4; i++)
                sum[i] = fmaf(w, v[k][i / 4][i % 4], sum[i]);
        }
    }

    const float mine = top;
#line 264 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
    for (int step = 2; step < 8; step *= 2)
        top = fmaxf(top, __shfl_xor_sync(~0u, top, step));
#line 99 "/gnnac/templates/edge_softmax.lib.lua"
    const float scale =
        mine == __int_as_float(0xff800000) ? 0.0f : exp2f(mine - top);
#pragma unroll
    for (int i = 0; i <= 4; i++)
        sum[i] *= scale;
#line 282 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
    for (int step = 2; step < 8; step *= 2)
#pragma unroll
        for (int i = 0; i < 5; i++)
            sum[i] += __shfl_xor_sync(~0u, sum[i], step);
#line 306 "/gnnac/templates/edge_heads.lib.lua"
    if (!active || turn > 0)
        return;
#line 105 "/gnnac/templates/edge_softmax.lib.lua"
    const float part = 1.0f / sum[4];
#line 107 "/gnnac/templates/edge_softmax.lib.lua"
    if (at == 0) {
        float *to = kept + (long long)row * 56 + head;
        to[16] = top;
        to[24] = part;
    }
    {
#line 79 "/gnnac/templates/train.lib.lua"
    const bool drops = state->drop_threshold > 0;
    const unsigned long long stream = dropout_stream(state, tail_place);
#line 318 "/gnnac/templates/edge_heads.lib.lua"
    float *to = out + (long long)row * 64;
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 114 "/gnnac/templates/edge_softmax.lib.lua"
        float y[4];
#pragma unroll
        for (int j = 0; j < 4; j++) {
            y[j] = sum[i * 4 + j] * part;
#line 119 "/gnnac/templates/edge_softmax.lib.lua"
            y[j] += __ldg(bias + column[i] + j);
#line 124 "/gnnac/templates/edge_softmax.lib.lua"
            y[j] = y[j] < 0.0f ? expm1f(y[j]) : y[j];
        }
#line 128 "/gnnac/templates/edge_softmax.lib.lua"
        const int c = column[i];
#line 83 "/gnnac/templates/train.lib.lua"
    if (drops) {
        unsigned long long bits = bits_from(stream, row, c);
#pragma unroll
        for (int d = 0; d < 4; d++, bits >>= 16)
            y[0 + d] =
                dropped(state, (unsigned)bits, y[0 + d]);
    }
#line 132 "/gnnac/templates/edge_softmax.lib.lua"
        store4(to + column[i], y);
    }
    }
}
