//% family {
//%   op = "bias_act",
//%   doc = [[
//% act(x + bias), row by row; out may be x, or of another dtype. Lanes lie
//% along the columns and use the widest loads that both pitches allow; a narrow
//% row takes part of a warp.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 8,
//%        doc = "warps per block" }

//% local lanes = include "lanes"
//% local halves = spec.x_type ~= "f32" and spec.x_type or spec.out_type
//% local vec = lanes.widest_of(halves, spec.dim, spec.x_pitch, spec.out_pitch)
//% local body = spec.dim - spec.dim % vec
//% local group = 1
//% while group < 32 and group * vec < body do group = group * 2 end
//% local rows = warpPerBlock * 32 // group
//% local args = { "out", "x" }
//% if spec.bias then args[#args + 1] = "bias" end
//% args[#args + 1] = "n_rows"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
// ${group} lanes per row; ${rows} rows per block.
//% for _, w in ipairs { vec, body < spec.dim and 1 or nil } do
//%   lanes.define_move("read", w, w, spec.x_type)
//%   lanes.define_move("store", w, w, spec.out_type)
//% end
//% if spec.bias then
//%   lanes.define_move("load", vec, vec)
//%   if body < spec.dim then lanes.define_move("load", 1, 1) end
//% end
extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
    const unsigned row = blockIdx.x * ${rows} + threadIdx.x / ${group};
    const int at = threadIdx.x % ${group};
    if (row >= n_rows)
        return;
    const ${lanes.type(spec.x_type)} *from = x + (long long)row * ${spec.x_pitch};
    ${lanes.type(spec.out_type)} *to = out + (long long)row * ${spec.out_pitch};
//% -- Columns first, first + width ... that this lane owns.
//% local function columns(first, past, width)
//%   local read = lanes.mover("read", width, width, spec.x_type)
//%   local load = lanes.mover("load", width, width)
//%   local store = lanes.mover("store", width, width, spec.out_type)
    for (int c = ${first} + at * ${width}; c < ${past}; c += ${group * width}) {
        float v[${width}];
        ${read}(v, from + c);
//%   if spec.bias then
        float shift[${width}];
        ${load}(shift, bias + c);
//%   end
//%   if spec.bias or spec.act ~= "none" then
#pragma unroll
        for (int i = 0; i < ${width}; i++) {
//%     if spec.bias then
            v[i] += shift[i];
//%     end
//%     if spec.act == "relu" then
            v[i] = v[i] < 0.0f ? 0.0f : v[i];
//%     end
        }
//%   end
        ${store}(to + c, v);
    }
//% end
//% columns(0, body, vec)
//% if body < spec.dim then columns(body, spec.dim, 1) end
}
