// gnnac permute_rows, from templates/permute_rows.cu.lua
// Row v of out is row source_row[v] of x; out is another matrix than x, perhaps
// of another dtype. Lanes lie along the columns and use the widest moves that
// both pitches allow; a narrow row takes part of a warp.
// warpPerBlock=8
// f32 dim=1433 x_pitch=1433 out_pitch=1436 norm=none self=none bias=0 act=none offset_bits=32
#line 15 "/gnnac/templates/permute_rows.cu.lua"
// 32 lanes per row; 8 rows per block.
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

#line 17 "/gnnac/templates/permute_rows.cu.lua"
extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_permute_rows_f32_d1433_w8_y1436(
    float *out, const float *x, const int *source_row,
    int n_rows)
{
#line 13 "/gnnac/templates/follow.lib.lua"
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
#line 55 "/gnnac/templates/rowwise.lib.lua"
    const unsigned row = blockIdx.x * 8 + threadIdx.x / 32;
    const int at = threadIdx.x % 32;
    if (row >= n_rows)
        return;
#line 22 "/gnnac/templates/permute_rows.cu.lua"
    const int source = source_row[row];
#line 65 "/gnnac/templates/rowwise.lib.lua"
    const float *from = x + source * 1433LL;
#line 68 "/gnnac/templates/rowwise.lib.lua"
    float *to = out + (long long)row * 1436;
#line 91 "/gnnac/templates/rowwise.lib.lua"
    for (int c = 0 + at * 1; c < 1433; c += 32) {
#line 25 "/gnnac/templates/permute_rows.cu.lua"
        float v[1];
#line 77 "/gnnac/templates/rowwise.lib.lua"
        load1(v, from + c);
#line 84 "/gnnac/templates/rowwise.lib.lua"
        store1(to + c, v);
    }
}
