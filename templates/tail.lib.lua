//% -- What a team of lanes does with a finished row of an aggregation before it
//% -- is stored (compiler/plan/fuse.h): log-softmax, or a product with few
//% -- weights, perhaps with a bias and an activation. The row is whole in `sum`, spread over the team.
//% local lanes = include "lanes"
//% check(spec.tail ~= "bias_act", "a sum has a bias and an activation of its own")
//% local residual = include "residual"
//% local tail = { scales = spec.tail == "scaled_linear" }
//% tail.multiplies = tail.scales or spec.tail == "linear"
//%
//% function tail.add_args(args)
//%   if tail.multiplies then args[#args + 1] = "weight" end
//%   if spec.tail_bias then args[#args + 1] = "tail_bias" end
//% end
//%
//% -- A column's weights are as far apart as a row is wide, and stored as the sums
//% -- would be: as out is.
//% function tail.define(L)
//%   if not tail.multiplies then return end
//%   residual.define(1)
//%   L.weight_piece = lanes.widest_of(spec.out_type, L.vec, spec.dim)
//%   lanes.define("load", L, L.weight_piece, spec.out_type)
//%   if spec.out_type ~= "f32" then
//%     lanes.define_move("store", 1, 1, spec.out_type)
//%   end
//% end
//%
//% local function log_softmax(L)
    {
//%   lanes.name_team(L)
        float top = __int_as_float(0xff800000), total = 0.0f;
//%   lanes.clear_repeats(L, true)
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            top = fmaxf(top, sum[i]);
//%   lanes.over_team(L, "top", true)
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            total += expf(sum[i] - top);
//%   lanes.over_team(L, "total", false)
        const float shift = logf(total);
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            sum[i] = sum[i] - top - shift;
    }
//% end
//%
//% -- Columns of the product, of which every lane of the team then has all.
//% local function multiply(L)
    float product[${spec.tail_dim}];
    {
//%   lanes.name_team(L)
//%   lanes.clear_repeats(L, false)
#pragma unroll
        for (int j = 0; j < ${spec.tail_dim}; j++) {
            const ${lanes.type(spec.out_type)} *of_column = weight + j * ${spec.dim};
            float w[${L.floats}], value = 0.0f;
//%   for _, s in ipairs(L.slots) do
//%     local load = lanes.mover("load", s.width, L.weight_piece, spec.out_type)
            ${load}(&w[${s.at}], of_column + c${s.index});
//%   end
#pragma unroll
            for (int i = 0; i < ${L.floats}; i++)
                value = fmaf(sum[i], w[i], value);
//%   lanes.over_team(L, "value", false)
//%   if tail.scales then
            product[j] = value * norm;
//%   else
            product[j] = value;
//%   end
        }
    }
//% end
//%
//% function tail.apply(L)
//%   if tail.multiplies then multiply(L) end
//%   if spec.tail == "log_softmax" then log_softmax(L) end
//% end
//%
//% -- Lane `at` stores columns at, at + lanes of a team ..., of 16 bits pairs of
//% -- columns, with the bias, the activation and the residual that come last.
//% local word = spec.out_type == "f32" and 1 or 2
//%
//% local function store_column(first, n, w)
//%   local ends = w > 0 and n % 2 == 1
//%   if ends then
        if (2 * at + 1 < ${n}) {
//%   end
//%   if spec.tail_bias then
        value${w} += __ldg(tail_bias + ${first + w} + ${word} * at);
//%   end
//%   if spec.tail_act == "relu" then
        value${w} = value${w} < 0.0f ? 0.0f : value${w};
//%   end
//%   if residual.there then
        {
            const int of = ${first + w} + ${word} * at;
//%     residual.take("of", 1)
            value${w} += more[0];
        }
//%   end
//%   if word == 1 then
        to[${first} + at] = value0;
//%   else
        ${lanes.mover("store", 1, 1, spec.out_type)}(to + ${first + w} + 2 * at, &value${w});
//%   end
//%   if ends then
        }
//%   end
//% end
//%
//% function tail.store(L)
//%   local span = word * L.dimWorker
//%   for first = 0, spec.tail_dim - 1, span do
//%     local n = math.min(span, spec.tail_dim - first)
    {
//%     for w = 0, math.min(word, n) - 1 do
        float value${w} = product[${first + w}];
//%       for k = 1, (n - w + word - 1) // word - 1 do
        value${w} = at == ${k} ? product[${first + word * k + w}] : value${w};
//%       end
//%     end
//%     if n < span then
        if (at < ${(n + word - 1) // word}) {
//%     end
//%     for w = 0, math.min(word, n) - 1 do store_column(first, n, w) end
//%     if n < span then
        }
//%     end
    }
//%   end
//% end
//%
//% return tail
