//% -- What a team of lanes does with a finished row of an aggregation before it
//% -- is stored (compiler/plan/fuse.h): log-softmax, or a product with few
//% -- weights, perhaps with a bias and an activation. The row is whole in `sum`, spread over the team.
//% local lanes = include "lanes"
//% check(spec.tail ~= "bias_act", "a sum has a bias and an activation of its own")
//% local tail = { scales = spec.tail == "scaled_linear" }
//% tail.multiplies = tail.scales or spec.tail == "linear"
//%
//% function tail.add_args(args)
//%   if tail.multiplies then args[#args + 1] = "weight" end
//%   if spec.tail_bias then args[#args + 1] = "tail_bias" end
//% end
//%
//% -- A column's weights are as far apart as a row is wide.
//% function tail.define(L)
//%   if not tail.multiplies then return end
//%   L.weight_piece = lanes.widest(L.vec, spec.dim)
//%   lanes.define("load", L, L.weight_piece)
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
            const float *of_column = weight + j * ${spec.dim};
            float w[${L.floats}], value = 0.0f;
//%   for _, s in ipairs(L.slots) do
//%     local load = lanes.mover("load", s.width, L.weight_piece)
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
//% -- Lane `at` stores columns at, at + lanes of a team ... with the bias and the
//% -- activation that come last.
//% function tail.store(L)
//%   for first = 0, spec.tail_dim - 1, L.dimWorker do
//%     local n = math.min(L.dimWorker, spec.tail_dim - first)
    {
        float value = product[${first}];
//%     for k = 1, n - 1 do
        value = at == ${k} ? product[${first + k}] : value;
//%     end
//%     if n < L.dimWorker then
        if (at < ${n}) {
//%     end
//%     if spec.tail_bias then
            value += __ldg(tail_bias + ${first} + at);
//%     end
//%     if spec.tail_act == "relu" then
            value = value < 0.0f ? 0.0f : value;
//%     end
            to[${first} + at] = value;
//%     if n < L.dimWorker then
        }
//%     end
    }
//%   end
//% end
//%
//% return tail
