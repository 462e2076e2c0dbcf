//% -- What aggregations multiply each neighbour's row by: an edge's weight (of
//% -- edge_values, in the order of the rows' edges, or numbered by edge_of) and,
//% -- where GCN sums rows that are not scaled yet, its dinv.
//% local weights = {}
//% local stored, mapped = spec.edges == "stored", spec.edges == "mapped"
//% weights.of_edges = stored or mapped
//% weights.by_source = spec.norm == "gcn" -- the neighbour's id is asked for
//% weights.used = weights.of_edges or weights.by_source
//% -- Several heads: an edge has a weight for the columns of each.
//% weights.heads = weights.of_edges and spec.heads > 1 and spec.heads or 1
//% check(weights.heads == 1 or not weights.by_source,
//%       "GCN's sums have one weight for an edge")
//%
//% -- The widest vector of x, of at most `words` floats, that lies in one head.
//% function weights.x_width(lanes, words)
//%   if weights.heads == 1 then return lanes.x_width(words) end
//%   check(spec.x_type == "f32", "weights of heads are for float32")
//%   return lanes.widest(words, spec.channels, spec.x_pitch)
//% end
//% function weights.one_head()
//%   check(weights.heads == 1, "weights of heads are not known here")
//% end
//%
//% function weights.add_args(args)
//%   if weights.of_edges then args[#args + 1] = "edge_values" end
//%   if mapped then args[#args + 1] = "edge_of" end
//% end
//%
//% -- A pointer that goes along with that to the ids, `from` edges ahead.
//% function weights.open(from)
//%   if stored then
    const float *edges = edge_values + ${from};
//%   elseif mapped then
    const long long *edges = edge_of + ${from};
//%   end
//% end
//%
//% function weights.step(by)
//%   if weights.of_edges then
        edges += ${by};
//%   end
//% end
//%
//% -- `value`, the weight of the edge `at * stride` ahead, which leads from `id`.
//% function weights.load(at, stride)
//%   if stored then
            const float given = __ldg(edges + ${at} * ${stride});
//%   elseif mapped then
            const long long number = __ldg(edges + ${at} * ${stride});
            const float given = __ldg(edge_values + number);
//%   end
//%   if weights.of_edges and weights.by_source then
            const float value = given * __ldg(dinv + id);
//%   elseif weights.of_edges then
            const float value = given;
//%   else
            const float value = __ldg(dinv + id);
//%   end
//% end
//%
//% -- coef[k][s] = the weights of that edge for the head of each of the lane's
//% -- slots, which are whole vectors of one head then.
//% function weights.load_heads(L, at, stride)
//%   if stored then
            const long long number = edges + ${at} * ${stride} - edge_values;
//%   else
            const long long number = __ldg(edges + ${at} * ${stride});
//%   end
//%   for _, s in ipairs(L.slots) do
            coef[k][${s.index}] = __ldg(edge_values + number * ${weights.heads} +
                                c${s.index} / ${spec.channels});
//%   end
//% end
//%
//% return weights
