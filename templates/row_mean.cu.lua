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
//% local offsets = include "offsets"
//% local follow = include "follow"
//% offsets.define()

//% local parameters = rowwise.launch(warpPerBlock,
//%                                   { "out", "x", "rowptr", "n_rows" })
// ${rowwise.group} lanes per row; ${rowwise.rows(warpPerBlock)} rows per block.
//% rowwise.define("read")
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
//% follow.wait()
//% rowwise.begin(warpPerBlock)
    const offset_t degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);
    const float share = degree > 1 ? 1.0f / (float)degree : 1.0f;
//% rowwise.pointers("row")
//% local function scale(width)
        float v[${width}];
//%   rowwise.take("read", width)
#pragma unroll
        for (int i = 0; i < ${width}; i++)
            v[i] *= share;
//%   rowwise.store(width)
//% end
//% rowwise.columns(scale)
}
