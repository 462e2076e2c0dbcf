//% -- Attention's forward, one place at a time (edge_heads): the softmax of a row's
//% -- scores, maximum and sum kept online, and the sums of x that it weights. The
//% -- body of attention_keep, attention_v2 and attention_v2_keep.
//% local edges = include "edge_heads"
//% local residual = include "residual"
//% local softmax = {}
//%
//% -- The knobs' layout. Of GATv2 a place has a row of its own and att, too.
//% function softmax.layout(knobs, v2)
//%   if v2 then
//%     return edges.layout(knobs, { spec.x_pitch, spec.self_pitch }, 4)
//%   end
//%   return edges.layout(knobs, { spec.x_pitch })
//% end
//%
//% -- The arguments: what a row is compared by is `own`, "self" or, where the
//% -- kernel leaves numbers behind it, "kept".
//% function softmax.args(own, v2)
//%   local args = { "out", "x", own, "rowptr", "colidx" }
//%   if v2 then args[#args + 1] = "att" end
//%   if spec.bias then args[#args + 1] = "bias" end
//%   if own == "kept" then
//%     args[#args + 1], args[#args + 2] = "state", "place"
//%   end
//%   if spec.drops_result then args[#args + 1] = "tail_place" end
//%   residual.add_args(args)
//%   args[#args + 1] = "n_rows"
//%   return args
//% end
//%
//% -- Dropout of the coefficients, and where it ends a layer of the result.
//% function softmax.define_dropout(train)
//%   if spec.drops_result then
//%     train.define_drop(spec.dim)
//%   else
//%     train.define_state()
//%     train.define_dropout()
//%   end
//% end
//%
//% -- e[k] in units of log2.
//% local function score(L, own, v2)
//%   if v2 then
//%     edges.rows_score(L, "target", "v")
            e[k] = 1.44269504f * z;
//%   else
            e[k] = log2_score(
                ${own}[(long long)id[k] * ${spec.self_pitch} + head] + target);
//%   end
//% end
//%
//% -- The kernel's body; `train` is the library, where there may be dropout.
//% function softmax.body(L, own, v2, train)
//%   local keeps, floats = own == "kept", L.floats
//%   edges.open(L)
//%   if v2 then
//%     edges.load_own(L, "target", own, spec.self_pitch, keeps and "read" or "load")
//%     edges.load_own(L, "weight", "att", 0)
//%   else
    const float target =
        ${own}[(long long)row * ${spec.self_pitch} + ${edges.target} + head];
//%   end
    float top = __int_as_float(0xff800000);
    float sum[${floats + 1}] = {}; // of the columns; last, of the coefficients

//%   edges.each_batch(L, "x", spec.x_pitch)
        float e[${L.unroll}];
        float most = top;
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++) {
//%   score(L, own, v2)
            most = there[k] ? fmaxf(most, e[k]) : most;
        }
        // Nothing was summed under a maximum of -infinity.
        const float scale =
            top == __int_as_float(0xff800000) ? 0.0f : exp2f(top - most);
        top = most;
#pragma unroll
        for (int i = 0; i <= ${floats}; i++)
            sum[i] *= scale;
#pragma unroll
        for (int k = 0; k < ${L.unroll}; k++) {
            const float p = there[k] ? exp2f(e[k] - most) : 0.0f;
//%   if keeps then
            const unsigned long long number = edge + k < end ? edge + k : loop;
            const float w = left_of(state, stream, number, head, p);
//%   else
            const float w = p;
//%   end
            sum[${floats}] += p;
#pragma unroll
            for (int i = 0; i < ${floats}; i++)
                sum[i] = fmaf(w, v[k][i / ${L.width}][i % ${L.width}], sum[i]);
        }
//%   edges.close()

    const float mine = top;
//%   edges.join_top(L)
    const float scale =
        mine == __int_as_float(0xff800000) ? 0.0f : exp2f(mine - top);
#pragma unroll
    for (int i = 0; i <= ${floats}; i++)
        sum[i] *= scale;
//%   edges.join(L, floats + 1)
    const float part = 1.0f / sum[${floats}];
//%   if keeps then
    if (at == 0) {
        float *to = kept + (long long)row * ${spec.self_pitch} + head;
        to[${edges.top}] = top;
        to[${edges.part}] = part;
    }
//%   end
//%   local function finish()
        float y[${L.width}];
#pragma unroll
        for (int j = 0; j < ${L.width}; j++) {
            y[j] = sum[i * ${L.width} + j] * part;
//%     if spec.bias then
            y[j] += __ldg(bias + column[i] + j);
//%     end
//%     if spec.act == "relu" then
            y[j] = y[j] < 0.0f ? 0.0f : y[j];
//%     elseif spec.act == "elu" then
            y[j] = y[j] < 0.0f ? expm1f(y[j]) : y[j];
//%     end
        }
//%     if spec.drops_result or residual.there then
        const int c = column[i];
//%     end
//%     if spec.drops_result then train.drop("y", 0, "c", L.width) end
//%     residual.add("y", 0, "c", L.width)
        ${L.store}(to + column[i], y);
//%   end
//%   if spec.drops_result then
    {
//%     train.open_drop()
//%     edges.each_load(L, finish)
    }
//%   else
//%     edges.each_load(L, finish)
//%   end
//% end
//%
//% return softmax
