// gnnac drop_entries, from templates/drop_entries.cu.lua
// Dropout of sparse features: out, a dense matrix whose other elements are zero
// and stay so, has at entry_at[e] what dropout leaves of entry[e]. A lane has
// four entries, which one random number decides.
// warpPerBlock=8
// f32 dim=22 x_pitch=22 out_pitch=22 norm=none self=none bias=0 act=none offset_bits=32
#line 9 "/gnnac/templates/train.lib.lua"
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

#line 27 "/gnnac/templates/train.lib.lua"
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

#line 20 "/gnnac/templates/drop_entries.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_drop_entries_f32_d22_w8(
    float *out, const float *entry, const long long *entry_at,
    train_state *state, int place, int n_entries)
{
#line 23 "/gnnac/templates/drop_entries.cu.lua"
    const long long k = blockIdx.x * 256LL + threadIdx.x;
    unsigned long long bits = draw(dropout_stream(state, place), k);
#pragma unroll
    for (int i = 0; i < 4; i++, bits >>= 16)
        if (4 * k + i < n_entries)
            out[entry_at[4 * k + i]] =
                dropped(state, (unsigned)bits, entry[4 * k + i]);
}
