//% -- What aggregations multiply each neighbour's row by: an edge's weight (of
//% -- edge_values, in the order of the rows' edges, or numbered by edge_of) and,
//% -- where GCN sums rows that are not scaled yet, its dinv.
//% local weights = {}
//% local stored, mapped = spec.edges == "stored", spec.edges == "mapped"
//% weights.of_edges = stored or mapped
//% weights.used = weights.of_edges or spec.norm == "gcn"
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
//%   if weights.of_edges and spec.norm == "gcn" then
            const float value = given * __ldg(dinv + id);
//%   elseif weights.of_edges then
            const float value = given;
//%   else
            const float value = __ldg(dinv + id);
//%   end
//% end
//%
//% return weights
