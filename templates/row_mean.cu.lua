//% family {
//%   op = "row_mean",
//%   doc = [[
//% out = x / max(1, in-degree), row by row; out may be x: what the backward of a
//% mean over neighbours sends along the edges. Lanes lie along the columns and
//% use the widest moves that both pitches allow.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local rowwise = include "rowwise"
//% if spec.offset_bits == 64 then
typedef long long offset_t;
//% else
typedef int offset_t;
//% end

//% local parameters = rowwise.launch(warpPerBlock,
//%                                   { "out", "x", "rowptr", "n_rows" })
// ${rowwise.group} lanes per row; ${rowwise.rows(warpPerBlock)} rows per block.
//% rowwise.define("read", "store")
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% rowwise.begin(warpPerBlock)
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
    const float share = degree > 1 ? 1.0f / (float)degree : 1.0f;
    const float *from = x + (long long)row * ${spec.x_pitch};
    float *to = out + (long long)row * ${spec.out_pitch};
//% local function scale(width)
        float v[${width}];
        read${width}(v, from + c);
#pragma unroll
        for (int i = 0; i < ${width}; i++)
            v[i] *= share;
        store${width}(to + c, v);
//% end
//% rowwise.columns(scale)
}
