// gnnac dropout, from templates/dropout.cu.lua
// out = x, elements dropped at random and the others scaled so that the mean
// stays; out may be x. No mask is stored: what is kept is a function of seed,
// step, place and index, so the backward drops the same. A lane has four
// columns, which one random number decides.
// warpPerBlock=8
// f32 dim=22 x_pitch=24 out_pitch=24 norm=none self=none bias=0 act=none offset_bits=32
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

#line 27 "/gnnac/templates/dropout.cu.lua"
// 8 lanes per row; 32 rows per block.
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

#line 33 "/gnnac/templates/dropout.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_dropout_f32_d22_w8_x24_y24(
    float *out, const float *x, train_state *state,
    int place, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 37 "/gnnac/templates/dropout.cu.lua"
    const unsigned row = blockIdx.x * 32 + threadIdx.x / 8;
    const int at = threadIdx.x % 8;
    if (row >= n_rows)
        return;
    const unsigned long long stream = dropout_stream(state, place);
    const float *from = x + (long long)row * 24;
    float *to = out + (long long)row * 24;
    for (int k = at; k < 6; k += 8) {
        unsigned long long bits = draw(stream, row * 6ULL + k);
#line 48 "/gnnac/templates/dropout.cu.lua"
        if (k < 5) {
#line 51 "/gnnac/templates/dropout.cu.lua"
            float v[4];
            read4(v, from + 4 * k);
#pragma unroll
            for (int i = 0; i < 4; i++, bits >>= 16)
                v[i] = dropped(state, (unsigned)bits, v[i]);
            store4(to + 4 * k, v);
#line 59 "/gnnac/templates/dropout.cu.lua"
            continue;
        }
#line 63 "/gnnac/templates/dropout.cu.lua"
        to[4 * k + 0] = dropped(state, (unsigned)(bits >> 0),
                                   from[4 * k + 0]);
#line 63 "/gnnac/templates/dropout.cu.lua"
        to[4 * k + 1] = dropped(state, (unsigned)(bits >> 16),
                                   from[4 * k + 1]);
    }
}
