//% family {
//%   op = "row_mean",
//%   doc = [[
//% out = x / max(1, in-degree), row by row; out may be x: what the backward of a
//% mean over neighbours sends along the edges. Lanes lie along the columns and
//% use the widest moves that both pitches allow.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local lanes = include "lanes"
//% local vec = lanes.widest(spec.dim, spec.x_pitch, spec.out_pitch)
//% local body = spec.dim - spec.dim % vec
//% local group = 1
//% while group < 32 and group * vec < body do group = group * 2 end
//% local rows = warpPerBlock * 32 // group
//% if spec.offset_bits == 64 then
typedef long long offset_t;
//% else
typedef int offset_t;
//% end

//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows },
//%   block = 32 * warpPerBlock,
//%   args = { "out", "x", "rowptr", "n_rows" },
//% }
// ${group} lanes per row; ${rows} rows per block.
//% lanes.define_move("read", vec, vec)
//% lanes.define_move("store", vec, vec)
//% if body < spec.dim then
//%   lanes.define_move("read", 1, 1)
//%   lanes.define_move("store", 1, 1)
//% end
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
    const unsigned row = blockIdx.x * ${rows} + threadIdx.x / ${group};
    const int at = threadIdx.x % ${group};
    if (row >= n_rows)
        return;
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
    const float share = degree > 1 ? 1.0f / (float)degree : 1.0f;
    const float *from = x + (long long)row * ${spec.x_pitch};
    float *to = out + (long long)row * ${spec.out_pitch};
//% -- Columns first, first + width ... that this lane owns.
//% local function columns(first, past, width)
    for (int c = ${first} + at * ${width}; c < ${past}; c += ${group * width}) {
        float v[${width}];
        read${width}(v, from + c);
#pragma unroll
        for (int i = 0; i < ${width}; i++)
            v[i] *= share;
        store${width}(to + c, v);
    }
//% end
//% columns(0, body, vec)
//% if body < spec.dim then columns(body, spec.dim, 1) end
}
