//% family {
//%   op = "drop_entries",
//%   doc = [[
//% Dropout of sparse features: out, a dense matrix whose other elements are zero
//% and stay so, has at entry_at[e] what dropout leaves of entry[e]. A lane has
//% four entries, which one random number decides.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local train = include "train"
//% train.define_state()
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_entries", per = 128 * warpPerBlock },
//%   block = 32 * warpPerBlock,
//%   args = { "out", "entry", "entry_at", "state", "place", "n_entries" },
//% }
//% train.define_dropout()
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
    const long long k = blockIdx.x * ${32 * warpPerBlock}LL + threadIdx.x;
    unsigned long long bits = draw(dropout_stream(state, place), k);
#pragma unroll
    for (int i = 0; i < 4; i++, bits >>= 16)
        if (4 * k + i < n_entries)
            out[entry_at[4 * k + i]] =
                dropped(state, (unsigned)bits, entry[4 * k + i]);
}
