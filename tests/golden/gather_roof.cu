// gnnac gather_roof, from templates/gather_roof.cu.lua
// How fast whole rows of x come from wherever they lie, when which ones is
// random and nothing else is done: what an aggregation can hope for. A team of
// lanes reads rowsPerTeam rows that a hash names, unroll of them at a time, and
// adds all it saw, lane by lane, into its row of out, which is as wide as the
// team's loads. A row of x wider than that is read in several passes. Loads go
// past the L1 cache. The caller chooses the number of blocks; the grid below
// only says how many teams a block has.
// rowsPerTeam=256 unroll=8 warpPerBlock=8
// f32 dim=64 x_pitch=64 out_pitch=64 norm=none self=none bias=0 act=none offset_bits=32
#line 32 "/gnnac/templates/gather_roof.cu.lua"
// 16 lanes per team, 4 floats each.
// The finaliser of Murmur3 spreads consecutive numbers over the rows.
static __device__ __forceinline__ unsigned row_of(unsigned i, int n_rows)
{
    i ^= i >> 16;
    i *= 0x85ebca6bu;
    i ^= i >> 13;
    i *= 0xc2b2ae35u;
    i ^= i >> 16;
    return (unsigned)((unsigned long long)i * (unsigned)n_rows >> 32);
}

extern "C" __global__ void __launch_bounds__(256, 1)
gnnac_gather_roof_f32_d64_r256_u8_w8(
    float *out, const float *x, int n_rows)
{
#line 47 "/gnnac/templates/gather_roof.cu.lua"
    const unsigned team = (blockIdx.x * 256 + threadIdx.x) / 16;
    const int at = threadIdx.x % 16;
    float sum[4] = {0.0f};
    for (int c = at * 4; c < 64; c += 64) {
#pragma unroll 1
        for (unsigned i = 0; i < 256; i += 8) {
            float4 v[8];
#pragma unroll
            for (int j = 0; j < 8; j++) {
                const long long row = row_of(team * 256u + i + j, n_rows);
                v[j] = __ldcg((const float4 *)(x + row * 64 + c));
            }
#pragma unroll
            for (int j = 0; j < 8; j++) {
#line 64 "/gnnac/templates/gather_roof.cu.lua"
                sum[0] += v[j].x;
                sum[1] += v[j].y;
#line 68 "/gnnac/templates/gather_roof.cu.lua"
                sum[2] += v[j].z;
                sum[3] += v[j].w;
            }
        }
    }
#line 74 "/gnnac/templates/gather_roof.cu.lua"
#pragma unroll
    for (int j = 0; j < 4; j++)
        out[(long long)team * 64 + at * 4 + j] = sum[j];
}
