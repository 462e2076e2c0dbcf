// gnnac attention_scores, from templates/attention_scores.cu.lua
// What attention knows of a node: for every head the products of its columns
// of x with att_src and with att_dst. out has the first of all heads, then the
// second. A power of two of lanes, at most a warp, for each row and head.
// warpPerBlock=8
// f32 dim=16 x_pitch=64 out_pitch=16 self_pitch=16 norm=none self=none bias=0 act=none offset_bits=32
#line 27 "/gnnac/templates/attention_scores.cu.lua"
// 8 lanes per row and head; 4 rows per block.
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_attention_scores_f32_d16_w8_h8x8_x64(
    float *out, const float *x, const float *att_src,
    const float *att_dst, int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 32 "/gnnac/templates/attention_scores.cu.lua"
    const int at = threadIdx.x % 8;
    int pair = threadIdx.x / 8;
#pragma unroll 1
    for (int turn = 0; turn < 1; turn++, pair += 32) {
        const unsigned row = blockIdx.x * 4 + pair / 8;
        const int head = pair % 8;
        const bool active = pair < 32 && row < n_rows;
        const float *from = x + (long long)row * 64;
        float source = 0.0f, target = 0.0f;
        for (int c = at; active && c < 8; c += 8) {
            const int k = head * 8 + c;
            const float v = __ldg(from + k);
            source = fmaf(v, __ldg(att_src + k), source);
            target = fmaf(v, __ldg(att_dst + k), target);
        }
#line 48 "/gnnac/templates/attention_scores.cu.lua"
#pragma unroll
        for (int step = 4; step > 0; step /= 2) {
            source += __shfl_xor_sync(~0u, source, step);
            target += __shfl_xor_sync(~0u, target, step);
        }
#line 54 "/gnnac/templates/attention_scores.cu.lua"
        if (active && at == 0) {
            float *to = out + (long long)row * 16 + head;
            to[0] = source;
            to[8] = target;
        }
    }
}
