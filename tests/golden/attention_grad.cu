// gnnac attention_grad, from templates/attention_grad.cu.lua
// Attention's backward, the half that sums over the edges that leave a node u, by
// the transposed graph: out[u] = sum w g[v], and behind the scores the gradient of
// u's score as a source, sum slope (w d - a D); a, w, d and D as in
// attention_rows_grad, which comes first. A row is one block's: no atomics.
// dimWorker=0 edgeWorker=4 warpPerRow=2 vec=4 unroll=2 warpPerBlock=4
// f32 dim=7 x_pitch=8 out_pitch=8 self_pitch=7 grad_pitch=8 norm=none self=none bias=0 act=none offset_bits=32
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
        draw(stream, number * 1ULL + head / 4);
    const unsigned mine = (unsigned)(bits >> (16 * (head % 4))) & 0xffff;
    return mine >= state->attention_threshold ? state->attention_scale * a : 0.0f;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 37 "/gnnac/templates/attention_grad.cu.lua"
// 8 teams of 8 lanes per row and head; 2 rows per block.
extern "C" __global__ void __launch_bounds__(128, 1)
gnnac_attention_grad_f32_d7_l0_e4_r2_v4_u2_w4_h1x7_x8_y8_g8(
    float *out, const float *x, float *kept,
    const float *g, const offset_t *rowptr, const int *colidx,
    const long long *edge_of, train_state *state, int place,
    int n_rows)
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
#line 143 "/gnnac/templates/edge_heads.lib.lua"
    const unsigned long long loop = (unsigned long long)__ldg(rowptr + n_rows) + row;
    const unsigned long long stream = dropout_stream(state, place);
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
#line 43 "/gnnac/templates/attention_grad.cu.lua"
    float *mine = kept + (long long)row * 7 + head;
    const float source = mine[0];
    float sum[2] = {}; // of the columns; last, the score's gradient
#line 174 "/gnnac/templates/edge_heads.lib.lua"
    float own[1][1];
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 180 "/gnnac/templates/edge_heads.lib.lua"
        load1(own[i], x + (long long)row * 8 + column[i]);
#line 183 "/gnnac/templates/edge_heads.lib.lua"
        if (i * 8 + at * 1 >= 7)
#pragma unroll
            for (int j = 0; j < 1; j++)
                own[i][j] = 0.0f;
    }

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
                      g + (long long)id[k] * 8 + column[i]);
#line 49 "/gnnac/templates/attention_grad.cu.lua"
#pragma unroll
        for (int k = 0; k < 2; k++) {
            const float *theirs =
                kept + (long long)id[k] * 7 + head;
            const float z = source + theirs[1];
            const float a = there[k] ? exp2f(log2_score(z) - theirs[2]) *
                                           theirs[3]
                                     : 0.0f;
            const unsigned long long number =
                active && edge + k < end ? __ldg(edge_of + edge + k) : loop;
            const float w = left_of(state, stream, number, head, a);
#line 239 "/gnnac/templates/edge_heads.lib.lua"
            float d = 0.0f;
#pragma unroll
            for (int i = 0; i < 1; i++)
#pragma unroll
                for (int j = 0; j < 1; j++)
                    d = fmaf(own[i][j], v[k][i][j], d);
#line 231 "/gnnac/templates/edge_heads.lib.lua"
#pragma unroll
            for (int step = 4; step > 0; step /= 2)
                d += __shfl_xor_sync(~0u, d, step);
#line 61 "/gnnac/templates/attention_grad.cu.lua"
            const float change = w * d - a * theirs[4];
            sum[1] = fmaf(slope_at(z), change, sum[1]);
#pragma unroll
            for (int i = 0; i < 1; i++)
                sum[i] = fmaf(w, v[k][i / 1][i % 1], sum[i]);
        }
    }
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
#line 69 "/gnnac/templates/attention_grad.cu.lua"
    if (at == 0)
        mine[5] = sum[1];
#line 318 "/gnnac/templates/edge_heads.lib.lua"
    float *to = out + (long long)row * 8;
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 322 "/gnnac/templates/edge_heads.lib.lua"
        if (i * 8 + at * 1 >= 7)
            continue;
#line 72 "/gnnac/templates/attention_grad.cu.lua"
        store1(to + column[i], &sum[i * 1]);
    }
}
