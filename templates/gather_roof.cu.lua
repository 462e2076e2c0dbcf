//% family {
//%   op = "gather_roof",
//%   doc = [[
//% How fast whole rows of x come from wherever they lie, when which ones is
//% random and nothing else is done: what an aggregation can hope for. A team of
//% lanes reads rowsPerTeam rows that a hash names, unroll of them at a time, and
//% adds all it saw, lane by lane, into its row of out, which is as wide as the
//% team's loads. A row of x wider than that is read in several passes. Loads go
//% past the L1 cache. The caller chooses the number of blocks; the grid below
//% only says how many teams a block has.]],
//% }
//% knob { name = "rowsPerTeam", tag = "r", min = 1, max = 65536, default = 256,
//%        doc = "rows that a team reads; a multiple of unroll" }
//% knob { name = "unroll", tag = "u", min = 1, max = 32, default = 8,
//%        doc = "rows whose loads are issued before the first is used" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local lanes = include "lanes"
//% local vec = lanes.widest(4, spec.x_pitch)
//% local columns = (spec.dim + vec - 1) // vec * vec
//% local team = 1
//% while team < 32 and team * vec < columns do team = team * 2 end
//% check(rowsPerTeam % unroll == 0, "rowsPerTeam is no multiple of unroll")
//% local vector = vec == 4 and "float4" or vec == 2 and "float2" or "float"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = 32 * warpPerBlock // team },
//%   block = 32 * warpPerBlock,
//%   args = { "out", "x", "n_rows" },
//% }
// ${team} lanes per team, ${vec} floats each.
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

extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
    const unsigned team = (blockIdx.x * ${32 * warpPerBlock} + threadIdx.x) / ${team};
    const int at = threadIdx.x % ${team};
    float sum[${vec}] = {0.0f};
    for (int c = at * ${vec}; c < ${columns}; c += ${team * vec}) {
#pragma unroll 1
        for (unsigned i = 0; i < ${rowsPerTeam}; i += ${unroll}) {
            ${vector} v[${unroll}];
#pragma unroll
            for (int j = 0; j < ${unroll}; j++) {
                const long long row = row_of(team * ${rowsPerTeam}u + i + j, n_rows);
                v[j] = __ldcg((const ${vector} *)(x + row * ${spec.x_pitch} + c));
            }
#pragma unroll
            for (int j = 0; j < ${unroll}; j++) {
//% if vec == 1 then
                sum[0] += v[j];
//% else
                sum[0] += v[j].x;
                sum[1] += v[j].y;
//% end
//% if vec == 4 then
                sum[2] += v[j].z;
                sum[3] += v[j].w;
//% end
            }
        }
    }
#pragma unroll
    for (int j = 0; j < ${vec}; j++)
        out[(long long)team * ${team * vec} + at * ${vec} + j] = sum[j];
}
