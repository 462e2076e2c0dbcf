//% -- What follows the sum over the neighbours: scale, the row's own term,
//% -- bias, activation, tail, dropout, residual, store.
//% local lanes = include "lanes"
//% local tail = include "tail"
//% local train = spec.drops_result and include "train"
//% check(not (spec.drops_result and spec.tail ~= "none"), "dropout follows no tail")
//% local residual = include "residual"
//% local layout = include "layout"
//% local epilogue = {}
//% local own_term = spec.self_term ~= "none"
//% local scales = spec.norm == "gcn" or spec.norm == "scaled"
//% local needs_dinv = scales or spec.self_term == "gcn"
//%                    or spec.self_term == "scaled" or tail.scales
//% local own_as_others = scales and (spec.self_term == "scaled" or spec.self_term == "gcn")
//%                       or spec.norm == "none" and spec.self_term == "one"
//% local has_norm, own_begun = false, false
//% local own_slabs, out_slabs = layout.has_slabs("self"), layout.has_slabs("out")
//% check(not (out_slabs and tail.multiplies), "a tail's product goes out by rows")
//%
//% -- Append what the epilogue reads to a list of launch arguments.
//% function epilogue.add_args(args)
//%   if own_term then args[#args + 1] = "self" end
//%   if spec.self_term == "eps" then args[#args + 1] = "eps" end
//%   if needs_dinv then args[#args + 1] = "dinv" end
//%   if spec.bias then args[#args + 1] = "bias" end
//%   tail.add_args(args)
//%   if train then train.add_drop_args(args) end
//%   residual.add_args(args)
//% end
//%
//% function epilogue.define(L)
//%   if train then train.define_drop(spec.dim) end
//%   for _, matrix in ipairs { "x", "self", "out" } do layout.define(matrix) end
//%   L.out_piece = lanes.widest_of(spec.out_type, L.vec, spec.out_pitch)
//%   if own_term then
//%     L.self_piece = lanes.widest_of(spec.self_type, L.vec, spec.self_pitch)
//%     lanes.define(L.own_verb or "load", L, L.self_piece, spec.self_type)
//%   end
//%   if spec.bias then lanes.define("load", L, L.vec) end
//%   tail.define(L)
//%   if not tail.multiplies then
//%     residual.define_slots(L)
//%     lanes.define(L.out_verb, L, L.out_piece, spec.out_type)
//%   end
//% end
//%
//% local function fetch_norm(when)
//%   if needs_dinv and when then
    const float norm = ${when} ? __ldg(dinv + row) : 0.0f;
//%   elseif needs_dinv then
    const float norm = __ldg(dinv + row);
//%   end
//% end
//%
//% -- Whether anything comes of these two.
//% epilogue.begins = needs_dinv or own_as_others
//%
//% -- The row's dinv, ahead of all else, where `when` is true.
//% function epilogue.begin_norm(when)
//%   has_norm = true
//%   fetch_norm(when)
//% end
//%
//% local function load_own(L, to)
//%   for _, s in ipairs(L.slots) do
//%     local load = lanes.mover(L.own_verb or "load", s.width, L.self_piece,
//%                              spec.self_type)
//%     if own_slabs then
    ${load}(&${to}[${s.at}], self + self_at(row, c${s.index}, n_rows));
//%     else
    ${load}(&${to}[${s.at}], from + c${s.index});
//%     end
//%   end
//% end
//% local function point_to_own()
//%   if not own_slabs then
    const ${lanes.type(spec.self_type)} *from = self + (long long)row * ${spec.self_pitch};
//%   end
//% end
//%
//% -- A sum begins, where `when` is true, with the row's own term, if that is
//% -- scaled in the end as those of the neighbours are: so it is asked for as early
//% -- as they, and takes no registers. Wants begin_norm.
//% function epilogue.begin_sum(L, when)
//%   if not own_as_others then return end
//%   own_begun = true
    if (${when}) {
//%   point_to_own()
//%   load_own(L, "sum")
//%   if spec.self_term == "gcn" then
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++)
            sum[i] *= norm;
//%   end
    }
//% end
//%
//% -- Read what the row needs, but for what was begun. Where `when` is given, only
//% -- if that is true: a kernel that walks over rows asks early, not to wait at the
//% -- row's end.
//% function epilogue.fetch(L, when)
//%   if not has_norm then fetch_norm(when) end
//%   if not own_term or own_begun then return end
//%   point_to_own()
//%   if when then
    float own[${L.floats}] = {};
    if (${when}) {
//%   else
    float own[${L.floats}];
//%   end
//%   load_own(L, "own")
//%   if when then
    }
//%   end
//% end
//%
//% -- Needs what `fetch` read, `row`, `sum` and, for the mean, `degree`.
//% function epilogue.finish(L)
//%   if spec.norm == "mean" then
    const float scale = 1.0f / (float)(degree > 0 ? degree : 1);
//%   elseif scales then
    const float scale = norm;
//%   end
//%   if spec.norm ~= "none" then
#pragma unroll
    for (int i = 0; i < ${L.floats}; i++)
        sum[i] *= scale;
//%   end
//%   if own_term and not own_begun then
//%     if spec.self_term == "eps" then
    const float factor = 1.0f + __ldg(eps);
//%     elseif spec.self_term == "gcn" then
    const float factor = norm * norm;
//%     elseif spec.self_term == "scaled" then
    const float factor = norm;
//%     end
#pragma unroll
    for (int i = 0; i < ${L.floats}; i++)
//%     if spec.self_term == "one" then
        sum[i] += own[i];
//%     else
        sum[i] = fmaf(factor, own[i], sum[i]);
//%     end
//%   end
//%   if spec.bias then
    float shift[${L.floats}];
//%     for _, s in ipairs(L.slots) do
//%       local load = lanes.mover("load", s.width, s.width)
    ${load}(&shift[${s.at}], bias + c${s.index});
//%     end
#pragma unroll
    for (int i = 0; i < ${L.floats}; i++)
        sum[i] += shift[i];
//%   end
//%   if spec.act == "relu" then
#pragma unroll
    for (int i = 0; i < ${L.floats}; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
//%   end
//%   tail.apply(L)
//%   if train then
    {
//%     train.open_drop()
//%     for _, s in ipairs(L.slots) do
//%       train.drop("sum", s.at, "c" .. s.index, s.width)
//%     end
    }
//%   end
//%   if not tail.multiplies then residual.add_slots(L) end
//%   if not out_slabs then
    ${lanes.type(spec.out_type)} *to = out + (long long)row * ${spec.out_pitch};
//%   end
//%   if tail.multiplies then
//%     tail.store(L)
//%   else
//%     lanes.store_row(L, L.out_piece, spec.out_type, L.out_verb, out_slabs)
//%   end
//% end
//%
//% function epilogue.write(L)
//%   epilogue.fetch(L)
//%   epilogue.finish(L)
//% end
//%
//% return epilogue
