// gnnac bias_act, from templates/bias_act.cu.lua
// act(x + bias), row by row; out may be x, or of another dtype. Lanes lie
// along the columns and use the widest loads that both pitches allow; a narrow
// row takes part of a warp. In training perhaps with dropout of that; last perhaps
// a residual.
// warpPerBlock=8
// f32 dim=22 x_pitch=24 out_pitch=24 drops=1 norm=none self=none bias=1 act=relu offset_bits=32
#line 22 "/gnnac/templates/bias_act.cu.lua"
// 8 lanes per row; 32 rows per block.
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

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void read1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

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
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

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
    return draw(stream, row * 6ULL + column / 4) >>
           16 * (column % 4);
}

#line 27 "/gnnac/templates/bias_act.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_bias_act_f32_d22_w8_bias_relu_drops_x24_y24(
    float *out, const float *x, const float *bias,
    train_state *state, int tail_place, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 55 "/gnnac/templates/rowwise.lib.lua"
    const unsigned row = blockIdx.x * 32 + threadIdx.x / 8;
    const int at = threadIdx.x % 8;
    if (row >= n_rows)
        return;
#line 65 "/gnnac/templates/rowwise.lib.lua"
    const float *from = x + row * 24LL;
#line 68 "/gnnac/templates/rowwise.lib.lua"
    float *to = out + (long long)row * 24;
#line 79 "/gnnac/templates/train.lib.lua"
    const bool drops = state->drop_threshold > 0;
    const unsigned long long stream = dropout_stream(state, tail_place);
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 0 + at * 4; c < 20; c += 32) {
#line 35 "/gnnac/templates/bias_act.cu.lua"
        float v[4];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read4(v, from + c);
#line 38 "/gnnac/templates/bias_act.cu.lua"
        float shift[4];
#line 50 "/gnnac/templates/rowwise.lib.lua"
        load4(shift, bias + c);
#line 42 "/gnnac/templates/bias_act.cu.lua"
#pragma unroll
        for (int i = 0; i < 4; i++) {
#line 45 "/gnnac/templates/bias_act.cu.lua"
            v[i] += shift[i];
#line 48 "/gnnac/templates/bias_act.cu.lua"
            v[i] = v[i] < 0.0f ? 0.0f : v[i];
        }
#line 83 "/gnnac/templates/train.lib.lua"
    if (drops) {
        unsigned long long bits = bits_from(stream, row, c);
#pragma unroll
        for (int d = 0; d < 4; d++, bits >>= 16)
            v[0 + d] =
                dropped(state, (unsigned)bits, v[0 + d]);
    }
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store4(to + c, v);
    }
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 20 + at * 1; c < 22; c += 8) {
#line 35 "/gnnac/templates/bias_act.cu.lua"
        float v[1];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        read1(v, from + c);
#line 38 "/gnnac/templates/bias_act.cu.lua"
        float shift[1];
#line 50 "/gnnac/templates/rowwise.lib.lua"
        load1(shift, bias + c);
#line 42 "/gnnac/templates/bias_act.cu.lua"
#pragma unroll
        for (int i = 0; i < 1; i++) {
#line 45 "/gnnac/templates/bias_act.cu.lua"
            v[i] += shift[i];
#line 48 "/gnnac/templates/bias_act.cu.lua"
            v[i] = v[i] < 0.0f ? 0.0f : v[i];
        }
#line 83 "/gnnac/templates/train.lib.lua"
    if (drops) {
        unsigned long long bits = bits_from(stream, row, c);
#pragma unroll
        for (int d = 0; d < 1; d++, bits >>= 16)
            v[0 + d] =
                dropped(state, (unsigned)bits, v[0 + d]);
    }
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store1(to + c, v);
    }
}
